"""A record type, read through the record service, as a stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from singer_sdk import Tap
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL, Catalog
from singer_sdk.singerlib.schema import Schema

from suitetalk.record_tables import table_of
from tap_netsuite.account import Account
from tap_netsuite.deletions.deletions import Subject, existing_records, with_deleted_at, without_deleted_at
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import Record, Rows
from tap_netsuite.reading.record_ids import REFUSALS, Listed, RecordList, TableIds
from tap_netsuite.reading.records import Documents, RecordReading, SingleDocuments, WithTable, view_of
from tap_netsuite.reading.state import Position, position_in, state_of
from tap_netsuite.record_schema import conformed
from tap_netsuite.settings import RECORD_PREFIX, RecordSettings
from tap_netsuite.source import DELETED_AT, Column, Kind, Source
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.sync import Run, StreamError

logger = logging.getLogger(__name__)

_ID = Column("id", Kind.TEXT)
_LIST = "/record/v1/"


class RecordStream(NetSuiteStream):
    """Whole records with their sublists and subrecords, in full or from the bookmark on."""

    selected_by_default = False

    def __init__(
        self, tap: Tap, account: Account, run: Callable[[], Run], record_type: str, schema: dict[str, Any]
    ) -> None:
        """Make the stream of a record type; NetSuite takes its name in either case [section 6.1].

        Raises:
            ConfigurationError: its settings name a field that the type does not have.
        """
        self.record_type = record_type.lower()
        self._settings = account.settings.record_streams.get(self.record_type, RecordSettings())
        self._view = view_of(self.record_type, without_deleted_at(schema), self._settings)
        name = f"{RECORD_PREFIX}{self.record_type}"
        super().__init__(
            tap, account, run, name, with_deleted_at(name, self._view.schema, ("id",), account.settings.deletions)
        )
        self.primary_keys = ["id"]

    @property
    def table(self) -> str:
        """The SuiteQL table that holds the type."""
        return table_of(self.record_type)

    @property
    def _leaves_none_out(self) -> bool:
        return super()._leaves_none_out and not self._settings.q

    def count(self) -> int | None:
        """Return how many records of the type NetSuite lists; None where it lists none for this role."""
        try:
            return self.account.netsuite.records.list(self.record_type, limit=1).total
        except REFUSALS as refusal:
            logger.warning("%s: NetSuite refuses to count its records: %s", self.name, refusal)
            return None

    def follow(self, stamp: str) -> None:
        """Be read by changes, which this column of the table tells, if records show it too."""
        self.replication_key = next((name for name in self.schema["properties"] if name.lower() == stamp), None)

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take what a catalog says; the settings decide what of its schema is read."""
        entry = catalog.get_stream(self.name)
        if entry:
            entry.schema = Schema.from_dict(self.schema)
        super().apply_catalog(catalog)

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the records."""
        reading = RecordReading(self.record_type, self._listed, self._documents(), self._conformed, self._leaving)
        yield from reading.read(fetcher)

    def subject(self) -> Subject:
        """Return what the log says of records of the type; their ids are text."""
        log, settings = self.account.deletion_log, self.account.settings.deletions
        is_full = not (self.replication_key and self.replication_method == REPLICATION_INCREMENTAL)
        is_compared = is_full or settings.compares(self.name)
        return Subject(
            stream=self.name,
            keys=("id",),
            existing=partial(existing_records, self.account.netsuite, self.record_type),
            encode=self.encode if self.leaves_directly else None,
            logged=partial(log.of_record_type, self.record_type) if settings.reads_log else None,
            key_of=lambda record_id: (str(record_id),),
            remembers=is_compared and settings.seen_keys is not None,
            compares_all=settings.compares(self.name) or (is_full and "reading" not in self._state_at_start),
        )

    def _listed(self, fetcher: Fetcher) -> Iterator[Listed]:
        if self.replication_key and self.replication_method == REPLICATION_INCREMENTAL:
            return self._changed(fetcher, self.replication_key.lower())
        return self._all(fetcher)

    def _changed(self, fetcher: Fetcher, stamp: str) -> Iterator[Listed]:
        """Yield the ids of records that have changed; of all, without a bookmark, where the table refuses."""
        begun = False
        try:
            for listed in self._table_ids(stamp).listed(fetcher, self._state_at_start):
                begun = True
                yield listed
        except REFUSALS as refusal:
            if begun or _LIST in str(refusal):
                raise
            logger.warning("%s is read in full, because SuiteQL does not tell what has changed: %s", self.name, refusal)
            for ids in self._list.all_ids(fetcher, None):
                yield Listed(tuple(ids), None, len(ids))

    def _all(self, fetcher: Fetcher) -> Iterator[Listed]:
        source = Source(f"{self.record_type} {self._settings.q}", (_ID,), (_ID,))
        after = position_in(self._state_at_start, source).after
        begun = False
        try:
            for ids in self._list.all_ids(fetcher, after[0] if after else None):
                begun = True
                if ids:
                    yield Listed(tuple(ids), state_of(Position(after=(ids[-1],)), source), len(ids))
        except REFUSALS as refusal:
            if begun or self._settings.q or self.table not in ("transaction", self.record_type):
                raise
            try:
                yield from self._table_ids(None).listed(fetcher, self._state_at_start)
            except REFUSALS:
                raise refusal from None
        else:
            yield Listed((), state_of(Position(), source))

    @property
    def _list(self) -> RecordList:
        return RecordList(self.account.netsuite.records, self.record_type, self._settings.q)

    def _table_ids(self, stamp: str | None) -> TableIds:
        return TableIds(self.account, self._list, self.record_type, self._settings.q, stamp)

    def _documents(self) -> Documents:
        netsuite = self.account.netsuite
        documents: Documents = SingleDocuments(netsuite.records, self.record_type, self._view, self.account.answers)
        if self._settings.falls_back:
            documents = WithTable(documents, netsuite.suiteql, self.table, self._view.schema, lambda: self.account.zone)
        return documents

    def _conformed(self, record: Record) -> Record:
        try:
            alive = {DELETED_AT: None} if self._is_told(DELETED_AT) else {}
            return {**conformed(self._view.shown(record), self.schema), **alive}
        except ValueError as error:
            raise StreamError(f"record {record.get('id')}: {error}; correct its type in the catalog.") from None

    def _leaving(self, records: list[Record]) -> Rows:
        kept = tuple((record["id"],) for record in records)
        if not self.leaves_directly:
            return Rows(len(records), records=records, kept=kept)
        shown = [{name: value for name, value in record.items() if self._is_told(name)} for record in records]
        return Rows(len(records), lines=self.encode(shown), kept=kept)


def follow_tables(streams: Iterable[NetSuiteStream]) -> None:
    """Let each record stream be read by the changes that the stream of its table is read by."""
    streams = list(streams)
    stamps = {stream.name: stream.replication_key for stream in streams}
    for stream in streams:
        stamp = stamps.get(stream.table) if isinstance(stream, RecordStream) else None
        if isinstance(stream, RecordStream) and stamp:
            stream.follow(stamp)
