"""What became of each record of a batch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from suitetalk.answer import Answer
from suitetalk.batch import Batch, BatchRecord
from suitetalk.errors import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    IncompleteResultError,
    JobUnfinishedError,
    LoginRefusedError,
    NetSuiteError,
    OutcomeUnknownError,
    ServerFaultError,
    SuiteTalkError,
)
from suitetalk.jobs import Jobs
from suitetalk.pages import check_lines

# Those say nothing of the record: fetching its result was refused, or NetSuite broke down over it.
_NO_WORD_OF_THE_RECORD = (ConnectionFailedError, ServerFaultError, ConcurrencyLimitError, LoginRefusedError)


@dataclass(frozen=True)
class BatchResult:
    """What became of one record.

    Attributes:
        index: position in the input, from 0.
        record: the body or the id that was given.
        job_id: the job it was done in, empty when none came about.
        record_id: internal id as NetSuite's answer has it, empty when it has none, as after a delete.
        body: the record, after a get.
        error: NetSuite's refusal; OutcomeUnknownError when a write may or may not have been carried out; another
            SuiteTalkError when it was not. None when all went well.
    """

    index: int
    record: BatchRecord
    job_id: str = ""
    record_id: str = ""
    body: dict[str, Any] | None = None
    error: SuiteTalkError | None = None


@dataclass(frozen=True)
class TaskResult:
    """The result of one task, before it is known whose it is.

    Attributes:
        record_id: internal id as NetSuite's answer has it, empty when it has none.
        body: the record, after a get.
        error: see `BatchResult`.
    """

    record_id: str = ""
    body: dict[str, Any] | None = None
    error: SuiteTalkError | None = None


class Collector:
    """Fetches the results of completed jobs. Thread-safe."""

    def __init__(self, jobs: Jobs, width: Callable[[], int]) -> None:
        """Fetch through these jobs, as many at once as `width` says."""
        self._jobs = jobs
        self._width = width

    def results(self, batch: Batch, job_id: str) -> list[BatchResult]:
        """Return a result for each record.

        Raises:
            NetSuiteError: NetSuite refused to list the tasks.
            ConnectionFailedError: no usable answer.
        """
        task_ids = self._jobs.task_ids(job_id)
        if len(task_ids) != len(batch.records):
            problem = f"Job {job_id} has {len(task_ids)} tasks for {len(batch.records)} records"
            return all_failed(batch, job_id, IncompleteResultError(f"{problem}, so none can be told from another."))
        with ThreadPoolExecutor(min(len(task_ids), max(1, self._width()))) as threads:
            found = list(threads.map(lambda task_id: self.result(batch, job_id, task_id), task_ids))
        return [
            BatchResult(batch.first_index + place, batch.records[place], job_id, one.record_id, one.body, one.error)
            for place, one in enumerate(_in_input_order(batch, found))
        ]

    def result(self, batch: Batch, job_id: str, task_id: str) -> TaskResult:
        """Return the result of one task of a completed job; whatever goes wrong is its error."""
        name = f"{batch.operation} of {batch.record_type} (task {task_id} of job {job_id})"
        try:
            return _read(batch, replace(self._jobs.result(job_id, task_id), request=name))
        except SuiteTalkError as error:
            return TaskResult(error=_verdict(batch, job_id, _renamed(error, name)))


def all_failed(batch: Batch, job_id: str, error: SuiteTalkError) -> list[BatchResult]:
    """Return the same failure for each record of a batch.

    Args:
        batch: what was to be done.
        job_id: the job that came about, empty when none did.
        error: what went wrong.
    """
    if job_id and batch.writes and not isinstance(error, (OutcomeUnknownError, JobUnfinishedError)):
        error = _unknown(job_id, error)
    return [
        BatchResult(place, record, job_id, error=error) for place, record in enumerate(batch.records, batch.first_index)
    ]


def _read(batch: Batch, answer: Answer) -> TaskResult:
    if batch.writes:
        return TaskResult(answer.created_id() if batch.operation == "create" else answer.located_id)
    body = answer.json()
    if not isinstance(body, dict):
        raise ConnectionFailedError(f"{answer.request} was answered with no record.")
    check_lines(body, answer.request)
    return TaskResult(str(body.get("id", "")), body)


def _verdict(batch: Batch, job_id: str, error: SuiteTalkError) -> SuiteTalkError:
    return _unknown(job_id, error) if batch.writes and isinstance(error, _NO_WORD_OF_THE_RECORD) else error


def _unknown(job_id: str, error: SuiteTalkError) -> OutcomeUnknownError:
    unknown = OutcomeUnknownError(
        f"Job {job_id} was begun, and what it did is unknown: {str(error).rstrip('. ')}; look at the job again, or at "
        "the records, before repeating it.",
        job_id=job_id,
    )
    unknown.__cause__ = error
    return unknown


def _renamed(error: SuiteTalkError, name: str) -> SuiteTalkError:
    """Return a refusal that names the record's task instead of the address its result was fetched from."""
    if not isinstance(error, NetSuiteError):
        return error
    return type(error)(name, error.status, error.details, advice=error.advice, location=error.location)


def _in_input_order(batch: Batch, found: list[TaskResult]) -> list[TaskResult]:
    """Give each record its result.

    Tasks seem to follow the input, which no page promises. Where input and answer both name the internal id it
    decides; the rest keeps the order it has.
    """
    by_id = {one.record_id: one for one in found if one.record_id}
    named = [by_id.get(batch.known_id(place)) for place in range(len(found))]
    if len({id(one) for one in named if one}) < sum(one is not None for one in named):
        return found  # an id that was given twice has two results
    taken = {id(one) for one in named if one}
    rest = iter([one for one in found if id(one) not in taken])
    return [one or next(rest) for one in named]
