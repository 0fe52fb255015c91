"""The tap next to two other readers, on one account."""

from __future__ import annotations

import argparse

from benchmarks.account import Account, account_of
from benchmarks.company import BIG_TABLE, Company
from benchmarks.failure import NotInstalledError
from benchmarks.readers.airbyte import AirbyteSource
from benchmarks.readers.plain_sdk import PlainSdk
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import Reader, Reading, read
from benchmarks.table import Table

_WORDS = ("reader", "what")
_FIGURES = ("rows", "requests", "lost rows", "seconds", "CPU s", "peak MB", "x ideal")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, default=120_000, help="rows of the table read by SuiteQL")
    parser.add_argument("--records", type=int, default=300, help="customers that are read as records, one GET each")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that each request takes")
    parser.add_argument("--slots", type=int, default=5, help="the account's concurrency limit")
    parser.add_argument("--without-airbyte", action="store_true", help="leave out what needs the package index")


def run(chosen: argparse.Namespace) -> bool:
    """Print the comparison and tell whether all of it could be made."""
    tables = {BIG_TABLE: chosen.rows}
    company = Company(latency=chosen.latency, slots=chosen.slots, tables=tables, customers=chosen.records)
    tap = TapNetSuite(discovered(company, [BIG_TABLE, "customer"]))
    plain = PlainSdk(tap.properties(BIG_TABLE))
    table = Table(
        f"peers: {chosen.latency:g} s a request, {chosen.slots} slots; ideal = pages x latency / slots, a page being "
        "1,000 rows, or one record that is read as a whole",
        _WORDS,
        _FIGURES,
    )
    with account_of(company) as account:
        _compare(table, account, plain, BIG_TABLE, {BIG_TABLE: BIG_TABLE})
        _compare(table, account, tap, BIG_TABLE, {BIG_TABLE: BIG_TABLE})
        complete = _airbyte(table, account, without=chosen.without_airbyte)
        _compare(table, account, tap, "customer, as records", {"record_customer": "customer"}, documents=True)
        _compare(table, account, tap, "customer, by SuiteQL", {"customer": "customer"})
    return complete


def _airbyte(table: Table, account: Account, *, without: bool) -> bool:
    if without:
        table.note(AirbyteSource.name, "not measured: left out by --without-airbyte")
        return True
    try:
        _compare(table, account, AirbyteSource(), "customer, as records", {"customer": "customer"}, documents=True)
    except NotInstalledError as error:
        table.note(AirbyteSource.name, f"NOT MEASURED: {error}")
        return False
    return True


def _compare(
    table: Table, account: Account, reader: Reader, what: str, streams: dict[str, str], *, documents: bool = False
) -> None:
    table.row(*_cells(read(reader, account, streams, documents=documents), what))


def _cells(reading: Reading, what: str) -> tuple[str | float | None, ...]:
    usage = reading.usage
    fills_slots = reading.pages >= reading.account.company.slots  # with fewer pages the ratio says nothing
    return (
        reading.reader, what, reading.rows.rows, len(reading.requests), reading.rows.lost, usage.seconds,
        usage.cpu_seconds, usage.peak_megabytes, reading.times_ideal if fills_slots else None,
    )  # fmt: skip
