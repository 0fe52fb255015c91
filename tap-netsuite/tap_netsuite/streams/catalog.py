"""Making the tap's streams, from what discovery found or from a catalog that was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from singer_sdk import Stream
from singer_sdk.singerlib import Catalog, CatalogEntry

from suitetalk import ConfigurationError
from tap_netsuite.deletions.sources import with_deleted_at
from tap_netsuite.discovery.found import StreamEntry
from tap_netsuite.settings import DATASET_PREFIX, RECORD_PREFIX, Query, dataset_stream
from tap_netsuite.streams.audit import AUDIT_STREAM, AuditStream
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.streams.dataset import DatasetStream
from tap_netsuite.streams.record import RecordStream, follow_tables
from tap_netsuite.streams.suiteql import SuiteQLStream

if TYPE_CHECKING:
    from tap_netsuite.tap import TapNetSuite


def streams_of_account(tap: TapNetSuite) -> list[Stream]:
    """Return the streams of all that discovery found.

    Raises:
        ConfigurationError: two streams would have the same name.
    """
    queries = {query.name: query for query in tap.settings.queries}
    entries = tap.discovery.streams
    names = [entry.name for entry in entries]
    taken = sorted(name for name in queries if names.count(name) > 1)
    if taken:
        raise ConfigurationError("queries", f"has the name of a table, {taken[0]}; give the query its own.")
    for entry in entries:
        if entry.dataset and names.count(entry.name) > 1:
            raise ConfigurationError("datasets", f"makes two streams {entry.name}; give {entry.dataset} another name.")
    streams = [_stream(tap, entry, queries) for entry in entries]
    follow_tables(streams)
    found = {stream.record_type for stream in streams if isinstance(stream, RecordStream)}
    for name in sorted(tap.account.settings.record_streams.keys() - found):
        tap.logger.warning("Setting `record_streams.%s` names a record type that was not found", name)
    return [AuditStream(tap), *streams]


def streams_of_catalog(tap: TapNetSuite, catalog: Catalog) -> list[Stream]:
    """Return the streams of a catalog that was given."""
    queries = {query.name: query for query in tap.settings.queries}
    return [
        AuditStream(tap) if entry.tap_stream_id == AUDIT_STREAM else _stream(tap, _given(tap, entry), queries)
        for entry in catalog.streams
    ]


def _given(tap: TapNetSuite, entry: CatalogEntry) -> StreamEntry:
    name, schema = entry.tap_stream_id, entry.schema.to_dict()
    record_type = name.removeprefix(RECORD_PREFIX) if name.startswith(RECORD_PREFIX) else ""
    keys = tuple(entry.key_properties or ())
    return StreamEntry(
        name, schema, keys, entry.replication_key, record_type=record_type, dataset=_dataset_of(tap, name)
    )


def _dataset_of(tap: TapNetSuite, stream: str) -> str:
    """Return the id of the dataset a stream is of: as the catalog says, as the settings do, or as it is called."""
    by_setting = {each.name or dataset_stream(each.id): each.id for each in tap.settings.datasets}
    queries = {query.name for query in tap.settings.queries}
    prefixed = (
        stream.removeprefix(DATASET_PREFIX) if stream.startswith(DATASET_PREFIX) and stream not in queries else ""
    )
    return tap.given_datasets.get(stream) or by_setting.get(stream) or prefixed


def _stream(tap: TapNetSuite, entry: StreamEntry, queries: Mapping[str, Query]) -> NetSuiteStream:
    if entry.dataset:
        return DatasetStream(tap, tap.account, entry)
    if entry.record_type:
        return RecordStream(tap, tap.account, entry.record_type, entry.schema)
    settings, is_table = tap.account.settings.deletions, entry.name not in queries
    schema = with_deleted_at(entry.name, entry.schema, entry.keys, settings, is_logged=is_table)
    stream = SuiteQLStream(tap, tap.account, entry.name, schema, queries.get(entry.name))
    stream.primary_keys = list(entry.keys)
    stream.replication_key = entry.replication_key
    return stream
