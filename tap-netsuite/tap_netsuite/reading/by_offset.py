"""No keys, and datasets: read, check, read again.

A result of one page is one answer. A longer one is several, and a row that is changed between two of them may sort
into the part that has been read already. So NetSuite computes a fingerprint of all rows before the first page and after
the last: where it differs, all is read again.

A result of one page is one answer. The pages of a longer one are as many runs of the dataset, and between two of them
rows may come, go, or move from one page to another: one is passed over then, or comes twice. Where the rows have keys,
a reading is whole when there are as many different ones as NetSuite counts. Where they have none, it is whole when a
second reading finds the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from suitetalk import (
    PAGE_SIZE,
    READABLE_ROWS,
    Datasets,
    IncompleteResultError,
    InvalidRequestError,
    Page,
    SuiteQL,
    SuiteTalkError,
)
from tap_netsuite.columns import Column, Kind
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import KeyPage, RowFormat, Rows
from tap_netsuite.reading.state import READINGS
from tap_netsuite.settings import Audit
from tap_netsuite.source import Source

logger = logging.getLogger(__name__)

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
        for _ in range(READINGS):
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
            f"{self._source.name} has no key to page by and changed during each of {READINGS} readings, so rows "
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


Row = dict[str, Any]


class DatasetColumnError(SuiteTalkError):
    """A dataset has columns that its stream cannot take."""


@dataclass(frozen=True)
class DatasetPage:
    """One page of a dataset.

    Attributes:
        rows: its rows.
        offset: rows of the result before it.
        total: NetSuite's count of the whole result.
        keys: one number for each row, the same for the same key; none without keys.
        fingerprint: a number that the same rows have, in whatever order.
    """

    rows: Rows
    offset: int
    total: int
    keys: tuple[int, ...] = ()
    fingerprint: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the page is the whole result: one answer, in which nothing can have moved."""
        return self.offset == 0 and self.rows.count >= self.total


class DatasetFormat:
    """Turns the pages of one dataset into what leaves. Thread-safe."""

    def __init__(self, name: str, row_format: RowFormat, columns: frozenset[str], keys: tuple[str, ...]) -> None:
        """Prepare.

        Args:
            name: of the stream, for messages.
            row_format: makes the rows that leave, of the columns that are selected.
            columns: all that the stream knows, selected or not.
            keys: columns that are said to identify a row, may be empty.
        """
        self._name = name
        self._row_format = row_format
        self._columns = columns
        self._keys = keys

    def read(self, page: Page, offset: int) -> DatasetPage:
        """Return a page's rows.

        Raises:
            DatasetColumnError: a row has a column that the stream does not know.
            IncompleteResultError: keys are missing, or the page has one twice.
            ValueFormError: a value is not of its column's type.
        """
        items = [self._lowered(item) for item in page.items]
        keys = tuple(map(hash, self._keys_of(items)))
        fingerprint = sum(hash(repr(sorted(item.items()))) for item in items)
        return DatasetPage(self._row_format.of_items(items), offset, page.total, keys, fingerprint)

    def _lowered(self, item: Row) -> Row:
        """Return a row with the names of its columns in lower case; NetSuite promises none [section_156257796125]."""
        row = {name.lower(): value for name, value in item.items()}
        if len(row) < len(item):
            raise DatasetColumnError(
                f"{self._name} has columns whose names differ in capitals only; rename one of them in the dataset."
            )
        unknown = row.keys() - self._columns
        if unknown:
            raise DatasetColumnError(
                f"{self._name} has a column {min(unknown)} that was empty or not there when it was discovered; "
                "discover again, or name it in `types` of the dataset and then do."
            )
        return row

    def _keys_of(self, items: list[Row]) -> Iterator[tuple[Any, ...]]:
        """Return the rows' keys; that none is there twice can be told of one answer, but not of several."""
        if not self._keys:
            return iter(())
        try:
            keys = [tuple(str(item[name]) for name in self._keys) for item in items]
        except KeyError as missing:
            raise IncompleteResultError(
                f"A row of {self._name} has no {missing.args[0]}, one of `primary_keys` of the dataset; change them."
            ) from None
        if len(set(keys)) < len(keys):
            raise IncompleteResultError(
                f"{self._name} has two rows with the same {' and '.join(self._keys)}, so `primary_keys` of the dataset "
                "do not identify a row; change them."
            )
        return iter(keys)


