"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

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
