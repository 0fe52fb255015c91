"""One record, and lists of ids."""

from __future__ import annotations

from pathlib import Path

import click

from suitetalk.cli.arguments import (
    RECORD_ID,
    RECORD_TYPE,
    page_options,
    refuse_page_of_all,
    say_how_many,
    view_options,
)
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.inputs import names
from suitetalk.cli.output import output_option, output_options, write_json, write_rows
from suitetalk.pages import PAGE_SIZE


@click.command(cls=ConnectedCommand)
@RECORD_TYPE
@RECORD_ID
@view_options
@click.option("--simple-enums", "--simple-enum-format", "simple", is_flag=True, help="Enumerations as their bare id.")
@output_option
@click.pass_context
def get(  # noqa: PLR0917 - one for each option
    context: click.Context,
    record_type: str,
    record_id: str,
    expand_sub_resources: bool,  # noqa: FBT001 - given by name
    expand: tuple[str, ...],
    fields: tuple[str, ...],
    simple: bool,  # noqa: FBT001 - given by name
    output: Path | None,
) -> None:
    """Show the record of TYPE with this ID, internal or eid:EXTERNAL_ID, as JSON."""
    record = connect(context).records.get(
        record_type,
        record_id,
        expand_sub_resources=expand_sub_resources,
        expand=names(expand),
        fields=names(fields),
        simple_enum_format=simple,
    )
    write_json(record, output)


@click.command("list", cls=ConnectedCommand)
@RECORD_TYPE
@click.option("-q", "--query", "q", metavar="FILTER", help="Such as 'companyName START_WITH \"A\"'.")
@page_options
@output_options
@click.pass_context
def list_(  # noqa: PLR0917 - one for each option
    context: click.Context,
    record_type: str,
    q: str | None,
    limit: int | None,
    offset: int | None,
    everything: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """List the ids of the records of TYPE."""
    refuse_page_of_all(limit, offset, everything=everything)
    records = connect(context).records
    if everything:
        write_rows(({"id": one} for one in records.ids(record_type, q=q)), form, output, ["id"])
        return
    page = records.list(record_type, q=q, limit=limit or PAGE_SIZE, offset=offset or 0)
    write_rows([{"id": item.get("id")} for item in page.items], form, output, ["id"])
    say_how_many(len(page.items), page.total, offset or 0)
