"""Which may go beside each other."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from suitetalk.record_tables import table_of
from target_netsuite.intents import Intent, Operation, Reference

_ALL_ENTITIES = "entity"
Group = tuple[str, Literal["write", "write found", "delete", "delete unnamed"]]
"""NetSuite's table of a record type, and what is done to the record.

Found are those that `match` finds; unnamed are those without external id.
"""
Fields = Mapping[str, Collection[str]]
"""The fields in lower case that `match` finds records by, by NetSuite's table."""


@dataclass(frozen=True)
class Claims:
    """What decides whether an intent may be carried out beside others.

    Attributes:
        group: what it belongs to, for those that have to wait for whole groups.
        touches: names of the record it is about; intents that share one are carried out one after the other.
        leans_on: names of other records it refers to; it waits for earlier intents about them.
        waits_for: groups whose earlier intents all have to be settled, since it is not known which of them matter.
        waits_for_others: whether all earlier intents about other tables have to be settled.
        waits_for_streams: whether all earlier intents of other streams about its table have to be settled.
    """

    group: Group
    touches: frozenset[Hashable]
    leans_on: frozenset[Hashable]
    waits_for: frozenset[Group]
    waits_for_others: bool
    waits_for_streams: bool = False


def claims_of(intent: Intent, matched: Fields = MappingProxyType({})) -> Claims:
    """Return the claims of an intent; `matched` are the fields that this run finds records by.

    A delete waits for all earlier intents but other deletes of the same table, since NetSuite does not delete what
    others refer to. A reference by external id waits for deletes that may be about that record under another name.
    What `match` finds waits for all that other streams write to its table, since any of them may be that record or
    change the field; and they wait for it.
    """
    table = table_of(intent.record_type)
    is_delete = intent.operation is Operation.DELETE
    references = list(_references(intent.body))
    tables = [(table_of(reference.record_type), reference) for reference in references if reference.record_type]
    is_found = intent.match is not None and not (intent.internal_id or intent.external_id)
    waits_for: set[Group] = {(table, "write")} if is_delete else set()
    if is_delete or not is_found:
        waits_for.add((table, "write found"))
    for other, one in tables:
        waits_for.add((other, "delete unnamed"))
        if one.by != "externalId":
            waits_for |= {(other, "write"), (other, "write found"), (other, "delete")}
    return Claims(
        group=(table, _kind(intent, is_found=is_found)),
        touches=frozenset(_names(intent, table, matched.get(table, ()))),
        leans_on=frozenset((other, "externalId", one.value) for other, one in tables if one.by == "externalId"),
        waits_for=frozenset(waits_for),
        waits_for_others=is_delete
        or any(not one.record_type for one in references)
        or any(other == _ALL_ENTITIES for other, _ in tables),
        waits_for_streams=is_found,
    )


def _kind(intent: Intent, *, is_found: bool) -> Literal["write", "write found", "delete", "delete unnamed"]:
    if intent.operation is Operation.DELETE:
        return "delete" if intent.external_id else "delete unnamed"
    return "write found" if is_found else "write"


def tables_named(intent: Intent) -> frozenset[str]:
    """Return NetSuite's tables of the records that an intent refers to."""
    return frozenset(table_of(one.record_type) for one in _references(intent.body) if one.record_type)


def names_no_type(intent: Intent) -> bool:
    """Tell whether an intent refers to a record by external id alone, which NetSuite itself looks up."""
    return any(not one.record_type for one in _references(intent.body))


def _names(intent: Intent, table: str, matched: Collection[str]) -> Iterator[Hashable]:
    """Yield what the record may be called; two intents of one stream may call it by different ids, but have one key.

    It may be called by what it gets in a field that others are found by, too, and that in any case.
    """
    if intent.key:
        yield intent.stream, tuple(str(value) for value in intent.key.values())
    if intent.internal_id:
        yield table, "id", intent.internal_id
    if intent.external_id:
        yield table, "externalId", intent.external_id
    if intent.match:
        yield table, intent.match.field.lower(), intent.match.value.lower()
    for name, value in intent.body.items() if matched else ():
        if name.lower() in matched and isinstance(value, (str, int)) and value != "":
            yield table, name.lower(), str(value).lower()


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


@dataclass(eq=False)
class Pending:
    """An intent that is not settled yet.

    Attributes:
        intent: which.
        place: its place in the input, from 0.
        claims: what decides when it may go.
        waits_for: how many others have to be settled before.
        blocks: those that wait for it.
    """

    intent: Intent
    place: int
    claims: Claims
    waits_for: int = 0
    blocks: list[Pending] = field(default_factory=list)


