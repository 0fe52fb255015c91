"""A table over several runs against a brute-force model: changes, deletions, kills, and state as JSON in between."""

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

ID = Column("id", Kind.INTEGER)
STAMP = Column("stamp", Kind.DATE_TIME)
FULL = Source("t", (ID, STAMP), (ID,))
INCREMENTAL = Source("t", (ID, STAMP), (ID,), STAMP)
EPOCH = datetime(2024, 5, 2, tzinfo=timezone.utc)
Change = tuple[str, int, int]

IDS = st.integers(-8, 24)
CHANGES = st.lists(
    st.lists(st.tuples(st.sampled_from(["touch", "insert", "delete", "unstamp"]), IDS, st.integers(0, 2)), max_size=3),
    max_size=40,
)


@dataclass
class Row:
    stamp: int | None
    version: int


@dataclass
class Account:
    """A table with a clock: after each request the next changes happen, each after some seconds.

    Attributes:
        rows: by id.
        clock: seconds since the epoch of the test.
        throughout: rows that have been there, and as they are, since the last call of `watch`.
    """

    rows: dict[int, Row]
    page_size: int
    changes: Iterator[list[Change]]
    clock: int = 10
    statement_pages: int = 3
    versions: int = 100
    requests: int = 0
    throughout: set[int] = field(default_factory=set)
    started: datetime = EPOCH

    def watch(self) -> None:
        self.throughout = set(self.rows)
        self.started = self.now()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.clock)

    def go_on(self) -> None:
        self.requests += 1
        assert self.requests < 3000, "reading does not end"
        for kind, key, seconds in next(self.changes, []):
            self.clock += seconds
            self.versions += 1
            if kind == "delete":
                self.rows.pop(key, None)
                self.throughout.discard(key)
            elif kind == "unstamp" and key not in self.rows:
                self.rows[key] = Row(None, self.versions)
            elif kind == "insert" or key in self.rows:
                self.rows[key] = Row(self.clock, self.versions)

    def matching(self, condition: tuple[Any, ...]) -> dict[int, Row]:
        low, high, unstamped = condition
        return {
            key: row
            for key, row in self.rows.items()
            if (
                unstamped
                if row.stamp is None
                else (low is None or row.stamp >= low) and (high is None or row.stamp < high)
            )
        }


class Chosen:
    """Conditions as the account of the test takes them."""

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> Any:
        return (seconds(low), seconds(high), unstamped)

    def unstamped(self) -> Any:
        return (10**9, None, True)

    def newest(self, seen: str | None) -> str | None:
        return seen


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - EPOCH).total_seconds())


class Table(NumberKeys):
    def __init__(self, account: Account, condition: Any, counted: Callable[[], Any]) -> None:
        self.account = account
        self.counted = counted
        self.condition = condition or (None, None, True)
        self.page_size = account.page_size
        self.statement_pages = account.statement_pages

    def page(self, after: Key | None, offset: int) -> Rows:
        found = self.account.matching(self.condition)
        keys = sorted(key for key in found if after is None or key > after[0])
        shown = keys[offset : offset + self.page_size]
        records = [{"id": key, "version": found[key].version} for key in shown]
        stamps = [found[key].stamp for key in shown]
        newest = max((stamp for stamp in stamps if stamp is not None), default=None)
        self.account.go_on()
        rows = Rows(
            len(shown),
            records=records,
            first=(shown[0],) if shown else None,
            last=(shown[-1],) if shown else None,
            newest=None if newest is None else iso(EPOCH + timedelta(seconds=newest)),
            keys=[(key,) for key in shown],
        )
        return replace(rows, offset=offset, total=len(keys))

    def count_whole(self, after: Key | None, *, alone: bool) -> int | None:
        del alone
        self.account.go_on()  # it waits for other streams
        found = self.account.matching(self.counted() or (None, None, True))
        self.account.go_on()
        return count_whole(found, after)

    def count(self, after: Key | None, up_to: Key, gaps: tuple[Gap, ...]) -> Count:
        counted, found = (
            self.account.matching(self.counted() or (None, None, True)),
            self.account.matching(self.condition),
        )
        self.account.go_on()
        return count_of(counted, found, after, up_to, gaps)


