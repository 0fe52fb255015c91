"""From a page's bytes to RECORD lines: the quick way and the careful one lead to the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import IncompleteResultError, Page
from tap_netsuite.reading.page import RowFormat, Rows, ValueFormError
from tap_netsuite.source import Column, Kind, Source

ZONE = ZoneInfo("Australia/Sydney")
COLUMNS = (
    Column("id", Kind.INTEGER),
    Column("class", Kind.INTEGER),
    Column("amount", Kind.DECIMAL),
    Column("active", Kind.BOOLEAN),
    Column("day", Kind.DATE),
    Column("lastmodified", Kind.DATE_TIME, in_utc=True),
    Column("local", Kind.DATE_TIME),
    Column("memo", Kind.TEXT),
    Column("tags", Kind.ID_LIST),
)
SOURCE = Source("t", COLUMNS, (COLUMNS[0],), COLUMNS[5])
PLAIN = Source("t", COLUMNS)

TIMES = st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0"))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.sampled_from(
    [".5", "-.25", "9007199254740993.13"]
)
ODD = st.sampled_from(
    ["", "null", "Null", "NaN", "-inf", "1e3", "007", "5.0", " 5", "T", "true", "2024-05-02", "x" * 30]
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "class": st.integers(-(2**62), 2**62).map(str),
    "amount": DECIMALS,
    "active": st.sampled_from(["T", "F", True, False]),
    "day": TIMES,
    "lastmodified": TIMES,
    "local": TIMES,
    "memo": st.text(max_size=20),
    "tags": st.lists(st.integers(0, 99).map(str), max_size=3).map(", ".join),
}
GOOD_ROWS = st.lists(st.fixed_dictionaries({}, optional=VALUES), max_size=5)
ROWS = st.lists(st.fixed_dictionaries({}, optional={name: kind | ODD for name, kind in VALUES.items()}), max_size=5)


def content(rows: list[dict[str, Any]], **more: Any) -> bytes:
    items = [{"links": [], **row} for row in rows]
    return json.dumps({"items": items, "totalResults": len(rows), "hasMore": False, "links": [], **more}).encode()


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "id": str(number)} for number, row in enumerate(rows)]


def unused() -> Page:
    raise AssertionError("the quick way was left")


def messages(rows: Rows) -> list[dict[str, Any]]:
    found = [json.loads(line, parse_float=Decimal) for line in rows.lines.splitlines()]
    return [{**message, "time_extracted": None} for message in found]


def a_format(source: Source = SOURCE) -> RowFormat:
    return RowFormat("things", source, lambda: ZONE, as_lines=True)


@given(GOOD_ROWS)
def test_what_is_expected_goes_the_quick_way_and_ends_as_the_careful_one(rows: list[dict[str, Any]]) -> None:
    rows = numbered([row for row in rows if "ull" not in row.get("memo", "")])
    rows = [{name: value for name, value in row.items() if not isinstance(value, bool)} for row in rows]
    quick = a_format().read(content(rows), unused)
    careful = a_format().of_items(rows)
    assert messages(quick) == messages(careful)
    assert (quick.count, quick.first, quick.last, quick.newest) == (
        careful.count,
        careful.first,
        careful.last,
        careful.newest,
    )
    assert quick.total == len(rows)


@given(ROWS)
def test_whatever_comes_both_ways_end_the_same(rows: list[dict[str, Any]]) -> None:
    rows = numbered(rows)
    try:
        careful = messages(a_format().of_items(rows))
    except ValueFormError:
        with pytest.raises(ValueFormError, match="make its type string in the catalog"):
            a_format().read(content(rows), lambda: Page(rows, len(rows), has_more=False))
        return
    read = a_format().read(content(rows), lambda: Page(rows, len(rows), has_more=False))
    assert messages(read) == careful


def test_names_in_capitals_and_columns_nobody_asked_for_are_not_lost() -> None:
    given_rows = [{"ID": "5", "MEMO": "kept"}]
    lowered = [{"id": "5", "memo": "kept"}]
    rows = a_format().read(content(given_rows), lambda: Page(lowered, 1, has_more=False))
    assert messages(rows)[0]["record"]["memo"] == "kept"


def test_a_record_has_every_column_and_exact_decimals() -> None:
    rows = a_format().read(content([{"id": "5", "amount": "9007199254740993.130"}]), unused)
    assert b'"amount":9007199254740993.130' in rows.lines
    assert messages(rows)[0]["record"].keys() == {column.name for column in COLUMNS}


def test_the_total_may_be_text() -> None:
    assert a_format().read(content([], totalResults="53"), unused).total == 53


@pytest.mark.parametrize(
    ("ids", "words"),
    [(["2", "1"], "does not order t by id as numbers"), (["1", "1"], "two rows with the same key: id does not")],
)
def test_keys_out_of_order_are_an_error(ids: list[str], words: str) -> None:
    with pytest.raises(IncompleteResultError, match=words):
        a_format().read(content([{"id": number} for number in ids]), unused)
    assert a_format(PLAIN).read(content([{"id": number} for number in ids]), unused).count == 2


def test_a_row_without_its_key_is_an_error() -> None:
    with pytest.raises(IncompleteResultError, match="has a row without id: id does not identify a row"):
        a_format().read(content([{"memo": "lost"}]), unused)


def test_for_the_sdk_rows_are_mappings() -> None:
    row_format = RowFormat("things", SOURCE, lambda: ZONE, as_lines=False)
    rows = row_format.read(content([{"id": "5"}]), lambda: Page([{"id": "5", "active": "T"}], 1, has_more=False))
    assert rows.records
    assert rows.records[0]["active"] is True
    assert not rows.lines


@pytest.mark.parametrize("as_lines", [True, False])
def test_values_are_kept_on_request_and_rows_say_that_they_are_there(*, as_lines: bool) -> None:
    row_format = RowFormat("things", SOURCE, lambda: ZONE, as_lines=as_lines, kept=("id", "memo"), marks_deletions=True)
    items = [{"id": "5", "memo": "five"}, {"id": "7"}]
    rows = row_format.read(content(items), lambda: Page(items, 2, has_more=False))
    assert rows.kept == ((5, "five"), (7, None))
    records = [json.loads(line)["record"] for line in rows.lines.splitlines()] if as_lines else rows.records
    assert records
    assert [record["_sdc_deleted_at"] for record in records] == [None, None]
