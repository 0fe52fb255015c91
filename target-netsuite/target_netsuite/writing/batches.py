"""Writing by the hundred: asynchronous batches, several under way at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, wait

from suitetalk import NetSuite, NotFoundError, OutcomeUnknownError, SuiteTalkError, TaskResult
from target_netsuite.intents import Operation, Settled, Write
from target_netsuite.journal.members import is_unfindable
from target_netsuite.journal.null_journal import NullJournal
from target_netsuite.writing.confirmation import Confirmation
from target_netsuite.writing.gathered import Gathered
from target_netsuite.writing.job_times import JobTimes
from target_netsuite.writing.outcomes import (
    Unknown,
    WritingStoppedError,
    can_be_repeated,
    comes_before_sending,
    done,
    gone,
    is_refusal,
    refused,
    stopped,
)
from target_netsuite.writing.portions import Portion
from target_netsuite.writing.record_types import RecordTypes
from target_netsuite.writing.task_order import Paired, TaskOrder
from target_netsuite.writing.unknown_outcomes import Policy, decided

_LONGEST_JOB = 4 * 3600.0  # seconds; a job that takes longer is left to the next run


class BatchWrites:
    """Sends portions and finds out what became of each record. Thread-safe."""

    def __init__(
        self,
        netsuite: NetSuite,
        journal: NullJournal,
        *,
        confirmation: Confirmation,
        record_types: RecordTypes,
        task_order: TaskOrder,
        job_times: JobTimes,
        policy: Policy,
        threads: Executor,
    ) -> None:
        """Write to this account; each job is waited for in one of these threads."""
        self._netsuite = netsuite
        self._journal = journal
        self._confirmation = confirmation
        self._record_types = record_types
        self._task_order = task_order
        self._job_times = job_times
        self._policy = policy
        self._threads = threads
        self._stop = threading.Event()

    def stop(self) -> None:
        """End all waiting for jobs; they go on in NetSuite, and the journal holds them open."""
        self._stop.set()

    def carry_out(self, portions: Sequence[Portion], gathered: Gathered) -> None:
        """Send all portions at once, wait for them, and gather what became of their writes.

        Raises:
            JournalError: nothing more can be written down, so nothing more is sent.
        """
        begun = [self._threads.submit(self._completed, portion) for portion in portions]
        wait(begun)
        completed: list[tuple[Portion, str]] = []
        for portion, job in zip(portions, begun, strict=True):
            try:
                job_id = job.result()
            except WritingStoppedError as error:
                gathered.stops.append(error)
                continue
            if isinstance(job_id, Settled):
                gathered.answers[portion.places[0]] = job_id
            elif job_id:
                completed.append((portion, job_id))
            else:
                gathered.again += portion.placed
        self._gather(completed, gathered)

    def _completed(self, portion: Portion) -> str | Settled:
        """Have one batch carried out and return its job, empty when it was refused as a whole and nothing was done.

        A record that is sent alone may be created at once, by an account that does nothing in the background.
        """
        batch = portion.batch
        try:
            self._journal.intended(batch, portion.writes)
            job = self._netsuite.batches.submit(batch)
        except SuiteTalkError as error:
            if batch.alone and isinstance(error, OutcomeUnknownError) and error.record_id:
                return self._done_at_once(portion, error)
            if not is_refusal(error) and not comes_before_sending(error):
                raise stopped(portion.writes, error) from error
            self._journal.settled(batch.idempotency_key)
            refused_it = self._record_types.refused_alone if batch.alone else self._record_types.refused_batch
            refused_it(batch.record_type, error)
            return ""
        begun = time.monotonic()
        self._journal.submitted(batch.idempotency_key, job.id)
        try:
            polling = self._job_times.polling(batch)
            self._netsuite.jobs.wait(job.id, timeout=_LONGEST_JOB, stop=self._stop, polling=polling)
        except SuiteTalkError as error:
            raise stopped(portion.writes, error) from error
        self._job_times.learn(batch, time.monotonic() - begun)
        return job.id

    def _done_at_once(self, portion: Portion, error: OutcomeUnknownError) -> Settled:
        self._record_types.refused_alone(portion.batch.record_type, error)
        self._journal.settled(portion.batch.idempotency_key, {0: error.record_id})
        return done(portion.writes[0], error.record_id)

    def _gather(self, completed: Sequence[tuple[Portion, str]], gathered: Gathered) -> None:
        writes = [write for portion, _ in completed for write in portion.writes]
        try:
            confirmed = self._confirmation.of(writes)
        except SuiteTalkError as error:
            gathered.stops.append(stopped(writes, error))
            return
        start = 0
        for portion, job_id in completed:
            end = start + len(portion.writes)
            own = {place - start: confirmed[place] for place in range(start, end) if place in confirmed}
            self._settle(portion, job_id, own, gathered)
            start = end

    def _settle(self, portion: Portion, job_id: str, confirmed: dict[int, str], gathered: Gathered) -> None:
        for place, internal_id in confirmed.items():
            gathered.answers[portion.places[place]] = done(portion.writes[place], internal_id)
        if len(confirmed) == len(portion.writes):
            self._journal.settled(portion.batch.idempotency_key)
            return
        try:
            paired = self._task_order.paired(portion.batch, job_id, confirmed)
            paired.check_that_read(each=is_unfindable(portion.writes[0]))
            is_there = self._is_there(portion, paired)
        except SuiteTalkError as error:
            gathered.stops.append(stopped(portion.writes, error))
            return
        for place, result in paired.results.items():
            gathered.answers[portion.places[place]] = _answer(portion.writes[place], result, is_there=is_there)
        gathered.again += [portion.placed[place] for place in paired.refused]
        doubtful = self._resolve(portion, paired, gathered)
        created = {place: result.record_id for place, result in paired.results.items() if result.error is None}
        self._journal.settled(portion.batch.idempotency_key, created, doubtful)

    def _resolve(self, portion: Portion, paired: Paired, gathered: Gathered) -> list[int]:
        """Decide about writes that may have been done, and return the places of those that stay in doubt."""
        doubtful = []
        for place, error in paired.unknown.items():
            write = portion.writes[place]
            if can_be_repeated(write):
                gathered.again.append((portion.places[place], write))
            elif not is_unfindable(write):
                gathered.answers[portion.places[place]] = Unknown(write, error)
            else:
                decision = decided(self._policy, write, error)
                if decision is None:
                    gathered.again.append((portion.places[place], write))
                    continue
                doubtful.append(place)
                if isinstance(decision, WritingStoppedError):
                    gathered.stops.append(decision)
                else:
                    gathered.answers[portion.places[place]] = decision
        return doubtful

    def _is_there(self, portion: Portion, paired: Paired) -> bool:
        """Tell whether the type exists, where records to delete are said to be missing."""
        results = paired.results.values()
        if any(result.error is None for result in results):
            self._record_types.exists(portion.batch.record_type)
        missing = any(isinstance(result.error, NotFoundError) for result in results)
        return not missing or self._record_types.is_there(portion.batch.record_type)


def _answer(write: Write, result: TaskResult, *, is_there: bool) -> Settled:
    if result.error is None:
        return done(write, result.record_id)
    if write.operation is Operation.DELETE and isinstance(result.error, NotFoundError) and is_there:
        return gone(write)
    return refused(write, result.error)
