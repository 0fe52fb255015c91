"""The tap's streams, made of what discovery found or of a catalog that was given; and what such a catalog says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk.singerlib import Catalog, CatalogEntry

from suitetalk import ConfigurationError
from tap_netsuite.account import Account
from tap_netsuite.deletions.deletions import with_deleted_at, with_set_read_at
from tap_netsuite.discovery.found import DATASET, LEFT_OUT, METHOD, NOTE, STATUS, Finding, Status, StreamEntry
from tap_netsuite.discovery.known_tables import calculated_columns
from tap_netsuite.settings import DATASET_PREFIX, FILE_STREAM, RECORD_PREFIX, Query, dataset_stream
from tap_netsuite.streams.audit import AUDIT_STREAM, AuditStream
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.streams.dataset import DatasetStream
from tap_netsuite.streams.files import FileStream
from tap_netsuite.streams.record import RecordStream, follow_tables
from tap_netsuite.streams.suiteql import SuiteQLStream
from tap_netsuite.sync import Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StreamMaker:
    """Makes the streams of a tap.

    Attributes:
        tap: the tap, as the SDK knows it.
        account: what the streams read from.
        run: returns the run they are read in; called when the first of them is read.
    """

    tap: Tap
    account: Account
    run: Callable[[], Run]

    def of_account(self, entries: Sequence[StreamEntry]) -> list[Stream]:
        """Return the streams of all that discovery found.

        Raises:
            ConfigurationError: two streams would have the same name.
        """
        names = [entry.name for entry in entries]
        taken = sorted(name for name in self._queries if names.count(name) > 1)
        if taken:
            raise ConfigurationError("queries", f"has the name of a table, {taken[0]}; give the query another name.")
        for entry in entries:
            if entry.dataset and names.count(entry.name) > 1:
                raise ConfigurationError(
                    "datasets", f"makes two streams {entry.name}; give {entry.dataset} another name."
                )
        streams = [self._stream(entry) for entry in entries]
        for stream in streams:
            if isinstance(stream, SuiteQLStream) and stream.name not in self._queries:
                stream.leave_out(calculated_columns(stream.name))
        follow_tables(streams)
        found = {stream.record_type for stream in streams if isinstance(stream, RecordStream)}
        for name in sorted(self.account.settings.record_streams.keys() - found):
            logger.warning("Setting `record_streams.%s` names a record type that was not found", name)
        return [AuditStream(self.tap), *streams]

    def of_catalog(self, catalog: Catalog, datasets: Mapping[str, str]) -> list[Stream]:
        """Return the streams of a catalog that was given; it says which datasets some of them are of."""
        return [
            AuditStream(self.tap) if entry.tap_stream_id == AUDIT_STREAM else self._stream(self._given(entry, datasets))
            for entry in catalog.streams
        ]

    @property
    def _queries(self) -> dict[str, Query]:
        return {query.name: query for query in self.account.settings.queries}

    def _given(self, entry: CatalogEntry, datasets: Mapping[str, str]) -> StreamEntry:
        name = entry.tap_stream_id
        return StreamEntry(
            name,
            entry.schema.to_dict(),
            tuple(entry.key_properties or ()),
            entry.replication_key,
            record_type=name.removeprefix(RECORD_PREFIX) if name.startswith(RECORD_PREFIX) else "",
            dataset=datasets.get(name) or self._dataset_of(name),
        )

    def _dataset_of(self, stream: str) -> str:
        """Return the id of the dataset that a stream is of: as the settings say, or as it is called."""
        by_setting = {each.name or dataset_stream(each.id): each.id for each in self.account.settings.datasets}
        is_dataset = stream.startswith(DATASET_PREFIX) and stream not in self._queries
        return by_setting.get(stream) or (stream.removeprefix(DATASET_PREFIX) if is_dataset else "")

    def _stream(self, entry: StreamEntry) -> NetSuiteStream:
        tap, account, run = self.tap, self.account, self.run
        if entry.dataset:
            return DatasetStream(tap, account, run, entry)
        if entry.name == FILE_STREAM and entry.name not in self._queries:
            return FileStream(tap, account, run, entry)
        if entry.record_type:
            return RecordStream(tap, account, run, entry.record_type, entry.schema)
        query = self._queries.get(entry.name)
        deletions = account.settings.deletions
        schema = with_deleted_at(entry.name, entry.schema, entry.keys, deletions, is_logged=query is None)
        schema = schema if query else with_set_read_at(entry.name, schema)
        stream = SuiteQLStream(tap, account, run, entry.name, schema, query)
        stream.primary_keys = list(entry.keys)
        stream.replication_key = entry.replication_key
        return stream


def findings_in(catalog: Any) -> list[Finding]:
    """Return what a catalog that was discovered earlier says of its streams; nothing where it says nothing."""
    streams = catalog.get("streams", []) if isinstance(catalog, Mapping) else []
    return [
        Finding(stream["tap_stream_id"], Status(said[STATUS]), str(said.get(NOTE, "")), tuple(said.get(LEFT_OUT, ())))
        for stream in streams
        for part in stream.get("metadata", [])
        if not part.get("breadcrumb") and (said := part.get("metadata", {})).get(STATUS) in set(Status)
    ]


def datasets_in(catalog: Any) -> dict[str, str]:
    """Return the ids of the datasets that streams of a catalog were discovered of, by stream."""
    streams = catalog.get("streams", []) if isinstance(catalog, Mapping) else []
    return {
        stream["tap_stream_id"]: str(part["metadata"][DATASET])
        for stream in streams
        for part in stream.get("metadata", [])
        if not part.get("breadcrumb") and DATASET in part.get("metadata", {})
    }


def with_chosen_methods(catalog: Any) -> Any:
    """Return a catalog in which streams are read as their metadata say; the SDK knows the other place alone."""
    if not isinstance(catalog, Mapping):
        return catalog
    return {**catalog, "streams": [{**stream, **_chosen_method(stream)} for stream in catalog.get("streams", [])]}


def _chosen_method(stream: Mapping[str, Any]) -> dict[str, str]:
    for part in stream.get("metadata", []):
        if not part.get("breadcrumb") and (method := part.get("metadata", {}).get(METHOD)):
            return {"replication_method": method}
    return {}


def of_streams(findings: Iterable[Finding], names: Sequence[str]) -> Iterator[Finding]:
    """Yield what is said of these streams."""
    chosen = set(names)
    return (finding for finding in findings if finding.name in chosen)


def log_findings(findings: Iterable[Finding], logger: logging.Logger) -> None:
    """Log one line for each, with its parts as extra fields for what reads logs."""
    for finding in findings:
        logger.info(
            "%s",
            ": ".join(filter(None, (finding.name, finding.status.value, finding.note))),
            extra={
                "netsuite_table": finding.name,
                "netsuite_status": finding.status.value,
                "netsuite_note": finding.note,
            },
        )
