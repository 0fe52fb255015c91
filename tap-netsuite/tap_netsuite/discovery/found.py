"""What was found: entries, report, cache."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime, timezone
from enum import Enum
from importlib.metadata import version
from typing import Any, TextIO

from suitetalk.metadata import CatalogCache
from tap_netsuite.settings import Dataset, TapSettings, dataset_stream
from tap_netsuite.source import Column, json_schema

NOT_KNOWN = "not known"

ALL_DATASETS = "datasets"
"""Name of the finding about the list of datasets; there is none when the list can be read."""

DATASET = "netsuite.dataset"
METHOD = "replication-method"
"""What a stream's metadata in the catalog has besides the Singer ones."""
_HEAD = ("Table", "Status", "Note")
logger = logging.getLogger(__name__)
_FORMAT = 1
_FOUND_AT = "found_at"
_AS_TEXT = " as text"


class Status(str, Enum):
    """How a table or record type was found."""

    READABLE = "readable"
    EMPTY = "empty"
    NOT_PERMITTED = "not permitted"
    FEATURE_OFF = "feature off"
    UNKNOWN = "unknown table or feature off"
    RECORD_ONLY = "record type without a table"
    IN_CATALOG = "in the metadata catalog"
    FAILED = "cannot be read"

    @property
    def is_stream(self) -> bool:
        """Tell whether there is a stream for it."""
        return self in (Status.READABLE, Status.EMPTY, Status.IN_CATALOG)


@dataclass(frozen=True)
class Finding:
    """What is said of one table, query or record type, whether it became a stream or not.

    Attributes:
        name: of the stream, as it is or would be.
        status: how it was found.
        note: which permission or feature it takes, or NetSuite's words; may be empty.
        left_out: columns that were to be expected and that NetSuite refuses.
        is_sure: whether the next discovery will most likely find the same; what is not sure is not kept.
    """

    name: str
    status: Status
    note: str = ""
    left_out: tuple[str, ...] = ()
    is_sure: bool = True


@dataclass(frozen=True)
class StreamEntry:
    """What discovery found out about one stream.

    Attributes:
        name: name of the stream.
        schema: JSON Schema of its records.
        keys: columns that identify a row, may be empty.
        replication_key: column that tells new rows from old, or None.
        deletions: how it comes to be known that rows were deleted, or that it does not.
        record_type: the type as NetSuite spells it, for streams of whole records; else empty.
        dataset: id of the saved dataset, for streams of one; else empty.
    """

    name: str
    schema: dict[str, Any]
    keys: tuple[str, ...] = ()
    replication_key: str | None = None
    deletions: str = NOT_KNOWN
    record_type: str = ""
    dataset: str = ""


Found = tuple[StreamEntry | None, Finding]
"""An entry, None for what cannot be a stream, and what is said of it."""


@dataclass(frozen=True)
class Discovery:
    """All that discovery found.

    Attributes:
        streams: tables, record types, queries and datasets that can be streams.
        findings: of each table, record type, query and dataset that was looked at, those that are not streams included.
    """

    streams: tuple[StreamEntry, ...]
    findings: tuple[Finding, ...]


