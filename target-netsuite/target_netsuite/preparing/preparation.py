"""From intents to writes: everything is looked up, and what is there already is left alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import FieldShape, NetSuite
from suitetalk.record_path import is_external_id
from target_netsuite.intents import (
    Difference,
    Intent,
    Operation,
    Outcome,
    Reference,
    Refusal,
    Settled,
    Write,
)
from target_netsuite.preparing.change import Change
from target_netsuite.preparing.comparison import is_nothing, member, plain
from target_netsuite.preparing.foreseen import Column
from target_netsuite.preparing.found import Found
from target_netsuite.preparing.identity import (
    Existence,
    Identity,
    identity,
    may_stay_unknown,
    not_found,
    own_reference,
)
from target_netsuite.preparing.lookups import EXTERNAL_ID, Lookups
from target_netsuite.preparing.present import Present, PresentValues, Wanted
from target_netsuite.preparing.references import UnresolvedError, references_in, resolved
from target_netsuite.preparing.shapes import Shapes

_THREADS = 16  # that may wait for requests; the governor decides how many are in flight
_INACTIVE = "isInactive"


@dataclass(frozen=True)
class _Look:
    """How to look at some intents.

    Attributes:
        shapes: what the catalog says of their type.
        compare: whether a record that is as it is wanted is left alone.
        again: whether they were sent before, and their answers were lost.
        one_by_one: whether records that cannot be looked up in bulk are always looked up one by one.
    """

    shapes: Shapes
    compare: bool
    again: bool
    one_by_one: bool

    @property
    def reads_back(self) -> bool:
        """Whether what is there has to be read."""
        return self.compare or self.again


class Preparation:
    """Prepares the intents of one run. Thread-safe.

    Attributes:
        lookups: to be told what was written and deleted, see `Lookups.remember`.
    """

    def __init__(
        self,
        netsuite: NetSuite,
        shape_of: Callable[[str], Sequence[FieldShape] | None],
        *,
        zone: Callable[[], ZoneInfo | None] = lambda: None,
        referred_by: Collection[Column] = (),
        threads: int = _THREADS,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            netsuite: the account.
            shape_of: the fields of a type, None where the catalog does not tell; asked for each call of `prepare`.
            zone: the account's time zone, None when it is not certain; asked when there are date-times to compare.
            referred_by: columns that references go by, see `Lookups.foresee`.
            threads: requests that may be waited for at once.
        """
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="netsuite-preparing")
        self._shape_of = shape_of
        self.lookups = Lookups(netsuite.suiteql, netsuite.records, self._executor, referred_by=referred_by)
        self._present = PresentValues(netsuite.suiteql, netsuite.records, self._executor, zone)

    def __enter__(self) -> Preparation:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the threads end."""
        self.close()

    def close(self) -> None:
        """Let the threads end; requests that have not begun are not sent."""
        self._executor.shutdown(cancel_futures=True)

    def prepare(
        self, intents: Sequence[Intent], *, compare: bool, again: bool = False, one_by_one: bool = False
    ) -> list[Write | Settled]:
        """Return for each intent what to send, or what came of it without anything being sent.

        Args:
            intents: of one record type, none about the record of another.
            compare: whether a record that is as it is wanted is left alone; also fills in `differences`.
            again: whether they were sent before and their answers were lost. Then all are compared, and what has been
                done is settled by its own outcome. A create without an external id cannot be found again, and neither
                can lines that were changed since; they come back as writes.
            one_by_one: whether all records are looked up, where SuiteQL does not show external ids one by one, even
                those that NetSuite finds or refuses itself.

        Raises:
            NetSuiteError: NetSuite cannot be asked now; nothing of it means that a record does not exist.
            ConnectionFailedError: no usable answer.
        """
        if not intents:
            return []
        look = _Look(Shapes(self._shape_of(intents[0].record_type)), compare, again, one_by_one)
        own = [own_reference(intent) for intent in intents]
        found = self._look_up(intents, own, look)
        identities = [
            identity(intent, sought, found[sought] if sought else None)
            for intent, sought in zip(intents, own, strict=True)
        ]
        identities = self._with_deleted(intents, identities, look)
        begun = [
            _begun(intent, sought, known, found, look)
            for intent, sought, known in zip(intents, own, identities, strict=True)
        ]
        return self._compared(begun, own, look)

    def confirm(self, writes: Sequence[Write]) -> dict[int, str]:
        """Return the internal ids of writes that are certainly done, by their place, asking in bulk alone.

        Every field that was sent reads back equal, or the record that was to go is gone. What has an external id and
        was not there before it was sent is done when it is there: SuiteQL does not show every field.

        Args:
            writes: of one record type, sent and answered with a job that has ended.

        Raises:
            NetSuiteError: NetSuite cannot be asked now, or not in bulk.
            ConnectionFailedError: no usable answer.
        """
        record_type, shapes = writes[0].record_type, Shapes(self._shape_of(writes[0].record_type))
        own = {
            place: Reference(record_type, EXTERNAL_ID, write.external_id)
            for place, write in enumerate(writes)
            if write.external_id and not write.internal_id
        }
        sought = set(own.values())
        found = self.lookups.find(sought, fresh=sought, in_bulk_only=sought)
        ids = {place: write.internal_id for place, write in enumerate(writes) if write.internal_id}
        ids |= {place: id_ for place, one in own.items() if (id_ := found[one].id)}
        deletes = [place for place, write in enumerate(writes) if write.operation is Operation.DELETE]
        gone = self._gone(record_type, {place: ids.get(place, "") for place in deletes if place in ids})
        gone |= {place: "" for place in deletes if place in own and found[own[place]].is_absent}
        created = {place: ids[place] for place in ids if writes[place].outcome is Outcome.CREATED}
        changes = (Operation.UPDATE, Operation.UPSERT)
        changed = [place for place in ids if writes[place].operation in changes and place not in created]
        wanted = [Wanted(ids[place], dict(writes[place].body)) for place in changed]
        present = self._present.compare(record_type, shapes, wanted, in_bulk_only=True) if wanted else []
        equal = {
            place: ids[place]
            for place, one in zip(changed, present, strict=True)
            if not (one.differences or one.is_absent or one.is_open)
        }
        return {**gone, **equal, **created}

    def _gone(self, record_type: str, ids: Mapping[int, str]) -> dict[int, str]:
        there = self._present.exist(record_type, list(ids.values())) if ids else {}
        return {place: internal_id for place, internal_id in ids.items() if there.get(internal_id) is False}

    def _look_up(
        self, intents: Sequence[Intent], own: Sequence[Reference | None], look: _Look
    ) -> Mapping[Reference, Found]:
        """Find all that the intents refer to and all that they are about, in as few requests as can be."""
        referred = list(dict.fromkeys(one for intent in intents for one in references_in(intent.body)))
        unhurried = {
            sought
            for intent, sought in zip(intents, own, strict=True)
            if sought and not look.one_by_one and may_stay_unknown(intent, compare=look.compare, again=look.again)
        }
        sought = [one for one in own if one]
        return self.lookups.find([*sought, *referred], fresh=set(sought), in_bulk_only=unhurried - set(referred))

    def _with_deleted(self, intents: Sequence[Intent], identities: Sequence[Identity], look: _Look) -> list[Identity]:
        """Find out which records to delete by their internal ids are there, where that matters before they are."""
        ids = [intent.internal_id for intent in intents if intent.operation is Operation.DELETE and intent.internal_id]
        if not ids or not look.reads_back:
            return list(identities)
        there = self._present.exist(intents[0].record_type, ids)
        return [
            Identity(Existence.ABSENT) if known.internal_id and there.get(known.internal_id) is False else known
            for known in identities
        ]

    def _compared(
        self, begun: Sequence[Write | Settled | Change], own: Sequence[Reference | None], look: _Look
    ) -> list[Write | Settled]:
        """Settle what has to be compared with what is there; the rest is as it is."""
        wanted = {
            number: one
            for number, change in enumerate(begun)
            if isinstance(change, Change) and (one := change.wanted(compare=look.reads_back))
        }
        record_type = next((change.intent.record_type for change in begun if isinstance(change, Change)), "")
        found = self._present.compare(record_type, look.shapes, list(wanted.values())) if wanted else []
        present = dict(zip(wanted, found, strict=True))
        return [
            _settled(change, own[number], present.get(number), look) if isinstance(change, Change) else change
            for number, change in enumerate(begun)
        ]


def _begun(
    intent: Intent, sought: Reference | None, known: Identity, found: Mapping[Reference, Found], look: _Look
) -> Write | Settled | Change:
    """Return what can be said of an intent before what is there is read; a change of what is there waits for that."""
    if known.refusal:
        return Settled(intent, refusal=known.refusal)
    if intent.operation is Operation.DELETE:
        return _delete(intent, known, look)
    try:
        body = _inactive(look.shapes) if intent.operation is Operation.INACTIVATE else resolved(intent.body, found)
    except UnresolvedError as error:
        return Settled(intent, internal_id=known.internal_id or "", refusal=error.refusal)
    return _with_body(intent, sought, known, body, look)


def _with_body(
    intent: Intent, sought: Reference | None, known: Identity, body: dict[str, Any], look: _Look
) -> Write | Settled | Change:
    if known.existence is Existence.ABSENT or (intent.operation is Operation.CREATE and not known.internal_id):
        return _of_absent(intent, sought, body, look)
    if intent.operation is Operation.CREATE and look.again:  # its answer was lost; now it is known to have been made
        return Settled(intent, Outcome.CREATED, known.internal_id or "")
    if known.internal_id:
        return Change(intent, known.internal_id, body)
    return _by_external_id(intent, body)


def _delete(intent: Intent, known: Identity, look: _Look) -> Write | Settled:
    if known.existence is Existence.ABSENT:
        return Settled(intent, Outcome.DELETED if look.again else Outcome.ALREADY_GONE, intent.internal_id or "")
    return _write(intent, Operation.DELETE, Outcome.DELETED, {}, internal_id=known.internal_id)


def _of_absent(intent: Intent, sought: Reference | None, body: dict[str, Any], look: _Look) -> Write | Settled:
    """Return what becomes of an intent whose record is not there."""
    if intent.operation is Operation.INACTIVATE:
        return Settled(intent, Outcome.ALREADY_GONE)
    if intent.operation is Operation.UPDATE:
        return Settled(intent, refusal=not_found(intent, sought))
    if intent.operation is Operation.UPSERT and is_external_id(intent.external_id or ""):
        return _write(intent, Operation.UPSERT, Outcome.CREATED, body, differences=_all(body, look))
    body = _findable(intent, body, look.shapes)
    return _write(intent, Operation.CREATE, Outcome.CREATED, body, differences=_all(body, look))


def _findable(intent: Intent, body: dict[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return the body of a new record with what it is found by the next time."""
    if intent.external_id:
        return body if member(body, EXTERNAL_ID) else {**body, EXTERNAL_ID: intent.external_id}
    match = intent.match
    if match is None or intent.operation is Operation.CREATE or member(body, match.field) is not None:
        return body
    field = shapes.field(match.field)
    return {**body, field.name if field else match.field: match.value}


