"""A SuiteQL table, or a query of the user's own, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from singer_sdk import Tap
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from suitetalk.timezone import PYTHON_TIME_FORMAT, earliest_local
from tap_netsuite.account import Account
from tap_netsuite.discovery.probe import REFUSALS, raise_outage
from tap_netsuite.extraction.by_change import rows_by_change
from tap_netsuite.extraction.by_key import rows_by_key
from tap_netsuite.extraction.source import Source
from tap_netsuite.streams.base import NetSuiteStream, StreamError
from tap_netsuite.values import Column, Kind, converter, is_same_time, iso, kind_of

_IN_UTC = "tap_in_utc"
_PROBED_ROWS = 20
_UTC = ZoneInfo("UTC")
_NOT_BY_DEFAULT = frozenset({"systemnote", "deletedrecord"})


class SuiteQLStream(NetSuiteStream):
    """Rows of one relation, in full or from the bookmark on."""

    def __init__(self, tap: Tap, account: Account, name: str, schema: dict[str, Any], relation: str) -> None:
        """Make the stream; `relation` is what stands after FROM."""
        super().__init__(tap, account, name, schema)
        self.selected_by_default = name not in _NOT_BY_DEFAULT
        self._relation = relation

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as records with every selected column, null where NetSuite has none."""
        source = self._source()
        convert = self._row_converter(source)
        if self.replication_method != REPLICATION_INCREMENTAL or source.replication_key is None:
            for rows in rows_by_key(self.account.netsuite.suiteql, source):
                yield from map(convert, rows)
            return
        yield from self._read_changes(source, source.replication_key, convert)

    def _read_changes(
        self, source: Source, column: Column, convert: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        suiteql = self.account.netsuite.suiteql
        newest = self.account.now() - timedelta(seconds=self.account.settings.lookback_seconds)
        never_stamped = f"{column.source} IS NULL"  # [section 5.10]
        if self._bookmarked() is None:
            for rows in rows_by_key(suiteql, source, never_stamped):
                yield from map(convert, rows)
        else:
            self._warn_of_unstamped(source, never_stamped)
        for portion in rows_by_change(suiteql, source, column, self._start(column)):
            yield from map(convert, portion.rows)
            if portion.complete_below is not None:
                self.acknowledge(self._bookmark(column, portion.complete_below, newest))

    def _warn_of_unstamped(self, source: Source, never_stamped: str) -> None:
        rows = self.account.netsuite.suiteql.page(source.count(never_stamped), limit=1).items[0]["n"]
        if int(rows):
            self.logger.warning(
                "%s: %s rows have no %s, so whether they changed cannot be told; they were read by the first run, and "
                "are again with the replication method FULL_TABLE",
                self.name,
                rows,
                self.replication_key,
            )

    def _bookmarked(self) -> Any | None:
        """Return the bookmark of an earlier run, None when there is none for this replication key."""
        state = self.stream_state
        return state.get("replication_key_value") if state.get("replication_key") == self.replication_key else None

    def _start(self, column: Column) -> Any | None:
        """Return where to read from, in the form SuiteQL delivers the replication key in."""
        if not column.kind.is_temporal:
            return self._bookmarked()
        value = self.get_starting_replication_key_value(None)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            raise StreamError(f"the state holds {value!r} as its bookmark, which is no time; take it out.") from None
        if column.kind is Kind.DATE:
            return f"{moment:%Y-%m-%d} 00:00:00"
        aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return earliest_local(aware, self.account.zone).strftime(PYTHON_TIME_FORMAT)

    def _bookmark(self, column: Column, delivered: Any, newest: datetime) -> Any:
        """Return the bookmark for a value, no later than what may still be in the saving."""
        value = converter(column.kind, self.account.zone)(delivered)
        if not column.kind.is_temporal:
            return str(value) if column.kind is Kind.DECIMAL else value  # readers of states round decimals
        cap = iso(newest.replace(microsecond=0))
        return min(value, cap if column.kind is Kind.DATE_TIME else cap[:10])

    def _source(self) -> Source:
        properties = self.schema["properties"]
        needed = {*self.primary_keys, *([self.replication_key] if self.replication_key else [])}
        unknown = needed - properties.keys()
        if unknown:
            raise StreamError(f"the catalog names {', '.join(sorted(unknown))} as a key but has no such property.")
        columns = {
            name: Column(name, kind_of(schema))
            for name, schema in properties.items()
            if name in needed or self.mask[("properties", name)]
        }
        source = Source(
            relation=self._relation,
            columns=tuple(columns.values()),
            keys=tuple(columns[name] for name in self.primary_keys),
            replication_key=columns[self.replication_key] if self.replication_key else None,
        )
        return self._in_utc(source)

    def _in_utc(self, source: Source) -> Source:
        """Let NetSuite turn times into UTC where it can: only it knows an hour that the account's clock showed twice.

        The replication key is read on the account's clock too, which is what order and conditions go by.
        """
        if not any(column.kind is Kind.DATE_TIME for column in source.columns):
            return source
        columns = [replace(column, in_utc=column.kind is Kind.DATE_TIME) for column in source.columns]
        cursor = source.replication_key
        if cursor and cursor.kind is Kind.DATE_TIME:
            columns = [
                replace(column, name=_IN_UTC, of=cursor.name) if column.name == cursor.name else column
                for column in columns
            ]
            columns.append(cursor)
        converted = replace(source, columns=tuple(columns))
        return converted if self._converts(converted, source) else source

    def _converts(self, converted: Source, source: Source) -> bool:
        """Tell whether NetSuite turns these times into UTC, in agreement with the account's time zone."""
        suiteql = self.account.netsuite.suiteql
        pairs = [
            (column, replace(column, name=f"local_{number}", of=column.source, in_utc=False))
            for number, column in enumerate(converted.columns)
            if column.in_utc
        ]
        probe = replace(converted, columns=tuple(column for pair in pairs for column in pair))
        try:
            rows = suiteql.page(probe.page(), limit=_PROBED_ROWS).items
        except REFUSALS as refusal:
            raise_outage(refusal)
            suiteql.page(source.page(), limit=1)  # tells whether it can be read at all
            return False
        times = [(row[utc.name], row[local.name]) for row in rows for utc, local in pairs if utc.name in row]
        return all(is_same_time(utc, local, self.account.zone) for utc, local in times)

    def _row_converter(self, source: Source) -> Callable[[dict[str, Any]], dict[str, Any]]:
        twice = {column.of for column in source.columns}
        converters = [
            (column.source, column.name, converter(column.kind, self._zone_of(column)))
            for column in source.columns
            if column.name not in twice
        ]

        def convert(row: dict[str, Any]) -> dict[str, Any]:
            record = {}
            for name, delivered_as, to_value in converters:
                text = row.get(delivered_as)
                try:
                    record[name] = None if text is None else to_value(text)
                except ValueError:
                    kind = kind_of(self.schema["properties"][name]).value
                    raise StreamError(
                        f"column {name} holds {str(text)[:80]!r}, which is no {kind}; "
                        "make its type string in the catalog."
                    ) from None
            return record

        return convert

    def _zone_of(self, column: Column) -> ZoneInfo:
        on_account_clock = column.kind is Kind.DATE_TIME and not column.in_utc
        return self.account.zone if on_account_clock else _UTC
