"""Settling, before anything new is sent, what an earlier run left open."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor, wait

from suitetalk import Batch, NetSuite, NotFoundError, SuiteTalkError
from suitetalk.errors import is_refusal
from target_netsuite.journal.journal import Journal, OpenEntry
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
    job_timeout: float = 4 * 3600.0,
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
        job_timeout: seconds to wait for one job.
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
        recovery = _Recovery(netsuite, journal, requests, life_of_a_key, job_timeout, stop)
        seen_through = [jobs.submit(recovery.see_through, entry) for entry in entries]
        wait(seen_through)
    for one in seen_through:
        one.result()
    _decide(journal, policy)


class _Recovery:
    """Sees the entries through, each in its own thread."""

    def __init__(
        self,
        netsuite: NetSuite,
        journal: Journal,
        requests: Executor,
        life_of_a_key: float,
        job_timeout: float,
        stop: threading.Event | None,
    ) -> None:
        self._netsuite = netsuite
        self._journal = journal
        self._task_order = TaskOrder(netsuite, requests)
        self._life_of_a_key = life_of_a_key
        self._job_timeout = job_timeout
        self._stop = stop

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
                self._journal.settled(entry.key)
                return
            self._collect(entry, entry.batch, job_id)
        except SuiteTalkError as error:
            raise WritingStoppedError(
                f"Stopped before the first record: what the last run began for stream `{entry.stream}` "
                f"({entry.record_type}) is not settled: {str(error).rstrip('. ')}; run again later."
            ) from error

    def _is_too_old(self, entry: OpenEntry) -> bool:
        """Tell whether submitting again might create a second time; what can be repeated is never too old."""
        return bool(entry.members) and time.time() - entry.begun > self._life_of_a_key

    def _submitted(self, entry: OpenEntry, batch: Batch) -> str:
        """Return the batch's job, empty when NetSuite refuses the batch, so that nothing was ever done."""
        try:
            job_id = self._netsuite.batches.submit(batch).id
        except SuiteTalkError as error:
            if not is_refusal(error):
                raise
            return ""
        self._journal.submitted(entry.key, job_id)
        return job_id

    def _collect(self, entry: OpenEntry, batch: Batch, job_id: str) -> None:
        """Wait for the job, and remember what it created."""
        try:
            self._netsuite.jobs.wait(job_id, timeout=self._job_timeout, stop=self._stop)
        except NotFoundError:  # NetSuite knows it no longer, so it is over; how long it does is not documented
            self._doubt(entry)
            return
        if not entry.members:
            self._journal.settled(entry.key)
            return
        paired = self._task_order.paired(batch, job_id, {})
        paired.check_that_read()
        created = {place: one.record_id for place, one in paired.results.items() if one.error is None}
        self._journal.settled(entry.key, created, list(paired.unknown))

    def _doubt(self, entry: OpenEntry) -> None:
        """Close an entry of which NetSuite cannot tell what became; repeating it does no harm, or it is in doubt."""
        self._journal.settled(entry.key, doubtful=range(len(entry.members)))


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
