"""How much memory the tap takes, and whether that grows with the table."""

from __future__ import annotations

import argparse

from benchmarks.account import account_of
from benchmarks.company import BIG_TABLE, Company
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import read
from benchmarks.table import Table

GOAL = 150
"""Megabytes."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the table")
    parser.add_argument("--slots", type=int, default=5, help="the account's concurrency limit")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    tap = TapNetSuite(discovered(Company(tables={BIG_TABLE: max(chosen.rows)}), [BIG_TABLE]))
    table = Table(
        f"memory: {chosen.slots} slots, no latency; goal under {GOAL} MB, and the same for every size",
        ("tap-netsuite",),
        ("rows", "lost rows", "seconds", "CPU s", "peak MB"),
    )
    for rows in chosen.rows:
        with account_of(Company(slots=chosen.slots, tables={BIG_TABLE: rows})) as account:
            reading = read(tap, account, {BIG_TABLE: BIG_TABLE})
        usage = reading.usage
        table.row(
            BIG_TABLE, reading.rows.rows, reading.rows.lost, usage.seconds, usage.cpu_seconds, usage.peak_megabytes
        )
    return True
