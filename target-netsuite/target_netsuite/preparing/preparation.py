"""What to send for each intent: which record it means, whether that is there, and what has to change in it.

`Preparation.prepare` works on a chunk of intents: it looks up all that they refer to and are about, decides what can be
decided by that (`_Chunk`), reads what is there where that matters, and settles the rest (`Change`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import FieldShape, NetSuite, NetSuiteError
from suitetalk.records import is_external_id
from target_netsuite.intents import Difference, Intent, Operation, Outcome, Reference, Refusal, Settled, Write
from target_netsuite.mapping.catalog import TypeFields
from target_netsuite.preparing.comparison import is_nothing, items, member, plain
from target_netsuite.preparing.lines import plan_lines
from target_netsuite.preparing.lookups import (
    EXTERNAL_ID,
    NEW_RECORD,
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
from target_netsuite.preparing.tables import Effort

_OUTCOMES = {Operation.INACTIVATE: Outcome.INACTIVATED}
_COMPARED = (Operation.INACTIVATE, Operation.CREATE)
_THREADS = 16  # that may wait for requests; the governor decides how many are in flight
_INACTIVE = "isInactive"


class Preparation:
    """Prepares the intents of one run. Thread-safe.

    Attributes:
        lookups: takes note of what was written and deleted, see `Lookups.remember`.
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
            shape_of: the fields of a type, None where the catalog does not say; asked for each call of `prepare`.
            zone: the account's time zone, None when it is not certain; asked when there are date-times to compare.
            referred_by: columns that references go by, see `Lookups.foresee`.
            threads: requests that may be waited for at once.
        """
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="netsuite-preparing")
        self._shape_of = shape_of
        self.lookups = Lookups(netsuite.suiteql, netsuite.records, self._executor, referred_by=referred_by)
        self._netsuite, self._zone = netsuite, zone

    @cached_property
    def _present(self) -> PresentValues:
        return PresentValues(self._netsuite.suiteql, self._netsuite.records, self._executor, self._zone)

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

    def prepare(self, intents: Sequence[Intent], question: Question | None = None) -> list[Write | Settled]:
        """Return for each intent what to send, or what came of it without anything being sent.

        Args:
            intents: of one record type, none about the record of another.
            question: what is asked about their records; nothing but what their writes need if it is None.

        Raises:
            NetSuiteError: NetSuite cannot be asked now; it never means that a record does not exist.
            ConnectionFailedError: no usable answer.
        """
        if not intents:
            return []
        question = question or Question()
        shape = TypeFields(self._shape_of(intents[0].record_type))
        own = [own_reference(intent) for intent in intents]
        found = self._look_up(intents, own, question)
        subjects = [
            subject(intent, sought, found[sought] if sought else None)
            for intent, sought in zip(intents, own, strict=True)
        ]
        if question.reads_back:
            subjects = self._with_absent(subjects)
        chunk = _Chunk(question, shape, found)
        return self._compared([chunk.begun(one) for one in subjects], chunk)

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
        record_type, shape = writes[0].record_type, TypeFields(self._shape_of(writes[0].record_type))
        own = {
            place: Reference(record_type, EXTERNAL_ID, write.external_id)
            for place, write in enumerate(writes)
            if write.external_id and not write.internal_id
        }
        found = self.lookups.find((), own=dict.fromkeys(own.values(), Effort.BULK))
        ids = {place: write.internal_id for place, write in enumerate(writes) if write.internal_id}
        ids |= {place: id_ for place, one in own.items() if (id_ := found[one].id)}
        deletes = [place for place, write in enumerate(writes) if write.operation is Operation.DELETE]
        gone = self._gone(record_type, {place: ids.get(place, "") for place in deletes if place in ids})
        gone |= {place: "" for place in deletes if place in own and found[own[place]].is_absent}
        created = {place: ids[place] for place in ids if writes[place].outcome is Outcome.CREATED}
        changes = (Operation.UPDATE, Operation.UPSERT)
        changed = [place for place in ids if writes[place].operation in changes and place not in created]
        wanted = [Wanted(ids[place], dict(writes[place].body)) for place in changed]
        present = self._present.compare(record_type, shape, wanted, Effort.BULK) if wanted else []
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
        self, intents: Sequence[Intent], own: Sequence[Reference | None], question: Question
    ) -> Mapping[Reference, Found]:
        """Find all that the intents refer to and all that they are about, in as few requests as possible."""
        referred = [one for intent in intents for one in references_in(intent.body)]
        efforts = {
            sought: Effort.BULK if _may_stay_unknown(intent, question) else Effort.SINGLE
            for intent, sought in zip(intents, own, strict=True)
            if sought
        }
        return self.lookups.find(referred, own=efforts)

    def _with_absent(self, subjects: Sequence[Subject]) -> list[Subject]:
        """Find out which of the records to delete by their internal ids are there."""
        ids = [
            one.intent.internal_id
            for one in subjects
            if one.intent.operation is Operation.DELETE and one.intent.internal_id
        ]
        there = self._present.exist(subjects[0].intent.record_type, ids) if ids else {}
        return [
            replace(one, internal_id=None, is_absent=True) if there.get(one.internal_id or "") is False else one
            for one in subjects
        ]

    def _compared(self, begun: Sequence[Write | Settled | Change], chunk: _Chunk) -> list[Write | Settled]:
        """Settle what has to be compared with what is there; the rest stays as it is."""
        changes = [one for one in begun if isinstance(one, Change)]
        wanted = {id(change): one for change in changes if (one := change.wanted(chunk.question))}
        found = (
            self._present.compare(changes[0].intent.record_type, chunk.shape, list(wanted.values())) if wanted else []
        )
        present = dict(zip(wanted, found, strict=True))
        return [chunk.changed(one, present.get(id(one))) if isinstance(one, Change) else one for one in begun]


@dataclass(frozen=True)
class Question:
    """What is asked about the records of some intents, which decides what has to be looked up and read.

    Attributes:
        compare: whether a record that already is as wanted is left alone; `differences` are filled in then.
        again: whether the intents were sent before and their answers were lost. All are compared then, and what has
            been done is settled by its own outcome. A create without an external id cannot be found again, and neither
            can lines that were changed since; they come back as writes.
        effort: what finding a record may cost that NetSuite would find, or refuse, by itself when it is written.
    """

    compare: bool = False
    again: bool = False
    effort: Effort = Effort.BULK

    @property
    def reads_back(self) -> bool:
        """Whether what is there has to be read."""
        return self.compare or self.again


@dataclass(frozen=True)
class _Chunk:
    """Decides what becomes of the intents of one call.

    Attributes:
        question: what is asked about their records.
        shape: what the catalog says of their type.
        found: what the look-ups found.
    """

    question: Question
    shape: TypeFields
    found: Mapping[Reference, Found]

    def begun(self, one: Subject) -> Write | Settled | Change:
        """Return what can be said before what is there is read; a change of what is there waits for that."""
        intent = one.intent
        if one.refusal:
            return Settled(intent, refusal=one.refusal)
        if intent.operation is Operation.DELETE:
            return self._delete(one)
        try:
            body = self._inactive() if intent.operation is Operation.INACTIVATE else resolved(intent.body, self.found)
        except UnresolvedError as error:
            return Settled(intent, internal_id=one.internal_id or "", refusal=error.refusal)
        if one.is_absent or (intent.operation is Operation.CREATE and not one.internal_id):
            return self._of_absent(one, body)
        if intent.operation is Operation.CREATE and self.question.again:  # now it is known to have been created
            return Settled(intent, Outcome.CREATED, one.internal_id or "")
        is_readable = one.internal_id and one.internal_id != NEW_RECORD
        return Change(one, one.internal_id or "", body) if is_readable else self._unread(one, body)

    @staticmethod
    def _unread(one: Subject, body: dict[str, Any]) -> Write | Settled:
        """Return what becomes of a record that NetSuite finds, or that a dry run would have created before."""
        intent = one.intent
        if not one.internal_id:
            return _by_external_id(intent, body)
        if intent.operation is Operation.CREATE:
            message = f"An earlier record of the input has the external id {intent.external_id}"
            advice = "use upsert to change what that one creates; if both say the same, a real run leaves it as it is"
            return Settled(
                intent, refusal=Refusal("invalid", message, EXTERNAL_ID, "EXTERNAL_ID_EXISTS", advice=advice)
            )
        return replace(_by_external_id(intent, body), outcome=_OUTCOMES.get(intent.operation, Outcome.UPDATED))

    def changed(self, change: Change, present: Present | None) -> Write | Settled:
        """Return what becomes of a change, `present` being what is there; None when that was not read."""
        intent = change.intent
        if present is None or not present.is_absent:
            return change.decided(present, self.shape, self.question)
        if intent.internal_id and intent.operation is Operation.UPSERT:
            return Settled(intent, refusal=change.subject.not_found())
        return self._of_absent(change.subject, dict(change.body))

    def _delete(self, one: Subject) -> Write | Settled:
        if not one.is_absent:
            return _write(one.intent, Operation.DELETE, Outcome.DELETED, {}, internal_id=one.internal_id)
        outcome = Outcome.DELETED if self.question.again else Outcome.ALREADY_GONE
        return Settled(one.intent, outcome, one.intent.internal_id or "")

    def _of_absent(self, one: Subject, body: dict[str, Any]) -> Write | Settled:
        """Return what becomes of an intent whose record is not there."""
        intent = one.intent
        if intent.operation is Operation.INACTIVATE:
            return Settled(intent, Outcome.ALREADY_GONE)
        if intent.operation is Operation.UPDATE:
            return Settled(intent, refusal=one.not_found())
        if intent.operation is Operation.UPSERT and is_external_id(intent.external_id or ""):
            return _write(intent, Operation.UPSERT, Outcome.CREATED, body, differences=self._all(body))
        body = self._findable(intent, body)
        return _write(intent, Operation.CREATE, Outcome.CREATED, body, differences=self._all(body))

    def _findable(self, intent: Intent, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body of a new record with what it is found by the next time."""
        if intent.external_id:
            return body if member(body, EXTERNAL_ID) else {**body, EXTERNAL_ID: intent.external_id}
        match = intent.match
        if match is None or intent.operation is Operation.CREATE or member(body, match.field) is not None:
            return body
        field = self.shape.field(match.field)
        return {**body, field.name if field else match.field: match.value}

    def _all(self, body: Mapping[str, Any]) -> tuple[Difference, ...]:
        """Return the fields of a new record, where differences are wanted."""
        if not self.question.compare:
            return ()
        return tuple(Difference(name, None, plain(value)) for name, value in body.items() if not is_nothing(value))

    def _inactive(self) -> dict[str, Any]:
        """Return the body that inactivates a record.

        Raises:
            UnresolvedError: records of the type cannot be inactive.
        """
        field = self.shape.field(_INACTIVE)
        if self.shape.is_known and (field is None or field.read_only):
            message = f"Records of this type cannot be inactivated: the catalog has no field {_INACTIVE} to write."
            advice = "delete them instead"
            raise UnresolvedError(Refusal("invalid", message, _INACTIVE, "NOT_INACTIVATABLE", advice=advice))
        return {field.name if field else _INACTIVE: True}


