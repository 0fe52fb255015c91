"""Many records, a hundred to a job, some jobs at once, results in the order of the input."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from suitetalk.batch import Batch, in_batches
from suitetalk.batch_results import BatchResult, Collector, TaskResult, all_failed
from suitetalk.errors import SuiteTalkError
from suitetalk.in_order import in_order
from suitetalk.jobs import Job, Jobs
from suitetalk.validation import Validation, validation_headers, view_parameters

_JOBS_AT_ONCE = 4


class Batches:
    """Creates, updates, upserts, deletes and gets records by the hundred. Thread-safe.

    The calls return iterators, and nothing is sent before the first result is asked for. They read no more of their
    input than the jobs under way hold, and yield one result for each record, in the order of the input: what NetSuite
    answered, or its refusal. What befalls a whole job, such as a lost connection, befalls each of its records.

    Jobs run beside each other, so records that depend on one another belong into different calls, or into one with
    `jobs_at_once=1`. Leaving an iterator early ends the waiting; jobs that were begun go on in NetSuite.
    """

    def __init__(self, jobs: Jobs, *, width: Callable[[], int] = lambda: 8, job_timeout: float | None = None) -> None:
        """Submit through these jobs.

        Args:
            jobs: submits and waits.
            width: says how many results to fetch at once.
            job_timeout: seconds to wait for one job; None for as long as it takes.
        """
        self._jobs = jobs
        self._collector = Collector(jobs, width)
        self._job_timeout = job_timeout

    def create(
        self,
        record_type: str,
        bodies: Iterable[Mapping[str, Any]],
        *,
        parallel: bool = False,
        jobs_at_once: int = _JOBS_AT_ONCE,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> Iterator[BatchResult]:
        """Create records [article_0127092747]; each result has the new `record_id`.

        Args:
            record_type: such as `customer`.
            bodies: one for each record.
            parallel: let NetSuite do the records of a job all at once.
            jobs_at_once: jobs under way at once.
            name_validation: what to do about names of fields that do not exist.
            value_validation: what to do about values of the wrong form.

        Raises:
            SuiteTalkError: a body cannot be sent; what was begun before is delivered first.
        """
        headers = validation_headers(name_validation, value_validation)
        batches = in_batches("create", record_type, bodies, parallel=parallel, headers=headers)
        return self.run(batches, jobs_at_once=jobs_at_once)

    def update(
        self,
        record_type: str,
        bodies: Iterable[Mapping[str, Any]],
        *,
        parallel: bool = False,
        jobs_at_once: int = _JOBS_AT_ONCE,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> Iterator[BatchResult]:
        """Change records; each body names its record by `id` or `externalId`. For the rest see `create`."""
        headers = validation_headers(name_validation, value_validation)
        batches = in_batches("update", record_type, bodies, parallel=parallel, headers=headers)
        return self.run(batches, jobs_at_once=jobs_at_once)

    def upsert(
        self,
        record_type: str,
        bodies: Iterable[Mapping[str, Any]],
        *,
        parallel: bool = False,
        jobs_at_once: int = _JOBS_AT_ONCE,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> Iterator[BatchResult]:
        """Create or change records; each body names its record by `externalId`. For the rest see `create`."""
        headers = validation_headers(name_validation, value_validation)
        batches = in_batches("upsert", record_type, bodies, parallel=parallel, headers=headers)
        return self.run(batches, jobs_at_once=jobs_at_once)

    def delete(
        self,
        record_type: str,
        record_ids: Iterable[str],
        *,
        parallel: bool = False,
        jobs_at_once: int = _JOBS_AT_ONCE,
    ) -> Iterator[BatchResult]:
        """Delete records by internal id, or by `eid:` and external id. For the rest see `create`."""
        batches = in_batches("delete", record_type, record_ids, parallel=parallel)
        return self.run(batches, jobs_at_once=jobs_at_once)

    def get(
        self,
        record_type: str,
        record_ids: Iterable[str],
        *,
        expand_sub_resources: bool = False,
        expand: Sequence[str] = (),
        fields: Sequence[str] = (),
        parallel: bool = False,
        jobs_at_once: int = _JOBS_AT_ONCE,
    ) -> Iterator[BatchResult]:
        """Read records with all their fields; each result has the record as `body`.

        Args:
            record_type: such as `customer`.
            record_ids: internal ids, or `eid:` and external ids.
            expand_sub_resources: embed all sublists and subrecords.
            expand: embed these only.
            fields: these body fields only.
            parallel: let NetSuite read the records of a job all at once.
            jobs_at_once: jobs under way at once.
        """
        view = view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields)
        batches = in_batches("get", record_type, record_ids, parallel=parallel, parameters=view)
        return self.run(batches, jobs_at_once=jobs_at_once)

    def run(self, batches: Iterable[Batch], *, jobs_at_once: int = _JOBS_AT_ONCE) -> Iterator[BatchResult]:
        """Carry out batches that were made before, each with an idempotency key that may have been written down."""
        stop = threading.Event()
        executor = ThreadPoolExecutor(jobs_at_once, thread_name_prefix="netsuite-batch")
        try:
            for results in in_order(lambda one: self._carried_out(one, stop), batches, executor, at_once=jobs_at_once):
                yield from results
        finally:
            stop.set()
            executor.shutdown(cancel_futures=True)

    def submit(self, batch: Batch) -> Job:
        """Submit one batch and return its job; once more under the same key returns the same job.

        Raises:
            NetSuiteError: NetSuite refused the batch as a whole.
            OutcomeUnknownError: it may have been accepted or not; submit it again, it is not done twice.
            ConnectionFailedError: NetSuite was not reached.
        """
        return self._jobs.submit(
            batch.method,
            batch.path,
            parameters=batch.all_parameters,
            headers=batch.all_headers,
            body=batch.body,
            idempotency_key=batch.idempotency_key,
        )

    def collect(self, batch: Batch, job_id: str, *, timeout: float | None = None) -> list[BatchResult]:
        """Wait for a batch's job, also one an earlier process began, and return a result for each record.

        Raises:
            JobUnfinishedError: it was not completed within `timeout` seconds.
            NotFoundError: there is no such job, or no longer.
            ConnectionFailedError: no usable answer; collect again later.
        """
        self._jobs.wait(job_id, timeout=timeout)
        return self._collector.results(batch, job_id)

    def task_result(self, batch: Batch, job_id: str, task_id: str) -> TaskResult:
        """Return the result of one task of a batch's completed job; which record it is about is not documented.

        Raises nothing of NetSuite's: whatever goes wrong is the result's `error`, see `BatchResult`.
        """
        return self._collector.result(batch, job_id, task_id)

    def _carried_out(self, batch: Batch, stop: threading.Event) -> list[BatchResult]:
        job_id = ""
        try:
            job_id = self.submit(batch).id
            self._jobs.wait(job_id, timeout=self._job_timeout, stop=stop)
            return self._collector.results(batch, job_id)
        except SuiteTalkError as error:
            return all_failed(batch, job_id, error)
