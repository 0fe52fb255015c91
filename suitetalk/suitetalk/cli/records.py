"""Get, list, create, update, upsert, delete, transform, action, attach."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from suitetalk.all_rows import looked_at_twice
from suitetalk.cli.inputs import names, read_object
from suitetalk.cli.options import (
    OPTIONAL_PAYLOAD,
    PAYLOAD,
    PAYLOAD_HELP,
    RECORD_ID,
    RECORD_TYPE,
    ConnectedCommand,
    connect,
    page_options,
    refuse_page_of_all,
    say_how_many,
    validation_options,
    view_options,
)
from suitetalk.cli.output import note, output_option, output_options, write_json, write_rows
from suitetalk.http.response import PAGE_SIZE, Page
from suitetalk.records import Validation
from suitetalk.redaction import printable

_OTHER_TYPE = click.argument("other_type", metavar="OTHER_TYPE")
_OTHER_ID = click.argument("other_id", metavar="OTHER_ID")


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


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP)
@RECORD_TYPE
@PAYLOAD
@validation_options
@click.pass_context
def create(
    context: click.Context,
    record_type: str,
    payload: str,
    name_validation: Validation,
    value_validation: Validation | None,
) -> None:
    """Create a record and print its internal id."""
    body = read_object(payload)
    made = connect(context).records.create(
        record_type, body, name_validation=name_validation, value_validation=value_validation
    )
    click.echo(printable(made))


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP + " A field that is null is cleared.")
@RECORD_TYPE
@RECORD_ID
@PAYLOAD
@click.option("--replace", metavar="NAME,…", multiple=True, help="Sublists whose lines PAYLOAD gives in full.")
@click.option(
    "--replace-selected-fields",
    "selected",
    is_flag=True,
    help="--replace names body fields too; those of them that PAYLOAD lacks are emptied.",
)
@validation_options
@click.pass_context
def update(  # noqa: PLR0917 - one for each option
    context: click.Context,
    record_type: str,
    record_id: str,
    payload: str,
    replace: tuple[str, ...],
    selected: bool,  # noqa: FBT001 - given by name
    name_validation: Validation,
    value_validation: Validation | None,
) -> None:
    """Change the record with this ID."""
    if selected and not names(replace):
        raise click.UsageError("--replace-selected-fields needs the names of the fields in --replace")
    body = read_object(payload)
    connect(context).records.update(
        record_type,
        record_id,
        body,
        replace=names(replace),
        replace_selected_fields=selected,
        name_validation=name_validation,
        value_validation=value_validation,
    )


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP)
@RECORD_TYPE
@click.argument("external_id")
@PAYLOAD
@validation_options
@click.pass_context
def upsert(
    context: click.Context,
    record_type: str,
    external_id: str,
    payload: str,
    name_validation: Validation,
    value_validation: Validation | None,
) -> None:
    """Create the record with this external id, or update it when it exists."""
    body = read_object(payload)
    connect(context).records.upsert(
        record_type,
        external_id.removeprefix("eid:"),
        body,
        name_validation=name_validation,
        value_validation=value_validation,
    )


@click.command(cls=ConnectedCommand)
@RECORD_TYPE
@RECORD_ID
@click.pass_context
def delete(context: click.Context, record_type: str, record_id: str) -> None:
    """Delete the record with this ID."""
    connect(context).records.delete(record_type, record_id)


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP)
@RECORD_TYPE
@RECORD_ID
@click.argument("target_type", metavar="TARGET")
@OPTIONAL_PAYLOAD
@validation_options
@click.pass_context
def transform(  # noqa: PLR0917 - one for each option
    context: click.Context,
    record_type: str,
    record_id: str,
    target_type: str,
    payload: str,
    name_validation: Validation,
    value_validation: Validation | None,
) -> None:
    """Make a record of type TARGET out of one, such as an invoice of a salesOrder, and print its id.

    PAYLOAD has the fields that shall differ from what NetSuite carries over.
    """
    body = read_object(payload) if payload else None
    made = connect(context).records.transform(
        record_type,
        record_id,
        target_type,
        body,
        name_validation=name_validation,
        value_validation=value_validation,
    )
    click.echo(printable(made))


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP)
@RECORD_TYPE
@RECORD_ID
@click.argument("name", metavar="ACTION")
@OPTIONAL_PAYLOAD
@output_option
@click.pass_context
def action(
    context: click.Context, record_type: str, record_id: str, name: str, payload: str, output: Path | None
) -> None:
    """Carry out a record action, such as confirm, and print NetSuite's answer."""
    body = read_object(payload) if payload else None
    write_json(connect(context).records.action(record_type, record_id, name, body), output)


