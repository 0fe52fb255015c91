"""Reading every row of a source, in the order of its key."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from suitetalk import PAGE_SIZE, READABLE_ROWS, IncompleteResultError, Page, SuiteQL
from tap_netsuite.extraction.audit import gap, missing_rows
from tap_netsuite.extraction.source import Source, after, both
from tap_netsuite.values import Kind

logger = logging.getLogger(__name__)

Row = dict[str, Any]

_READINGS = 3


def rows_by_key(suiteql: SuiteQL, source: Source, condition: str = "") -> Iterator[list[Row]]:
    """Yield pages of all rows meeting a condition; rows come twice when a reading had to be repeated.

    With a key, each page is a new query for what comes behind the last row: nothing is cut at 100,000 rows
    [section_157909186990], and rows that come or go meanwhile move no others to another page. Without a key
    there is only paging by offset, in the order of all columns.

    Raises:
        IncompleteResultError: after three readings fewer rows came than NetSuite counts, or there are more
            than can be read.
    """
    for reading in range(1, _READINGS + 1):
        came = counted = 0
        for page in (
            _behind_the_last(suiteql, source, condition) if source.keys else _by_offset(suiteql, source, condition)
        ):
            counted = counted or page.total
            came += len(page.items)
            yield page.items
        missing = missing_rows(suiteql, source, condition, came=came, counted=counted)
        if not missing:
            return
        if reading == _READINGS:
            raise gap(source, condition, came=came, missing=missing)
        logger.warning("%s: %d rows are missing, reading again", source.relation, missing)


def _behind_the_last(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Page]:
    last: tuple[Any, ...] = ()
    while True:
        page = suiteql.page(source.page(both(condition, after(source.keys, last)), source.key_order))
        if page.items or page.total:
            yield page
        if not page.items or (not page.has_more and len(page.items) < PAGE_SIZE):
            return
        last = _checked_last(source, last, page.items)


def _by_offset(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Page]:
    statement = source.page(condition, source.key_order)
    offset = 0
    while True:
        page = suiteql.page(statement, offset=offset)
        if page.total > READABLE_ROWS:
            raise IncompleteResultError(
                f"{source.relation} has {page.total} rows and no key to page by, and NetSuite lets "
                f"only {READABLE_ROWS} be read then; read it with a query that has primary_keys, or narrow it."
            )
        yield page
        offset += PAGE_SIZE
        if not page.has_more:
            return


def _key(source: Source, row: Row) -> tuple[Any, ...]:
    try:
        return tuple(row[column.name] for column in source.keys)
    except KeyError as missing:
        raise IncompleteResultError(
            f"A row of {source.relation} has no {missing.args[0]}, which was taken for part of its key; "
            "choose other key properties in the catalog, or read it with a query of your own."
        ) from None


def _checked_last(source: Source, last: tuple[Any, ...], rows: list[Row]) -> tuple[Any, ...]:
    """Return the last key of a page, sure that NetSuite orders keys the way the next statement takes them to be."""
    keys = [key for key in (last, _key(source, rows[0]), _key(source, rows[-1])) if key]
    numbers = all(column.kind is Kind.INTEGER for column in source.keys)
    comparable = [tuple(map(int, key)) for key in keys] if numbers else []
    if keys[-1] == last or comparable != sorted(comparable):
        names = " and ".join(column.name for column in source.keys)
        raise IncompleteResultError(
            f"NetSuite does not order {source.relation} by {names} as {'numbers' if numbers else 'text'}, so paging by "
            f"it would lose rows; make its type {'string' if numbers else 'integer'} in the catalog."
        )
    return keys[-1]
