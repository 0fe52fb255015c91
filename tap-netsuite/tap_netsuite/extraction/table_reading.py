"""One run's reading of a table or query whose rows have numbers for keys.

Rows are read in the order of their keys, those that have changed since the last run. A change made meanwhile only adds
a row to these, for stamps grow, so each row that is among them at the beginning is read. What is added behind the place
that the reading has reached comes with the next run, which begins before this one did. NetSuite's counts go up to the
moment the run began, and so does the bookmark.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from tap_netsuite.extraction.changes import Changes
from tap_netsuite.extraction.key_pages import Audit, KeyedTable, KeyPages
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.position import Position, check_not_ahead, state_of
from tap_netsuite.extraction.rows import KeyPage
from tap_netsuite.extraction.source import Source
from tap_netsuite.values import iso

logger = logging.getLogger(__name__)


class Clock(Protocol):
    """NetSuite's clock."""

    @property
    def started(self) -> datetime:
        """When the run began."""
        ...


class TableReading:
    """Reads all rows of a source, or those changed since a position."""

    def __init__(
        self,
        source: Source,
        table: Callable[[str, Callable[[], str]], KeyedTable],
        position: Position,
        *,
        changes: Changes | None,
        start_date: datetime | None,
        clock: Clock,
        lookback: timedelta,
        audit: Audit,
    ) -> None:
        """Prepare.

        Args:
            source: what is read.
            table: returns the source's rows that meet a condition; those of them that NetSuite counts meet another.
            position: where the last run ended.
            changes: tells changed rows; None to read all rows each time.
            start_date: older changes are left out.
            clock: NetSuite's.
            lookback: how long before the run's beginning a change may have been made that is only being saved.
            audit: what is done about missing rows.
        """
        self._source = source
        self._table = table
        self._position = position
        self._changes = changes
        self._start_date = start_date
        self._clock = clock
        self._lookback = lookback
        self._audit = audit

    def read(self, fetcher: Fetcher) -> Generator[Portion, None, None]:
        """Yield what is read, and where the stream stands after it.

        Raises:
            IncompleteResultError: rows are missing.
            NetSuiteError: NetSuite refused.
        """
        if self._changes is None:
            yield from self._pages(fetcher, self._table("", lambda: ""))
            yield Portion(bookmark=state_of(Position(), self._source))
            return
        if self._position.after is not None:  # an earlier run was interrupted
            yield from self._read_changes(fetcher, self._changes, lambda: self._position.high)
        yield from self._read_changes(fetcher, self._changes, lambda: self._clock.started)

    def _read_changes(
        self, fetcher: Fetcher, changes: Changes, began: Callable[[], datetime | None]
    ) -> Iterator[Portion]:
        """Read what has changed up to now; the bookmark goes up to the moment that the reading began."""
        low, start = self._position.low, self._start_date
        since = max(low, start) if low and start else low or start
        is_first = low is None
        unstamped = changes.unstamped() if not is_first else ""
        page_of_unstamped = self._first_page(fetcher, unstamped) if unstamped else None

        def counted() -> str:
            return changes.between(since, began(), unstamped=is_first)

        table = self._table(changes.between(since, None, unstamped=is_first), counted)
        yield from self._pages(fetcher, table, began)
        if page_of_unstamped:
            yield self._unstamped(page_of_unstamped.result())
        yield self._advance(began())

    def _unstamped(self, page: KeyPage) -> Portion:
        """Pass on again the rows of which nobody can tell whether they changed, if they are few; else say so."""
        if not page.is_last:
            logger.warning(
                "%s: of %d rows it cannot be told whether they changed, because NetSuite never stamped them; they were "
                "read by the first run, and are again with the replication method FULL_TABLE",
                self._source.name,
                page.total,
            )
        return Portion(page.rows, audited=page.rows.count)

    def _first_page(self, fetcher: Fetcher, condition: str) -> Future[KeyPage]:
        return fetcher.page(lambda: self._table(condition, lambda: condition).page(None, 0))

    def _pages(
        self, fetcher: Fetcher, table: KeyedTable, began: Callable[[], datetime | None] = lambda: None
    ) -> Iterator[Portion]:
        for step in KeyPages(table, fetcher, self._audit).read(self._position.after):
            if step.page:
                yield self._portion(step.page)
            elif step.proven is None:
                yield Portion(audited=step.counted)
            else:
                self._position = replace(self._position, after=step.proven, high=began())
                yield Portion(bookmark=state_of(self._position, self._source), audited=step.counted)

    def _portion(self, page: KeyPage) -> Portion:
        newest = max((stamp for stamp in (self._position.newest, page.rows.newest) if stamp), default=None)
        self._position = replace(self._position, newest=newest)
        return Portion(page.rows, left=page.left)

    def _advance(self, began: datetime | None) -> Portion:
        """Take the position behind a finished reading.

        It is no later than the latest stamp that was seen, whatever clocks say, nor than what may have been in the
        saving when the reading began.
        """
        low, newest = self._position.low, self._position.newest
        if low and began:
            check_not_ahead(low, began)
        if self._changes:
            newest = self._changes.newest(newest)
        if began and newest:
            reached = min(newest, iso((began - self._lookback).replace(microsecond=0)))
            moment = datetime.fromisoformat(reached.replace("Z", "+00:00"))
            low = max(low, moment) if low else moment
        self._position = Position(low)
        return Portion(bookmark=state_of(self._position, self._source))
