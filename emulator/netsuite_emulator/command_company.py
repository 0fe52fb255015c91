"""The options of the command that are about the company."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netsuite_emulator.company.settings import DELETION_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["company_options"]

_OPTIONS = (
    click.option("--one-world/--no-one-world", default=True, help="Whether there are subsidiaries."),
    click.option("--scale", default=1.0, help="How many times the sample's transactions."),
    click.option("--seed", default=1, help="The same seed makes the same company."),
    click.option(
        "--data-file", type=click.Path(path_type=Path, dir_okay=False), help="Keep the company in this file."
    ),
    click.option(
        "--big-table", "big_tables", multiple=True, metavar="NAME=ROWS",
        help="A further custom record type with twenty columns; its name begins with customrecord_.",
    ),
    click.option("--dense-ids", is_flag=True, help="Big tables have no gaps in their ids."),
    click.option("--custom-record-types", default=0, help="How many small custom record types to add."),
    click.option("--hide", "hidden", multiple=True, metavar="RECORD_TYPE", help="A record type the role may not see."),
    click.option(
        "--hide-column", "hidden_columns", multiple=True, metavar="TABLE.COLUMN", help="A column it may not see."
    ),
    click.option(
        "--switched-off", multiple=True, metavar="TABLE", help="A table of a feature the account does not have."
    ),
    click.option(
        "--deletion-table", default="deletedrecord", type=click.Choice(DELETION_TABLES, case_sensitive=False),
        help="Name of the log of deletions in SuiteQL.",
    ),
    click.option(
        "--churn", metavar="TABLE[=EVERY]", help="Change rows of this table before each 10th page, or as often as said."
    ),
    click.option(
        "--lock-record", "locked_records", multiple=True, metavar="TYPE/ID", help="A record a workflow has locked."
    ),
)  # fmt: skip


def company_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