@dataclass
class Pipeline:
    """A warehouse that is loaded by run after run, and the state that the last one left."""

    account: Account
    source: Source
    lookback: int = 0
    warehouse: dict[int, int] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def run(self, seed: int, portions: int | None = None) -> None:
        """Run once, or until it is killed after some portions; each state passes through JSON as a file would."""
        self.account.watch()
        emitted: set[int] = set()
        changes = cast("Changes", Chosen()) if self.source.replication_key else None
        reading = TableReading(
            self.source,
            lambda condition, counted, _: Table(self.account, condition, counted),
            position_in(self.state, self.source),
            changes=changes,
            start_date=None,
            clock=self.account,
            lookback=timedelta(seconds=self.lookback),
            audit=Audit.ERROR,
        )
        resumed = "reading" in self.state
        first_of_all = not self.state
        for number, portion in enumerate(reading.read(ShakenFetcher(seed).fetcher)):
            if number == portions:
                return
            for record in portion.rows.records or [] if portion.rows else []:
                self.warehouse[record["id"]] = record["version"]
                emitted.add(record["id"])
            if portion.bookmark is not None:
                self.state = json.loads(json.dumps(portion.bookmark))
        if not resumed and (first_of_all or changes is None):
            assert self.account.throughout <= emitted


@given(
    stamps=st.dictionaries(IDS, st.one_of(st.none(), st.integers(0, 9)), max_size=25),
    size=st.integers(1, 4),
    between=CHANGES,
    kills=st.lists(st.one_of(st.none(), st.integers(0, 25)), max_size=5),
    lookback=st.integers(0, 3),
    seed=st.integers(0, 2**16),
)
def test_the_warehouse_ends_as_the_account_whatever_changes_and_whenever_runs_are_killed(
    stamps: dict[int, int | None],
    size: int,
    between: list[list[Change]],
    kills: list[int | None],
    lookback: int,
    seed: int,
) -> None:
    rows = {key: Row(stamp, number) for number, (key, stamp) in enumerate(stamps.items())}
    account = Account(rows, size, iter(between))
    pipeline = Pipeline(account, INCREMENTAL, lookback)
    for number, kill in enumerate(kills):
        pipeline.run(seed + number, kill)
    account.changes = iter([])
    pipeline.run(seed - 1)
    unstamped = {key for key, row in account.rows.items() if row.stamp is None}
    beyond_a_page = len(unstamped) > size  # of these it is only said that they cannot be told from others
    wanted = {key: row.version for key, row in account.rows.items() if not (beyond_a_page and key in unstamped)}
    assert {key: pipeline.warehouse.get(key) for key in wanted} == wanted


@given(
    ids=st.sets(IDS, max_size=25),
    size=st.integers(1, 4),
    between=CHANGES,
    kills=st.lists(st.integers(0, 25), max_size=4),
    seed=st.integers(0, 2**16),
)
def test_a_table_read_in_full_goes_on_where_it_was_killed_and_then_begins_anew(
    ids: set[int], size: int, between: list[list[Change]], kills: list[int], seed: int
) -> None:
    account = Account({key: Row(0, 0) for key in ids}, size, iter(between))
    pipeline = Pipeline(account, FULL)
    for number, kill in enumerate(kills):
        pipeline.run(seed + number, kill)
    account.changes = iter([])
    pipeline.run(seed - 1)
    assert "reading" not in pipeline.state
    deleted = {key for changes in between for kind, key, _ in changes if kind == "delete"}  # some came back later
    assert (ids & account.rows.keys()) - deleted <= pipeline.warehouse.keys()
    pipeline.run(seed - 2)
    assert all(pipeline.warehouse[key] == row.version for key, row in account.rows.items())
