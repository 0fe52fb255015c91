"""Writing by the hundred: submit, wait, confirm in bulk, and read the results of what is not confirmed.

A batch is written down before it is submitted and carries an idempotency key, so it is carried out once. Reading
results takes a request for each record; so SuiteQL is asked first which records are as they were wanted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from functools import partial

from suitetalk import (
    JobUnfinishedError,
    NetSuite,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    SuiteTalkError,
    TaskResult,
)
from suitetalk.errors import is_refusal
from target_netsuite.intents import Operation, Settled, Write
from target_netsuite.journal.journal import Journal, is_unfindable
from target_netsuite.writing.outcomes import (
    Gathered,
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
from target_netsuite.writing.pace import Watch
from target_netsuite.writing.portions import Portion
from target_netsuite.writing.singles import Learned
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


@dataclass(frozen=True)
class _Job:
    """A portion's job, and when it was seen; `lost` says why nothing more is heard of it, None when it is completed."""

    portion: Portion
    id: str
    seen: float
    lost: OutcomeUnknownError | None = None


def lost(job_id: str, error: JobUnfinishedError | NotFoundError) -> OutcomeUnknownError:
    """Return, and log, that nothing more is to be heard of a job."""
    if isinstance(error, NotFoundError):
        why = f"NetSuite does not know job {job_id} any more, so what it did is unknown"
    else:
        why = f"{str(error).split(';')[0]}, so what it has done, or will do, is unknown"
    logger.warning("%s; its records are looked up", why)
    unknown = OutcomeUnknownError(why, job_id=job_id)
    unknown.__cause__ = error
    return unknown


BegunJobs = list[tuple[Portion, "Future[_Job | Settled | None]"]]


