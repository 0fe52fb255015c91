"""What the account allows."""

from __future__ import annotations

from pathlib import Path

import click

from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.output import output_option, write_json


@click.command(cls=ConnectedCommand)
@output_option
@click.pass_context
def limits(context: click.Context, output: Path | None) -> None:
    """Show how many requests the account may have in flight, as JSON; for the Administrator role only."""
    write_json(connect(context).system.governance_limits(), output)
