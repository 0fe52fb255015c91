"""A SuiteQL table, or a query of the user's own, as a stream."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from suitetalk import ConfigurationError, InvalidRequestError
from tap_netsuite.account import Account
from tap_netsuite.extraction.changes import StampedChanges
from tap_netsuite.extraction.keyed_source import KeyedSource
from tap_netsuite.extraction.keyless_reading import KeylessReading
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.plain_reading import PlainReading
from tap_netsuite.extraction.position import position_in
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.source import Source
from tap_netsuite.extraction.table_reading import TableReading
from tap_netsuite.run import StreamError
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.values import Column, Kind, kind_of

if TYPE_CHECKING:
    from tap_netsuite.tap import TapNetSuite

logger = logging.getLogger(__name__)

_NOT_BY_DEFAULT = frozenset({"systemnote", "deletedrecord", "deletedrecordinconnect"})


class SuiteQLStream(NetSuiteStream):
    """Rows of one relation, in full or from the bookmark on."""

    def __init__(self, tap: TapNetSuite, account: Account, name: str, schema: dict[str, Any], relation: str) -> None:
        """Make the stream; `relation` is what stands after FROM."""
        super().__init__(tap, account, name, schema)
        self.selected_by_default = name not in _NOT_BY_DEFAULT
        self._relation = relation

    @property
    def has_times(self) -> bool:
        """Whether rows have times on the account's clock."""
        return any(kind_of(schema) is Kind.DATE_TIME for schema in self.schema["properties"].values())

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the rows as records with every selected column, null where NetSuite has none."""
        local = self._source()
        in_utc = _in_utc(local)
        if in_utc == local or not (yield from self._read_in_utc(fetcher, in_utc)):
            yield from self._reading(local).read(fetcher)

    def _read_in_utc(self, fetcher: Fetcher, source: Source) -> Generator[Portion, None, bool]:
        """Let NetSuite turn times into UTC: only it knows an hour that the account's clock showed twice.

        Returns whether it can; if not, nothing was yielded.
        """
        begun = False
        try:
            for portion in self._reading(source).read(fetcher):
                if not begun and not self._converts_to_utc():
                    return False
                begun = True
                yield portion
        except InvalidRequestError as refusal:
            if begun:
                raise
            logger.debug("%s: %s; its times are read on the account's clock", self.name, refusal)
            return False
        return True

    def _converts_to_utc(self) -> bool:
        try:
            return self.account.converts_to_utc
        except ConfigurationError as error:  # no matter until a time has to be converted here
            logger.debug("%s: %s", self.name, error)
            return False

    def _reading(self, source: Source) -> TableReading | KeylessReading | PlainReading:
        account, settings, state = self.account, self.account.settings, self._state_at_start
        suiteql, lookback = account.netsuite.suiteql, timedelta(seconds=settings.lookback_seconds)
        row_format = RowFormat(self.name, source, lambda: account.zone, as_lines=self.leaves_directly)
        cursor = source.replication_key
        if source.has_number_keys and (cursor is None or cursor.kind is Kind.DATE_TIME):
            return TableReading(
                source,
                lambda condition, counted: KeyedSource(suiteql, source, row_format, condition, counted),
                position_in(state, source),
                changes=StampedChanges(cursor, lambda: account.zone) if cursor else None,
                start_date=settings.start_date,
                clock=account,
                lookback=lookback,
                audit=settings.audit,
            )
        if cursor is None and not source.keys:
            return KeylessReading(suiteql, source, row_format, settings.audit)
        is_same = cursor is not None and state.get("replication_key") == cursor.name
        return PlainReading(
            suiteql,
            source,
            row_format,
            bookmark=state.get("replication_key_value") if is_same else None,
            start_date=settings.start_date,
            clock=account,
            zone=lambda: account.zone,
            lookback=lookback,
        )

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
        is_incremental = self.replication_key and self.replication_method == REPLICATION_INCREMENTAL
        return Source(
            relation=self._relation,
            columns=tuple(columns.values()),
            keys=tuple(columns[name] for name in self.primary_keys),
            replication_key=columns[self.replication_key] if self.replication_key and is_incremental else None,
        )


def _in_utc(source: Source) -> Source:
    columns = {column.name: replace(column, in_utc=column.kind is Kind.DATE_TIME) for column in source.columns}
    cursor = source.replication_key
    return replace(source, columns=tuple(columns.values()), replication_key=columns[cursor.name] if cursor else None)