def _by_external_id(intent: Intent, body: dict[str, Any]) -> Write:
    """Return the write of a record of which nobody can tell whether it is there."""
    if intent.operation is Operation.UPSERT:
        return _write(intent, Operation.UPSERT, Outcome.UPSERTED, body)
    outcome = Outcome.INACTIVATED if intent.operation is Operation.INACTIVATE else Outcome.UPDATED
    return _write(intent, Operation.UPDATE, outcome, body)


def _write(
    intent: Intent,
    operation: Operation,
    outcome: Outcome,
    body: Mapping[str, Any],
    *,
    internal_id: str | None = None,
    differences: tuple[Difference, ...] = (),
) -> Write:
    replace = intent.replace if operation is Operation.UPDATE else ()
    return Write(
        intent, operation, intent.record_type, internal_id, intent.external_id, body, replace, outcome, differences
    )


def _all(body: Mapping[str, Any], look: _Look) -> tuple[Difference, ...]:
    """Return the fields of a new record, where differences are wanted."""
    if not look.compare:
        return ()
    return tuple(Difference(name, None, plain(value)) for name, value in body.items() if not is_nothing(value))


def _inactive(shapes: Shapes) -> dict[str, Any]:
    """Return the body that inactivates a record.

    Raises:
        UnresolvedError: records of the type cannot be inactive.
    """
    field = shapes.field(_INACTIVE)
    if shapes.is_known and (field is None or field.read_only):
        message = f"Records of this type cannot be inactivated, since they have no field {_INACTIVE} to be written."
        advice = "delete them instead"
        raise UnresolvedError(Refusal("invalid", message, _INACTIVE, "NOT_INACTIVATABLE", advice=advice))
    return {field.name if field else _INACTIVE: True}


def _settled(change: Change, sought: Reference | None, present: Present | None, look: _Look) -> Write | Settled:
    if present is None or not present.is_absent:
        return change.settled(present, look.shapes, compare=look.compare, again=look.again)
    if change.intent.internal_id and change.intent.operation is Operation.UPSERT:
        return Settled(change.intent, refusal=not_found(change.intent, sought))
    return _of_absent(change.intent, sought, dict(change.body), look)
