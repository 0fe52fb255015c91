"""What a record touches and what it leans on, as far as order matters."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from suitetalk.record_tables import table_of
from target_netsuite.intents import Intent, Operation, Reference

_ALL_ENTITIES = "entity"

Group = tuple[str, Literal["write", "delete", "delete unnamed"]]
"""NetSuite's table of a record type, and what is done to the record; unnamed are those without external id."""


@dataclass(frozen=True)
class Claims:
    """What decides whether an intent may be carried out beside others.

    Attributes:
        group: what it belongs to, for those that have to wait for whole groups.
        touches: names of the record it is about; intents that share one are carried out one after the other.
        leans_on: names of other records it refers to; it waits for earlier intents about them.
        waits_for: groups whose earlier intents all have to be settled, since nobody can tell which of them matter.
        waits_for_others: whether all earlier intents about other tables have to be settled.
    """

    group: Group
    touches: frozenset[Hashable]
    leans_on: frozenset[Hashable]
    waits_for: frozenset[Group]
    waits_for_others: bool


def claims_of(intent: Intent) -> Claims:
    """Return the claims of an intent.

    A delete waits for all earlier intents but other deletes of the same table, since NetSuite does not delete what
    others refer to. A reference by external id waits for deletes that may be about that record under another name.
    """
    table = table_of(intent.record_type)
    is_delete = intent.operation is Operation.DELETE
    references = list(_references(intent.body))
    tables = [(table_of(reference.record_type), reference) for reference in references if reference.record_type]
    waits_for: set[Group] = {(table, "write")} if is_delete else set()
    for other, one in tables:
        waits_for.add((other, "delete unnamed"))
        if one.by != "externalId":
            waits_for |= {(other, "write"), (other, "delete")}
    return Claims(
        group=(table, "write" if not is_delete else "delete" if intent.external_id else "delete unnamed"),
        touches=frozenset(_names(intent, table)),
        leans_on=frozenset((other, "externalId", one.value) for other, one in tables if one.by == "externalId"),
        waits_for=frozenset(waits_for),
        waits_for_others=is_delete
        or any(not one.record_type for one in references)
        or any(other == _ALL_ENTITIES for other, _ in tables),
    )


def tables_named(intent: Intent) -> frozenset[str]:
    """Return NetSuite's tables of the records that an intent refers to."""
    return frozenset(table_of(one.record_type) for one in _references(intent.body) if one.record_type)


def _names(intent: Intent, table: str) -> Iterator[Hashable]:
    """Yield what the record may be called; two intents of one stream may call it by different ids, but have one key."""
    if intent.key:
        yield intent.stream, tuple(str(value) for value in intent.key.values())
    if intent.internal_id:
        yield table, "id", intent.internal_id
    if intent.external_id:
        yield table, "externalId", intent.external_id
    if intent.match:
        yield table, intent.match.field.lower(), intent.match.value


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