def _by_external_id(intent: Intent, body: dict[str, Any]) -> Write:
    """Return the write of a record of which nobody knows whether it is there."""
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
    emptied = intent.replace if operation is Operation.UPDATE else ()
    return Write(
        intent, operation, intent.record_type, internal_id, intent.external_id, body, emptied, outcome, differences
    )


@dataclass(frozen=True)
class Change:
    """A record that is there, and what an intent asks of it.

    A create asks that it be there as it says: input may come twice, such as after a kill.

    Attributes:
        subject: what is asked, and of which record.
        internal_id: of the record.
        body: the fields, references looked up.
    """

    subject: Subject
    internal_id: str
    body: Mapping[str, Any]

    @property
    def intent(self) -> Intent:
        """What is asked."""
        return self.subject.intent

    def _is_compared(self, question: Question) -> bool:
        """Tell whether what is there decides what becomes of it."""
        return question.reads_back or self.intent.operation in _COMPARED

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

    def wanted(self, question: Question) -> Wanted | None:
        """Return what has to be read of the record, None when nothing has to."""
        is_compared = self._is_compared(question)
        if not is_compared and not self.sublists:
            return None
        return Wanted(self.internal_id, self._fields() if is_compared else {}, self.sublists)

    def _fields(self) -> dict[str, Any]:
        """Return the fields that are changed; of those named in `replace` the absent are emptied."""
        fields = {name: value for name, value in self.body.items() if name not in self.sublists}
        if not self.intent.replace_selected_fields:
            return fields
        return {name: member(fields, name) for name in self.intent.replace}

    def decided(self, present: Present | None, shape: TypeFields, question: Question) -> Write | Settled:
        """Return what to send, or that nothing has to be sent; `present` is None when it was not read."""
        if present is None:
            return self._write(self.body, self.intent.replace, ())
        if self.sublists and present.document is None:
            return Settled(self.intent, internal_id=self.internal_id, refusal=self._unreadable(present))
        body, replace, found = self._with_lines(present, shape)
        if not found and (self._is_compared(question) or not body):
            return Settled(self.intent, self._done if question.again else Outcome.UNCHANGED, self.internal_id)
        if self.intent.operation is Operation.CREATE:
            return Settled(self.intent, internal_id=self.internal_id, refusal=self._taken(found))
        return self._write(body, replace, found)

    def _with_lines(
        self, present: Present, shape: TypeFields
    ) -> tuple[dict[str, Any], tuple[str, ...], tuple[Difference, ...]]:
        """Return the body with the lines that have to be sent, what to replace, and all that differs."""
        body, replace, found = dict(self.body), self.intent.replace, present.differences
        rules = {name.lower(): rule for name, rule in self.intent.lines.items()}
        for name in self.sublists:
            existing = items(member(present.document or {}, name)) or []
            plan = plan_lines(name, rules[name.lower()], existing, items(body[name]) or [], shape)
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
            f"NetSuite already has a record of type {intent.record_type} with the external id {intent.external_id}, "
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


