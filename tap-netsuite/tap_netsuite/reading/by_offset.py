"""Rows without keys, and saved datasets: read by offset, checked, read again.

A result of one page is one answer, in which nothing can have moved. The pages of a longer one are several answers, and
between two of them rows may come, go, or move to another page: one is then passed over, or comes twice. So a reading
of several pages is checked before it counts, and repeated when it does not pass.

- Of a table or query without keys NetSuite computes a fingerprint of all rows before the first page and after the
  last, and counts them: as many have to come.
- Where NetSuite computes none, and of a dataset without keys, a second reading has to find the same rows.
- Of a dataset with keys two readings have to find the same keys. Where one goes and another comes between two pages, a
  row that stays can slip through while the count is right. Three readings do where each key that is not in all of them
  has come once or gone once.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from typing import Any

from suitetalk import (
    PAGE_SIZE,
    READABLE_ROWS,
    Datasets,
    IncompleteResultError,
    SuiteQL,
    SuiteTalkError,
)
from suitetalk.errors import STATEMENT_FAILURES
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import PageSize, RowFormat, Rows, in_time, joined, may_be_size
from tap_netsuite.reading.state import READINGS
from tap_netsuite.settings import Audit
from tap_netsuite.source import Column, Kind, Source, count_rows, shows_all_columns

logger = logging.getLogger(__name__)

_SUMMED = (Kind.INTEGER, Kind.DECIMAL)


@dataclass
class _Found:
    """What one reading of all pages found.

    Attributes:
        totals: NetSuite's counts of the whole result, one in each page; they should be the same.
        came: rows that came.
        kept: what is known of them besides; tens of bytes each, of at most 100,000 rows.
    """

    totals: set[int] = field(default_factory=set)
    came: int = 0
    kept: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, page: Rows) -> None:
        if page.total is not None:
            self.totals.add(page.total)
        self.came += page.count
        self.kept += page.kept

    @property
    def agrees(self) -> bool:
        """Whether as many rows came as NetSuite counts, where it does."""
        return self.totals <= {self.came}


class _ByOffset(ABC):
    """Reads all rows of something page by page, again when they changed while they were read."""

    def __init__(self, name: str, audit: Audit, page_size: int) -> None:
        self._name = name
        self._audit = audit
        self._page_size = page_size
        self._fitting = PageSize(page_size)
        self._total = 0  # NetSuite's latest count
        self._check: _Found | None = None

    def read(self, fetcher: Fetcher) -> Generator[Portion, None, None]:
        """Yield all rows; again when they changed while they were read.

        Raises:
            IncompleteResultError: there are more than can be read, or they changed during each reading.
            NetSuiteError: NetSuite refused.
        """
        first = fetcher.page(partial(self._page, 0)).result()
        if first.is_whole and first.count < self._page_size:
            yield Portion(first, audited=first.total or 0)
            return
        yield Portion(Rows(0))
        self._total = first.total or 0
        for _ in range(READINGS):
            self._begin()
            found = yield from self._all(fetcher)
            if found.agrees and (yield from self._is_proven(fetcher, found)):
                yield Portion(audited=found.came)
                return
            logger.warning("%s changed while it was read; reading again", self._name)
        error = IncompleteResultError(
            f"{self._name} changed during each of {READINGS} readings, so rows may be missing; {self._remedy}."
        )
        if self._audit is Audit.ERROR:
            raise error
        logger.warning("%s", error)
        yield Portion(audited=self._total, has_gap=True)

    def _all(self, fetcher: Fetcher, *, is_written: bool = True) -> Generator[Portion, None, _Found]:
        """Yield all pages, empty when they are only looked at; return what was found."""
        if self._total > READABLE_ROWS:
            raise IncompleteResultError(f"{self._name} has {self._total} rows{self._too_many}.")
        found = _Found()
        for page in fetcher.in_order(self._begin_all(fetcher)):
            yield Portion(page if is_written else Rows(0))
            found.add(page)
        offset = self._page_size * max(1, ceil(self._total / self._page_size))
        while not page.is_last or page.count == self._page_size:  # a full page need not be the last one
            if offset >= READABLE_ROWS:
                break
            page = fetcher.page(partial(self._page, offset)).result()
            yield Portion(page if is_written else Rows(0))
            found.add(page)
            offset += self._page_size
        self._total = max(found.totals, default=found.came)
        return found

    def _begin_all(self, fetcher: Fetcher) -> Iterator[Future[Rows]]:
        for offset in range(0, max(self._total, 1), self._page_size):
            yield fetcher.page(partial(self._page, offset))

    @property
    @abstractmethod
    def _remedy(self) -> str:
        """What to do about rows that change during each reading."""

    @property
    @abstractmethod
    def _too_many(self) -> str:
        """What is wrong with more rows than can be read by offset, and what to do."""

    def _page(self, offset: int) -> Rows:
        """Return a page; in several answers where NetSuite cannot give it in one; in any thread."""
        part, size = self._fitting.ask(partial(self._answer, offset), offset)
        parts, came = [part], part.count
        while came < self._page_size and part.count == size and not part.is_last:
            part, size = self._fitting.ask(partial(self._answer, offset + came), offset + came, size)
            parts.append(part)
            came += part.count
        return joined(parts)

    @abstractmethod
    def _answer(self, offset: int, limit: int) -> Rows:
        """Return so many rows at an offset; in any thread."""

    def _begin(self) -> None:  # noqa: B027 - not all need it
        """Take note of what is needed before the first page."""

    def _is_found_again(self, fetcher: Fetcher, found: _Found) -> Generator[Portion, None, bool]:
        """Return whether another reading, one of before will do, finds the same rows."""
        if self._is_same(found):
            return True
        self._check = yield from self._all(fetcher, is_written=False)
        return self._is_same(found)

    def _is_same(self, found: _Found) -> bool:
        check = self._check
        return check is not None and check.agrees and sorted(check.kept) == sorted(found.kept)

    @abstractmethod
    def _is_proven(self, fetcher: Fetcher, found: _Found) -> Generator[Portion, None, bool]:
        """Return whether a reading that agrees with NetSuite's count missed nothing."""


