"""Reading by change against a brute-force model: what is lost, how far a slice may say it is complete, resuming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stand_in import Row, StandIn, shuffled, standing_in, without

from suitetalk import IncompleteResultError
from tap_netsuite.reading.sequential import rows_by_change
from tap_netsuite.source import Column, Kind, Source

Change = Callable[[StandIn], None]

ID = Column("id", Kind.INTEGER)
NAME = Column("name", Kind.TEXT)
STAMP = Column("stamp", Kind.DATE_TIME)
VERSION = Column("version", Kind.INTEGER)
COLUMNS = "id INTEGER, name TEXT, stamp TEXT, version INTEGER"
SOURCES = {
    "number": Source("t", (ID, NAME, STAMP, VERSION), (ID,), STAMP),
    "pair": Source("t", (ID, NAME, STAMP, VERSION), (NAME, ID), STAMP),
    "none": Source("t", (ID, NAME, STAMP, VERSION), (), STAMP),
}
EPOCH = datetime(2024, 5, 2, 9, 59, 55)  # noqa: DTZ001 - a clock without a zone
NOW = EPOCH + timedelta(seconds=5)  # the clock of the first change; no row is newer before it


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


TICKS = st.integers(0, 20)  # quarters of a second
STAMPS = st.one_of(st.none(), TICKS.map(lambda tick: written(EPOCH + timedelta(seconds=tick / 4))))
TABLES = st.dictionaries(
    st.integers(-20, 20), st.tuples(st.text(alphabet="aB'é", min_size=1, max_size=2), STAMPS), max_size=25
)
SIZES = st.integers(1, 5)


def stand_in_of(named: dict[int, tuple[str, str | None]], page_size: int, **options: Any) -> StandIn:
    rows = [{"id": key, "name": name, "stamp": stamp, "version": 0} for key, (name, stamp) in named.items()]
    return StandIn(COLUMNS, rows, page_size=page_size, **options)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Something that happens between two pages, at a time that is never before an earlier one."""
    kind, key = draw(st.sampled_from(["touch", "insert", "delete"])), draw(st.integers(-20, 30))
    later = timedelta(seconds=draw(st.integers(0, 8)) / 4)

    def change(stand_in: StandIn) -> None:
        newest = stand_in.execute("SELECT max(stamp) AS stamp FROM t")[0]["stamp"]
        now = max(written(NOW), newest or "")
        now = written(datetime.strptime(now, "%Y-%m-%d %H:%M:%S.%f") + later)  # noqa: DTZ007 - a clock without a zone
        if kind == "delete":
            stand_in.execute("DELETE FROM t WHERE id = ?", key)
        elif kind == "touch":
            stand_in.execute("UPDATE t SET version = version + 1, stamp = ? WHERE id = ?", now, key)
        elif not stand_in.execute("SELECT 1 FROM t WHERE id = ?", key):
            stand_in.insert({"id": key, "name": "new", "stamp": now, "version": 100})

    return change


@dataclass
class Reading:
    """What a reading has passed on.

    Attributes:
        versions: (id, version) of each row.
        complete_below: the last value below which it said everything was passed on.
        error: what ended it early.
    """

    versions: set[tuple[int, int]] = field(default_factory=set)
    complete_below: str | None = None
    error: IncompleteResultError | None = None


def read(stand_in: StandIn, source: Source, start: str | None = None, slices: int | None = None) -> Reading:
    """Read, up to a number of slices, and check each promise of a slice at once."""
    reading = Reading(complete_below=start)
    try:
        for number, portion in enumerate(rows_by_change(stand_in.suiteql, source, STAMP, start)):
            if number == slices:
                break
            reading.versions.update((int(row["id"]), int(row["version"])) for row in portion.rows)
            if portion.complete_below is not None:
                reading.complete_below = portion.complete_below
                assert due(stand_in.rows(), start, portion.complete_below) <= reading.versions
    except IncompleteResultError as error:
        reading.error = error
    return reading


def due(rows: list[Row], start: str | None, below: str) -> set[tuple[int, int]]:
    """Rows as they are now whose stamp lies from `start` on and below a value, by whole seconds."""
    return {
        (row["id"], row["version"])
        for row in rows
        if row["stamp"] and row["stamp"][:19] < below and (start is None or row["stamp"][:19] >= start)
    }