def own_reference(intent: Intent) -> Reference | None:
    """Return what to look up to find an intent's own record; None when there is nothing to look up."""
    if intent.operation is Operation.CREATE:
        return Reference(intent.record_type, EXTERNAL_ID, intent.external_id) if intent.external_id else None
    if intent.internal_id:
        return None
    if intent.external_id:
        return Reference(intent.record_type, EXTERNAL_ID, intent.external_id)
    match = intent.match
    return Reference(intent.record_type, match.field, match.value, match.case) if match else None


def _may_stay_unknown(intent: Intent, question: Question) -> bool:
    """Tell whether an intent can be written without anybody knowing whether its record is there.

    `eid:` finds the record too, unless what is there has to be read, or the external id cannot be in a path.
    """
    if question.effort is Effort.SINGLE:
        return False
    if intent.operation is Operation.CREATE:
        return not question.again  # NetSuite refuses a second one itself
    return is_external_id(intent.external_id or "") and not (question.reads_back or intent.lines)


@dataclass(frozen=True)
class Subject:
    """An intent, and what is known of its record.

    Attributes:
        intent: what is asked.
        sought: what was looked up to find the record, None when nothing was.
        internal_id: of the record when it is known to be there; an id that the input gives is believed.
        is_absent: whether it is certain that there is no such record.
        refusal: why it is not known which record is meant, None when it is.
    """

    intent: Intent
    sought: Reference | None = None
    internal_id: str | None = None
    is_absent: bool = False
    refusal: Refusal | None = None

    def not_found(self) -> Refusal:
        """Return the refusal of the intent when its record is not there."""
        sought = self.sought or Reference(self.intent.record_type, "id", self.intent.internal_id or "")
        return refusal_of(sought, Found(), sought.by, RECORD)


def subject(intent: Intent, sought: Reference | None, found: Found | None) -> Subject:
    """Return what is known of an intent's record; `found` is what came of looking for `sought`, if anything was."""
    if sought is None or found is None:
        return _given(intent)
    if found.id or found.is_absent or found.is_unasked:
        return Subject(intent, sought, found.id, is_absent=found.is_absent)
    return Subject(intent, sought, refusal=refusal_of(sought, found, sought.by, RECORD))


def _given(intent: Intent) -> Subject:
    """Return what the input itself says."""
    if intent.operation is Operation.CREATE:
        return Subject(intent, is_absent=True)
    if intent.internal_id:
        return Subject(intent, internal_id=intent.internal_id)
    message = "Neither an internal id, nor an external id, nor a field to match says which record is meant."
    return Subject(intent, refusal=Refusal("invalid", message, code="RECORD_NOT_NAMED"))
