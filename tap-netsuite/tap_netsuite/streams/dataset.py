"""A saved dataset as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from singer_sdk import Tap

from tap_netsuite.account import Account
from tap_netsuite.discovery.found import StreamEntry
from tap_netsuite.reading.by_offset import DatasetReading
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import RowFormat
from tap_netsuite.source import Column, Source, kind_of
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.sync import Run


class DatasetStream(NetSuiteStream):
    """Rows of a dataset, always all of them: there is no order to go on in, nor a filter [section_156577938018]."""

    def __init__(self, tap: Tap, account: Account, run: Callable[[], Run], entry: StreamEntry) -> None:
        """Make the stream of a dataset."""
        super().__init__(tap, account, run, entry.name, entry.schema)
        self.primary_keys = list(entry.keys)
        self._dataset_id = entry.dataset

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the rows as records with every selected column, null where NetSuite has none."""
        account, keys, properties = self.account, tuple(self.primary_keys), self.schema["properties"]
        columns = tuple(
            Column(name, kind_of(schema))
            for name, schema in properties.items()
            if name in keys or self.mask[("properties", name)]
        )
        # Their keys are not keys to the row format, since rows come in no order that could be checked.
        source = Source(self._dataset_id, columns, title=self.name)
        row_format = RowFormat(
            self.name,
            source,
            lambda: account.zone,
            as_lines=self.leaves_directly,
            encode=self.encode,
        )
        reading = DatasetReading(
            account.netsuite.datasets,
            source,
            row_format,
            account.settings.audit,
            keys=keys,
            known=frozenset(properties),
            page_size=account.settings.page_size,
        )
        yield from reading.read(fetcher)