class BatchWrites:
    """Sends portions and finds out what became of each record. Thread-safe."""

    def __init__(
        self,
        netsuite: NetSuite,
        journal: Journal,
        *,
        learned: Learned,
        confirmation: Confirmation,
        task_order: TaskOrder,
        job_timeout: float,
        threads: Executor,
    ) -> None:
        """Write to this account; each job is waited for in one of these threads."""
        self._netsuite = netsuite
        self._journal = journal
        self._confirmation = confirmation
        self._learned = learned
        self._task_order = task_order
        self._job_timeout = job_timeout
        self._threads = threads
        self._stop = threading.Event()

    def stop(self) -> None:
        """End all waiting for jobs; they go on in NetSuite, and the journal holds them open."""
        self._stop.set()

    def begin(self, portions: Sequence[Portion]) -> BegunJobs:
        """Submit all portions at once, and wait for their jobs in the background."""
        return [(portion, self._threads.submit(self._completed, portion)) for portion in portions]

    def gather(self, begun: BegunJobs, gathered: Gathered) -> None:
        """Wait for what was begun, and gather what became of its writes.

        Raises:
            JournalError: nothing more can be written down, so nothing more is sent.
        """
        wait([future for _, future in begun])
        jobs: list[_Job] = []
        for portion, future in begun:
            try:
                job = future.result()
            except WritingStoppedError as error:
                gathered.stops.append(error)
                continue
            if isinstance(job, Settled):
                gathered.answers[portion.places[0]] = job
            elif job:
                jobs.append(job)
            else:
                gathered.again += portion.placed
        self._gather(jobs, gathered)

    def _completed(self, portion: Portion) -> _Job | Settled | None:
        """Have one batch carried out and return its job, None when it was refused as a whole and nothing was done."""
        batch = portion.batch
        with self._learned.pace.job((batch.record_type, batch.operation), len(batch.records)) as watch:
            job_id = self._submitted(portion)
            if not job_id or isinstance(job_id, Settled):
                return job_id or None
            return self._waited_for(portion, job_id, watch)

    def _submitted(self, portion: Portion) -> str | Settled:
        """Return the batch's job, empty when it was refused as a whole.

        A record that is sent alone may be created at once, by an account that does nothing in the background.
        """
        batch = portion.batch
        try:
            self._journal.intended(batch, portion.writes)
            job_id = self._netsuite.batches.submit(batch).id
        except SuiteTalkError as error:
            if batch.alone and isinstance(error, OutcomeUnknownError) and error.record_id:
                return self._done_at_once(portion, error)
            if not is_refusal(error) and not comes_before_sending(error):
                raise stopped(portion.intents, error) from error
            self._journal.settled(batch.idempotency_key)
            refused_it = (
                self._learned.record_types.refused_alone if batch.alone else self._learned.record_types.refused_batch
            )
            refused_it(batch.record_type, error)
            return ""
        self._journal.submitted(batch.idempotency_key, job_id)
        return job_id

    def _done_at_once(self, portion: Portion, error: OutcomeUnknownError) -> Settled:
        self._learned.record_types.refused_alone(portion.batch.record_type, error)
        self._journal.settled(portion.batch.idempotency_key, {0: error.record_id})
        return done(portion.writes[0], error.record_id)

    def _waited_for(self, portion: Portion, job_id: str, watch: Watch) -> _Job:
        watch.submitted()
        pause = partial(self._learned.pace.pause, (portion.batch.record_type, portion.batch.operation), watch)
        try:
            self._netsuite.jobs.wait(job_id, timeout=self._job_timeout, stop=self._stop, pause=pause, heard=watch.heard)
        except (JobUnfinishedError, NotFoundError) as error:
            if self._stop.is_set():
                raise stopped(portion.intents, error) from error
            return _Job(portion, job_id, time.monotonic(), lost(job_id, error))
        except SuiteTalkError as error:
            raise stopped(portion.intents, error) from error
        return _Job(portion, job_id, time.monotonic())

    def _gather(self, jobs: Sequence[_Job], gathered: Gathered) -> None:
        writes = [write for job in jobs for write in job.portion.writes]
        try:
            confirmed = self._confirmation.of(writes)
        except SuiteTalkError as error:
            gathered.stops.append(stopped([write.intent for write in writes], error))
            return
        start = 0
        for job in jobs:
            end = start + len(job.portion.writes)
            own = {place - start: confirmed[place] for place in range(start, end) if place in confirmed}
            self._settle(job, own, gathered)
            start = end

    def _settle(self, job: _Job, confirmed: dict[int, str], gathered: Gathered) -> None:
        portion = job.portion
        for place, internal_id in confirmed.items():
            gathered.answers[portion.places[place]] = done(portion.writes[place], internal_id)
            self._learned.suspects.succeeded(portion.writes[place].intent, job.seen)
        if len(confirmed) == len(portion.writes):
            self._journal.settled(portion.batch.idempotency_key)
            return
        try:
            paired = self._paired(job, confirmed)
            is_there = self._is_there(portion, paired)
        except SuiteTalkError as error:
            gathered.stops.append(stopped(portion.intents, error))
            return
        for place, result in paired.results.items():
            gathered.answers[portion.places[place]] = _answer(portion.writes[place], result, is_there=is_there)
            if result.error is None:
                self._learned.suspects.succeeded(portion.writes[place].intent, job.seen)
        gathered.again += [portion.placed[place] for place in paired.refused]
        doubtful, stays_open = self._resolve(job, paired, gathered)
        if not stays_open:
            created = {place: result.record_id for place, result in paired.results.items() if result.error is None}
            self._journal.settled(portion.batch.idempotency_key, created, doubtful)

    def _paired(self, job: _Job, confirmed: dict[int, str]) -> Paired:
        """Return what became of the records that are not confirmed; nobody knows where the job is lost."""
        portion = job.portion
        places = [place for place in range(len(portion.writes)) if place not in confirmed]
        if job.lost:
            return Paired(unknown=dict.fromkeys(places, job.lost))
        try:
            paired = self._task_order.paired(portion.batch, job.id, confirmed)
        except NotFoundError as error:
            return Paired(unknown=dict.fromkeys(places, lost(job.id, error)))
        paired.check_that_read(each=is_unfindable(portion.writes[0]))
        return paired

    def _resolve(self, job: _Job, paired: Paired, gathered: Gathered) -> tuple[list[int], bool]:
        """Decide about writes that may have been done.

        Returns:
            The places of those that stay in doubt, and whether the journal is to keep the batch open, since its job may
            still do what must not be done twice.
        """
        portion = job.portion
        doubtful: list[int] = []
        stays_open = False
        for place, error in paired.unknown.items():
            write = portion.writes[place]
            if can_be_repeated(write):
                gathered.again.append(portion.placed[place])
            elif not is_unfindable(write):
                gathered.answers[portion.places[place]] = Unknown(write.intent, error, may_come_late=bool(job.lost))
                stays_open |= bool(job.lost) and self._learned.policy(write.intent.stream) == "stop"
            else:
                self._decide(portion, place, error, gathered, doubtful)
        return doubtful, stays_open

    def _decide(
        self, portion: Portion, place: int, error: OutcomeUnknownError, gathered: Gathered, doubtful: list[int]
    ) -> None:
        try:
            decision = decided(self._learned.policy, portion.writes[place].intent, error)
        except WritingStoppedError as stop:
            gathered.stops.append(stop)
            doubtful.append(place)
            return
        if decision is None:
            gathered.again.append(portion.placed[place])
        else:
            gathered.answers[portion.places[place]] = decision
            doubtful.append(place)

    def _is_there(self, portion: Portion, paired: Paired) -> bool:
        """Tell whether the type exists, where records to delete are said to be missing."""
        results = paired.results.values()
        if any(result.error is None for result in results):
            self._learned.record_types.exists(portion.batch.record_type)
        missing = any(isinstance(result.error, NotFoundError) for result in results)
        return not missing or self._learned.record_types.is_there(portion.batch.record_type)


def _answer(write: Write, result: TaskResult, *, is_there: bool) -> Settled:
    if result.error is None:
        return done(write, result.record_id)
    if write.operation is Operation.DELETE and isinstance(result.error, NotFoundError) and is_there:
        return gone(write)
    return refused(write, result.error)