class KeylessReading(_ByOffset):
    """Reads all rows of a source without a key."""

    def __init__(
        self, suiteql: SuiteQL, source: Source, row_format: RowFormat, audit: Audit, *, was_empty: bool = False
    ) -> None:
        """Prepare; what is done about missing rows is up to the audit, and no rows are no surprise where none were."""
        super().__init__(source.name, audit, suiteql.page_size)
        self._was_empty = was_empty
        self._suiteql = suiteql
        self._source = source
        self._row_format = row_format
        self._ways = [self._hashes(), self._sums(), []]
        self._before: tuple[str | None, ...] = ()

    _remedy = "there is no key to page by, so read it when less is going on, or with a query that has primary_keys"
    _too_many = (
        f" and no key to page by, and NetSuite lets only {READABLE_ROWS} be read then; read it with a query that has "
        "primary_keys, or narrow it"
    )

    def _answer(self, offset: int, limit: int) -> Rows:
        """Return so many rows at an offset; of each a number is kept that differs for other rows."""
        statement = self._source.page("", self._source.key_order)
        answer = in_time(self._suiteql, limit).answer(statement, limit=limit, offset=offset)
        page = self._row_format.read(answer, offset)
        page = replace(page, kept=tuple((hash(repr(row)),) for row in page.kept))
        if not page.disagrees and (page.total or offset or self._may_be_empty()):
            return page
        counted = count_rows(self._suiteql, self._source, "")
        if counted and not page.count and not offset:
            raise IncompleteResultError(
                f"NetSuite counts {counted} rows of {self._name} and shows none of them with "
                f"{len(self._source.columns)} columns; select fewer columns."
            )
        return replace(page, total=counted)

    def _may_be_empty(self) -> bool:
        return self._was_empty and shows_all_columns(self._suiteql, self._source)

    def _begin(self) -> None:
        self._before = self._fingerprint()

    def _is_proven(self, fetcher: Fetcher, found: _Found) -> Generator[Portion, None, bool]:
        if not self._before and self._audit is not Audit.OFF:
            return (yield from self._is_found_again(fetcher, found))
        after = self._fingerprint()
        return after == self._before and (not after or str(after[0]) == str(found.came))

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
                row = self._suiteql.hasty.page(statement, limit=1).items[0]
            except STATEMENT_FAILURES as refusal:
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


