"""A source whose rows have whole numbers for keys, read page by page in the order of these."""

from __future__ import annotations

from collections.abc import Callable

from suitetalk import PAGE_SIZE, READABLE_ROWS, IncompleteResultError, InvalidRequestError, SuiteQL
from tap_netsuite.extraction.audit import gap
from tap_netsuite.extraction.by_key import check_keys
from tap_netsuite.extraction.key_pages import Count, Gap
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.rows import Key, KeyPage, Rows
from tap_netsuite.extraction.source import Source, after, between, both, up_to
from tap_netsuite.values import Column


class KeyedSource:
    """The rows of a source that meet a condition. Thread-safe.

    Keys are compared as numbers, as NetSuite compares them; of text its order is not documented.
    """

    page_size = PAGE_SIZE
    statement_pages = READABLE_ROWS // PAGE_SIZE

    def __init__(
        self,
        suiteql: SuiteQL,
        source: Source,
        row_format: RowFormat,
        condition: str = "",
        counted: Callable[[], str] = lambda: "",
    ) -> None:
        """Read from a source with keys the rows that meet a condition.

        `counted` returns the condition that those of them meet which were there when the reading began, as far as
        that can be told: NetSuite's count must not include rows that came since.
        """
        self._suiteql = suiteql
        self._source = source
        self._row_format = row_format
        self._condition = condition
        self._counted = counted

    def page(self, behind: Key | None, offset: int) -> KeyPage:
        """Return the page at an offset of the rows behind a key, or of all; one beyond their end is empty.

        Raises:
            IncompleteResultError: the rows do not come in the order of their keys, or not each has one of its own.
            NetSuiteError: NetSuite refused.
        """
        condition = both(self._condition, after(self._source.keys, behind or ()))
        statement = self._source.page(condition, self._source.key_order)
        try:
            answer = self._suiteql.answer(statement, offset=offset)
        except InvalidRequestError:
            if offset == 0:
                raise
            # What an offset beyond the end is answered with is not documented [section 12]; what it hides is read
            # behind the last row.
            return KeyPage(Rows(0), offset, offset)
        rows, total = self._row_format.read(answer.content, lambda: self._suiteql.page_of(answer))
        if behind is not None and rows.first is not None and rows.first <= behind:
            raise self._source.order_error()
        page = KeyPage(rows, offset, total)
        if self._source.is_query and behind is None and offset == 0 and not page.is_last:
            check_keys(self._suiteql, self._source, self._condition)  # whose keys are only said to be some
        return page

    def count(self, behind: Key | None, last: Key, gaps: tuple[Gap, ...]) -> Count:
        """Return NetSuite's count of the rows behind a key and up to another, and of those in some gaps."""
        keys = self._source.keys
        here = both(after(keys, behind or ()), up_to(keys, last))
        if not gaps:
            return Count(self._number(both(self._counted(), here)), 0)
        was_there = self._counted()
        if "(SELECT " in was_there:  # that a sum may have a subquery in it is not documented
            return Count(
                self._number(both(was_there, here)), self._number(both(self._condition, here, _any(keys, gaps)))
            )
        rows = f"CASE WHEN {was_there} THEN 1 ELSE 0 END" if was_there else "1"
        statement = self._source.sums(
            both(self._condition, here), rows, f"CASE WHEN {_any(keys, gaps)} THEN 1 ELSE 0 END"
        )
        row = self._suiteql.page(statement, limit=1).items[0]
        return Count(int(row.get("s0") or 0), int(row.get("s1") or 0))

    def _number(self, condition: str) -> int:
        return int(self._suiteql.page(self._source.count(condition), limit=1).items[0]["n"])

    def adjoins(self, behind: Key, before: Key) -> bool:
        """Tell whether no key can lie between two others."""
        return behind[:-1] == before[:-1] and bool(behind[-1] + 1 == before[-1])

    def gap_error(self, came: int, missing: int) -> IncompleteResultError:
        """Return the error for rows that do not come however often they are read."""
        return gap(self._source, self._condition, came=came, missing=missing)


def _any(keys: tuple[Column, ...], gaps: tuple[Gap, ...]) -> str:
    """Return the condition for rows in any of some gaps."""
    return f"({' OR '.join(between(keys, gap.behind, gap.before) for gap in gaps)})"
