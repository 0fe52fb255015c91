"""How deletions of a stream's rows come to be known, and which streams can tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suitetalk.record_tables import table_of
from tap_netsuite.settings import DELETION_LOGS, RECORD_PREFIX, DeletionSettings
from tap_netsuite.source import DELETED_AT, OURS, SET_READ_AT

LINE_TABLES = ("transactionline", "transactionaccountingline")
"""Tables whose rows belong to a transaction and go with it."""

NOT_KNOWN = "not known"
IN_LOG = "deletion log"
BY_REREADING = "lines of re-read transactions"
BY_COMPARING = "keys compared"
BY_VERSION = "all rows read"

_LOGGED = frozenset({"transaction", "customer", "vendor", "item"})
_IN_NO_LOG = frozenset({*DELETION_LOGS, "systemnote"})
_SCHEMA = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "When the row was deleted, or found to be; null while it is there.",
}


_SET_SCHEMA = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "The moment of the reading that brought the row, with all rows of its transaction; a row is gone if "
    "another of its transaction in this table has a later one. Null where rows do not come with their transaction.",
}


def deletions_of(
    stream: str, keys: tuple[str, ...], settings: DeletionSettings, *, is_logged: bool, is_full: bool = False
) -> str:
    """Return how deletions of a stream's rows are known with these settings, or that they are not.

    The kinds that NetSuite says it logs are named [section_4031815869]; what else is in the log counts all the same.
    Lines go with their transactions, and neither they nor links are ever in a log.

    Args:
        stream: name of the stream.
        keys: what identifies its rows; nothing can be said of rows without any.
        settings: those of deletions.
        is_logged: whether the role can read a deletion log.
        is_full: whether every run reads all its rows.
    """
    ways = []
    table = table_of(stream.removeprefix(RECORD_PREFIX)) if stream.startswith(RECORD_PREFIX) else stream
    if is_logged and settings.reads_log and (table in _LOGGED or table.startswith("customrecord_")):
        ways.append(IN_LOG)
    if settings.seen_keys and keys:
        if stream in LINE_TABLES:
            ways.append(BY_REREADING)
        if is_full or settings.compares(stream):
            ways.append(BY_COMPARING)
    return ", ".join(ways) or NOT_KNOWN


def with_deleted_at(
    stream: str, schema: Mapping[str, Any], keys: tuple[str, ...], settings: DeletionSettings, *, is_logged: bool = True
) -> dict[str, Any]:
    """Return a stream's schema with the property that tells of deletions, if they can come to be known.

    With a store of the keys seen that is so for every stream with a key: one that is read in full is compared anyway.
    A query of the user's is in no log.

    Args:
        stream: name of the stream.
        schema: its JSON Schema.
        keys: what identifies its rows.
        settings: those of deletions.
        is_logged: whether a log may know of it.
    """
    may_be_logged = is_logged and settings.reads_log and keys == ("id",) and stream not in _IN_NO_LOG
    can_tell = bool(keys) and (settings.seen_keys is not None or may_be_logged)
    plain = without_deleted_at(schema)
    return {**plain, "properties": {**plain["properties"], DELETED_AT: dict(_SCHEMA)}} if can_tell else plain


def with_set_read_at(stream: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream's schema with the property that tells lines that went away from others, if it is of transactions.

    A changed transaction is read with all its lines, so one that no later reading has is gone.
    """
    if stream not in ("transaction", *LINE_TABLES):
        return dict(schema)
    return {**schema, "properties": {**schema["properties"], SET_READ_AT: dict(_SET_SCHEMA)}}


def without_deleted_at(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with the properties that NetSuite has."""
    properties = {name: value for name, value in schema["properties"].items() if name not in OURS}
    return {**schema, "properties": properties}
