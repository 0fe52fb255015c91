"""What several taps on one account cost each other: the same tables read by one, and side by side by two and four."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.account import Account, Request, account_of
from benchmarks.company import BIG_TABLE, Company
from benchmarks.measured_process import measure
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import private_folders
from benchmarks.table import Table

GOAL = 1.15
"""Seconds of several taps together / seconds of one for the same tables."""

GOAL_APART = 30
"""Per cent by which the shares of two busy taps may differ over ten seconds."""

_TAPS = (1, 2, 4)
_WINDOW = 10.0
_FIGURES = ("requests", "429s", "most", "seconds", "x one tap", "apart %", "CPU s")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, default=300_000, help="rows of each of four tables")
    parser.add_argument("--latency", type=float, default=0.3, help="seconds that each request takes")
    parser.add_argument("--slots", type=int, default=5, help="the account's concurrency limit, and max_concurrency")
    parser.add_argument("--alone", action="store_true", help="let each tap find its own limit, for comparison")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    tables = {f"{BIG_TABLE}_{number}": chosen.rows for number in range(max(_TAPS))}
    company = Company(latency=chosen.latency, slots=chosen.slots, tables=tables)
    tap = TapNetSuite(discovered(company, list(tables)), {"concurrency_folder": "off"} if chosen.alone else {})
    table = Table(
        f"shared: {chosen.latency:g} s a request, {chosen.slots} slots; goals {GOAL} x one tap, no 429s, and shares of "
        f"two taps at most {GOAL_APART} % apart over {_WINDOW:g} s",
        ("taps",),
        _FIGURES,
    )
    one = 0.0
    with account_of(company) as account:
        for count in _TAPS:
            account.forget_requests()
            begun = time.perf_counter()
            cpu = _read_side_by_side(tap, account, [list(tables)[number::count] for number in range(count)])
            seconds = time.perf_counter() - begun
            one = one or seconds
            asked = [request for request in account.requests() if not request.is_login]
            refused = sum(request.refused for request in asked)
            table.row(
                str(count), len(asked), refused, _most_at_once(asked), seconds, seconds / one, _apart(asked, count), cpu
            )
    return True


def _read_side_by_side(tap: TapNetSuite, account: Account, shares: Sequence[Sequence[str]]) -> float:
    """Let as many taps as there are shares read one of them each, and return their seconds of processor time."""
    with tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name, ThreadPoolExecutor(len(shares)) as threads:
        home = Path(name)

        def read(number: int) -> float:
            directory = home / str(number)
            directory.mkdir()
            command = tap.command(account, shares[number], directory)
            return measure(command, directory / "output", private_folders(home)).cpu_seconds

        return sum(threads.map(read, range(len(shares))))


def _most_at_once(asked: Sequence[Request]) -> int:
    begun = [(request.time, 1) for request in asked if not request.refused]
    ended = [(request.time + request.seconds, -1) for request in asked if not request.refused]
    most = now = 0
    for _, change in sorted(begun + ended):
        now += change
        most = max(most, now)
    return most


def _apart(asked: Sequence[Request], count: int) -> float | None:
    """Return by how many per cent the shares of two taps differ at most, in any ten seconds while both are busy."""
    if count != 2:  # noqa: PLR2004 - the goal is one for two
        return None
    times = [[one.time for one in asked if BIG_TABLE in one.body and _is_of(one, half)] for half in (0, 1)]
    begun, ended = max(map(min, times)), min(map(max, times))
    marks = [begun + step for step in range(int(ended - begun - _WINDOW) + 1)]
    shares = [[sum(mark <= time < mark + _WINDOW for time in own) for own in times] for mark in marks]
    return max((100 * (1 - min(both) / max(both)) for both in shares if max(both)), default=None)


def _is_of(request: Request, half: int) -> bool:
    """Tell whether a request is for a table of that one of two taps: those with even or with odd numbers."""
    return any(f"{BIG_TABLE}_{number}" in request.body for number in range(half, max(_TAPS), 2))
