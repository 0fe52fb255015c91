"""One run's reading of a source without any key: pages by offset, in the order of all columns, under guard.

A result of one page is one answer. A longer one is several, and a row that is changed between two of them may sort
into the part that has been read already. So NetSuite computes a fingerprint of all rows before the first page and after
the last: where it differs, all is read again.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from functools import partial

from suitetalk import PAGE_SIZE, READABLE_ROWS, IncompleteResultError, InvalidRequestError, SuiteQL
from tap_netsuite.extraction.key_pages import Audit
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.rows import KeyPage, Rows
from tap_netsuite.extraction.source import Source
from tap_netsuite.values import Column, Kind

logger = logging.getLogger(__name__)

_READINGS = 3
_SUMMED = (Kind.INTEGER, Kind.DECIMAL)


class KeylessReading:
    """Reads all rows of a source without a key."""

    def __init__(self, suiteql: SuiteQL, source: Source, row_format: RowFormat, audit: Audit) -> None:
        """Prepare; what is done about missing rows is up to the audit."""
        self._suiteql = suiteql
        self._source = source
        self._row_format = row_format
        self._audit = audit
        self._ways = [self._hashes(), self._sums(), []]

    def read(self, fetcher: Fetcher) -> Generator[Portion, None, None]:
        """Yield all rows; again when they changed while they were read.

        Raises:
            IncompleteResultError: there are more than can be read, or they changed during each reading.
            NetSuiteError: NetSuite refused.
        """
        first = fetcher.page(partial(self._page, 0)).result()
        if first.is_whole:
            yield Portion(first.rows, audited=first.total)
            return
        yield Portion(Rows(0))
        if first.total > READABLE_ROWS:
            raise IncompleteResultError(
                f"{self._source.name} has {first.total} rows and no key to page by, and NetSuite lets "
                f"only {READABLE_ROWS} be read then; read it with a query that has primary_keys, or narrow it."
            )
        for _ in range(_READINGS):
            before = self._fingerprint()
            came, totals = 0, set()
            for page in fetcher.in_order(self._begin_all(fetcher, first.total)):
                yield Portion(page.rows, left=page.left)
                came += page.rows.count
                totals.add(page.total)
            if totals == {came} and self._fingerprint() == before:
                yield Portion(audited=came)
                return
            logger.warning("%s changed while it was read; reading again", self._source.name)
        yield from self._complain(max(totals))

    def _complain(self, counted: int) -> Iterator[Portion]:
        error = IncompleteResultError(
            f"{self._source.name} has no key to page by and changed during each of {_READINGS} readings, so rows "
            "may be missing; read it when less is going on, or with a query that has primary_keys."
        )
        if self._audit is Audit.ERROR:
            raise error
        logger.warning("%s", error)
        yield Portion(audited=counted)

    def _begin_all(self, fetcher: Fetcher, total: int) -> Iterator[Future[KeyPage]]:
        for offset in range(0, total, PAGE_SIZE):
            yield fetcher.page(partial(self._page, offset))

    def _page(self, offset: int) -> KeyPage:
        statement = self._source.page("", self._source.key_order)
        answer = self._suiteql.answer(statement, offset=offset)
        rows, total = self._row_format.read(answer.content, lambda: self._suiteql.page_of(answer))
        return KeyPage(rows, offset, total)

    def _fingerprint(self) -> tuple[str | None, ...]:
        """Return what any change of the rows changes, as far as NetSuite computes it.

        ORA_HASH is among the functions SuiteQL knows [section_158513731864]; where it is refused, sums and lengths
        say nearly as much, and where these are, the number of rows says a little.
        """
        while self._ways:
            names = [f"f{number}" for number, _ in enumerate(self._ways[0])]
            parts = [f"{part} AS {name}" for part, name in zip(self._ways[0], names, strict=True)]
            statement = f"SELECT {', '.join(['COUNT(*) AS n', *parts])} FROM {self._source.relation}"
            try:
                row = self._suiteql.page(statement, limit=1).items[0]
            except InvalidRequestError as refusal:
                logger.debug("No such fingerprint of %s: %s", self._source.name, refusal)
                self._ways.pop(0)
            else:
                return tuple(row.get(name) for name in ("n", *names))
        return ()

    def _hashes(self) -> list[str]:
        return [f"SUM(ORA_HASH({_as_text(column)}))" for column in self._source.columns]

    def _sums(self) -> list[str]:
        return [
            f"SUM({column.source})" if column.kind in _SUMMED else f"SUM(LENGTH({_as_text(column)}))"
            for column in self._source.columns
        ]


def _as_text(column: Column) -> str:
    """Return the column's expression without its alias."""
    return column.selected.removesuffix(f" AS {column.name}")
