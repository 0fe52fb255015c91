"""Many records, a hundred to a job, and their results."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar
from urllib.parse import quote

from suitetalk.errors import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    IncompleteResultError,
    InvalidArgumentError,
    JobUnfinishedError,
    LoginRefusedError,
    NetSuiteError,
    OutcomeUnknownError,
    ServerFaultError,
    SuiteTalkError,
)
from suitetalk.http.response import Answer, check_lines
from suitetalk.jobs import Job, Jobs, new_idempotency_key
from suitetalk.records import Validation, validation_headers, view_parameters, warn_of_left_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

BATCH_SIZE = 100
"""Most records of one batch [article_0127092747]."""

Operation = Literal["create", "update", "upsert", "delete", "get"]
BatchRecord = Mapping[str, Any] | str
"""A body for create, update and upsert; an id for delete and get."""

_METHODS: dict[Operation, str] = {
    "create": "POST",
    "update": "PATCH",
    "upsert": "PUT",
    "delete": "DELETE",
    "get": "GET",
}
_KEYS: dict[Operation, tuple[str, ...]] = {"update": ("id", "externalId"), "upsert": ("externalId",)}
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+")
# Those say nothing of the record: fetching its result was refused, or NetSuite broke down over it.
_NO_WORD_OF_THE_RECORD = (ConnectionFailedError, ServerFaultError, ConcurrencyLimitError, LoginRefusedError)
Item = TypeVar("Item")
Result = TypeVar("Result")
_JOBS_AT_ONCE = 4


class Batches:
    """Creates, updates, upserts, deletes and gets records by the hundred. Thread-safe.

    The calls return iterators, and nothing is sent before the first result is asked for. They read no more of their
    input than the jobs under way hold, and yield one result for each record, in the order of the input: what NetSuite
    answered, or its refusal. What befalls a whole job, such as a lost connection, befalls each of its records.

    Jobs run beside each other, so records that depend on one another belong in different calls, or into one with
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
        self, record_type: str, bodies: Iterable[Mapping[str, Any]], **options: Unpack[WriteOptions]
    ) -> Iterator[BatchResult]:
        """Create records [article_0127092747]; each result has the new `record_id`.

        Args:
            record_type: such as `customer`.
            bodies: one for each record.
            options: see `WriteOptions`.

        Raises:
            InvalidArgumentError: a body cannot be sent; what was begun before is delivered first.
        """
        return self._write("create", record_type, bodies, **options)

    def update(
        self, record_type: str, bodies: Iterable[Mapping[str, Any]], **options: Unpack[WriteOptions]
    ) -> Iterator[BatchResult]:
        """Change records; each body names its record by `id` or `externalId`. For the rest see `create`."""
        return self._write("update", record_type, bodies, **options)

    def upsert(
        self, record_type: str, bodies: Iterable[Mapping[str, Any]], **options: Unpack[WriteOptions]
    ) -> Iterator[BatchResult]:
        """Create or change records; each body names its record by `externalId`. For the rest see `create`."""
        return self._write("upsert", record_type, bodies, **options)

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
        """Wait for a batch's job, even one an earlier process began, and return a result for each record.

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

    def _write(
        self,
        operation: Operation,
        record_type: str,
        bodies: Iterable[Mapping[str, Any]],
        *,
        parallel: bool = False,
        jobs_at_once: int = _JOBS_AT_ONCE,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> Iterator[BatchResult]:
        headers = validation_headers(name_validation, value_validation)
        batches = in_batches(operation, record_type, bodies, parallel=parallel, headers=headers)
        return self.run(batches, jobs_at_once=jobs_at_once)

    def _carried_out(self, batch: Batch, stop: threading.Event) -> list[BatchResult]:
        job_id = ""
        try:
            job_id = self.submit(batch).id
            self._jobs.wait(job_id, timeout=self._job_timeout, stop=stop)
            return self._collector.results(batch, job_id)
        except SuiteTalkError as error:
            return all_failed(batch, job_id, error)


class WriteOptions(TypedDict, total=False):
    """How many records are written.

    Attributes:
        parallel: let NetSuite do the records of a job all at once; else one after the other.
        jobs_at_once: jobs under way at once, 4 unless given.
        name_validation: what to do about names of fields that do not exist; refused unless given.
        value_validation: what to do about values of the wrong form.
    """

    parallel: bool
    jobs_at_once: int
    name_validation: Validation
    value_validation: Validation | None


@dataclass(frozen=True)
class Batch:
    """One batch, which can be submitted again and again under its key and is carried out once.

    Attributes:
        operation: what to do with the records.
        record_type: such as `customer`.
        records: bodies, or ids; at most 100.
        first_index: position of the first one in the whole input, from 0.
        parallel: whether NetSuite may do them all at once; else one after the other, since release 2026.2
            [section_N3950559].
        parameters: query parameters besides `ids`.
        headers: header fields besides those every batch has.
        alone: send a single body as a separate request in the background, which a type or an account may take that
            takes no batches [chapter_161251386312]; for a create.
        idempotency_key: write it down before the batch is submitted, and a crash costs nothing.
    """

    operation: Operation
    record_type: str
    records: tuple[BatchRecord, ...]
    first_index: int = 0
    parallel: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    idempotency_key: str = field(default_factory=new_idempotency_key)

    def __post_init__(self) -> None:
        """Refuse what NetSuite would refuse as a whole.

        Raises:
            InvalidArgumentError: no records or too many, or one that names no record.
        """
        if not self.record_type.strip("."):
            raise InvalidArgumentError("A record type is needed, such as customer.")
        if not 1 <= len(self.records) <= BATCH_SIZE:
            raise InvalidArgumentError(f"A batch holds from 1 to {BATCH_SIZE} records, not {len(self.records)}.")
        if self.alone and (len(self.records) != 1 or self.operation != "create"):
            raise InvalidArgumentError("Only a single record to create can be sent as a separate request.")
        for place, record in enumerate(self.records, self.first_index):
            self._check(record, f"Record {place} of those to {self.operation}")

    @property
    def writes(self) -> bool:
        """Whether carrying it out changes anything."""
        return self.operation != "get"

    @property
    def method(self) -> str:
        """HTTP method."""
        return _METHODS[self.operation]

    @property
    def path(self) -> str:
        """Path below `/services/rest`."""
        return f"/record/v1/{quote(self.record_type, safe='')}"

    @property
    def body(self) -> Any:
        """Body, None for an operation on ids."""
        if self.alone:
            return self.records[0]
        return None if self._is_of_ids else {"items": list(self.records)}

    @property
    def all_headers(self) -> dict[str, str]:
        """Header fields, but for those of every asynchronous request."""
        preference = {"Prefer": 'batch-processing="parallel"'} if self.parallel else {}
        collection = {} if self._is_of_ids or self.alone else {"Content-Type": _COLLECTION}
        return {**collection, **preference, **self.headers}

    @property
    def all_parameters(self) -> dict[str, str]:
        """Query parameters."""
        ids = {"ids": ",".join(map(_listed, self.records))} if self._is_of_ids else {}
        expand = {"expandRecords": "true"} if self.operation == "get" else {}
        return {**expand, **ids, **self.parameters}

    def known_id(self, place: int) -> str:
        """Return the internal id of a record of the batch as the input names it, empty when it does not."""
        record = self.records[place]
        named = record if isinstance(record, str) else str(record.get("id", ""))
        return "" if named.startswith("eid:") or self.operation == "create" else named

    @property
    def _is_of_ids(self) -> bool:
        return self.operation in {"get", "delete"}

    def _check(self, record: BatchRecord, which: str) -> None:
        if self._is_of_ids:
            if not isinstance(record, str) or not _can_be_listed(record):
                raise InvalidArgumentError(f"{which} has to be an id, or `eid:` and an external id, not {record!r}.")
            return
        if not isinstance(record, Mapping):
            raise InvalidArgumentError(f"{which} has to be a mapping of fields.")
        keys = _KEYS.get(self.operation, ())
        if keys and not any(record.get(key) for key in keys):
            raise InvalidArgumentError(f"{which} names no record; give it {' or '.join(keys)}.")


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


def in_batches(
    operation: Operation,
    record_type: str,
    records: Iterable[BatchRecord],
    *,
    parallel: bool = False,
    parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Batch]:
    """Cut records into batches of 100, reading no further than the batch that is asked for.

    Raises:
        InvalidArgumentError: a record cannot be sent, such as an update that names no record.
    """
    source = iter(records)
    index = 0
    while chunk := tuple(islice(source, BATCH_SIZE)):
        yield Batch(
            operation, record_type, chunk, index, parallel=parallel, parameters=parameters or {}, headers=headers or {}
        )
        index += len(chunk)


def in_order(
    call: Callable[[Item], Result], items: Iterable[Item], executor: Executor, *, at_once: int
) -> Iterator[Result]:
    """Call for each item, and yield the results in the order of the items.

    Items are read as there is room for them. When reading them fails, what was begun is delivered before the
    error is raised: it may have written something.
    """
    begun: deque[Future[Result]] = deque()
    source = iter(items)
    failure: Exception | None = None
    more = True
    while more or begun:
        while more and len(begun) < at_once:
            try:
                begun.append(executor.submit(call, next(source)))
            except StopIteration:
                more = False
            except Exception as error:  # noqa: BLE001 - raised again below
                failure, more = error, False
        if begun:
            yield begun.popleft().result()
    if failure:
        raise failure


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


class Collector:
    """Fetches the results of completed jobs. Thread-safe."""

    def __init__(self, jobs: Jobs, width: Callable[[], int]) -> None:
        """Fetch through these jobs, as many at once as `width` says."""
        self._jobs = jobs
        self._width = width
        self._told: set[tuple[str, str]] = set()

    def results(self, batch: Batch, job_id: str) -> list[BatchResult]:
        """Return a result for each record.

        Raises:
            NetSuiteError: NetSuite refused to list the tasks.
            ConnectionFailedError: no usable answer.
        """
        task_ids = self._jobs.task_ids(job_id)
        if len(task_ids) != len(batch.records):
            problem = f"Job {job_id} has {len(task_ids)} tasks for {len(batch.records)} records"
            return all_failed(batch, job_id, IncompleteResultError(f"{problem}, so they cannot be told apart."))
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
            answer = replace(self._jobs.result(job_id, task_id), request=name)
            warn_of_left_out(answer, batch.record_type, self._told)
            return _read(batch, answer)
        except SuiteTalkError as error:
            return TaskResult(error=_verdict(batch, job_id, _renamed(error, name)))


def _can_be_listed(record_id: str) -> bool:
    kind, colon, external_id = record_id.partition(":")
    if not colon:
        return bool(_PLAIN_ID.fullmatch(record_id))
    return kind == "eid" and bool(external_id) and not set(external_id) & set("',|")


def _listed(record: BatchRecord) -> str:
    """Return an id as lists of them have it; an external id with other characters stands in quotes."""
    kind, colon, external_id = str(record).partition(":")
    return f"{kind}:'{external_id}'" if colon and not _PLAIN_ID.fullmatch(external_id) else str(record)


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
