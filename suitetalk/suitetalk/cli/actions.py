"""What can be done with a record besides reading and changing it."""

from __future__ import annotations

from pathlib import Path

import click

from suitetalk.cli.arguments import (
    OPTIONAL_PAYLOAD,
    PAYLOAD_HELP,
    RECORD_ID,
    RECORD_TYPE,
    validation_options,
)
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.inputs import read_object
from suitetalk.cli.output import output_option, output_options, write_json, write_rows
from suitetalk.validation import Validation

_OTHER_TYPE = click.argument("other_type", metavar="OTHER_TYPE")
_OTHER_ID = click.argument("other_id", metavar="OTHER_ID")


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
    click.echo(made)


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
    """Attach a contact or a file to a record."""
    connect(context).records.attach(record_type, record_id, other_type, other_id, role=role)


@click.command(cls=ConnectedCommand)
@RECORD_TYPE
@RECORD_ID
@_OTHER_TYPE
@_OTHER_ID
@click.pass_context
def detach(context: click.Context, record_type: str, record_id: str, other_type: str, other_id: str) -> None:
    """Undo what attach did."""
    connect(context).records.detach(record_type, record_id, other_type, other_id)
