"""Many records at once, a hundred to a job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from suitetalk.batch import Operation, in_batches
from suitetalk.batch_results import BatchResult
from suitetalk.batches import Batches
from suitetalk.cli.arguments import RECORD_TYPE, validation_options, view_options
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.exit_codes import FAILED, OUTCOME_UNKNOWN
from suitetalk.cli.inputs import names
from suitetalk.cli.many_inputs import read_bodies, read_ids
from suitetalk.cli.output import note, output_options, write_rows
from suitetalk.errors import NetSuiteError, OutcomeUnknownError
from suitetalk.validation import Validation, validation_headers, view_parameters

_OPERATIONS: tuple[Operation, ...] = ("create", "update", "upsert", "delete", "get")
_COLUMNS = ("index", "id", "job", "code", "error", "record")


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
    a line tells what became of each record, in the order of the input.
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
        write_rows(_submitted(client.batches, batches), form, output, ("job", "first", "records"))
        return
    tally = _Tally()
    write_rows(tally.rows(client.batches.run(batches, jobs_at_once=jobs_at_once)), form, output, _COLUMNS)
    note(tally.summary())
    if tally.code:
        context.exit(tally.code)


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
