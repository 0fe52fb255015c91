"""A record type, read through the record service, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tap_netsuite.account import Account
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.records import whole_records
from tap_netsuite.extraction.row_format import record_lines
from tap_netsuite.extraction.rows import Rows
from tap_netsuite.record_schema import conformed
from tap_netsuite.run import StreamError
from tap_netsuite.settings import RECORD_PREFIX
from tap_netsuite.streams.base import NetSuiteStream

if TYPE_CHECKING:
    from tap_netsuite.tap import TapNetSuite


class RecordStream(NetSuiteStream):
    """Whole records with their sublists and subrecords, one request for each; read in full."""

    selected_by_default = False

    def __init__(self, tap: TapNetSuite, account: Account, record_type: str, schema: dict[str, Any]) -> None:
        """Make the stream of a record type; NetSuite takes its name in either case [section 6.1]."""
        super().__init__(tap, account, f"{RECORD_PREFIX}{record_type.lower()}", schema)
        self.primary_keys = ["id"]
        self._record_type = record_type

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the records."""
        del fetcher
        for record in whole_records(self.account.netsuite.records, self._record_type, self.account.workers):
            yield Portion(self._leaving([self._conformed(record)]))

    def _conformed(self, record: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict(conformed(record, self.schema))
        except ValueError as error:
            raise StreamError(f"record {record.get('id')}: {error}; correct its type in the catalog.") from None

    def _leaving(self, records: list[dict[str, Any]]) -> Rows:
        if not self.leaves_directly:
            return Rows(len(records), records=records)
        shown = [{name: value for name, value in record.items() if self._is_selected(name)} for record in records]
        return Rows(len(records), lines=record_lines(self.name, shown))

    def _is_selected(self, name: str) -> bool:
        return name in self.schema["properties"] and self.mask[("properties", name)]
