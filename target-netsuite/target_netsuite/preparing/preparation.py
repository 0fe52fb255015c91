"""Intent -> write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import FieldShape, NetSuite, NetSuiteError
from suitetalk.records import is_external_id
from target_netsuite.intents import Difference, Intent, Operation, Outcome, Reference, Refusal, Settled, Write
from target_netsuite.mapping.catalog import Shapes
from target_netsuite.preparing.comparison import is_nothing, items, member, plain
from target_netsuite.preparing.lines import plan_lines
from target_netsuite.preparing.lookups import (
    EXTERNAL_ID,
    RECORD,
    Column,
    Found,
    Lookups,
    UnresolvedError,
    references_in,
    refusal_of,
    resolved,
)
from target_netsuite.preparing.present import Present, PresentValues, Wanted

_OUTCOMES = {Operation.INACTIVATE: Outcome.INACTIVATED}
_COMPARED = (Operation.INACTIVATE, Operation.CREATE)


@dataclass(frozen=True)
class Change:
    """A record that is there, and what an intent asks of it.

    A create asks that it be there as it says: input may come twice, such as after a kill.

    Attributes:
        intent: what is asked.
        internal_id: of the record.
        body: the fields, references looked up.
    """

    intent: Intent
    internal_id: str
    body: Mapping[str, Any]

    def _is_compared(self, *, compare: bool) -> bool:
        """Tell whether what is there decides what becomes of it."""
        return compare or self.intent.operation in _COMPARED

    @property
    def outcome(self) -> Outcome:
        """What to call it when it is done."""
        return _OUTCOMES.get(self.intent.operation, Outcome.UPDATED)

    @property
    def _done(self) -> Outcome:
        """What to call it when it was done, and by an upsert perhaps by creating the record."""
        return Outcome.UPSERTED if self.intent.operation is Operation.UPSERT else self.outcome

    @property
    def sublists(self) -> tuple[str, ...]:
        """Names of the sublists of the body that have a rule."""
        ruled = {name.lower() for name in self.intent.lines}
        return tuple(name for name in self.body if name.lower() in ruled)

    def wanted(self, *, compare: bool) -> Wanted | None:
        """Return what has to be read of the record, None when nothing has to."""
        compare = self._is_compared(compare=compare)
        if not compare and not self.sublists:
            return None
        return Wanted(self.internal_id, self._fields() if compare else {}, self.sublists)

    def _fields(self) -> dict[str, Any]:
        """Return the fields that are changed; of those named in `replace` the absent are emptied."""
        fields = {name: value for name, value in self.body.items() if name not in self.sublists}
        if not self.intent.replace_selected_fields:
            return fields
        return {name: member(fields, name) for name in self.intent.replace}

    def settled(self, present: Present | None, shapes: Shapes, *, compare: bool, again: bool) -> Write | Settled:
        """Return what to send, or that nothing has to be sent.

        Args:
            present: what is there, None when it was not read.
            shapes: what the catalog says of the type.
            compare: whether a record that is as it is wanted is left alone.
            again: whether it was sent before and its answer was lost; a record that is as wanted is then done.
        """
        if present is None:
            return self._write(self.body, self.intent.replace, ())
        if self.sublists and present.document is None:
            return Settled(self.intent, internal_id=self.internal_id, refusal=self._unreadable(present))
        body, replace, found = self._with_lines(present, shapes)
        if not found and (self._is_compared(compare=compare or again) or not body):
            return Settled(self.intent, self._done if again else Outcome.UNCHANGED, self.internal_id)
        if self.intent.operation is Operation.CREATE:
            return Settled(self.intent, internal_id=self.internal_id, refusal=self._taken(found))
        return self._write(body, replace, found)

    def _with_lines(
        self, present: Present, shapes: Shapes
    ) -> tuple[dict[str, Any], tuple[str, ...], tuple[Difference, ...]]:
        """Return the body with the lines that have to be sent, what to replace, and all that differs."""
        body, replace, found = dict(self.body), self.intent.replace, present.differences
        rules = {name.lower(): rule for name, rule in self.intent.lines.items()}
        for name in self.sublists:
            existing = items(member(present.document or {}, name)) or []
            plan = plan_lines(name, rules[name.lower()], existing, items(body[name]) or [], shapes)
            found += plan.differences
            if plan.differences:
                body[name] = {"items": list(plan.lines)}
                replace += (name,) if plan.replace else ()
            else:
                del body[name]
        return body, replace, found

    def _write(self, body: Mapping[str, Any], replace: tuple[str, ...], differences: tuple[Difference, ...]) -> Write:
        intent = self.intent
        operation = Operation.UPSERT if self._can_be_put(replace) else Operation.UPDATE
        return Write(
            intent,
            operation,
            intent.record_type,
            self.internal_id,
            intent.external_id,
            body,
            replace,
            self.outcome,
            differences,
        )

    def _can_be_put(self, replace: tuple[str, ...]) -> bool:
        """Tell whether the record can be sent as an upsert: that knows no `replace` [section_156335203191]."""
        intent = self.intent
        is_upsert = intent.operation is Operation.UPSERT and not intent.internal_id
        plain = not (self.sublists or replace or intent.replace_selected_fields)
        return is_upsert and plain and is_external_id(intent.external_id or "")

    def _taken(self, found: Sequence[Difference]) -> Refusal:
        """Return why nothing becomes of a create whose external id another record has."""
        intent, fields = self.intent, ", ".join(difference.path for difference in found)
        message = (
            f"NetSuite has a record of type {intent.record_type} with the external id {intent.external_id} already, "
            f"and it is not known to be the same in {fields}"
        )
        advice = f"its internal id is {self.internal_id}; use update or upsert to change it"
        return Refusal("invalid", message, EXTERNAL_ID, "EXTERNAL_ID_EXISTS", advice=advice)

    def _unreadable(self, present: Present) -> Refusal:
        problem = present.problem
        message = f"Its lines cannot be brought together with those that are there: {problem}"
        path = ", ".join(self.sublists)
        if isinstance(problem, NetSuiteError):
            return Refusal("rejected", message, path, problem.code, problem.status, problem.advice)
        return Refusal("invalid", message, path, "LINES_NOT_READABLE")


class Existence(Enum):
    """Whether an intent's record is in NetSuite."""

    THERE = "there"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Identity:
    """An intent's record.

    Attributes:
        existence: whether it is there; one whose internal id the input gives is taken to be.
        internal_id: its id, when it is known.
        refusal: why nobody can tell which record is meant, None when it can be told.
    """

    existence: Existence
    internal_id: str | None = None
    refusal: Refusal | None = None


