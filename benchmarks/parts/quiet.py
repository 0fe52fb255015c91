"""What a run costs in which nothing has changed since the one before."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.account import Account, account_of
from benchmarks.company import Company
from benchmarks.failure import BenchmarkError
from benchmarks.measured_process import measure
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import private_folders
from benchmarks.table import Table

GOAL = 4
"""Seconds from start to end."""

GOAL_FIRST = 0.5
"""Seconds from the start of the process to its first request."""

GOAL_BESIDES = 6
"""Requests besides one for each stream; logins are not among them."""

_ROWS = 50  # of each table


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--streams", type=int, default=60, help="incremental streams")
    parser.add_argument("--latency", type=float, default=0.5, help="seconds that each request takes")
    parser.add_argument("--slots", type=int, default=15, help="the account's concurrency limit, and max_concurrency")
    parser.add_argument("--runs", type=int, default=3, help="runs one after the other in which nothing has changed")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    table = Table(
        f"quiet: {chosen.streams} streams in which nothing changed, {chosen.latency:g} s a request, {chosen.slots} "
        f"slots; goals {GOAL} s, {GOAL_FIRST} s to the first request, {chosen.streams + GOAL_BESIDES} requests",
        ("run",),
        ("streams", "requests", "logins", "429s", "seconds", "first s", "first row s", "CPU s"),
    )
    tables = {f"customrecord_table_{number}": _ROWS for number in range(1, chosen.streams + 1)}
    company = Company(latency=chosen.latency, slots=chosen.slots, tables=tables)
    tap = TapNetSuite(discovered(company, list(tables)))
    with account_of(company) as account, tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        home = Path(name)
        for number in range(chosen.runs + 1):
            table.row("the first of all" if not number else f"nothing changed, {number}", *_run(tap, account, home))
    return True


def _run(tap: TapNetSuite, account: Account, home: Path) -> tuple[float | None, ...]:
    """Run once, from the state of the run before where there is one; each run has to log in."""
    output, state = home / "output", home / "last-state.json"
    streams = list(account.company.tables)
    given = ["--state", str(state)] if state.exists() else []
    shutil.rmtree(home / "state", ignore_errors=True)  # the token; an hour later it would have ended
    account.forget_requests()
    begun = time.time()
    usage = measure([*tap.command(account, streams, home), *given], output, private_folders(home))
    last = output.read_bytes().splitlines()[-1]
    message = msgspec.json.decode(last)
    if message["type"] != "STATE":
        raise BenchmarkError("The tap's last line is not a STATE.")
    state.write_bytes(msgspec.json.encode(message["value"]))
    asked = account.requests()
    data = [request for request in asked if not request.is_login]
    rows = [request.time for request in data if "customrecord_table" in request.body]
    return (
        len(streams),
        len(data),
        len(asked) - len(data),
        sum(request.refused for request in data),
        usage.seconds,
        min(request.time for request in asked) - begun,
        min(rows) - begun if rows else None,
        usage.cpu_seconds,
    )