def stamped(rows: list[Row]) -> set[tuple[int, int]]:
    return {(row["id"], row["version"]) for row in rows if row["stamp"]}


@pytest.mark.parametrize("keys", SOURCES)
@given(named=TABLES, size=SIZES, start=st.one_of(st.none(), TICKS))
def test_all_rows_come_when_nothing_changes(
    keys: str, named: dict[int, tuple[str, str | None]], size: int, start: int | None
) -> None:
    value = None if start is None else f"{EPOCH + timedelta(seconds=start // 4):%Y-%m-%d %H:%M:%S}"
    with standing_in(stand_in_of(named, size)) as stand_in:
        reading = read(stand_in, SOURCES[keys], value)
        expected = due(stand_in.rows(), value, "9999")
    assert reading.error is None
    assert reading.versions == expected


@given(
    named=TABLES,
    size=SIZES,
    between=st.lists(changes(), max_size=20),
    stop=st.one_of(st.none(), st.integers(0, 12)),
)
def test_nothing_is_lost_by_changes_between_pages_nor_by_stopping_and_resuming(
    named: dict[int, tuple[str, str | None]], size: int, between: list[Change], stop: int | None
) -> None:
    with standing_in(stand_in_of(named, size, changes=between)) as stand_in:
        first = read(stand_in, SOURCES["number"], slices=stop)
        while next(stand_in._changes, None):
            pass  # what did not happen before the end never does
        second = read(stand_in, SOURCES["number"], first.complete_below)
        assert second.error is None
        rows = stand_in.rows()
    untouched = {version for version in stamped(rows) if version[1] == 0}
    assert stamped(rows) - untouched <= first.versions | second.versions
    assert untouched <= first.versions | second.versions


@given(named=TABLES, size=SIZES, between=st.lists(changes(), max_size=20))
def test_a_whole_reading_has_every_row_that_was_there_throughout(
    named: dict[int, tuple[str, str | None]], size: int, between: list[Change]
) -> None:
    with standing_in(stand_in_of(named, size, changes=between)) as stand_in:
        reading = read(stand_in, SOURCES["number"])
        left = {row["id"] for row in stand_in.rows()}
    stayed = {key for key, (_, stamp) in named.items() if stamp and key in left}
    if reading.error is None:
        assert stayed <= {key for key, _ in reading.versions}


@pytest.mark.parametrize("keys", SOURCES)
@given(named=TABLES, size=SIZES, missing=st.sets(st.integers(-20, 20), min_size=1))
def test_rows_that_are_never_shown_are_an_error_and_no_state_runs_past_them(
    keys: str, named: dict[int, tuple[str, str | None]], size: int, missing: set[int]
) -> None:
    with standing_in(stand_in_of(named, size, spoil=without(missing))) as stand_in:
        reading = read(stand_in, SOURCES[keys])  # checks each slice against what is really there
        lost = stamped(stand_in.rows()) - reading.versions
    assert bool(lost) == bool(reading.error)


@given(named=TABLES, size=SIZES, seed=st.integers())
def test_a_server_that_does_not_order_is_an_error_or_does_no_harm(
    named: dict[int, tuple[str, str | None]], size: int, seed: int
) -> None:
    with standing_in(stand_in_of(named, size, spoil=shuffled(seed))) as stand_in:
        reading = read(stand_in, SOURCES["number"])
        if reading.error is None:
            assert stamped(stand_in.rows()) <= reading.versions


@given(numbers=st.lists(st.integers(-5, 5), max_size=25), size=SIZES, start=st.one_of(st.none(), st.integers(-5, 5)))
def test_numbers_as_replication_key(numbers: list[int], size: int, start: int | None) -> None:
    rows = [{"id": key, "counter": number} for key, number in enumerate(numbers)]
    counter = Column("counter", Kind.INTEGER)
    with standing_in(StandIn("id INTEGER, counter INTEGER", rows, page_size=size)) as stand_in:
        slices = list(rows_by_change(stand_in.suiteql, Source("t", (ID, counter), (ID,), counter), counter, start))
    came = {int(row["id"]) for portion in slices for row in portion.rows}
    assert came == {key for key, number in enumerate(numbers) if start is None or number >= start}
    assert [portion.complete_below for portion in slices if portion.complete_below][-1:] == (
        [str(max(numbers))] if came else []
    )
