"""What discovery found: the entries of streams, and the status of whatever was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from tap_netsuite.values import Column, json_schema

NOT_KNOWN = "not known"

ALL_DATASETS = "datasets"
"""Name of the finding about the list of datasets; there is none when the list can be read."""


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
    """

    name: str
    status: Status
    note: str = ""
    left_out: tuple[str, ...] = ()


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
        findings: of each table, record type, query and dataset that was looked at, those that are no streams included.
    """

    streams: tuple[StreamEntry, ...]
    findings: tuple[Finding, ...]


def schema_of(columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return the JSON Schema of records with these columns."""
    return {"type": "object", "properties": {column.name: json_schema(column.kind) for column in columns}}
