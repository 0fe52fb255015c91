"""By the hundred."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, wait
from dataclasses import replace

from suitetalk import (
    Batch,
    NetSuite,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    PollPolicy,
    SuiteTalkError,
    TaskResult,
)
from suitetalk.errors import is_refusal
from target_netsuite.intents import Operation, Settled, Write
from target_netsuite.journal.journal import Journal, is_unfindable
from target_netsuite.writing.outcomes import (
    Gathered,
    Policy,
    RecordTypes,
    Unknown,
    WritingStoppedError,
    can_be_repeated,
    comes_before_sending,
    decided,
    done,
    gone,
    refused,
    stopped,
)
from target_netsuite.writing.portions import Portion
from target_netsuite.writing.task_order import Paired, TaskOrder

logger = logging.getLogger(__name__)

Confirm = Callable[[Sequence[Write]], Mapping[int, str]]
"""Says which writes are done, by their place: every field that was sent reads back equal, or the record is gone; with
the record's internal id, empty when it is not known."""


class Confirmation:
    """Confirms writes as long as NetSuite lets it. Thread-safe."""

    def __init__(self, confirm: Confirm | None) -> None:
        """Ask with `confirm`; None for never."""
        self._confirm = confirm

    def of(self, writes: Sequence[Write]) -> dict[int, str]:
        """Return the internal ids of the writes that are certainly done, by place.

        A create without an external id leaves nothing to ask for, so it is never among them.

        Raises:
            SuiteTalkError: NetSuite could not be asked for now; a refusal ends the asking for good instead.
        """
        places = [place for place, write in enumerate(writes) if not is_unfindable(write)]
        if self._confirm is None or not places:
            return {}
        try:
            found = self._confirm([writes[place] for place in places])
        except NetSuiteError as error:
            if not is_refusal(error):
                raise
            self._confirm = None
            logger.warning("Results of batches are read one by one, since NetSuite cannot be asked in bulk: %s", error)
            return {}
        return {places[place]: internal_id for place, internal_id in found.items()}


_SHARE_OF_THE_WAIT = 0.1  # between questions, so that little is lost when a job takes longer than the ones before
_NEWS = 0.8  # weight of the last job
_EARLIER = 0.95  # of the time waited, when the first question found the job done


class JobTimes:
    """Learns how long a record of a type takes. Thread-safe: what is lost between threads is one observation."""

    def __init__(self, polling: PollPolicy) -> None:
        """Ask as `polling` says until a job of the kind has been seen."""
        self._polling = polling
        self._seconds: dict[tuple[str, str], float] = {}

    def polling(self, batch: Batch) -> PollPolicy:
        """Return how to ask after a batch's job."""
        seconds = self._seconds.get(_kind(batch), 0.0) * len(batch.records)
        if not seconds:
            return replace(self._polling, head_start=self._polling.first_wait / 2)
        pause = min(max(seconds * _SHARE_OF_THE_WAIT, self._polling.first_wait / 5), self._polling.longest_wait)
        return replace(self._polling, head_start=seconds, first_wait=pause)

    def learn(self, batch: Batch, seconds: float) -> None:
        """Take note that a batch's job was seen completed after that many seconds."""
        each = seconds / len(batch.records)
        before = self._seconds.get(_kind(batch))
        if before is None:
            self._seconds[_kind(batch)] = each
        elif each <= before * (1 + _SHARE_OF_THE_WAIT):
            self._seconds[_kind(batch)] = before * _EARLIER
        else:
            self._seconds[_kind(batch)] = before + (each - before) * _NEWS


def _kind(batch: Batch) -> tuple[str, str]:
    return batch.record_type, batch.operation


_LONGEST_JOB = 4 * 3600.0  # seconds; a job that takes longer is left to the next run


class BatchWrites:
    """Sends portions and finds out what became of each record. Thread-safe."""

    def __init__(
        self,
        netsuite: NetSuite,
        journal: Journal,
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
