"""Intents in, reports and STATE out."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from suitetalk import Governor, NetSuite, ServerFaultError, SuiteTalkError
from suitetalk.record_tables import table_of
from suitetalk.timezone import detect_zone
from target_netsuite.intents import Intent, Operation, Outcome, Settled, Write
from target_netsuite.interruption import RunInterruptedError
from target_netsuite.journal.journal import Journal, open_journal
from target_netsuite.mapping.catalog import Catalog
from target_netsuite.pipeline.pipeline import Pipeline, Postponed, Settle
from target_netsuite.preparing.lookups import EXTERNAL_ID, NEW_RECORD, Column
from target_netsuite.preparing.preparation import Preparation, Question
from target_netsuite.preparing.tables import Effort
from target_netsuite.reporting.report import Report
from target_netsuite.settings import Settings, StreamSettings
from target_netsuite.writing.outcomes import (
    OnUnknownOutcome,
    Unknown,
    WritingStoppedError,
    can_be_repeated,
    decided,
    stopped,
)
from target_netsuite.writing.recovery import recover
from target_netsuite.writing.suspects import Suspects, fault_of
from target_netsuite.writing.writer import Writer, WriterOptions

logger = logging.getLogger(__name__)

_ROUNDS = 4
"""How often writes whose answers were lost are read back, and sent again where they were not done."""

_Any = TypeVar("_Any")
_GONE = frozenset({Outcome.DELETED, Outcome.ALREADY_GONE})


class Run:
    """Carries out intents, many at once, and passes STATE on. Its methods are for the main thread."""

    def __init__(
        self,
        preparation: Preparation,
        writer: Writer | None,
        journal: Journal,
        report: Report,
        *,
        postponed: Postponed,
        settings_of: Callable[[str], StreamSettings],
        pass_state: Callable[[Any], None],
    ) -> None:
        """Prepare.

        Args:
            preparation: looks up what intents need, and what is there.
            writer: None for a dry run, which says what would be done, and passes no STATE on.
            journal: remembers what was written.
            report: takes what became of each intent.
            postponed: keeps those that may come right at the end.
            settings_of: returns the settings of a stream.
            pass_state: gives a STATE to who keeps it; one call at a time, from any thread.
        """
        self._preparation = preparation
        self._writer = writer
        self._journal = journal
        self._report = report
        self._postponed = postponed
        self._settings_of = settings_of
        self._pass_state = pass_state
        self._suspects = writer.suspects if writer else Suspects()
        self._pipeline = Pipeline(self._carry_out, matched=postponed.matched)
        self._taken = 0
        self._numbers: dict[str, int] = {}
        self._states: deque[_State] = deque()
        self._passing = threading.Lock()

    def put(self, intent: Intent) -> None:
        """Take an intent; waits while too many are unsettled.

        Raises:
            StoppedError: no record can be written for now, or what became of one is not known.
            StateReaderLeftError: nobody reads the STATE any more.
        """
        done = self._journal.already_done(intent)
        if done is not None:
            self.report(done)
            return
        self._taken += 1
        self._numbers[intent.stream] = intent.number
        self._pipeline.put(intent)

    def report(self, settled: Settled) -> None:
        """Report a record of which nothing is to be done, such as an invalid one."""
        self._report.add(settled)
        self._taken += 1
        self._numbers[settled.intent.stream] = settled.intent.number
        self._pipeline.skip()

    def take_state(self, value: Any, *, at_the_end: bool = False) -> None:
        """Take a STATE, to be passed on when everything before it is settled; a dry run passes none.

        Args:
            value: of the STATE.
            at_the_end: whether something before it waits for the end of the input.
        """
        if self._writer is not None:
            taken = sys.maxsize if at_the_end else self._taken
            self._states.append(_State(value, taken, dict(self._numbers)))
            self._pass_states()

    def drain(self) -> None:
        """Wait until all is settled that does not wait for the end of the input, and pass on its STATE.

        Raises:
            StoppedError: no record can be written for now, or what became of one is not known.
            StateReaderLeftError: nobody reads the STATE any more.
        """
        self._pipeline.finish()
        self._pass_states()

    def finish(self) -> None:
        """Wait until all of a whole input is settled, and pass on what STATE there is.

        Raises:
            StoppedError: no record can be written for now, or what became of one is not known.
            StateReaderLeftError: nobody reads the STATE any more.
        """
        self._pipeline.finish()
        self._try_postponed()
        self._pass_states(sys.maxsize)

    def _try_postponed(self) -> None:
        """Try those that were put aside again, as long as some of them come right.

        When none does, those are refused that others wait for, and the rest is tried again without them: what waited
        may be what a delete or a reference needs. When nothing waits, all that is left is refused.
        """
        before = sys.maxsize
        while count := len(self._postponed):
            is_stuck = count >= before
            if is_stuck and not self._postponed.some_wait:
                break
            is_refused = self._postponed.in_the_way() if is_stuck else _never
            before = count
            for intent, refusal in self._postponed.take():
                if refusal and is_refused(intent):
                    self._report.add(Settled(intent, refusal=refusal))
                else:
                    self._pipeline.put(intent)
            self._pipeline.finish()
        for intent, refusal in self._postponed.take():
            self._report.add(Settled(intent, refusal=refusal))

    def close(self, *, is_complete: bool) -> None:
        """End all threads; requests on their way are answered.

        Args:
            is_complete: whether all input was settled, so that nothing of it needs to be remembered.
        """
        if self._writer is not None:
            self._writer.stop()
        self._pipeline.stop()
        if self._writer is not None:
            self._writer.close()
        self._preparation.close()
        self._postponed.close()
        if is_complete:
            self._journal.finished()
        self._journal.close()

    def _pass_states(self, settled: int = 0) -> None:
        """Pass on each STATE that has nothing unsettled before it; for any thread, since the input may be quiet.

        Args:
            settled: how many are known to be settled without a gap.
        """
        with self._passing:
            settled = max(settled, self._pipeline.settled_up_to)
            while self._states and self._states[0].taken <= settled:
                state = self._states.popleft()
                self._pass_state(state.value)
                self._journal.acknowledged(state.numbers)

    def _carry_out(self, intents: Sequence[Intent], settle: Settle) -> None:
        """Have intents of one stream settled; what hid an answer is read back, and done again where it was not done.

        Those that are held back are left unsettled; they come again, or are settled by the success of another.

        Raises:
            StoppedError: some cannot be settled.
        """

        def report(settled: Sequence[Settled]) -> None:
            self._suspects.forget(one.intent for one in settled)
            now, later = _parted(settled, self._postponed.may_come_right)
            for one in later:
                self._postponed.add(one.intent, one.refusal)
            for one in now:
                self._report.add(one)
                self._remember(one)
            settle(now, [one.intent for one in later])
            self._pass_states()
            self._suspects.release()

        intents, after = _parted(intents, self._postponed.has_earlier)
        for intent in after:
            self._postponed.add(intent, None)
        settle([], after)
        if not intents:
            return
        sent = time.monotonic()
        fresh, left = self._suspects.taken_up(intents)
        try:
            if fresh:
                left += self._carry_out_once(fresh, report)
            left = self._cleared_up(left, sent, report)
        except SuiteTalkError as error:
            raise stopped(intents[:1], error) from error
        if left:
            raise stopped([left[0].intent], left[0].error)

    def _cleared_up(
        self, left: list[Unknown], sent: float, report: Callable[[Sequence[Settled]], None]
    ) -> list[Unknown]:
        """Read back what is doubtful and send again what was not done; return what is doubtful even then."""
        for _ in range(_ROUNDS):
            if not left:
                break
            left = self._carry_out_once([one.intent for one in left], report, left)
            faults, left = _parted(left, lambda one: fault_of(one.error) is None)
            for one in faults:
                self._suspects.hold(one, sent, report)
        return left

    def _carry_out_once(
        self, intents: Sequence[Intent], report: Callable[[Sequence[Settled]], None], doubts: Sequence[Unknown] = ()
    ) -> list[Unknown]:
        """Prepare and write; return those of which nobody knows whether they were done.

        Args:
            intents: of one stream.
            report: is told what is settled.
            doubts: why they were doubtful before; empty for those that were not sent before.
        """
        settings = self._settings_of(intents[0].stream)
        is_dry = self._writer is None
        effort = Effort.SINGLE if is_dry else Effort.BULK
        question = Question(compare=is_dry or settings.skip_unchanged, again=bool(doubts), effort=effort)
        prepared = self._prepared(intents, question)
        report([one for one in prepared if isinstance(one, Settled)])
        unknown = [one for one in prepared if isinstance(one, Unknown)]
        writes = [one for one in prepared if isinstance(one, Write)]
        if self._writer is None:
            report([_would_be(write) for write in writes])
            return []
        writes = self._without_late(writes, doubts, report)
        if not writes:
            return unknown
        differences = {id(write.intent): write.differences for write in writes if write.differences}
        try:
            answers = self._writer.carry_out(writes, settings.write_mode)
        except WritingStoppedError as stop:
            report([one for one in stop.answers if isinstance(one, Settled)])
            raise
        settled, refused_creates = _parted([one for one in answers if isinstance(one, Settled)], _is_refused_create)
        report(
            [
                replace(one, differences=differences[id(one.intent)])
                if one.refusal is None and id(one.intent) in differences
                else one
                for one in settled
            ]
        )
        if refused_creates:
            report(self._looked_up(refused_creates))
        return unknown + [one for one in answers if isinstance(one, Unknown)]

    def _prepared(self, intents: Sequence[Intent], question: Question) -> list[Write | Settled | Unknown]:
        """Prepare, and find the record over which NetSuite breaks down, so that the others can be written.

        Raises:
            SuiteTalkError: NetSuite cannot be asked now.
        """
        try:
            return list(self._preparation.prepare(intents, question))
        except ServerFaultError as error:
            if self._writer is None or fault_of(error) is None:
                raise
            if len(intents) == 1:
                self._suspects.failed(intents[0], error)
                return [Unknown(intents[0], error)]
        half = len(intents) // 2
        return [*self._prepared(intents[:half], question), *self._prepared(intents[half:], question)]

    def _without_late(
        self, writes: Sequence[Write], doubts: Sequence[Unknown], report: Callable[[Sequence[Settled]], None]
    ) -> list[Write]:
        """Leave out what a job may still do and must not be done twice, unless the stream's setting says otherwise.

        Raises:
            WritingStoppedError: a person is to look.
        """
        late = {id(one.intent): one.error for one in doubts if one.may_come_late}
        left = []
        for write in writes:
            error = late.get(id(write.intent))
            decision = None
            if error and not can_be_repeated(write):
                decision = decided(lambda stream: self._settings_of(stream).on_unknown_outcome, write.intent, error)
            if decision:
                report([decision])
            else:
                left.append(write)
        return left

    def _looked_up(self, refused: Sequence[Settled]) -> list[Settled]:
        """Tell of creates that NetSuite refused which are there already: SuiteQL may not show external ids."""
        found = self._preparation.prepare([one.intent for one in refused], Question(effort=Effort.SINGLE))
        there = {id(one.intent): one for one in found if isinstance(one, Settled) and one.internal_id}
        return [there.get(id(one.intent), one) for one in refused]

    def _remember(self, settled: Settled) -> None:
        """Keep the ids of what was written, since others may refer to it."""
        if settled.refusal or settled.outcome is Outcome.UNCHANGED:
            return
        if self._writer is None:
            is_gone = settled.outcome in _GONE
            self._preparation.lookups.foresee(settled.intent, settled.internal_id, is_gone=is_gone)
            return
        external_id, record_type = settled.intent.external_id, settled.intent.record_type
        if settled.outcome in _GONE:
            self._preparation.lookups.forget(record_type, external_id)
        else:
            self._preparation.lookups.remember(record_type, external_id, settled.internal_id)


@dataclass(frozen=True)
class _State:
    """A STATE that waits: its value, how many of the input come before it, and the last number of each stream."""

    value: Any
    taken: int
    numbers: dict[str, int]


def _parted(all_: Sequence[_Any], is_apart: Callable[[_Any], bool]) -> tuple[list[_Any], list[_Any]]:
    """Return those for which something is not so, and those for which it is."""
    parts: tuple[list[_Any], list[_Any]] = ([], [])
    for one in all_:
        parts[is_apart(one)].append(one)
    return parts


def _never(_: Intent) -> bool:
    return False


def _is_refused_create(settled: Settled) -> bool:
    intent = settled.intent
    return settled.refusal is not None and intent.operation is Operation.CREATE and intent.external_id is not None


def _would_be(write: Write) -> Settled:
    known_as = write.internal_id or ""
    return Settled(
        write.intent, write.outcome, "" if known_as == NEW_RECORD else known_as, differences=write.differences
    )


def begin_run(
    netsuite: NetSuite,
    governor: Governor,
    settings: Settings,
    streams: Mapping[str, Any],
    *,
    report: Report,
    catalog: Catalog,
    pass_state: Callable[[Any], None],
    stop: threading.Event,
) -> Run:
    """Settle what the last run left open, and return what takes this one's intents.

    Args:
        netsuite: the account.
        governor: of its requests.
        settings: the checked settings.
        streams: the setting `streams` as it was given.
        report: takes what became of each record.
        catalog: what NetSuite says of record types.
        pass_state: gives a STATE to who keeps it.
        stop: is set when the run is to end.

    Raises:
        ConfigurationError: the journal has no place.
        JournalError: the journal cannot be used.
        WritingStoppedError: what the last run left is not settled.
    """
    threading.Thread(target=_learn_limit, args=(netsuite, governor), name="netsuite-limit", daemon=True).start()
    journal = Journal(None) if settings.dry_run else _journal(netsuite, settings, streams, stop)
    preparation = Preparation(netsuite, catalog.fields, zone=_Zone(netsuite), referred_by=_referred_by(settings))
    options = WriterOptions(
        name_validation=settings.name_validation,
        value_validation=settings.value_validation,
        job_timeout=settings.job_timeout,
        slots=lambda: governor.limit,
    )
    writer = Writer(netsuite, journal, policy=_policy(settings), confirm=preparation.confirm, options=options)
    return Run(
        preparation,
        None if settings.dry_run else writer,
        journal,
        report,
        postponed=Postponed({table_of(stream.record_type) for stream in settings.streams.values()}, _matched(settings)),
        settings_of=settings.stream,
        pass_state=pass_state,
    )


def _journal(netsuite: NetSuite, settings: Settings, streams: Mapping[str, Any], stop: threading.Event) -> Journal:
    """Open the journal and see through what the last run left in it."""
    journal = open_journal(settings.journal, settings.connection.account, streams)
    if not journal.is_left_over:
        return journal
    try:
        recover(netsuite, journal, policy=_policy(settings), job_timeout=settings.job_timeout, stop=stop)
    except BaseException:
        journal.close()
        raise
    return journal


class _Zone:
    """The account's time zone, asked for once; None when it is not certain."""

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._lock = threading.Lock()
        self._known: tuple[ZoneInfo | None, ...] = ()

    def __call__(self) -> ZoneInfo | None:
        with self._lock:
            if not self._known:
                self._known = (self._detected(),)
            return self._known[0]

    def _detected(self) -> ZoneInfo | None:
        try:
            return detect_zone(self._netsuite.suiteql, self._netsuite.records).zone
        except SuiteTalkError as error:
            logger.info("Times are compared record by record, since the account's time zone is not certain: %s", error)
            return None