def own_reference(intent: Intent) -> Reference | None:
    """Return what to look up to find an intent's own record; None when there is nothing to look up.

    Args:
        intent: what is asked.
    """
    if intent.operation is Operation.CREATE:
        return Reference(intent.record_type, EXTERNAL_ID, intent.external_id) if intent.external_id else None
    if intent.internal_id:
        return None
    if intent.external_id:
        return Reference(intent.record_type, EXTERNAL_ID, intent.external_id)
    return Reference(intent.record_type, intent.match.field, intent.match.value) if intent.match else None


def may_stay_unknown(intent: Intent, *, compare: bool, again: bool) -> bool:
    """Tell whether an intent can be written without it being known whether its record is there.

    `eid:` finds the record as well, unless what is there has to be read, or the external id cannot be in a path.
    """
    if intent.operation is Operation.CREATE:
        return not again  # NetSuite refuses a second one itself
    return (
        bool(intent.external_id) and is_external_id(intent.external_id or "") and not (compare or again or intent.lines)
    )


def identity(intent: Intent, sought: Reference | None, found: Found | None) -> Identity:
    """Return what is known of an intent's record.

    Args:
        intent: what is asked.
        sought: what was looked up for it, see `own_reference`.
        found: what came of that, None when nothing was looked up.
    """
    if sought is None or found is None:
        return _given(intent)
    if found.id:
        return Identity(Existence.THERE, found.id)
    if found.is_absent:
        return Identity(Existence.ABSENT)
    refusal = None if found.is_unasked else refusal_of(sought, found, sought.by, RECORD)
    return Identity(Existence.UNKNOWN, refusal=refusal)


def _given(intent: Intent) -> Identity:
    """Return what the input itself tells."""
    if intent.operation is Operation.CREATE:
        return Identity(Existence.ABSENT)
    if intent.internal_id:
        return Identity(Existence.THERE, intent.internal_id)
    message = "Neither an internal id, nor an external id, nor a field to match says which record is meant."
    return Identity(Existence.UNKNOWN, refusal=Refusal("invalid", message, code="RECORD_NOT_NAMED"))


def not_found(intent: Intent, sought: Reference | None) -> Refusal:
    """Return the refusal of an intent whose record is not there."""
    sought = sought or Reference(intent.record_type, "id", intent.internal_id or "")
    return refusal_of(sought, Found(), sought.by, RECORD)


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
