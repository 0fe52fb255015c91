"""One run's reading of a table or query whose rows have numbers for keys.

A result of one page is one answer and needs no more. A longer one is read in the order of its keys, by many requests
at once. Where NetSuite stamps changes, that reading ends at the moment the run began: a row that changes meanwhile
leaves it, and is read at the end among those changed since.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from suitetalk import IncompleteResultError
from tap_netsuite.extraction.changes import Changes
from tap_netsuite.extraction.key_pages import Audit, KeyedTable, KeyPages
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.position import Position, state_of
from tap_netsuite.extraction.rows import KeyPage
from tap_netsuite.extraction.source import Source
from tap_netsuite.values import iso

logger = logging.getLogger(__name__)

_MOST_SWEEPS = 20


class Clock(Protocol):
    """NetSuite's clock."""

    @property
    def started(self) -> datetime:
        """When the run began."""
        ...

    def after(self, moment: datetime) -> datetime:
        """Return what it shows now, once that is another second than a moment's."""
        ...


class TableReading:
    """Reads all rows of a source, or those changed since a position."""

    def __init__(
        self,
        source: Source,
        table: Callable[[str], KeyedTable],
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
            table: returns the source's rows that meet a condition.
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

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield what is read, and where the stream stands after it.

        Raises:
            IncompleteResultError: rows are missing, or change faster than they can be read.
            NetSuiteError: NetSuite refused.
        """
        if self._changes is None:
            yield from self._pages(fetcher, "", None)
            yield Portion(bookmark=state_of(Position(), self._source))
            return
        if self._position.after is not None:
            yield from self._finish_earlier(fetcher, self._changes)
        yield from self._read_changes(fetcher, self._changes)

    def _finish_earlier(self, fetcher: Fetcher, changes: Changes) -> Iterator[Portion]:
        """Go on with a reading that was interrupted; what has changed since it began is for the next one."""
        began = self._position.high
        yield from self._pages(fetcher, self._changed(changes, began), None)
        yield self._advance(began)

    def _read_changes(self, fetcher: Fetcher, changes: Changes) -> Iterator[Portion]:
        is_first = self._position.low is None
        first = self._first_page(fetcher, self._changed(changes, None)).result()
        yield self._portion(first)
        if first.is_whole:
            yield Portion(audited=first.total)
        else:
            began = self._clock.started
            self._position = replace(self._position, high=began)
            yield from self._pages(fetcher, self._changed(changes, began), first)
            yield from self._sweep(fetcher, changes, began)
        if not is_first:
            yield from self._unstamped(fetcher, changes.unstamped())
        yield self._advance(self._clock.started)

    def _changed(self, changes: Changes, high: datetime | None) -> str:
        """Return the condition for what the present reading is about."""
        low, start = self._position.low, self._start_date
        since = max(low, start) if low and start else low or start
        return changes.between(since, high, unstamped=low is None)

    def _unstamped(self, fetcher: Fetcher, condition: str) -> Iterator[Portion]:
        """Read again the rows of which nobody can tell whether they changed, if they are few; else say so."""
        if not condition:
            return
        page = self._first_page(fetcher, condition).result()
        yield Portion(page.rows)
        if not page.is_last:
            logger.warning(
                "%s: of %d rows it cannot be told whether they changed, because NetSuite never stamped them; they were "
                "read by the first run, and are again with the replication method FULL_TABLE",
                self._source.relation,
                page.total,
            )

    def _first_page(self, fetcher: Fetcher, condition: str) -> Future[KeyPage]:
        return fetcher.page(lambda: self._table(condition).page(None, 0))

    def _sweep(self, fetcher: Fetcher, changes: Changes, began: datetime) -> Iterator[Portion]:
        """Read what has changed since the run began, and while that is read, until one answer has all of it."""
        low = began
        for _ in range(_MOST_SWEEPS):
            now = self._clock.after(low)
            first = self._first_page(fetcher, changes.between(low, None)).result()
            yield self._portion(first)
            if first.is_whole:
                return
            for step in self._key_pages(fetcher, changes.between(low, now)).read(None, first):
                if step.page:
                    yield self._portion(step.page)
            low = now
        raise IncompleteResultError(
            f"{self._source.relation} changes faster than it can be read; read it when less is going on."
        )

    def _pages(self, fetcher: Fetcher, condition: str, first: KeyPage | None) -> Iterator[Portion]:
        for step in self._key_pages(fetcher, condition).read(self._position.after, first):
            if step.page:
                yield self._portion(step.page)
            elif step.proven is None:
                yield Portion(audited=step.counted)
            else:
                self._position = replace(self._position, after=step.proven)
                yield Portion(bookmark=state_of(self._position, self._source), audited=step.counted)

    def _key_pages(self, fetcher: Fetcher, condition: str) -> KeyPages:
        return KeyPages(self._table(condition), fetcher, self._audit)

    def _portion(self, page: KeyPage) -> Portion:
        newest = max((stamp for stamp in (self._position.newest, page.rows.newest) if stamp), default=None)
        self._position = replace(self._position, newest=newest)
        return Portion(page.rows)

    def _advance(self, began: datetime | None) -> Portion:
        """Take the position behind a finished reading.

        It is no later than the latest stamp that was seen, whatever clocks say, nor than what may have been in the
        saving when the reading began.
        """
        low, newest = self._position.low, self._position.newest
        if began and newest:
            reached = min(newest, iso((began - self._lookback).replace(microsecond=0)))
            moment = datetime.fromisoformat(reached.replace("Z", "+00:00"))
            low = max(low, moment) if low else moment
        self._position = Position(low)
        return Portion(bookmark=state_of(self._position, self._source))
