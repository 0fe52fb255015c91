"""What a record touches and what it leans on, as far as order matters."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk.record_tables import table_of
from target_netsuite.intents import Intent, Operation, Reference

_ALL_ENTITIES = "entity"


@dataclass(frozen=True)
class Claims:
    """What decides whether an intent may be carried out beside others.

    Attributes:
        group: what it belongs to, for those that have to wait for whole groups: NetSuite's table of its record type.
        touches: names of the record it is about; intents that share one are carried out one after the other.
        leans_on: names of other records it refers to; it waits for earlier intents about them.
        waits_for: groups whose earlier intents all have to be settled, since nobody can tell which of them matter.
        waits_for_others: whether all earlier intents of other groups have to be settled.
    """

    group: str
    touches: frozenset[Hashable]
    leans_on: frozenset[Hashable]
    waits_for: frozenset[str]
    waits_for_others: bool


def claims_of(intent: Intent) -> Claims:
    """Return the claims of an intent.

    A delete waits for all earlier intents about other kinds of records, since NetSuite does not delete what others
    refer to.
    """
    group = table_of(intent.record_type)
    references = list(_references(intent.body))
    tables = [(table_of(reference.record_type), reference) for reference in references if reference.record_type]
    return Claims(
        group=group,
        touches=frozenset(_names(intent, group)),
        leans_on=frozenset((table, "externalId", one.value) for table, one in tables if one.by == "externalId"),
        waits_for=frozenset(table for table, one in tables if one.by != "externalId"),
        waits_for_others=intent.operation is Operation.DELETE
        or any(not one.record_type for one in references)
        or any(table == _ALL_ENTITIES for table, _ in tables),
    )


def tables_named(intent: Intent) -> frozenset[str]:
    """Return NetSuite's tables of the records that an intent refers to."""
    return frozenset(table_of(one.record_type) for one in _references(intent.body) if one.record_type)


def _names(intent: Intent, group: str) -> Iterator[Hashable]:
    """Yield what the record may be called; two intents of one stream may call it by different ids, but have one key."""
    if intent.key:
        yield intent.stream, tuple(str(value) for value in intent.key.values())
    if intent.internal_id:
        yield group, "id", intent.internal_id
    if intent.external_id:
        yield group, "externalId", intent.external_id
    if intent.match:
        yield group, intent.match.field.lower(), intent.match.value


def _references(value: Any) -> Iterator[Reference]:
    """Yield the references in a body; an `externalId` below its top, which names no type, is one as well."""
    values = value.values() if isinstance(value, Mapping) else value
    for inner in values:
        if isinstance(inner, Reference):
            yield inner
        elif isinstance(inner, Mapping):
            if isinstance(inner.get("externalId"), str):
                yield Reference("", "externalId", inner["externalId"])
            yield from _references(inner)
        elif isinstance(inner, (list, tuple)):
            yield from _references(inner)
