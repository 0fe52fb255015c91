"""One run's reading of a source without numbers for keys, or whose replication key is no time: a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import SuiteQL
from suitetalk.timezone import PYTHON_TIME_FORMAT, earliest_local
from tap_netsuite.extraction.by_change import rows_by_change
from tap_netsuite.extraction.by_key import Row, rows_by_key
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.position import StateError, check_not_ahead, moment_in, query_state
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.source import Source
from tap_netsuite.extraction.table_reading import Clock
from tap_netsuite.values import Column, Kind, converter, iso

_AS_WRITTEN = "tap_as_written"


class PlainReading:
    """Reads all rows of a source, or those whose replication key is not below a bookmark."""

    def __init__(
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
    ) -> None:
        """Prepare; see `TableReading`. The bookmark is that of the stream's state for this replication key."""
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
            yield from map(self._portion, rows_by_key(self._suiteql, self._source))
        else:
            yield from self._changes(self._source.replication_key)

    def _changes(self, cursor: Column) -> Iterator[Portion]:
        source, column = _readable_by(self._source, cursor)
        if self._bookmark is None:
            never_stamped = f"{cursor.source} IS NULL"  # [section 5.10]
            yield from map(self._portion, rows_by_key(self._suiteql, self._source, never_stamped))
        for portion in rows_by_change(self._suiteql, source, column, self._start(column)):
            yield self._portion([_as_written(row, cursor) for row in portion.rows])
            if portion.complete_below is not None:
                value = self._value(column, portion.complete_below)
                bookmark = {"replication_key": cursor.name, "replication_key_value": value}
                yield Portion(bookmark={**bookmark, **query_state(self._source)})
        if cursor.kind is Kind.DATE_TIME and self._bookmark is not None:
            check_not_ahead(moment_in(self._bookmark), self._clock.started)

    def _portion(self, rows: list[Row]) -> Portion:
        return Portion(self._row_format.of_items(rows), audited=len(rows))

    def _start(self, column: Column) -> Any | None:
        """Return where to read from, in the form SuiteQL delivers the replication key in."""
        if not column.kind.is_temporal:
            return self._bookmark
        moments = [moment for moment in (self._moment(), self._start_date) if moment]
        if not moments:
            return None
        moment = max(moments)
        if column.kind is Kind.DATE:
            return f"{moment:%Y-%m-%d} 00:00:00"
        return earliest_local(moment, self._zone()).strftime(PYTHON_TIME_FORMAT)

    def _moment(self) -> datetime | None:
        if self._bookmark is None:
            return None
        try:
            moment = datetime.fromisoformat(str(self._bookmark).replace("Z", "+00:00"))
        except ValueError:
            raise StateError(
                f"the state holds {self._bookmark!r} as its bookmark, which is no time; take it out."
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    def _value(self, column: Column, delivered: Any) -> Any:
        """Return the bookmark for a value, no later than what may still be in the saving."""
        value = converter(column.kind, self._zone() if column.kind is Kind.DATE_TIME else ZoneInfo("UTC"))(delivered)
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
