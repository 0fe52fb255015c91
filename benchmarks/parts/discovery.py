"""How long the tap takes to find out what an account of many record types has, and to say it again."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import msgspec

from benchmarks.account import Account, account_of
from benchmarks.company import Company
from benchmarks.measured_process import measure
from benchmarks.readers.tap_netsuite import PROGRAM, config_for
from benchmarks.reading import private_folders
from benchmarks.table import Table

GOAL = 1.2
"""Seconds / (requests x latency / slots)."""

GOAL_CACHED = 2
"""Seconds."""


class _Catalog(msgspec.Struct):
    streams: list[msgspec.Raw]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--types", type=int, default=400, help="custom record types, besides those of the sample")
    parser.add_argument("--latency", type=float, default=0.25, help="seconds that each request takes")
    parser.add_argument("--slots", type=int, default=15, help="the account's concurrency limit, and max_concurrency")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    table = Table(
        f"discovery: {chosen.types} custom record types and the sample's, {chosen.latency:g} s a request, "
        f"{chosen.slots} slots; goals {GOAL} x ideal (requests x latency / slots), {GOAL_CACHED} s from the cache",
        ("tap-netsuite --discover",),
        ("streams", "requests", "429s", "seconds", "ideal s", "x ideal", "CPU s", "peak MB"),
    )
    company = Company(latency=chosen.latency, slots=chosen.slots, record_types=chosen.types)
    with account_of(company) as account, tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        for time in ("first", "from the cache"):
            table.row(time, *_discover(account, Path(name)))
    return True


def _discover(account: Account, directory: Path) -> tuple[float | None, ...]:
    config, output = directory / "config.json", directory / "catalog.json"
    config.write_text(json.dumps(config_for(account)), encoding="utf-8")
    account.forget_requests()
    usage = measure([str(PROGRAM), "--config", str(config), "--discover"], output, private_folders(directory))
    requests = [request for request in account.requests() if not request.is_login]
    refused = sum(request.refused for request in requests)
    ideal = (len(requests) - refused) * account.company.latency / account.company.slots
    return (
        len(msgspec.json.decode(output.read_bytes(), type=_Catalog).streams),
        len(requests),
        refused,
        usage.seconds,
        ideal,
        usage.seconds / ideal if ideal else None,
        usage.cpu_seconds,
        usage.peak_megabytes,
    )
