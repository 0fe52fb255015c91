"""Writing one record at a time."""

from __future__ import annotations

import click

from suitetalk.cli.arguments import PAYLOAD, PAYLOAD_HELP, RECORD_ID, RECORD_TYPE, validation_options
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.inputs import names, read_object
from suitetalk.validation import Validation


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
    click.echo(made)


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
