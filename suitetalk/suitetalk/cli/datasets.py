"""Saved SuiteAnalytics Workbook datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suitetalk.cli.arguments import page_options, refuse_page_of_all, say_how_many
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.output import output_options, write_rows
from suitetalk.pages import PAGE_SIZE


@click.command(cls=ConnectedCommand)
@output_options
@click.pass_context
def datasets(context: click.Context, form: str | None, output: Path | None) -> None:
    """List the saved SuiteAnalytics Workbook datasets the role can see."""
    write_rows(map(_without_links, connect(context).datasets.list()), form, output)


@click.command(cls=ConnectedCommand)
@click.argument("dataset_id", metavar="ID")
@page_options
@output_options
@click.pass_context
def dataset(  # noqa: PLR0917 - one for each option
    context: click.Context,
    dataset_id: str,
    limit: int | None,
    offset: int | None,
    everything: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """Run a saved dataset; values are text, dates in the user's format."""
    refuse_page_of_all(limit, offset, everything=everything)
    saved = connect(context).datasets
    if everything:
        write_rows(saved.rows(dataset_id), form, output)
        return
    page = saved.page(dataset_id, limit=limit or PAGE_SIZE, offset=offset or 0)
    write_rows(page.items, form, output)
    say_how_many(len(page.items), page.total, offset or 0)


def _without_links(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "links"}
