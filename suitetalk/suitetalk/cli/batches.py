"""Batch, job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from suitetalk.batches import Batches, BatchResult, Operation, in_batches
from suitetalk.cli.exit_codes import FAILED, OUTCOME_UNKNOWN
from suitetalk.cli.inputs import names, read_bodies, read_ids
from suitetalk.cli.options import RECORD_TYPE, ConnectedCommand, connect, validation_options, view_options
from suitetalk.cli.output import note, output_options, write_rows
from suitetalk.errors import ConnectionFailedError, NetSuiteError, OutcomeUnknownError
from suitetalk.http.response import Answer
from suitetalk.jobs import Jobs
from suitetalk.records import Validation, validation_headers, view_parameters

_OPERATIONS: tuple[Operation, ...] = ("create", "update", "upsert", "delete", "get")
_COLUMNS = ("index", "id", "job", "code", "error", "record")
_JOB_COLUMNS = ("task", "completed", "progress", "start", "end")
_RESULT_COLUMNS = ("task", "status", "id", "code", "error", "record")


@click.command(
    cls=ConnectedCommand,
    epilog="INPUT is text, @FILE, or - for standard input. Records: a JSON array, or one JSON object per line; to "
    "update, each names itself by id or externalId, to upsert by externalId. Ids to delete or get: one per line, or "
    "with commas. Exit code 1 when a record was refused, 6 when it is unknown what became of one.",
)
@click.argument("operation", metavar="OPERATION", type=click.Choice(_OPERATIONS))
@RECORD_TYPE
@click.argument("records", metavar="INPUT")
@click.option("--parallel", is_flag=True, help="Let NetSuite do the records of a job all at once.")
@click.option("--jobs-at-once", type=click.IntRange(1), default=4, show_default=True, help="Jobs under way at once.")
@click.option("--no-wait", is_flag=True, help="Only submit, and print the jobs, for `suitetalk job`.")
@view_options
@validation_options
@output_options
@click.pass_context
def batch(  # noqa: PLR0913, PLR0917 - one for each option
    context: click.Context,
    operation: Operation,
    record_type: str,
    records: str,
    parallel: bool,  # noqa: FBT001 - given by name
    jobs_at_once: int,
    no_wait: bool,  # noqa: FBT001 - given by name
    expand_sub_resources: bool,  # noqa: FBT001 - given by name
    expand: tuple[str, ...],
    fields: tuple[str, ...],
    name_validation: Validation,
    value_validation: Validation | None,
    form: str | None,
    output: Path | None,
) -> None:
    """Create, update, upsert, delete or get many records.

    OPERATION is create, update, upsert, delete or get. NetSuite works through jobs of 100 records in the background;
    a line tells what became of each record, in the order of the input, as soon as its job is completed.
    """
    of_ids = operation in ("delete", "get")
    view = view_parameters(expand_sub_resources=expand_sub_resources, expand=names(expand), fields=names(fields))
    if view and operation != "get":
        raise click.UsageError("--expand-sub-resources, --expand and --fields are for get")
    batches = in_batches(
        operation,
        record_type,
        read_ids(records) if of_ids else read_bodies(records),
        parallel=parallel,
        parameters=view,
        headers={} if of_ids else validation_headers(name_validation, value_validation),
    )
    client = connect(context)
    if no_wait:
        submitted = _submitted(client.batches, batches)
        write_rows(submitted, form, output, ("job", "first", "records"), as_they_come=True)
        return
    tally = _Tally()
    rows = tally.rows(client.batches.run(batches, jobs_at_once=jobs_at_once))
    write_rows(rows, form, output, _COLUMNS, as_they_come=True)
    note(tally.summary())
    if tally.code:
        context.exit(tally.code)


@click.command(cls=ConnectedCommand)
@click.argument("job_id", metavar="ID")
@click.option("--wait", is_flag=True, help="Until the job is completed.")
@click.option(
    "--wait-timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Wait at most this long."
)
@click.option("--results", is_flag=True, help="What NetSuite answered to each of its requests.")
@output_options
@click.pass_context
def job(  # noqa: PLR0917 - one for each option
    context: click.Context,
    job_id: str,
    wait: bool,  # noqa: FBT001 - given by name
    wait_timeout: float | None,
    results: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """Show what has become of a job's tasks, or their results.

    Exit code 1 when the results of a task are a refusal.
    """
    jobs = connect(context).jobs
    found = jobs.wait(job_id, timeout=wait_timeout) if wait or wait_timeout else jobs.get(job_id)
    progress = f", {found.progress}" if found.progress else ""
    note(f"Job {job_id} is {'completed' if found.completed else 'not completed yet'}{progress}.")
    if not results:
        write_rows([_task(jobs, job_id, task_id) for task_id in jobs.task_ids(job_id)], form, output, _JOB_COLUMNS)
        return
    if not found.completed:
        raise click.UsageError("The results are not there yet; add --wait")
    rows = [_result(jobs, job_id, task_id) for task_id in jobs.task_ids(job_id)]
    write_rows(rows, form, output, _RESULT_COLUMNS)
    if any("error" in row for row in rows):
        context.exit(FAILED)


def _submitted(batches: Batches, source: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for one in source:
        yield {"job": batches.submit(one).id, "first": one.first_index, "records": len(one.records)}


class _Tally:
    """Counts how the records ended while they are written."""

    def __init__(self) -> None:
        self._done = self._refused = self._unknown = 0

    def rows(self, results: Iterator[BatchResult]) -> Iterator[dict[str, Any]]:
        for result in results:
            self._unknown += isinstance(result.error, OutcomeUnknownError)
            self._refused += result.error is not None and not isinstance(result.error, OutcomeUnknownError)
            self._done += result.error is None
            yield _row(result)

    @property
    def code(self) -> int:
        return OUTCOME_UNKNOWN if self._unknown else FAILED if self._refused else 0

    def summary(self) -> str:
        unknown = f", {self._unknown} unknown" if self._unknown else ""
        return f"{self._done} done, {self._refused} failed{unknown}."


def _row(result: BatchResult) -> dict[str, Any]:
    named = result.record if isinstance(result.record, str) else ""
    found = {
        "index": result.index,
        "id": result.record_id or named,
        "job": result.job_id,
        "code": result.error.code if isinstance(result.error, NetSuiteError) else "",
        "error": str(result.error) if result.error else "",
        "record": result.body,
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _task(jobs: Jobs, job_id: str, task_id: str) -> dict[str, Any]:
    task = jobs.task(job_id, task_id)
    times = {"start": task.start_time, "end": task.end_time}
    known = {name: value for name, value in times.items() if value}
    return {"task": task_id, "completed": task.completed, "progress": task.progress, **known}


def _result(jobs: Jobs, job_id: str, task_id: str) -> dict[str, Any]:
    try:
        return {"task": task_id, **_read(jobs.result(job_id, task_id))}
    except NetSuiteError as error:
        return {"task": task_id, "status": error.status, "code": error.code, "error": str(error)}


def _read(answer: Answer) -> dict[str, Any]:
    record_id = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
    try:
        body = answer.json() if answer.content else None
    except ConnectionFailedError:
        body = answer.text()
    found = {"status": answer.status, "id": record_id, "record": body}
    return {name: value for name, value in found.items() if value not in ("", None)}
