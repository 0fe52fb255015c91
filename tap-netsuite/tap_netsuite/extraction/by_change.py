"""Reading the rows of a source in the order of their replication key, with places to resume from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from suitetalk import IncompleteResultError, SuiteQL
from suitetalk.timezone import PYTHON_TIME_FORMAT
from tap_netsuite.extraction.audit import count_rows, gap
from tap_netsuite.extraction.by_key import rows_by_key
from tap_netsuite.extraction.source import Source, both, literal
from tap_netsuite.values import Column, Kind

Row = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """Some rows, and how far everything has been read once they are passed on.

    Attributes:
        rows: the rows; those at a border may come again in the next slice.
        complete_below: every row whose replication key lies below this has been passed on by now; as SuiteQL
            delivers the column. None when nothing new can be said.
    """

    rows: list[Row]
    complete_below: Any | None = None


@dataclass(frozen=True)
class _Passed:
    """Rows that were passed on, before NetSuite's next count bears out that they were all.

    Attributes:
        condition: where they lie.
        rows: how many they were.
        left: NetSuite's count of what was still to come behind them.
        border: the value they lie below.
    """

    condition: str
    rows: int
    left: int
    border: Any


def rows_by_change(suiteql: SuiteQL, source: Source, column: Column, start: Any | None) -> Iterator[Slice]:
    """Yield all rows whose replication key is at `start` or above, lowest first; all that have one if it is None.

    A row that is changed meanwhile moves to the end of the order and is read there, so each row that is there
    throughout is passed on at least once. However many rows share one value, none is lost: such a group is
    read by key. Times are compared by whole seconds, whatever fractions NetSuite keeps.

    Raises:
        IncompleteResultError: fewer rows came than NetSuite counts; no slice has said that they were complete.
    """
    order = ", ".join(dict.fromkeys([column.name, *(key.name for key in source.keys)]))
    rest = f"{column.source} IS NOT NULL" if start is None else _at_or_above(column, start)
    passed: _Passed | None = None
    while True:
        page = suiteql.page(source.page(rest, order))
        if passed:
            if page.total < passed.left:  # rows were deleted meanwhile, changed, or never shown
                _check_count(suiteql, source, passed.condition, came=passed.rows)
            yield Slice([], passed.border)
        if not page.items:
            if page.total:
                _check_count(suiteql, source, rest, came=0)
            return
        _check_progress(source, column, page.items)
        lowest, highest = page.items[0][column.name], page.items[-1][column.name]
        if len(page.items) >= page.total:
            yield Slice(page.items, highest)
            return
        below = both(rest, f"{column.source} < {literal(column, highest)}")
        if lowest == highest:
            _check_count(suiteql, source, below, came=0)
            yield from (Slice(rows) for rows in rows_by_key(suiteql, source, _equal(column, highest)))
            yield Slice([], highest)
            rest, passed = _above(column, highest), None
        else:
            rows = [row for row in page.items if row[column.name] != highest]
            yield Slice(rows)
            rest = _at_or_above(column, highest)
            passed = _Passed(below, len(rows), page.total - len(rows), highest)


def _check_count(suiteql: SuiteQL, source: Source, condition: str, *, came: int) -> None:
    missing = count_rows(suiteql, source, condition) - came
    if missing > 0:
        raise gap(source, condition, came=came, missing=missing)


def _check_progress(source: Source, column: Column, rows: list[Row]) -> None:
    """Make sure that the page is in the order asked for; going on from a value that is not the highest loses rows."""
    value = Decimal if column.kind in (Kind.INTEGER, Kind.DECIMAL) else str
    values = [value(row[column.name]) for row in rows]
    if values != sorted(values):
        raise IncompleteResultError(
            f"NetSuite does not order {source.name} by {column.source}, so reading by it would lose rows; "
            "make its replication method FULL_TABLE in the catalog."
        )


def _at_or_above(column: Column, value: Any) -> str:
    return f"{column.source} >= {literal(column, value)}"


def _above(column: Column, value: Any) -> str:
    if column.kind.is_temporal:
        return _at_or_above(column, _a_second_later(value))
    return f"{column.source} > {literal(column, value)}"


def _equal(column: Column, value: Any) -> str:
    if column.kind.is_temporal:
        return both(_at_or_above(column, value), f"{column.source} < {literal(column, _a_second_later(value))}")
    return f"{column.source} = {literal(column, value)}"


def _a_second_later(value: str) -> str:
    moment = datetime.strptime(value, PYTHON_TIME_FORMAT)  # noqa: DTZ007 - the account's clock has no zone in it
    return f"{moment + timedelta(seconds=1):{PYTHON_TIME_FORMAT}}"
