"""Whether everything is there that a real account needs."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import asdict

import click

from suitetalk.cli.connection import ConnectedCommand, configuration, telling_session
from suitetalk.cli.exit_codes import FAILED, LOGIN, NOT_PERMITTED, USAGE
from suitetalk.cli.output import write_json
from suitetalk.doctor import WANTED_TYPES, Finding, Outcome, examine

_COLOURS = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "red", Outcome.UNKNOWN: "cyan"}
_CODES = {"settings": USAGE, "address": FAILED, "clock": FAILED, "token": LOGIN, "scope": LOGIN, "features": LOGIN}
_WIDTH = 12


@click.command(
    cls=ConnectedCommand,
    epilog="Exit codes: 0 nothing failed; 2 settings; 1 address or clock; 3 login; 5 a permission is missing.",
)
@click.argument("types", metavar="[TYPE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON array of all findings.")
@click.pass_context
def doctor(context: click.Context, types: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 - given by name
    """Check settings, address, clock, login, permissions and limits, one line each.

    Each TYPE, a record type or SuiteQL table, is readable, empty or not permitted. Nothing is written to the account.
    """
    settings = configuration(context)
    findings = []
    for finding in examine(settings.values, types or WANTED_TYPES, session=telling_session(context, settings.values)):
        findings.append(finding)
        if not as_json:
            click.echo(_line(finding))
    if as_json:
        write_json([{**asdict(finding), "outcome": finding.outcome.value} for finding in findings])
    failures = [finding.check for finding in findings if finding.outcome is Outcome.FAILED]
    if failures:
        context.exit(_CODES.get(failures[0], NOT_PERMITTED))


def _line(finding: Finding) -> str:
    outcome = click.style(f"{finding.outcome.value:8}", fg=_COLOURS[finding.outcome], bold=True)
    remedy = f" To do: {finding.remedy}" if finding.remedy else ""
    text = f"{finding.check:{_WIDTH}} {finding.text}{remedy}"
    if not sys.stdout.isatty():
        return f"{outcome} {text}"
    width = max(shutil.get_terminal_size().columns - 9, 40)
    return f"{outcome} " + ("\n" + " " * (10 + _WIDTH)).join(textwrap.wrap(text, width - _WIDTH) or [""])
