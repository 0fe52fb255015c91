"""Lines of transactions over runs, against a brute-force model: what lives in the warehouse is what NetSuite has.

Transactions are edited while they are read, twice in one second too, their lines lie on different pages, and runs are
killed inside a transaction, with and without the state that they have written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from tests.model_table import NumberKeys, count_of, count_whole
from tests.shaken_fetcher import ShakenFetcher

from suitetalk.values import iso
from tap_netsuite.reading.changes import Changes
from tap_netsuite.reading.page import Key, Rows
from tap_netsuite.reading.parallel import Count, Gap, TableReading
from tap_netsuite.reading.state import position_in
from tap_netsuite.settings import Audit
from tap_netsuite.source import Column, Kind, Source

LINES = Source(
    "transactionline",
    (Column("uniquekey", Kind.INTEGER), Column("stamp", Kind.DATE_TIME)),
    (Column("uniquekey", Kind.INTEGER),),
    Column("stamp", Kind.DATE_TIME),
)
EPOCH = datetime(2024, 5, 2, tzinfo=timezone.utc)
Edit = tuple[int, int, int]
"""A transaction, the lines that it has from then on, a bit for each, and how many seconds later that is."""

TRANSACTIONS = st.integers(0, 3)
SETS = st.integers(0, 31)
EDITS = st.lists(st.one_of(st.none(), st.tuples(TRANSACTIONS, SETS, st.integers(0, 2))), max_size=30)


def lines_of(transaction: int, bits: int, version: int) -> dict[int, int]:
    """Return the version of each line by unique key; keys of one transaction lie far apart, among those of others."""
    return {10 * line + transaction: version for line in range(5) if bits >> line & 1}


@dataclass
class Books:
    """Transactions with a clock of whole seconds: after each request the next edit happens.

    Attributes:
        lines: version of each line, by transaction and unique key.
        stamps: when each transaction was changed last.
        edited: transactions that were since the last run began.
    """

    lines: dict[int, dict[int, int]]
    page_size: int
    edits: Iterator[Edit | None]
    stamps: dict[int, int] = field(default_factory=dict)
    edited: set[int] = field(default_factory=set)
    clock: int = 10
    runs: int = 0
    version: int = 0
    requests: int = 0
    started: datetime = EPOCH

    def begin(self) -> None:
        """Let a run begin; two of them never do at the same moment."""
        self.runs += 1
        self.edited = set()
        self.started = EPOCH + timedelta(seconds=self.clock, microseconds=self.runs)

    def go_on(self) -> None:
        self.requests += 1
        assert self.requests < 5000, "reading does not end"
        edit = next(self.edits, None)
        if edit:
            transaction, bits, seconds = edit
            self.clock += seconds
            self.version += 1
            self.lines[transaction] = lines_of(transaction, bits, self.version)
            self.stamps[transaction] = self.clock
            self.edited.add(transaction)

    def those(self, condition: tuple[int | None, int | None]) -> dict[int, tuple[int, int]]:
        """Return transaction and version of the lines of transactions changed within a time, by key."""
        low, high = condition
        return {
            key: (transaction, version)
            for transaction, lines in self.lines.items()
            for key, version in lines.items()
            if (low is None or self.stamps.get(transaction, 0) >= low)
            and (high is None or self.stamps.get(transaction, 0) < high)
        }


class Chosen:
    """Conditions as the books take them; each transaction has a stamp."""

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> Any:
        del unstamped
        return tuple(None if each is None else int((each - EPOCH).total_seconds()) for each in (low, high))

    def unstamped(self) -> str:
        return ""

    def newest(self, seen: str | None) -> str | None:
        return seen


class Table(NumberKeys):
    statement_pages = 3

    def __init__(
        self, books: Books, condition: Any, counted: Callable[[], Any], read_at: Callable[[], datetime | None]
    ) -> None:
        self.books, self.condition, self.counted, self.read_at = books, condition, counted, read_at
        self.page_size = books.page_size

    def page(self, after: Key | None, offset: int) -> Rows:
        found = self.books.those(self.condition)
        keys = sorted(key for key in found if after is None or key > after[0])
        shown = keys[offset : offset + self.page_size]
        records = [
            {"key": key, "transaction": found[key][0], "version": found[key][1], "read_at": self.read_at()}
            for key in shown
        ]
        newest = max((self.books.stamps.get(found[key][0], 0) for key in shown), default=None)
        self.books.go_on()
        rows = Rows(
            len(shown),
            records=records,
            first=(shown[0],) if shown else None,
            last=(shown[-1],) if shown else None,
            newest=None if newest is None else iso(EPOCH + timedelta(seconds=newest)),
            keys=[(key,) for key in shown],
        )
        return replace(rows, offset=offset, total=len(keys), has_more=offset + len(shown) < len(keys))

    def count_whole(self, after: Key | None, *, alone: bool) -> int | None:
        del alone
        self.books.go_on()  # it waits for other streams
        found = self.books.those(self.counted())
        self.books.go_on()
        return count_whole(found, after)

    def count(self, after: Key | None, up_to: Key, gaps: tuple[Gap, ...]) -> Count:
        counted, found = self.books.those(self.counted()), self.books.those(self.condition)
        self.books.go_on()
        return count_of(counted, found, after, up_to, gaps)


@dataclass
class Pipeline:
    """A warehouse that is loaded by run after run, and the state that the loader has kept."""

    books: Books
    warehouse: dict[int, dict[str, Any]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def run(self, seed: int, portions: int | None = None, *, keeps_state: bool = True) -> None:
        """Run once, or until it is killed after some portions, with or without the states since its beginning."""
        self.books.begin()
        reading = TableReading(
            LINES,
            lambda condition, counted, read_at: Table(self.books, condition, counted, read_at),
            position_in(self.state, LINES),
            changes=cast("Changes", Chosen()),
            start_date=None,
            clock=self.books,
            lookback=timedelta(),
            audit=Audit.ERROR,
            reads_sets=True,
        )
        state = self.state
        for number, portion in enumerate(reading.read(ShakenFetcher(seed).fetcher)):
            if number == portions:
                self.state = state if keeps_state else self.state
                return
            for record in portion.rows.records or [] if portion.rows else []:
                self.warehouse[record["key"]] = record
            if portion.bookmark is not None:
                state = json.loads(json.dumps(portion.bookmark))
        self.state = state

    def living(self) -> dict[int, dict[int, int]]:
        """Return what a view over the warehouse shows: rows of each transaction's last reading."""
        last: dict[int, datetime] = {}
        for row in self.warehouse.values():
            last[row["transaction"]] = max(row["read_at"], last.get(row["transaction"], row["read_at"]))
        lines: dict[int, dict[int, int]] = {}
        for row in self.warehouse.values():
            if row["read_at"] == last[row["transaction"]]:
                lines.setdefault(row["transaction"], {})[row["key"]] = row["version"]
        return lines


@given(
    first=st.dictionaries(TRANSACTIONS, SETS, max_size=4),
    size=st.integers(1, 4),
    edits=EDITS,
    kills=st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 20)), st.booleans()), max_size=5),
    seed=st.integers(0, 2**16),
)
def test_what_lives_is_what_netsuite_has_however_sets_are_torn(
    first: dict[int, int],
    size: int,
    edits: list[Edit | None],
    kills: list[tuple[int | None, bool]],
    seed: int,
) -> None:
    books = Books({number: lines_of(number, bits, 0) for number, bits in first.items()}, size, iter(edits))
    pipeline = Pipeline(books)
    for number, (kill, keeps_state) in enumerate(kills):
        pipeline.run(seed + number, kill, keeps_state=keeps_state)
        if kill is None:  # what nobody edited meanwhile is whole
            compare(pipeline, books.lines.keys() - books.edited)
    books.edits = iter([])
    pipeline.run(seed - 1)
    compare(pipeline, books.lines.keys())


def compare(pipeline: Pipeline, transactions: Any) -> None:
    living = pipeline.living()
    for transaction in transactions:
        lines = pipeline.books.lines[transaction]
        if lines:  # one that has lost all its lines shows in its header alone
            assert living.get(transaction) == lines, transaction
