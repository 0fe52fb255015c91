"""Reading every row of a source, in the order of its key."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from suitetalk import PAGE_SIZE, READABLE_ROWS, IncompleteResultError, InvalidRequestError, Page, SuiteQL
from tap_netsuite.extraction.audit import gap, missing_rows
from tap_netsuite.extraction.source import Source, after, both

logger = logging.getLogger(__name__)

Row = dict[str, Any]

_READINGS = 3


def rows_by_key(suiteql: SuiteQL, source: Source, condition: str = "") -> Iterator[list[Row]]:
    """Yield pages of all rows meeting a condition; rows come twice when a reading had to be repeated.

    With a key, each page is a new query for what comes behind the last row: nothing is cut at 100,000 rows
    [section_157909186990], and rows that come or go meanwhile move no others to another page. Without a key
    there is only paging by offset, in the order of all columns.

    Raises:
        IncompleteResultError: after three readings fewer rows came than NetSuite counts, or rows without a key may
            have been passed over; there are more than can be read; or the keys come in an order of their own.
    """
    for reading in range(1, _READINGS + 1):
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
        if reading == _READINGS:
            raise gap(source, condition, came=came, missing=missing) if missing else _never_still(source)
        logger.warning("%s: %s, reading again", source.name, f"{missing} rows are missing" if missing else "changed")


def check_keys(suiteql: SuiteQL, source: Source, condition: str) -> None:
    """Make sure that each row has a key, and one of its own; reading by it would lose others.

    Raises:
        IncompleteResultError: that is not so.
    """
    try:
        row = suiteql.page(source.count_keys(condition), limit=1).items[0]
    except InvalidRequestError as refusal:
        logger.debug("The different keys of %s cannot be counted: %s", source.name, refusal)
        return
    rows, keys, different = int(row["n"]), int(row["k"]), int(row["d"])
    if rows > keys:
        raise source.key_error(f"{rows - keys} rows without a key")
    if keys > different:
        raise source.key_error(f"{keys} rows with {different} different keys")


def _behind_the_last(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Page]:
    order = _Order(source)
    while True:
        page = suiteql.page(source.page(both(condition, after(source.keys, order.last)), source.key_order))
        if page.items or page.total:
            yield page
        order.check(page.items)
        if not page.items or (not page.has_more and len(page.items) < PAGE_SIZE):
            return


def _by_offset(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Page]:
    statement = source.page(condition, source.key_order)
    offset = 0
    while True:
        page = suiteql.page(statement, offset=offset)
        if page.total > READABLE_ROWS:
            raise IncompleteResultError(
                f"{source.name} has {page.total} rows and no key to page by, and NetSuite lets "
                f"only {READABLE_ROWS} be read then; read it with a query that has primary_keys, or narrow it."
            )
        yield page
        offset += PAGE_SIZE
        if not page.has_more:
            return


def _never_still(source: Source) -> IncompleteResultError:
    """Return the error for rows that moved to other pages while they were read, so that some may be missing."""
    return IncompleteResultError(
        f"{source.name} has no key to page by and changed during each of {_READINGS} readings, so rows may be "
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
            IncompleteResultError: a row has no key, or going on behind the last one would lose rows.
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
