"""Reading by key against a brute-force model: whatever happens between pages, nothing that stays is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stand_in import Row, StandIn, shuffled, standing_in, without

from suitetalk import IncompleteResultError
from tap_netsuite.reading.sequential import rows_by_key
from tap_netsuite.source import Column, Kind, Source

Change = Callable[[StandIn], None]

ID = Column("id", Kind.INTEGER)
NAME = Column("name", Kind.TEXT)
VERSION = Column("version", Kind.INTEGER)
BY_ID = Source("t", (ID, VERSION), (ID,))
BY_BOTH = Source("t", (ID, NAME, VERSION), (NAME, ID))
BY_NAME = Source("t", (NAME, VERSION), (NAME,))
KEYLESS = Source("t", (ID, NAME, VERSION))

IDS = st.integers(-30, 30)
NAMES = st.text(alphabet="aB'é_%1 -", min_size=1, max_size=3)
SIZES = st.integers(1, 4)


def read(stand_in: StandIn, source: Source, condition: str = "") -> list[Row]:
    return [row for rows in rows_by_key(stand_in.suiteql, source, condition) for row in rows]


def keys_of(rows: list[Row], source: Source) -> set[tuple[str, ...]]:
    return {tuple(str(row[column.name]) for column in source.keys) for row in rows}


@st.composite
def changes(draw: st.DrawFn) -> Change:
    key, name = draw(IDS), draw(NAMES)
    kind = draw(st.sampled_from(["insert", "update", "delete"]))

    def change(stand_in: StandIn) -> None:
        if kind == "delete":
            stand_in.execute("DELETE FROM t WHERE id = ?", key)
        elif kind == "update":
            stand_in.execute("UPDATE t SET version = version + 1 WHERE id = ?", key)
        elif not stand_in.execute("SELECT 1 FROM t WHERE id = ?", key):
            stand_in.insert({"id": key, "name": name, "version": 100})

    return change


TABLES = st.dictionaries(IDS, NAMES, max_size=25)


def table(named: dict[int, str], page_size: int, **options: Any) -> StandIn:
    rows = [{"id": key, "name": name, "version": 0} for key, name in named.items()]
    return StandIn("id INTEGER, name TEXT, version INTEGER", rows, page_size=page_size, **options)


@pytest.mark.parametrize("source", [BY_ID, BY_BOTH])
@given(named=TABLES, size=SIZES, between=st.lists(changes(), max_size=12))
def test_rows_that_stay_are_all_read_whatever_changes_meanwhile(
    source: Source, named: dict[int, str], size: int, between: list[Change]
) -> None:
    before = dict(named)
    gone: set[int] = set()

    def watched(change: Change) -> Change:
        def both(stand_in: StandIn) -> None:
            change(stand_in)
            gone.update(before.keys() - {row["id"] for row in stand_in.rows()})

        return both

    with standing_in(table(named, size, changes=[watched(change) for change in between])) as stand_in:
        emitted = read(stand_in, source)
    stayed = [{"id": key, "name": name} for key, name in before.items() if key not in gone]
    assert keys_of(stayed, source) <= keys_of(emitted, source)


@given(named=TABLES, size=SIZES)
def test_each_row_comes_once_when_nothing_changes(named: dict[int, str], size: int) -> None:
    for source in (BY_ID, BY_BOTH, KEYLESS):
        with standing_in(table(named, size)) as stand_in:
            emitted = read(stand_in, source)
        assert sorted((int(row["id"]), row.get("name", named[int(row["id"])])) for row in emitted) == sorted(
            named.items()
        )


@given(named=TABLES, size=SIZES, wanted=IDS)
def test_a_condition_holds_for_every_page(named: dict[int, str], size: int, wanted: int) -> None:
    with standing_in(table(named, size)) as stand_in:
        emitted = read(stand_in, BY_ID, f"(id > {wanted} OR id = -30)")
    assert {int(row["id"]) for row in emitted} == {key for key in named if key > wanted or key == -30}


@pytest.mark.parametrize("source", [BY_ID, BY_BOTH, KEYLESS])
@given(named=TABLES, size=SIZES, missing=st.sets(IDS, min_size=1))
def test_rows_that_are_counted_and_never_shown_are_an_error(
    source: Source, named: dict[int, str], size: int, missing: set[int]
) -> None:
    with standing_in(table(named, size, spoil=without(missing))) as stand_in:
        if missing & named.keys():
            with pytest.raises(IncompleteResultError, match="NetSuite counts"):
                read(stand_in, source)
        else:
            assert len(read(stand_in, source)) == len(named)


@pytest.mark.parametrize("source", [BY_ID, BY_NAME])
@given(names=st.sets(NAMES, max_size=20), size=SIZES, seed=st.integers())
def test_a_server_that_does_not_order_is_an_error_or_does_no_harm(
    source: Source, names: set[str], size: int, seed: int
) -> None:
    named = dict(enumerate(sorted(names)))
    rows = [{"id": key, "name": name} for key, name in named.items()]
    with standing_in(table(named, size, spoil=shuffled(seed))) as stand_in:
        try:
            emitted = read(stand_in, source)
        except IncompleteResultError:
            return
    assert keys_of(emitted, source) == keys_of(rows, source)


def test_a_keyless_table_that_shrinks_between_pages_is_read_again() -> None:
    named = dict.fromkeys(range(5), "x")
    behind = [lambda stand_in: stand_in.execute("DELETE FROM t WHERE id = 0")]
    with standing_in(table(named, 2, changes=behind)) as stand_in:
        emitted = read(stand_in, KEYLESS)
    assert {row["id"] for row in emitted} >= {"1", "2", "3", "4"}


def test_a_keyless_table_that_never_stands_still_is_an_error() -> None:
    named = dict.fromkeys(range(20), "x")
    shrinking = [
        lambda stand_in: stand_in.execute("DELETE FROM t WHERE id = (SELECT min(id) FROM t)") for _ in range(20)
    ]
    with standing_in(table(named, 2, changes=shrinking)) as stand_in, pytest.raises(IncompleteResultError):
        read(stand_in, KEYLESS)


def test_a_keyless_table_beyond_what_can_be_read_is_an_error_before_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_netsuite.reading.sequential.READABLE_ROWS", 4)
    with (
        standing_in(table(dict.fromkeys(range(5), "x"), 2)) as stand_in,
        pytest.raises(IncompleteResultError, match="5 rows and no key"),
    ):
        read(stand_in, KEYLESS)


def test_a_row_without_its_key_is_an_error_that_names_the_column() -> None:
    stand_in = StandIn("id INTEGER, name TEXT, version INTEGER", [{"id": n} for n in range(3)], page_size=2)
    with (
        standing_in(stand_in),
        pytest.raises(IncompleteResultError, match="has a row without name: name does not identify"),
    ):
        read(stand_in, BY_NAME)


def test_numbers_ordered_as_text_are_an_error() -> None:
    rows = [{"id": str(number), "name": "x", "version": 0} for number in range(1, 13)]
    stand_in = StandIn("id TEXT, name TEXT, version INTEGER", rows, page_size=3)
    with standing_in(stand_in), pytest.raises(IncompleteResultError, match="as numbers"):
        read(stand_in, BY_ID)
