"""A record type, read through the record service, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from singer_sdk import Tap

from tap_netsuite.account import Account
from tap_netsuite.extraction.records import whole_records
from tap_netsuite.record_schema import conformed
from tap_netsuite.settings import RECORD_PREFIX
from tap_netsuite.streams.base import NetSuiteStream, StreamError


class RecordStream(NetSuiteStream):
    """Whole records with their sublists and subrecords, one request for each; read in full."""

    selected_by_default = False

    def __init__(self, tap: Tap, account: Account, record_type: str, schema: dict[str, Any]) -> None:
        """Make the stream of a record type; NetSuite takes its name in either case [section 6.1]."""
        super().__init__(tap, account, f"{RECORD_PREFIX}{record_type.lower()}", schema)
        self.primary_keys = ["id"]
        self._record_type = record_type

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the records."""
        for record in whole_records(self.account.netsuite.records, self._record_type, self.account.workers):
            try:
                yield conformed(record, self.schema)
            except ValueError as error:
                raise StreamError(f"record {record.get('id')}: {error}; correct its type in the catalog.") from None
