"""The Singer tap."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from types import FrameType
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk.singerlib import Catalog, CatalogEntry

from suitetalk import ConfigurationError, RetryPolicy
from tap_netsuite.account import Account
from tap_netsuite.discovery.catalog import discover_queries, discover_records, discover_tables, read_catalog
from tap_netsuite.discovery.queries import query_relation
from tap_netsuite.discovery.tables import StreamEntry
from tap_netsuite.output import WholeLineWriter
from tap_netsuite.run import Run
from tap_netsuite.settings import CONFIG_SCHEMA, RECORD_PREFIX, TapSettings
from tap_netsuite.streams import RecordStream, SuiteQLStream
from tap_netsuite.streams.audit import AUDIT_STREAM, AuditStream, StreamAudit
from tap_netsuite.streams.base import NetSuiteStream

_PACKAGE = "netsuite-singer"


class TapNetSuite(Tap):
    """Reads NetSuite: SuiteQL tables, whole records, and queries of the user's own."""

    name = "tap-netsuite"
    package_name = _PACKAGE
    config_jsonschema = CONFIG_SCHEMA
    dynamic_catalog = True
    message_writer_class = WholeLineWriter
    retry: RetryPolicy | None = None
    """How often and how far apart requests are tried; None for the library's own choice."""

    @cached_property
    def account(self) -> Account:
        """The account the settings name."""
        return Account(TapSettings.from_mapping(self.config), f"tap-netsuite/{version(_PACKAGE)}", self.retry)

    @cached_property
    def run(self) -> Run:
        """The run over the selected streams; it begins to read when it is first asked for."""
        selected = [stream for stream in self.streams.values() if stream.selected]
        return Run(self.account, [(each.name, each.reading()) for each in selected if isinstance(each, NetSuiteStream)])

    def write_lines(self, lines: bytes) -> None:
        """Write messages that are encoded already, each ending in a line feed."""
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.write_lines(lines)

    def audited(self, audit: StreamAudit) -> None:
        """Take note of what became of a stream."""
        stream = self.streams.get(AUDIT_STREAM)
        if isinstance(stream, AuditStream):
            stream.write(audit)
        level = logging.INFO if audit.result == "complete" else logging.WARNING
        counted = "was not asked" if audit.counted is None else f"counts {audit.counted}"
        self.logger.log(
            level, "%s: %d records read, NetSuite %s: %s", audit.stream, audit.emitted, counted, audit.result
        )

    def discover_streams(self) -> Sequence[Stream]:
        """Return the streams: those of the catalog that was given, or all there are.

        With a catalog NetSuite is not asked, so a run starts at once.
        """
        if self.input_catalog:
            return _in_catalog(self, self.input_catalog)
        return _in_account(self)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take a state; a whole STATE message will do.

        Raises:
            ConfigurationError: it is something else, which would mean to read everything again.
        """
        given: Any = state
        value = given.get("value") if isinstance(given, dict) and given.get("type") == "STATE" else given
        if not isinstance(value, dict) or (value and not isinstance(value.get("bookmarks"), dict)):
            raise ConfigurationError(
                "--state", 'names a file that holds no state such as {"bookmarks": {…}}; correct it.'
            )
        super().load_state(value)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in our own words before the SDK does in those of JSON Schema."""
        if raise_errors:
            self._warn_of_unknown_settings()
            TapSettings.from_mapping(self.config)
        return super()._validate_config(raise_errors=raise_errors)

    def _warn_of_unknown_settings(self) -> None:
        known: dict[str, Any] = {"properties": dict(CONFIG_SCHEMA["properties"])}
        self.append_builtin_config(known)
        for name in sorted(self.config.keys() - known["properties"].keys()):
            self.logger.warning("Setting `%s` is not one of this tap's and has no effect", name)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with the signal's exit code; the SDK's 0 would say that everything was read."""
        del frame
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.end(signum)
        else:
            sys.exit(128 + signum)


def _in_account(tap: TapNetSuite) -> list[Stream]:
    catalog = read_catalog(tap.account)
    tables = [_suiteql_stream(tap, entry, entry.name) for entry in discover_tables(tap.account, catalog)]
    records = [RecordStream(tap, tap.account, entry.name, entry.schema) for entry in discover_records(catalog)]
    relations = _query_relations(tap)
    taken = relations.keys() & {table.name for table in tables}
    if taken:
        raise ConfigurationError("queries", f"has the name of a table, {min(taken)}; give the query one of its own.")
    queries = [_suiteql_stream(tap, entry, relations[entry.name]) for entry in discover_queries(tap.account, catalog)]
    return [AuditStream(tap), *tables, *records, *queries]


def _in_catalog(tap: TapNetSuite, catalog: Catalog) -> list[Stream]:
    return [_stream_of_entry(tap, entry, _query_relations(tap)) for entry in catalog.streams]


def _stream_of_entry(tap: TapNetSuite, entry: CatalogEntry, queries: Mapping[str, str]) -> Stream:
    name, schema = entry.tap_stream_id, entry.schema.to_dict()
    if name == AUDIT_STREAM:
        return AuditStream(tap)
    if name.startswith(RECORD_PREFIX):
        return RecordStream(tap, tap.account, name.removeprefix(RECORD_PREFIX), schema)
    found = StreamEntry(name, schema, tuple(entry.key_properties or ()), entry.replication_key)
    return _suiteql_stream(tap, found, queries.get(name, name))


def _suiteql_stream(tap: TapNetSuite, entry: StreamEntry, relation: str) -> SuiteQLStream:
    stream = SuiteQLStream(tap, tap.account, entry.name, entry.schema, relation)
    stream.primary_keys = list(entry.keys)
    stream.replication_key = entry.replication_key
    return stream


def _query_relations(tap: TapNetSuite) -> dict[str, Any]:
    return {query.name: query_relation(query) for query in tap.account.settings.queries}
