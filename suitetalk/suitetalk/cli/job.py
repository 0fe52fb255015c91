"""Jobs that NetSuite works through in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suitetalk.answer import Answer
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.exit_codes import FAILED
from suitetalk.cli.output import note, output_options, write_rows
from suitetalk.errors import ConnectionFailedError, NetSuiteError
from suitetalk.jobs import Jobs

_COLUMNS = ("task", "completed", "progress", "start", "end")
_RESULT_COLUMNS = ("task", "status", "id", "code", "error", "record")


@click.command(cls=ConnectedCommand)
@click.argument("job_id", metavar="ID")
@click.option("--wait", is_flag=True, help="Until the job is completed.")
@click.option("--wait-timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="At most so long.")
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
        write_rows([_task(jobs, job_id, task_id) for task_id in jobs.task_ids(job_id)], form, output, _COLUMNS)
        return
    if not found.completed:
        raise click.UsageError("The results are not there yet; add --wait")
    rows = [_result(jobs, job_id, task_id) for task_id in jobs.task_ids(job_id)]
    write_rows(rows, form, output, _RESULT_COLUMNS)
    if any("error" in row for row in rows):
        context.exit(FAILED)


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
