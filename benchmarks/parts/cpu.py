"""What a row of twenty typed columns costs the tap in processor time: one request at a time, no latency."""

from __future__ import annotations

import argparse

from benchmarks.account import account_of
from benchmarks.company import BIG_TABLE, Company
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import Reading, read
from benchmarks.table import Table

GOAL = 10
"""Microseconds a row."""

_FEW = 10  # rows of a run that is nearly all start-up


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the table")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    tap = TapNetSuite(discovered(Company(tables={BIG_TABLE: chosen.rows}), [BIG_TABLE]))
    start_up, whole = (_reading(tap, rows) for rows in (_FEW, chosen.rows))
    columns = len(tap.properties(BIG_TABLE))
    table = Table(
        f"cpu: one slot, no latency, {columns} columns; goal {GOAL} microseconds of CPU a row",
        ("tap-netsuite",),
        ("rows", "lost rows", "seconds", "CPU s", "us a row"),
    )
    for name, reading in (("start-up, few rows", start_up), ("the table", whole)):
        table.row(name, reading.rows.rows, reading.rows.lost, reading.usage.seconds, reading.usage.cpu_seconds)
    spent = whole.usage.cpu_seconds - start_up.usage.cpu_seconds
    rows = whole.rows.rows - start_up.rows.rows
    table.row("difference", rows, None, None, spent, spent / rows * 1e6)
    return True


def _reading(tap: TapNetSuite, rows: int) -> Reading:
    with account_of(Company(slots=1, tables={BIG_TABLE: rows})) as account:
        return read(tap, account, {BIG_TABLE: BIG_TABLE})
