"""One run's reading of a saved dataset: pages by offset, in no order that NetSuite promises, under guard.

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

from suitetalk import PAGE_SIZE, READABLE_ROWS, Datasets, IncompleteResultError, InvalidRequestError
from tap_netsuite.extraction.dataset_format import DatasetFormat, DatasetPage
from tap_netsuite.extraction.key_pages import Audit
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.rows import Rows

logger = logging.getLogger(__name__)

_READINGS = 3


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
        for _ in range(_READINGS):
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
            f"Rows of {self._name} came, went or moved to other pages during each of {_READINGS} readings, so some may "
            f"be missing; {remedy}."
        )
        if self._audit is Audit.ERROR:
            raise error
        logger.warning("%s", error)
        yield Portion(audited=counted)
