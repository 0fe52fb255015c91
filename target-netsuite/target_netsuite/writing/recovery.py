"""Settling, before anything new is sent, what an earlier run left open."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from suitetalk import Batch, JobUnfinishedError, NetSuite, NotFoundError, OutcomeUnknownError, SuiteTalkError
from suitetalk.errors import is_refusal
from suitetalk.records import adds_lines
from target_netsuite.journal.journal import Journal, OpenEntry
from target_netsuite.writing.batches import lost
from target_netsuite.writing.outcomes import Policy, WritingStoppedError, stopped_in_doubt
from target_netsuite.writing.task_order import TaskOrder

logger = logging.getLogger(__name__)

_JOBS_AT_ONCE = 8
_REQUESTS_AT_ONCE = 16
_LIFE_OF_A_KEY = 24 * 3600.0  # seconds for which NetSuite is believed to know an idempotency key; not documented


def recover(
    netsuite: NetSuite,
    journal: Journal,
    *,
    policy: Policy,
    life_of_a_key: float = _LIFE_OF_A_KEY,
    job_timeout: float = 3600.0,
    stop: threading.Event | None = None,
) -> None:
    """See each batch of the last run through, and take note of the creates that nothing in NetSuite tells of.

    A batch is found by its job, or submitted once more under its idempotency key, which NetSuite carries out once
    [subsect_164494900632]. All jobs are waited for: an old one must not write over what this run writes.

    Args:
        netsuite: the account.
        journal: of the last run.
        policy: says what to do about creates of which it stays unknown whether they were done.
        life_of_a_key: seconds after which a create that may have been accepted is not submitted again.
        job_timeout: seconds after which a job is not waited for any longer, from when its batch was written down.
        stop: ends all waiting when it is set.

    Raises:
        WritingStoppedError: something is not settled, and says what to do.
        JournalError: the journal cannot be written.
    """
    entries = journal.open_entries()
    if entries:
        logger.info("The last run left %d requests open; they are seen through first", len(entries))
    with (
        ThreadPoolExecutor(_REQUESTS_AT_ONCE, thread_name_prefix="netsuite-recovery") as requests,
        ThreadPoolExecutor(_JOBS_AT_ONCE, thread_name_prefix="netsuite-recovered-job") as jobs,
    ):
        recovery = _Recovery(
            netsuite,
            journal,
            TaskOrder(netsuite, requests),
            policy,
            life_of_a_key,
            job_timeout,
            stop or threading.Event(),
        )
        seen_through = [jobs.submit(recovery.see_through, entry) for entry in entries]
        wait(seen_through)
    for one in seen_through:
        one.result()
    _decide(journal, policy)


@dataclass(frozen=True)
class _Recovery:
    """Sees the entries through, each in its own thread."""

    netsuite: NetSuite
    journal: Journal
    task_order: TaskOrder
    policy: Policy
    life_of_a_key: float
    job_timeout: float
    stop: threading.Event

    def see_through(self, entry: OpenEntry) -> None:
        """Find out what became of an entry and close it.

        Raises:
            WritingStoppedError: it cannot be found out now; the entry stays open.
        """
        try:
            if entry.batch is None or (not entry.job_id and self._is_too_old(entry)):
                self._doubt(entry)
                return
            job_id = entry.job_id or self._submitted(entry, entry.batch)
            if not job_id:
                self.journal.settled(entry.key)
                return
            self._collect(entry, entry.batch, job_id)
        except SuiteTalkError as error:
            raise WritingStoppedError(
                f"Stopped before the first record: what the last run began for stream `{entry.stream}` "
                f"({entry.record_type}) is not settled: {str(error).rstrip('. ')}; run again later."
            ) from error

    def _is_too_old(self, entry: OpenEntry) -> bool:
        """Tell whether submitting again might create a second time; what can be repeated is never too old."""
        return bool(entry.members) and time.time() - entry.begun > self.life_of_a_key

    def _submitted(self, entry: OpenEntry, batch: Batch) -> str:
        """Return the batch's job, empty when NetSuite refuses the batch, so that nothing was ever done."""
        try:
            job_id = self.netsuite.batches.submit(batch).id
        except SuiteTalkError as error:
            if not is_refusal(error):
                raise
            return ""
        self.journal.submitted(entry.key, job_id)
        return job_id

    def _collect(self, entry: OpenEntry, batch: Batch, job_id: str) -> None:
        """Wait for the job, and remember what it created."""
        try:
            left = min(max(0.0, entry.begun + self.job_timeout - time.time()), self.job_timeout)
            self.netsuite.jobs.wait(job_id, timeout=left, stop=self.stop)
        except NotFoundError:  # NetSuite knows it no longer, so it is over; how long it does is not documented
            self._doubt(entry)
            return
        except JobUnfinishedError as error:
            if self.stop.is_set():
                raise
            self._give_up(entry, batch, lost(job_id, error))
            return
        if not entry.members:
            self.journal.settled(entry.key)
            return
        paired = self.task_order.paired(batch, job_id, {})
        paired.check_that_read()
        created = {place: one.record_id for place, one in paired.results.items() if one.error is None}
        self.journal.settled(entry.key, created, list(paired.unknown))

    def _give_up(self, entry: OpenEntry, batch: Batch, error: OutcomeUnknownError) -> None:
        """Close an entry whose job does not end, unless it may still do what must not be done twice."""
        is_absolute = batch.operation != "create" and not any(
            adds_lines(record, ()) for record in batch.records if isinstance(record, Mapping)
        )
        if not (entry.members or is_absolute) and self.policy(entry.stream) == "stop":
            raise WritingStoppedError(
                f"Stopped before the first record: {error}. It is about {len(batch.records)} records of stream "
                f"`{entry.stream}` ({entry.record_type}), and would write them a second time if they were sent again "
                "and it went on. Look in NetSuite what became of them, and run once more with the stream's "
                "`on_unknown_outcome` set to `repeat`: what is there then is found, and the rest is sent again."
            )
        self._doubt(entry)

    def _doubt(self, entry: OpenEntry) -> None:
        """Close an entry of which NetSuite cannot tell what became; repeating it does no harm, or it is in doubt."""
        self.journal.settled(entry.key, doubtful=range(len(entry.members)))


def _decide(journal: Journal, policy: Policy) -> None:
    """Do with doubtful creates as their streams' settings say.

    Raises:
        WritingStoppedError: a setting says that a person is to look.
    """
    doubtful = journal.doubtful()
    journal.forget({one.place for one in doubtful if policy(one.stream) == "repeat"})
    for one in doubtful:
        if policy(one.stream) == "stop":
            why = "an earlier run sent it, and NetSuite cannot tell any more what became of it"
            raise stopped_in_doubt(one.stream, one.record_type, one.key, why)
