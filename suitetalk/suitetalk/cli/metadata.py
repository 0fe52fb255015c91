"""What record types there are, and what they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.output import FORMATS, output_option, output_options, write_json, write_rows
from suitetalk.shapes import FieldShape

_COLUMNS = ("name", "kind", "title", "filterable", "read_only", "custom", "keys", "choices")


@click.command(cls=ConnectedCommand)
@output_options
@click.pass_context
def types(context: click.Context, form: str | None, output: Path | None) -> None:
    """List the record types the role can see."""
    names = connect(context).metadata.record_types()
    write_rows([{"name": name} for name in names], form, output, ["name"])


@click.command(cls=ConnectedCommand)
@click.argument("record_type", metavar="TYPE")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice([*FORMATS, "json-schema", "openapi"]),
    help="The last two are NetSuite's own descriptions.  [default: table at a terminal, else jsonl]",
)
@output_option
@click.pass_context
def schema(context: click.Context, record_type: str, form: str | None, output: Path | None) -> None:
    """Show the fields of TYPE, its sublists with their keys, and what can be filtered by."""
    catalog = connect(context).metadata
    if form == "json-schema":
        write_json(catalog.json_schema(record_type), output)
    elif form == "openapi":
        write_json(catalog.open_api([record_type]), output)
    else:
        write_rows([_row(field) for field in catalog.fields(record_type)], form, output, _COLUMNS)


def _row(field: FieldShape) -> dict[str, Any]:
    row = {name: getattr(field, name) for name in _COLUMNS}
    lists = {name: ", ".join(row[name]) for name in ("keys", "choices")}
    flags = {name: "yes" if row[name] else "" for name in ("filterable", "read_only", "custom")}
    return {name: value for name, value in {**row, **lists, **flags}.items() if value or name == "name"}
