"""SuiteQL."""

from __future__ import annotations

from pathlib import Path

import click

from suitetalk.cli.arguments import page_options, refuse_page_of_all, say_how_many
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.inputs import read_text
from suitetalk.cli.output import output_options, write_rows
from suitetalk.pages import PAGE_SIZE
from suitetalk.parameters import check_parameters


@click.command(cls=ConnectedCommand)
@click.argument("statement", metavar="SUITEQL")
@click.option(
    "-p",
    "--param",
    "parameters",
    metavar="VALUE",
    multiple=True,
    help="Value of the next ? in the statement; bound where the account can, else quoted.",
)
@page_options
@output_options
@click.pass_context
def query(  # noqa: PLR0917 - one for each option
    context: click.Context,
    statement: str,
    parameters: tuple[str, ...],
    limit: int | None,
    offset: int | None,
    everything: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """Run a SuiteQL statement: as text, @FILE, or - for standard input.

    Give it an ORDER BY that is unique when it has more than one page, since each page is a query of its own. Values
    are text as NetSuite sends it; a column that is null is absent from JSON and empty elsewhere.
    """
    refuse_page_of_all(limit, offset, everything=everything)
    text = read_text(statement).strip().removesuffix(";")
    if not text:
        raise click.UsageError("The statement is empty")
    check_parameters(text, parameters)
    suiteql = connect(context).suiteql
    if everything:
        write_rows(suiteql.rows(text, parameters), form, output)
        return
    page = suiteql.page(text, parameters, limit=limit or PAGE_SIZE, offset=offset or 0)
    write_rows(page.items, form, output)
    say_how_many(len(page.items), page.total, offset or 0)