def _matched(settings: Settings) -> dict[str, set[str]]:
    """Return the fields that streams find their records by, by table."""
    found: dict[str, set[str]] = {}
    for stream in settings.streams.values():
        if stream.match:
            found.setdefault(table_of(stream.record_type), set()).add(stream.match.field.lower())
    return found


def _referred_by(settings: Settings) -> set[Column]:
    """Return the columns that records are found by: those of references, and of `match`."""
    streams = settings.streams.values()
    in_bodies = (one for stream in streams for one in stream.references.values())
    in_lines = (one for stream in streams for lines in stream.sublists.values() for one in lines.references.values())
    return {
        *((table, name) for table, names in _matched(settings).items() for name in names),
        *(
            (table_of(one.record_type), EXTERNAL_ID.lower() if one.by == "external_id" else one.by.lower())
            for one in (*in_bodies, *in_lines)
        ),
    }


def _policy(settings: Settings) -> Callable[[str], OnUnknownOutcome]:
    def policy(stream: str) -> OnUnknownOutcome:
        known = settings.streams.get(stream)  # the journal may hold a stream that is gone from the settings
        return known.on_unknown_outcome if known else "stop"

    return policy


def _learn_limit(netsuite: NetSuite, governor: Governor) -> None:
    """Take the limit from NetSuite where the role may know it [article_0625010817]; else it is found by trying."""
    try:
        limits = netsuite.system.concurrency_limits()
    except (SuiteTalkError, RunInterruptedError) as error:
        logger.debug("The account's concurrency limit: %s", error)
        return
    if limits and limits.usable:
        governor.begin_with(limits.usable)