class DatasetColumnError(SuiteTalkError):
    """A dataset has columns that its stream cannot take."""


class DatasetReading(_ByOffset):
    """Reads all rows of a dataset."""

    def __init__(
        self,
        datasets: Datasets,
        source: Source,
        row_format: RowFormat,
        audit: Audit,
        *,
        keys: tuple[str, ...],
        known: frozenset[str],
        page_size: int = PAGE_SIZE,
    ) -> None:
        """Prepare.

        Args:
            datasets: where to read.
            source: the dataset: its id, the name of its stream, and the columns that are selected.
            row_format: makes the rows that leave.
            audit: what is done about missing rows.
            keys: columns that are said to identify a row, may be empty.
            known: all columns that the stream knows, selected or not.
            page_size: rows of a page.
        """
        super().__init__(source.name, audit, page_size)
        self._datasets = datasets
        self._dataset_id = source.relation
        self._row_format = row_format
        self._keys = keys
        self._known = known
        self._readings: list[set[Any]] = []

    _too_many = f" and NetSuite lets only {READABLE_ROWS} of a dataset be read; filter the dataset, or split it in two"

    @property
    def _remedy(self) -> str:
        if self._keys:
            return "check that its primary_keys identify a row, or read it when less is going on"
        return "sort the dataset, name its primary_keys in `datasets`, or read it when less is going on"

    def _is_proven(self, fetcher: Fetcher, found: _Found) -> Generator[Portion, None, bool]:
        """Compare with another reading, by their keys where there are some."""
        if self._keys and len(set(found.kept)) < found.came:
            return False
        if self._audit is Audit.OFF:
            return True
        if not self._keys:
            return (yield from self._is_found_again(fetcher, found))
        self._readings.append(set(found.kept))
        if self._is_explained():
            return True
        check = yield from self._all(fetcher, is_written=False)
        if check.agrees and len(set(check.kept)) == check.came:
            self._readings.append(set(check.kept))
        return self._readings[-1] == set(found.kept) and len(self._readings) > 1

    def _is_explained(self) -> bool:
        """Tell whether the last readings found the same keys, or all others have come once or gone once."""
        *earlier, last = self._readings
        if not earlier or len(earlier) == 1:
            return bool(earlier) and earlier[0] == last
        before, between = earlier[-2:]
        return between == last or not (((before & last) - between) | (between - before - last))

    def _answer(self, offset: int, limit: int) -> Rows:
        """Return rows; of each row its key is kept as a number, or the whole row where it has none.

        Raises:
            DatasetColumnError: a row has a column that the stream does not know.
            IncompleteResultError: keys are missing, or the page has one twice.
            ValueFormError: a value is not of its column's type.
        """
        try:
            page = in_time(self._datasets, limit).page(self._dataset_id, limit=limit, offset=offset)
        except STATEMENT_FAILURES as failure:
            if offset == 0 or may_be_size(failure, limit):
                raise
            # What an offset beyond the end is answered with is not documented [section 12]; the rest has gone away.
            return Rows(0, offset=offset, total=offset)
        items = [self._lowered(item) for item in page.items]
        kept = self._keys_of(items) if self._keys else [repr(sorted(item.items())) for item in items]
        rows = replace(self._row_format.of_items(items, offset, page.total), has_more=page.has_more)
        if rows.disagrees:  # nobody counts the rows of a dataset
            rows = replace(rows, total=None)
        return replace(rows, kept=tuple((hash(each),) for each in kept))

    def _lowered(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with the names of its columns in lower case; NetSuite promises none [section_156257796125]."""
        row = {name.lower(): value for name, value in item.items()}
        if len(row) < len(item):
            raise DatasetColumnError(
                f"{self._name} has columns whose names differ in capitals only; rename one of them in the dataset."
            )
        unknown = row.keys() - self._known
        if unknown:
            raise DatasetColumnError(
                f"{self._name} has a column {min(unknown)} that was empty or not there when it was discovered; "
                "discover again, or name it in `types` of the dataset and then do."
            )
        return row

    def _keys_of(self, items: list[dict[str, Any]]) -> list[tuple[str, ...]]:
        """Return the rows' keys; that none comes twice can be said of one answer, but not of several."""
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
        return keys