@dataclass
class _Members:
    """The unsettled intents of a group that came in one stream, by place, and in their order those that wait for it."""

    unsettled: dict[int, Pending] = field(default_factory=dict)
    waiting: deque[Pending] = field(default_factory=deque)

    def no_longer_waiting(self) -> Iterator[Pending]:
        """Yield those before which nothing of the group is unsettled any more."""
        first = next(iter(self.unsettled), sys.maxsize)  # places are added in order, so the first one is the lowest
        while self.waiting and self.waiting[0].place <= first:  # it may be a member, too
            yield self.waiting.popleft()


class Order:
    """Keeps the intents of the input until they are settled. Not thread-safe.

    Each waits for the last earlier ones it has a record in common with. Those that are about nothing in common
    may be carried out in any order and beside each other.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._ready: dict[str, deque[Pending]] = {}
        self._last: dict[Hashable, Pending] = {}
        self._unsettled: dict[int, Pending] = {}
        self._in_group: dict[tuple[Group, str], _Members] = {}
        self._next = 0
        self._first_postponed = sys.maxsize

    @property
    def unsettled(self) -> int:
        """How many are not settled."""
        return len(self._unsettled)

    @property
    def settled_up_to(self) -> int:
        """How many at the beginning of the input are settled without a gap."""
        first = next(iter(self._unsettled), self._next)  # places are added in order, so the first one is the lowest
        return min(first, self._first_postponed)

    def add(self, intent: Intent, claims: Claims) -> None:
        """Take the next intent of the input."""
        pending = Pending(intent, self._next, claims)
        self._next += 1
        names = claims.touches | claims.leans_on
        for earlier in {self._last[name] for name in names if name in self._last}:
            earlier.blocks.append(pending)
            pending.waits_for += 1
        for members in self._waited_for(claims, intent.stream):  # as a whole: each may have thousands
            members.waiting.append(pending)
            pending.waits_for += 1
        self._unsettled[pending.place] = pending
        self._in_group.setdefault((claims.group, intent.stream), _Members()).unsettled[pending.place] = pending
        self._last.update(dict.fromkeys(claims.touches, pending))
        if not pending.waits_for:
            self._let_go(pending)

    def skip(self) -> None:
        """Count one of the input that needs nothing to be done."""
        self._next += 1

    def ready(self) -> dict[str, int]:
        """Return how many may be carried out now, by stream."""
        return {stream: len(queue) for stream, queue in self._ready.items()}

    def oldest_ready(self) -> str | None:
        """Return the stream of the earliest intent that may be carried out, None when there is none."""
        return min(self._ready, key=lambda stream: self._ready[stream][0].place, default=None)

    def take(self, stream: str, most: int) -> list[Pending]:
        """Take at most that many of a stream, which may be carried out at the same time."""
        queue = self._ready[stream]
        taken = [queue.popleft() for _ in range(min(most, len(queue)))]
        if not queue:
            del self._ready[stream]
        return taken

    def settle(self, settled: Iterable[Pending]) -> None:
        """Let go what waited for these."""
        for pending in settled:
            del self._unsettled[pending.place]
            group = pending.claims.group, pending.intent.stream
            members = self._in_group[group]
            del members.unsettled[pending.place]
            if not members.unsettled:
                del self._in_group[group]
            for name in pending.claims.touches:
                if self._last[name] is pending:
                    del self._last[name]
            for waiting in (*pending.blocks, *members.no_longer_waiting()):
                waiting.waits_for -= 1
                if not waiting.waits_for:
                    self._let_go(waiting)

    def is_unsettled(self, pending: Pending) -> bool:
        """Tell whether one is not settled."""
        return pending.place in self._unsettled

    def let_go_again(self, unsettled: Iterable[Pending]) -> None:
        """Let some be taken once more that were taken and not settled."""
        for pending in sorted(unsettled, key=lambda one: one.place):
            self._let_go(pending)

    def postpone(self, postponed: Iterable[Pending]) -> None:
        """Let go what waited for these, which somebody keeps for later; they are never settled here."""
        kept = list(postponed)
        self._first_postponed = min([self._first_postponed, *(pending.place for pending in kept)])
        self.settle(kept)

    def _waited_for(self, claims: Claims, stream: str) -> Iterator[_Members]:
        """Yield the groups whose unsettled ones all have to come first."""
        for (group, their_stream), members in self._in_group.items():
            is_of_own_table = group[0] == claims.group[0]
            if (
                group in claims.waits_for
                or (claims.waits_for_others and not is_of_own_table)
                or (claims.waits_for_streams and is_of_own_table and their_stream != stream)
            ):
                yield members

    def _let_go(self, pending: Pending) -> None:
        self._ready.setdefault(pending.intent.stream, deque()).append(pending)