@click.command(cls=ConnectedCommand)
@RECORD_TYPE
@output_options
@click.pass_context
def actions(context: click.Context, record_type: str, form: str | None, output: Path | None) -> None:
    """List what can be done with records of TYPE, as far as the account's OpenAPI description names it.

    Names with @ are for `suitetalk action`, those with !transform for `suitetalk transform`.
    """
    paths = connect(context).metadata.open_api([record_type])["paths"]
    names = [path.partition("/{id}/")[2] for path in paths if path.lower().startswith(f"/{record_type.lower()}/")]
    write_rows([{"name": name} for name in names if name.startswith(("@", "!"))], form, output, ["name"])


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP)
@RECORD_TYPE
@click.argument("record_id", metavar="[ID]", default="")
@click.option("--entered", "payload", metavar="PAYLOAD", default="", help="What has been entered in the form so far.")
@view_options
@output_option
@click.pass_context
def form(  # noqa: PLR0917 - one for each option
    context: click.Context,
    record_type: str,
    record_id: str,
    payload: str,
    expand_sub_resources: bool,  # noqa: FBT001 - given by name
    expand: tuple[str, ...],
    fields: tuple[str, ...],
    output: Path | None,
) -> None:
    """Show a record as its form would be filled: a new one, or the one with this ID. Nothing is saved."""
    body = read_object(payload) if payload else None
    records = connect(context).records
    ask = partial(records.edit_form, record_type, record_id) if record_id else partial(records.create_form, record_type)
    write_json(ask(body, expand_sub_resources=expand_sub_resources, expand=names(expand), fields=names(fields)), output)


@click.command(cls=ConnectedCommand, epilog=PAYLOAD_HELP)
@RECORD_TYPE
@click.argument("field")
@click.option("--id", "record_id", metavar="ID", help="Of an existing record; without it, of a new one.")
@click.option("--entered", "payload", metavar="PAYLOAD", default="", help="What has been entered in the form so far.")
@click.option("-q", "--query", "q", metavar="FILTER", help="Such as 'CONTAIN A', with CONTAIN, IS or START_WITH.")
@page_options
@output_options
@click.pass_context
def options(  # noqa: PLR0913, PLR0917 - one for each option
    context: click.Context,
    record_type: str,
    field: str,
    record_id: str | None,
    payload: str,
    q: str | None,
    limit: int | None,
    offset: int | None,
    everything: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """List what can be chosen in FIELD of TYPE, such as terms, or item.taxCode in a sublist."""
    refuse_page_of_all(limit, offset, everything=everything)
    ask = partial(
        connect(context).records.select_options,
        record_type,
        field,
        record_id=record_id,
        body=read_object(payload) if payload else None,
        q=q,
    )
    if everything:
        look = partial(_at_offset, ask)
        items = looked_at_twice(
            look, look, f"The list of options of {field}", "run it again, or narrow it with --query"
        )
        write_rows(map(_option, items), form, output, ("id", "refName"))
        return
    page = ask(limit=limit or PAGE_SIZE, offset=offset or 0)
    write_rows(map(_option, page.items), form, output, ("id", "refName"))
    say_how_many(len(page.items), page.total, offset or 0)


def _at_offset(ask: Callable[..., Page], offset: int) -> Page:
    return ask(offset=offset)


def _option(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "links"}


@click.command(cls=ConnectedCommand)
@RECORD_TYPE
@RECORD_ID
@_OTHER_TYPE
@_OTHER_ID
@click.option("--role", metavar="ID", help="Role that a contact has there.")
@click.pass_context
def attach(
    context: click.Context, record_type: str, record_id: str, other_type: str, other_id: str, role: str | None
) -> None:
    """Attach a contact or a file to the record of TYPE with this ID.

    OTHER_TYPE is contact or file, and OTHER_ID is its id: attach customer 107 contact 1421.
    """
    connect(context).records.attach(record_type, record_id, other_type, other_id, role=role)
    note(f"Attached {other_type} {other_id} to {record_type} {record_id}.")


@click.command(cls=ConnectedCommand)
@RECORD_TYPE
@RECORD_ID
@_OTHER_TYPE
@_OTHER_ID
@click.pass_context
def detach(context: click.Context, record_type: str, record_id: str, other_type: str, other_id: str) -> None:
    """Detach a contact or a file from the record of TYPE with this ID; the arguments are those of attach."""
    connect(context).records.detach(record_type, record_id, other_type, other_id)
    note(f"Detached {other_type} {other_id} from {record_type} {record_id}.")
