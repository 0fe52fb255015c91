"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from suitetalk.cli.output import note
from suitetalk.pages import PAGE_SIZE
from suitetalk.validation import Validation

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_CHOICES = click.Choice(get_args(Validation))

RECORD_TYPE = click.argument("record_type", metavar="TYPE")
RECORD_ID = click.argument("record_id", metavar="ID")
PAYLOAD = click.argument("payload", metavar="PAYLOAD")
OPTIONAL_PAYLOAD = click.argument("payload", metavar="[PAYLOAD]", default="")
PAYLOAD_HELP = "PAYLOAD is a JSON object: as text, @FILE, or - for standard input."


def view_options(command: Decorated) -> Decorated:
    """Add the options that say how much of a record to show."""
    for option in (
        click.option("--fields", metavar="NAME,…", multiple=True, help="These body fields only."),
        click.option("--expand", metavar="NAME,…", multiple=True, help="With these sublists and subrecords."),
        click.option("-e", "--expand-sub-resources", is_flag=True, help="With all sublists and subrecords."),
    ):
        command = option(command)
    return command


def validation_options(command: Decorated) -> Decorated:
    """Add the options that say what to do about faults in a body."""
    by_value = click.option(
        "--value-validation",
        type=_CHOICES,
        help="About values of the wrong form.  [default: what NetSuite does: error]",
    )
    by_name = click.option(
        "--name-validation",
        type=_CHOICES,
        default="error",
        show_default=True,
        help="What NetSuite does about names of fields that do not exist.",
    )
    return by_name(by_value(command))


def page_options(command: Decorated) -> Decorated:
    """Add --limit, --offset and --all."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Every page."),
        click.option("--offset", type=click.IntRange(0), help="Rows before it; a multiple of the limit.  [default: 0]"),
        click.option("--limit", type=click.IntRange(1, PAGE_SIZE), help=f"Rows of the page.  [default: {PAGE_SIZE}]"),
    ):
        command = option(command)
    return command


def refuse_page_of_all(limit: int | None, offset: int | None, *, everything: bool) -> None:
    """Say that a page and everything exclude each other."""
    if everything and (limit is not None or offset is not None):
        raise click.UsageError("--all reads every page, so leave out --limit and --offset")


def say_how_many(shown: int, total: int, offset: int) -> None:
    """Say when there is more than was shown."""
    if offset + shown < total:
        first = offset + 1 if shown else offset
        note(f"These are {first} to {offset + shown} of {total}; --all reads every page.")
