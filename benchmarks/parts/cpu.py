"""What a row costs the tap in processor time: of tidy texts, of texts as people write them, and in BATCH files."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from benchmarks.account import Account, account_of
from benchmarks.company import BIG_TABLE, TEXTS, Company
from benchmarks.measured_process import measure
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import Reading, private_folders, read
from benchmarks.table import Table
from suitetalk.http.response import Answer
from suitetalk.process import collect_seldom, give_back_freed_memory
from tap_netsuite.reading.page import RowFormat
from tap_netsuite.source import Column, Kind, Source

GOAL = 10
"""Microseconds a row, the whole process."""

GOALS_OF_PAGES = {20: 5, 93: 25}
"""Microseconds a row from the bytes of a page to RECORD lines, by the number of columns."""

GOAL_BARE, GOAL_TIDY = 2.5, 1.2
"""Times what decoding and encoding the same rows costs without looking at them, and times tidy texts."""

GOAL_BATCH = 1.5
"""Times what RECORD lines of the same rows cost."""

_FORMS: dict[str, dict[str, str] | None] = {
    "RECORD lines": None,
    "JSONL.gz": {"format": "jsonl", "compression": "gzip"},
    "Parquet": {"format": "parquet"},
}
_DECODER, _ENCODER = msgspec.json.Decoder(), msgspec.json.Encoder()
_SMALL = "customrecord_small"
_FEW = 10  # rows of a run that is nearly all start-up
_ROWS = 1000  # of a page
_ROUNDS = 25

_COLUMNS: dict[str, tuple[Kind, Callable[[int], Any]]] = {
    "id": (Kind.INTEGER, lambda n: str(n * 2 + 1)),
    "name": (Kind.TEXT, lambda n: f"Record {n}"),
    "externalid": (Kind.TEXT, lambda n: f"ext-{n}" if n % 7 else None),
    "scriptid": (Kind.TEXT, lambda n: f"val_{n}"),
    "isinactive": (Kind.BOOLEAN, lambda n: "T" if n % 50 == 0 else "F"),
    "created": (Kind.DATE_TIME, lambda n: f"2020-01-{n % 28 + 1:02} 00:{n % 60:02}:{n * 7 % 60:02}"),
    "lastmodified": (Kind.DATE_TIME, lambda n: f"2024-01-{n // 50 % 28 + 1:02} 10:00:00"),
    "counter": (Kind.INTEGER, lambda n: str(n * 7919 % 100000)),
    "rank": (Kind.INTEGER, lambda n: str(n % 17)),
    "quantity": (Kind.INTEGER, lambda n: str(n % 90) if n % 9 else None),
    "amount": (Kind.DECIMAL, lambda n: f"{n * 31 % 10000000 / 100:.2f}"),
    "rate": (Kind.DECIMAL, lambda n: f"{n * 37 % 10000000 / 100000000:.8f}"),
    "balance": (Kind.DECIMAL, lambda n: str(n * 41 % 1000000 - 500000)),
    "active": (Kind.BOOLEAN, lambda n: "T" if n % 3 else "F"),
    "checked": (Kind.BOOLEAN, lambda n: "T" if n % 5 else "F"),
    "day": (Kind.DATE, lambda n: f"2023-{n % 12 + 1:02}-{n % 28 + 1:02} 00:00:00"),
    "due": (Kind.DATE, lambda n: f"2023-{n % 11 + 1:02}-{n % 28 + 1:02} 00:00:00" if n % 4 else None),
    "seen": (Kind.DATE_TIME, lambda n: f"2023-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n * 7 % 60:02}:{n % 60:02}"),
    "title": (Kind.TEXT, lambda n: f'Title of "{n}"'),
    "remark": (Kind.TEXT, lambda n: f"Zürich, {n % 100}" if n % 2 else None),
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the table; 0 measures pages alone")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    _measure_pages()
    if chosen.rows:
        catalog = discovered(Company(tables={BIG_TABLE: chosen.rows, _SMALL: _FEW}), [BIG_TABLE, _SMALL])
        _measure_processes(catalog, chosen.rows)
        _measure_files(catalog, chosen.rows)
    return True


def _measure_processes(catalog: Mapping[str, Any], rows: int) -> None:
    tap = TapNetSuite(catalog)
    columns = len(tap.properties(BIG_TABLE))
    table = Table(
        f"cpu: one slot, no latency, {columns} columns; goal {GOAL} microseconds of CPU a row, start-up left out",
        ("tap-netsuite",),
        ("rows", "lost rows", "seconds", "CPU s", "us a row"),
    )
    start_up = _reading(tap, _FEW, real_texts=False)
    table.row(
        "start-up, few rows", start_up.rows.rows, start_up.rows.lost, start_up.usage.seconds, start_up.usage.cpu_seconds
    )
    for name, real_texts in (("tidy texts", False), ("real texts", True)):
        whole = _reading(tap, rows, real_texts=real_texts)
        spent = whole.usage.cpu_seconds - start_up.usage.cpu_seconds
        a_row = spent / (whole.rows.rows - start_up.rows.rows) * 1e6
        table.row(name, whole.rows.rows, whole.rows.lost, whole.usage.seconds, whole.usage.cpu_seconds, a_row)


def _measure_files(catalog: Mapping[str, Any], rows: int) -> None:
    """Measure the forms that rows can leave the tap in, one after the other on the same account."""
    table = Table(
        f"batch: CPU of files beside that of RECORD lines, start-up left out; goal {GOAL_BATCH} x RECORD",
        ("form",),
        ("rows", "CPU s", "us a row", "x RECORD"),
    )
    a_row: dict[str, float] = {}
    company = Company(slots=1, tables={BIG_TABLE: rows, _SMALL: _FEW}, real_texts=True)
    with account_of(company) as account, tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        for form, encoding in _FORMS.items():
            whole = _cpu_of_form(account, Path(name), catalog, BIG_TABLE, encoding)
            a_row[form] = (whole - _cpu_of_form(account, Path(name), catalog, _SMALL, encoding)) / rows * 1e6
            table.row(form, rows, whole, a_row[form], a_row[form] / a_row["RECORD lines"])


def _cpu_of_form(
    account: Account, home: Path, catalog: Mapping[str, Any], stream: str, encoding: dict[str, str] | None
) -> float:
    files = {"encoding": encoding, "storage": {"root": home.as_uri(), "prefix": "rows-"}, "batch_size": 50_000}
    tap = TapNetSuite(catalog, {"batch_config": files} if encoding else {})
    usage = measure(tap.command(account, [stream], home), home / "output", private_folders(home))
    for path in home.glob("rows-*"):
        path.unlink()
    return usage.cpu_seconds


def _reading(tap: TapNetSuite, rows: int, *, real_texts: bool) -> Reading:
    with account_of(Company(slots=1, tables={BIG_TABLE: rows}, real_texts=real_texts)) as account:
        return read(tap, account, {BIG_TABLE: BIG_TABLE})


def _measure_pages() -> None:
    """Measure pages of one process in turn, so that what else the machine does concerns all of them."""
    logging.disable()  # of what is said of damaged texts
    give_back_freed_memory()  # as the commands do
    collect_seldom()
    goals = ", ".join(f"{goal} microseconds a row of {columns} columns" for columns, goal in GOALS_OF_PAGES.items())
    table = Table(
        f"pages: bytes to RECORD lines; goals {goals}, {GOAL_BARE} x bare decoding and encoding, {GOAL_TIDY} x tidy",
        ("columns", "texts"),
        ("us a row", "bare us", "x bare", "x tidy"),
    )
    for columns in GOALS_OF_PAGES:
        source = _source(columns)
        pages = {name: _page(source, name) for name in ("tidy", "real", "one damaged")}
        calls: dict[str, Callable[[], object]] = {}
        for name, body in pages.items():
            row_format = RowFormat("things", source, lambda: ZoneInfo("UTC"), as_lines=True)
            calls[name] = partial(_read, row_format, body)
        for name in ("tidy", "real"):
            calls[f"bare {name}"] = partial(_bare, pages[name])
        spent = _least(calls)
        for name in pages:
            bare = spent["bare tidy" if name == "tidy" else "bare real"]
            table.row(str(columns), name, spent[name], bare, spent[name] / bare, spent[name] / spent["tidy"])


def _read(row_format: RowFormat, body: bytes) -> object:
    return row_format.read(Answer("POST /suiteql", 200, {}, body))


def _bare(body: bytes) -> object:
    return _ENCODER.encode_lines(_DECODER.decode(body)["items"])


def _least(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the least microseconds of processor time a row that each call took, of many in turn."""
    spent = dict.fromkeys(calls, float("inf"))
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            gc.collect()
            begun = time.thread_time()
            call()
            spent[name] = min(spent[name], (time.thread_time() - begun) / _ROWS * 1e6)
    return spent


def _source(columns: int) -> Source:
    names = list(_COLUMNS)
    made = [
        Column(
            names[place % len(names)] + (f"_{place // len(names)}" if place >= len(names) else ""),
            _COLUMNS[names[place % len(names)]][0],
            in_utc=True,
        )
        for place in range(columns)
    ]
    return Source("things", tuple(made), (made[0],), made[names.index("lastmodified")])


def _page(source: Source, texts: str) -> bytes:
    rows = []
    for number in range(_ROWS):
        row: dict[str, object] = {"links": []}
        for place, column in enumerate(source.columns):
            _, value = _COLUMNS[column.name.split("_")[0]]
            text = value(number)
            if texts != "tidy" and column.name.startswith(("name", "title", "remark")):
                text = TEXTS[(number + place) % len(TEXTS)]
            if text is not None:  # NetSuite leaves out what is null
                row[column.name] = text
        rows.append(row)
    if texts == "one damaged":
        rows[_ROWS // 2]["name"] = "cut in an emoji \ud83d"
    body = {"links": [], "count": _ROWS, "hasMore": True, "items": rows, "offset": 0, "totalResults": 500_000}
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return written.replace("\ud83d", "\\ud83d").encode()