def schema_of(columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return the JSON Schema of records with these columns."""
    return {"type": "object", "properties": {column.name: json_schema(column.kind) for column in columns}}


STATUS, NOTE, LEFT_OUT, DELETIONS = "netsuite.status", "netsuite.note", "netsuite.left-out", "netsuite.deletions"


def stream_metadata(discovery: Discovery) -> dict[str, dict[str, Any]]:
    """Return what the catalog says of each stream: its status, and how deletions are known."""
    findings = {finding.name: finding for finding in discovery.findings}
    return {entry.name: _metadata(entry, findings.get(entry.name)) for entry in discovery.streams}


def with_metadata(catalog: dict[str, Any], added: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Add to the stream-level metadata of a catalog's streams, by name."""
    for stream in catalog["streams"]:
        for part in stream["metadata"]:
            if not part["breadcrumb"]:
                part["metadata"].update(added.get(stream["tap_stream_id"], {}))
    return catalog


def write_table(findings: Iterable[Finding], output: TextIO) -> None:
    """Write a table for a person; record types that are simply there are counted only."""
    shown = [finding for finding in findings if finding.status is not Status.IN_CATALOG]
    rows = [_HEAD, *((finding.name, finding.status.value, _note(finding)) for finding in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = (f"{name:{widths[0]}}  {status:{widths[1]}}  {note}" for name, status, note in rows)
    output.writelines(f"{line.rstrip()}\n" for line in lines)
    counts = {status: sum(finding.status is status for finding in findings) for status in Status}
    output.write("; ".join(f"{count} {status.value}" for status, count in counts.items() if count) + "\n")


def warn_of_columns(findings: Iterable[Finding], logger: logging.Logger) -> None:
    """Warn of the columns that are left out, one line for each table that is a stream."""
    for finding in findings:
        if finding.left_out and finding.status.is_stream:
            logger.warning(
                "%s is read without %s: NetSuite refuses them, because of the account's features or the role",
                finding.name,
                ", ".join(finding.left_out),
            )


def warn_of_datasets(findings: Iterable[Finding], wanted: Iterable[Dataset], logger: logging.Logger) -> None:
    """Warn of the datasets that were asked for and are not streams, one line for each."""
    names = {ALL_DATASETS, *(dataset.name or dataset_stream(dataset.id) for dataset in wanted)}
    for finding in findings:
        if finding.name in names and not finding.status.is_stream:
            logger.warning("%s is not read: %s: %s", finding.name, finding.status.value, finding.note)


def _metadata(entry: StreamEntry, finding: Finding | None) -> dict[str, Any]:
    said: dict[str, Any] = {DELETIONS: entry.deletions, **({DATASET: entry.dataset} if entry.dataset else {})}
    if finding:
        said[STATUS] = finding.status.value
        said.update({NOTE: finding.note} if finding.note else {})
        said.update({LEFT_OUT: list(finding.left_out)} if finding.left_out else {})
    return said


def _note(finding: Finding) -> str:
    without = f"without {', '.join(finding.left_out)}" if finding.left_out else ""
    return "; ".join(filter(None, (finding.note, without)))


class DiscoveryCache:
    """The discovery of one login with one choice of settings, in the user's cache folder [chapter_1540810168].

    Whatever goes wrong with the file, NetSuite is asked instead.
    """

    def __init__(self, settings: TapSettings) -> None:
        """Find the place; nothing is read yet."""
        age = settings.discovery.catalog_cache_seconds
        self._settings = settings
        self._documents = CatalogCache.of_login(settings.connection, age) if age else None
        self._kept = b""

    def get(self) -> Discovery | None:
        """Return what is kept; None when it is too old, damaged, unwanted, or not there."""
        if self._documents is None or self._settings.discovery.refresh_catalog:
            return None
        kept = self._documents.get(self._name())
        if kept is None:
            return None
        try:
            discovery = _read(json.loads(kept))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            logger.debug("The kept catalog is damaged: %s", error)
            return None
        self._kept = kept
        logger.info(
            "The catalog found at %s is taken; set refresh_catalog to ask NetSuite again",
            json.loads(kept).get(_FOUND_AT),
        )
        return discovery

    def put(self, discovery: Discovery) -> None:
        """Keep what was found, if all of it could be found out."""
        if self._documents is not None and all(finding.is_sure for finding in discovery.findings):
            found = {**asdict(discovery), _FOUND_AT: datetime.now(timezone.utc).isoformat(timespec="seconds")}
            self._kept = json.dumps(found, separators=(",", ":")).encode()
            self._documents.put(self._name(), self._kept)

    def catalog_text(self) -> str | None:
        """Return the catalog as it was written for what is kept, None when there is none: to make it takes a second."""
        if self._documents is None or not self._kept:
            return None
        made_from, _, text = (self._documents.get(self._name() + _AS_TEXT) or b"").partition(b"\n")
        try:
            return text.decode() if made_from == self._digest() else None
        except UnicodeDecodeError:
            return None

    def put_catalog_text(self, text: str) -> None:
        """Keep the catalog that was written for what is kept."""
        if self._documents is not None and self._kept:
            self._documents.put(self._name() + _AS_TEXT, self._digest() + b"\n" + text.encode())

    def _digest(self) -> bytes:
        """Identify what a catalog is made of: the streams found, and whatever settings may add to them."""
        settings = {
            field.name: getattr(self._settings, field.name)
            for field in fields(self._settings)
            if field.name != "connection"
        }
        made_of = self._kept + json.dumps(settings, default=_plain, sort_keys=True).encode()
        return hashlib.sha256(made_of).hexdigest().encode()

    def _name(self) -> str:
        """Return a name that is another one for settings that find something else."""
        settings = self._settings
        found_by = [
            _FORMAT,
            version("netsuite-singer"),
            settings.tables,
            [asdict(query) for query in settings.queries],
            [asdict(dataset) for dataset in settings.datasets],
            settings.files,
            settings.discovery.booleans,
            settings.discovery.multi_selects,
            settings.discovery.display_values,
            asdict(settings.deletions),
        ]
        return "tap-netsuite " + hashlib.sha256(json.dumps(found_by, default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


def _read(kept: dict[str, Any]) -> Discovery:
    return Discovery(tuple(map(_entry, kept["streams"])), tuple(map(_finding, kept["findings"])))


def _entry(kept: dict[str, Any]) -> StreamEntry:
    if not isinstance(kept["schema"]["properties"], dict):
        raise TypeError(kept["name"])
    return StreamEntry(**{**kept, "keys": tuple(kept["keys"])})


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(**{**kept, "status": Status(kept["status"]), "left_out": tuple(kept["left_out"])})