@dataclass
class _Found:
    """What one reading of all pages found.

    Attributes:
        totals: NetSuite's counts of the whole result, one in each page; they should be one.
        came: rows that came.
        keys: numbers that stand for their keys; tens of bytes each, of at most 100,000 rows.
        fingerprint: a number that the same rows have, in whatever order.
        has_keys: whether rows have keys.
    """

    has_keys: bool
    totals: set[int] = field(default_factory=set)
    came: int = 0
    keys: set[int] = field(default_factory=set)
    fingerprint: int = 0

    def add(self, page: DatasetPage) -> None:
        """Take a page."""
        self.totals.add(page.total)
        self.came += page.rows.count
        self.keys.update(page.keys)
        self.fingerprint += page.fingerprint

    @property
    def agrees(self) -> bool:
        """Whether as many rows came as NetSuite counts, and as many different keys."""
        return self.totals == {self.came} and (not self.has_keys or len(self.keys) == self.came)


class DatasetReading:
    """Reads all rows of a dataset."""

    def __init__(
        self, datasets: Datasets, dataset_id: str, name: str, rows: DatasetFormat, audit: Audit, *, has_keys: bool
    ) -> None:
        """Prepare.

        Args:
            datasets: where to read.
            dataset_id: what to read.
            name: of the stream, for messages.
            rows: makes the rows that leave.
            audit: what is done about missing rows.
            has_keys: whether rows have keys.
        """
        self._datasets = datasets
        self._dataset_id = dataset_id
        self._name = name
        self._rows = rows
        self._audit = audit
        self._has_keys = has_keys

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield all rows; again when they moved while they were read.

        Raises:
            IncompleteResultError: there are more than can be read, or they moved during each reading.
            NetSuiteError: NetSuite refused.
        """
        first = fetcher.page(partial(self._page, 0)).result()
        if first.is_whole:
            yield Portion(first.rows, audited=first.total)
            return
        yield Portion(Rows(0))
        total, check = first.total, None
        for _ in range(READINGS):
            written = yield from self._all(fetcher, total, is_written=True)
            total = max(written.totals)
            if written.agrees and not self._is_proven(written, check):
                check = yield from self._all(fetcher, total, is_written=False)
                total = max(check.totals)
            if written.agrees and self._is_proven(written, check):
                yield Portion(audited=written.came)
                return
            logger.warning("Rows of %s came, went or moved while it was read; reading again", self._name)
        yield from self._complain(total)

    def _is_proven(self, found: _Found, check: _Found | None) -> bool:
        """Tell whether a reading that agrees with NetSuite's count is one without rows that moved."""
        if self._has_keys or self._audit is Audit.OFF:
            return True
        return check is not None and check.agrees and check.fingerprint == found.fingerprint

    def _all(self, fetcher: Fetcher, total: int, *, is_written: bool) -> Generator[Portion, None, _Found]:
        """Yield all pages, empty when they are only looked at; return what was found."""
        if total > READABLE_ROWS:
            raise IncompleteResultError(
                f"{self._name} has {total} rows and NetSuite lets only {READABLE_ROWS} of a dataset be read; filter "
                "the dataset, or split it in two."
            )
        found = _Found(self._has_keys)
        for page in fetcher.in_order(self._begin_all(fetcher, total)):
            yield Portion(page.rows if is_written else Rows(0))
            found.add(page)
        return found

    def _begin_all(self, fetcher: Fetcher, total: int) -> Iterator[Future[DatasetPage]]:
        for offset in range(0, max(total, 1), PAGE_SIZE):
            yield fetcher.page(partial(self._page, offset))

    def _page(self, offset: int) -> DatasetPage:
        try:
            page = self._datasets.page(self._dataset_id, offset=offset)
        except InvalidRequestError:
            if offset == 0:
                raise
            # What an offset beyond the end is answered with is not documented [section 12]; the rest has gone away.
            return DatasetPage(Rows(0), offset, offset)
        return self._rows.read(page, offset)

    def _complain(self, counted: int) -> Iterator[Portion]:
        remedy = (
            "check that its primary_keys identify a row, or read it when less is going on"
            if self._has_keys
            else "sort the dataset, name its primary_keys in `datasets`, or read it when less is going on"
        )
        error = IncompleteResultError(
            f"Rows of {self._name} came, went or moved to other pages during each of {READINGS} readings, so some may "
            f"be missing; {remedy}."
        )
        if self._audit is Audit.ERROR:
            raise error
        logger.warning("%s", error)
        yield Portion(audited=counted)
