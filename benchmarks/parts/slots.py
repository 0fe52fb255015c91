"""How near the tap comes to what an account with many slots could give: one big table, and many small ones."""

from __future__ import annotations

import argparse

from benchmarks.account import account_of
from benchmarks.company import BIG_TABLE, Company
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import Reading, read
from benchmarks.slot_profile import print_profile
from benchmarks.slot_time import busy_share, mean_seconds
from benchmarks.table import Table

GOAL = 1.1
"""Seconds / (pages x latency / slots)."""

GOAL_BUSY = 95
"""Per cent of slot time."""

_FIGURES = (
    "rows", "requests", "429s", "lost rows", "seconds", "ideal s", "x ideal", "busy %", "s a page", "CPU s", "peak MB",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of the big table; 0 leaves it out")
    parser.add_argument("--tables", type=int, default=100, help="how many small tables; 0 leaves them out")
    parser.add_argument("--table-rows", type=int, default=3000, help="rows of each small table")
    parser.add_argument("--tidy-texts", action="store_true", help="texts without anything unusual in them")
    parser.add_argument("--latency", type=float, default=0.5, help="seconds that each request takes")
    parser.add_argument("--slots", type=int, default=15, help="the account's concurrency limit, and max_concurrency")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    table = Table(
        f"slots: {chosen.latency:g} s a request, {chosen.slots} slots; goals {GOAL} x ideal (pages x latency / slots) "
        f"and {GOAL_BUSY} % busy from the first to the last page request",
        ("tap-netsuite",),
        _FIGURES,
    )
    many = {f"customrecord_table_{number}": chosen.table_rows for number in range(1, chosen.tables + 1)}
    readings = {}
    for name, tables in (("one table", {BIG_TABLE: chosen.rows}), (f"{chosen.tables} tables", many)):
        if any(tables.values()):
            company = Company(
                latency=chosen.latency, slots=chosen.slots, tables=tables, real_texts=not chosen.tidy_texts
            )
            readings[name] = _reading(company)
            table.row(name, *_figures(readings[name]))
    for name, reading in readings.items():
        print_profile(name, reading)
    return True


def _reading(company: Company) -> Reading:
    tap = TapNetSuite(discovered(company, list(company.tables)))
    with account_of(company) as account:
        return read(tap, account, {name: name for name in company.tables})


def _figures(reading: Reading) -> tuple[float | None, ...]:
    usage, requests = reading.usage, reading.requests
    return (
        reading.rows.rows,
        len(requests),
        sum(request.refused for request in requests),
        reading.rows.lost,
        usage.seconds,
        reading.ideal_seconds,
        reading.times_ideal,
        100 * busy_share(requests, reading.account.company.slots),
        mean_seconds(requests),
        usage.cpu_seconds,
        usage.peak_megabytes,
    )
