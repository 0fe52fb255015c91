"""Other keys: a page after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from sys import maxsize
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import READABLE_ROWS, IncompleteResultError, Page, SuiteQL
from suitetalk.errors import STATEMENT_FAILURES
from suitetalk.suiteql import both
from suitetalk.timezone import PYTHON_TIME_FORMAT, earliest_local
from suitetalk.values import iso
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import PageSize, RowFormat, in_time
from tap_netsuite.reading.state import READINGS, Clock, check_not_ahead, moment_in, query_state
from tap_netsuite.source import (
    UTC,
    Column,
    CountTogether,
    Kind,
    Source,
    after,
    converter,
    count_rows,
    gap,
    is_in_parts,
    literal,
    missing_rows,
    page_in_parts,
    shows_all_columns,
)

logger = logging.getLogger(__name__)

Row = dict[str, Any]
_AS_WRITTEN = "tap_as_written"


def rows_by_key(suiteql: SuiteQL, source: Source, condition: str = "") -> Iterator[list[Row]]:
    """Yield pages of all rows meeting a condition; rows come twice when a reading had to be repeated.

    With a key, each page is a new query for what comes after the last row: nothing is cut at 100,000 rows
    [section_157909186990], and rows that come or go meanwhile move no others to another page. Without a key
    there is only paging by offset, in the order of all columns.

    Raises:
        IncompleteResultError: after three readings fewer rows came than NetSuite counts, or rows without a key may
            have been passed over; there are more than can be read; or the keys come out of order.
    """
    for reading in range(1, READINGS + 1):
        came, totals = 0, []
        for page in (
            _behind_the_last(suiteql, source, condition) if source.keys else _by_offset(suiteql, source, condition)
        ):
            totals.append(page.total)
            came += len(page.items)
            yield page.items
        missing = missing_rows(suiteql, source, condition, came=came, counted=totals[0] if totals else 0)
        if missing and source.keys:
            check_keys(suiteql, source, condition)
        moved = not source.keys and len(set(totals)) > 1
        if not missing and not moved:
            return
        if reading == READINGS:
            raise gap(source, condition, came=came, missing=missing) if missing else _never_still(source)
        logger.warning("%s: %s, reading again", source.name, f"{missing} rows are missing" if missing else "changed")


def check_keys(suiteql: SuiteQL, source: Source, condition: str) -> None:
    """Make sure that each row has a key that no other row has; reading by it would lose others.

    Raises:
        IncompleteResultError: that is not so.
    """
    try:
        row = suiteql.hasty.page(source.count_keys(condition), limit=1).items[0]
    except STATEMENT_FAILURES as refusal:
        logger.debug("The different keys of %s cannot be counted: %s", source.name, refusal)
        return
    rows, keys, different = int(row["n"]), int(row["k"]), int(row["d"])
    if rows > keys:
        raise source.key_error(f"{rows - keys} rows without a key")
    if keys > different:
        raise source.key_error(f"{keys} rows with {different} different keys")


def _behind_the_last(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Page]:
    order, sizes = _Order(source), PageSize(suiteql.page_size)
    is_first = True
    while True:
        rest = both(condition, after(source.keys, order.last))
        page, size = _page(suiteql, source, rest, source.key_order, sizes, doubts_nothing=is_first)
        is_first = False
        if page.items or page.total:
            yield page
        order.check(page.items)
        if not page.items or (not page.has_more and len(page.items) < size):
            return


def _page(
    suiteql: SuiteQL,
    source: Source,
    condition: str,
    order: str,
    sizes: PageSize,
    *,
    doubts_nothing: bool,
    is_first: bool = True,
) -> tuple[Page, int]:
    """Return the first rows of a source, and how many were asked for.

    Args:
        suiteql: where to read.
        source: what to read.
        condition: which of its rows.
        order: theirs.
        sizes: how many to ask for.
        doubts_nothing: whether no rows are not believed before they are counted.
        is_first: whether nothing has been read of the source before; else they are believed where as many columns as
            it has are known to come.
    """

    def ask(limit: int) -> Page:
        asked = in_time(suiteql, limit)
        if is_in_parts(asked, source):
            return page_in_parts(asked, source, condition, order, limit=limit)
        return asked.page(source.page(condition, order), limit=limit)

    page, size = sizes.ask(ask)
    if page.items or page.total or not doubts_nothing:
        return page, size
    if (not is_first and shows_all_columns(suiteql, source)) or not count_rows(suiteql, source, condition):
        return page, size
    page, size = sizes.ask(ask)
    if not page.items and source.keys:
        page = page_in_parts(suiteql, source, condition, order, limit=size)
    return page, size


def _disagrees(page: Page) -> bool:
    """Tell whether the parts of a first page cannot all be true."""
    return page.has_more != (page.total > len(page.items))


def _by_offset(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Page]:
    statement = source.page(condition, source.key_order)
    sizes, offset, size = PageSize(suiteql.page_size), 0, suiteql.page_size
    while True:
        ask = partial(_at, suiteql, statement, offset)
        page, size = sizes.ask(ask, offset, size)
        if page.total > READABLE_ROWS:
            raise IncompleteResultError(
                f"{source.name} has {page.total} rows and no key to page by, and NetSuite lets "
                f"only {READABLE_ROWS} be read then; read it with a query that has primary_keys, or narrow it."
            )
        yield page
        offset += size
        if not page.has_more or not page.items:
            return


def _at(suiteql: SuiteQL, statement: str, offset: int, limit: int) -> Page:
    return in_time(suiteql, limit).page(statement, limit=limit, offset=offset)


def _never_still(source: Source) -> IncompleteResultError:
    """Return the error for rows that moved to other pages while they were read, so that some may be missing."""
    return IncompleteResultError(
        f"{source.name} has no key to page by and changed during each of {READINGS} readings, so rows may be "
        "missing; read it when less is going on, or with a query that has primary_keys."
    )


class _Order:
    """Sees to it that keys come the way the next statement takes them to be ordered, and each once.

    Numbers are compared. How NetSuite orders text is not documented, so of those each key is remembered: reading
    that has gone astray meets rows again, and where it meets none the count tells whether all of them came.

    Attributes:
        last: the key of the last row, empty before the first.
    """

    def __init__(self, source: Source) -> None:
        self.last: tuple[Any, ...] = ()
        self._source = source
        self._numbers = source.has_number_keys
        self._seen: set[int] = set()

    def check(self, rows: list[Row]) -> None:
        """Take the rows of a page.

        Raises:
            IncompleteResultError: a row has no key, or going on after the last one would lose rows.
        """
        for row in rows:
            key = self._key(row)
            if key == self.last:
                raise self._source.key_error("two rows with the same key")
            if self._is_astray(key):
                raise self._source.order_error()
            self.last = key

    def _key(self, row: Row) -> tuple[Any, ...]:
        try:
            return tuple(row[column.name] for column in self._source.keys)
        except KeyError as missing:
            raise self._source.key_error(f"a row without {missing.args[0]}") from None

    def _is_astray(self, key: tuple[Any, ...]) -> bool:
        if self._numbers:
            return bool(self.last) and tuple(map(Decimal, key)) <= tuple(map(Decimal, self.last))
        known = len(self._seen)
        self._seen.add(hash(key))  # a few dozen bytes for each row, whatever the length of its key
        return len(self._seen) == known


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
        left: NetSuite's count of what was still to come after them; more than there can be where it is not believed.
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
    rest = _from(column, start)
    passed: _Passed | None = None
    doubts_nothing = True
    sizes = PageSize(suiteql.page_size)
    while True:
        page, size = _page(suiteql, source, rest, order, sizes, doubts_nothing=doubts_nothing, is_first=start is None)
        doubts_nothing = False
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
        if len(page.items) >= page.total and not page.has_more and len(page.items) < size:
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
            passed = _Passed(below, len(rows), maxsize if _disagrees(page) else page.total - len(rows), highest)


def _check_count(suiteql: SuiteQL, source: Source, condition: str, *, came: int) -> None:
    missing = (count_rows(suiteql, source, condition) or 0) - came
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


def _from(column: Column, start: Any | None) -> str:
    return f"{column.source} IS NOT NULL" if start is None else _at_or_above(column, start)


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


class PlainReading:
    """Reads all rows of a source, or those whose replication key is not below a bookmark."""

    def __init__(  # noqa: PLR0913 - all that a reading depends on
        self,
        suiteql: SuiteQL,
        source: Source,
        row_format: RowFormat,
        *,
        bookmark: Any | None,
        start_date: datetime | None,
        clock: Clock,
        zone: Callable[[], ZoneInfo],
        lookback: timedelta,
        together: CountTogether | None = None,
    ) -> None:
        """Prepare; see `TableReading`. The bookmark is that of the stream's state for this replication key."""
        self._together = together if source.keys else None
        self._suiteql = suiteql
        self._source = source
        self._row_format = row_format
        self._bookmark = bookmark
        self._start_date = start_date
        self._clock = clock
        self._zone = zone
        self._lookback = lookback

    def read(self, fetcher: Fetcher) -> Generator[Portion, None, None]:
        """Yield what is read, and where the stream stands after it.

        Raises:
            IncompleteResultError: rows are missing, or may be.
            NetSuiteError: NetSuite refused.
        """
        del fetcher  # one page follows from the other, so they are fetched by the reading itself
        if self._source.replication_key is None:
            yield from self._all_rows()
        else:
            yield from self._changes(self._source.replication_key)

    def _all_rows(self) -> Iterator[Portion]:
        pages: list[list[Row]] = []
        for rows in rows_by_key(self._suiteql, self._source):
            yield self._portion(rows)
            pages = [*pages[:1], rows]
        if len(pages) == 1:
            yield from self._held_against_count(pages[0], "", partial(rows_by_key, self._suiteql, self._source))

    def _held_against_count(
        self, rows: list[Row], condition: str, again: Callable[[], Iterator[list[Row]]]
    ) -> Iterator[Portion]:
        """Read a single page again where NetSuite counts more rows than it says it has.

        Of an account that shows all rows, readings before and after a count have between them all that are counted.

        Raises:
            IncompleteResultError: they do not come.
        """
        counted = self._together(self._source, condition) if self._together and rows else None
        keys = set(map(self._key, rows))
        for reading in range(READINGS):
            if counted is None or counted <= len(keys):
                break
            logger.info("NetSuite counts %d rows more than it says there are; reading them again", counted - len(keys))
            if reading:
                counted = count_rows(self._suiteql, self._source, condition)
            for page in again():
                yield Portion(self._row_format.of_items(page))
                keys.update(map(self._key, page))
        if counted is None:
            return
        if counted > len(keys):
            raise gap(self._source, condition, came=len(keys), missing=counted - len(keys))
        yield Portion(audited=counted - len(rows))

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row.get(column.name) for column in self._source.keys)

    def _changes(self, cursor: Column) -> Iterator[Portion]:
        source, column = _readable_by(self._source, cursor)
        if self._bookmark is None:
            never_stamped = f"{cursor.source} IS NULL"  # [section 5.10]
            yield from map(self._portion, rows_by_key(self._suiteql, self._source, never_stamped))
        start, is_first = self._start(column), True
        for portion in rows_by_change(self._suiteql, source, column, start):
            yield self._portion([_as_written(row, cursor) for row in portion.rows])
            if portion.complete_below is not None:
                value = self._value(column, portion.complete_below)
                if is_first and value != self._bookmark:  # a single page, and the bookmark moves past what it has not
                    condition = both(_from(column, start), self._until(column))
                    again = partial(self._changed_again, source, column, cursor)
                    yield from self._held_against_count(portion.rows, condition, again)
                bookmark = {"replication_key": cursor.name, "replication_key_value": value}
                yield Portion(bookmark={**bookmark, **query_state(self._source)})
            is_first = False
        if cursor.kind is Kind.DATE_TIME and self._bookmark is not None:
            check_not_ahead(moment_in(self._bookmark), self._clock.started)

    def _changed_again(self, source: Source, column: Column, cursor: Column) -> Iterator[list[Row]]:
        for portion in rows_by_change(self._suiteql, source, column, self._start(column)):
            yield [_as_written(row, cursor) for row in portion.rows]

    def _until(self, column: Column) -> str:
        """Return the condition for rows that were there when the run began, as far as that can be told."""
        if column.kind is not Kind.DATE_TIME:
            return ""
        began = earliest_local(self._clock.started, self._zone()).isoformat(" ", "seconds")
        return f"{column.source} < {literal(column, began)}"

    def _portion(self, rows: list[Row]) -> Portion:
        return Portion(self._row_format.of_items(rows), audited=len(rows))

    def _start(self, column: Column) -> Any | None:
        """Return where to read from, in the form SuiteQL delivers the replication key in."""
        if not column.kind.is_temporal:
            return self._bookmark
        moment = self._moment() or self._start_date
        if moment is None:
            return None
        if column.kind is Kind.DATE:
            return f"{moment.date().isoformat()} 00:00:00"
        return earliest_local(moment, self._zone()).isoformat(" ", "seconds")

    def _moment(self) -> datetime | None:
        return None if self._bookmark is None else moment_in(self._bookmark)

    def _value(self, column: Column, delivered: Any) -> Any:
        """Return the bookmark for a value, no later than what may still be in the saving."""
        value = converter(column.kind, self._zone() if column.kind is Kind.DATE_TIME else UTC)(delivered)
        if not column.kind.is_temporal:
            return str(value) if column.kind is Kind.DECIMAL else value  # readers of states round decimals
        cap = iso((self._clock.started - self._lookback).replace(microsecond=0))
        return min(value, cap if column.kind is Kind.DATE_TIME else cap[:10])


def _readable_by(source: Source, cursor: Column) -> tuple[Source, Column]:
    """Return the source with its replication key also as the account's clock shows it, which is what orders it."""
    if not cursor.in_utc:
        return source, cursor
    written = replace(cursor, name=_AS_WRITTEN, of=cursor.source)
    local = replace(cursor, in_utc=False)
    columns = [written if column.name == cursor.name else column for column in source.columns]
    return replace(source, columns=(*columns, local), replication_key=local), local


def _as_written(row: Row, cursor: Column) -> Row:
    return {**row, cursor.name: row[_AS_WRITTEN]} if _AS_WRITTEN in row else row
