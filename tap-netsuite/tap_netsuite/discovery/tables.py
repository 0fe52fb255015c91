"""From a SuiteQL table to the entry of a stream."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import SuiteQL
from tap_netsuite.discovery.probe import Probe, guessed, is_filterable, probe, visible_columns
from tap_netsuite.known_tables import MODIFICATION_COLUMNS, KnownTable, known_tables, table_of
from tap_netsuite.record_schema import column_kinds, sublist_properties
from tap_netsuite.values import Column, Kind, json_schema

logger = logging.getLogger(__name__)

CUSTOM_FIELD_PREFIXES = ("custbody", "custentity", "custitem", "custrecord", "custevent", "custcol")
"""How the names of custom fields begin [section_1545129726]."""


@dataclass(frozen=True)
class StreamEntry:
    """What discovery found out about one stream.

    Attributes:
        name: name of the stream.
        schema: JSON Schema of its records.
        keys: columns that identify a row, may be empty.
        replication_key: column that tells new rows from old, or None.
    """

    name: str
    schema: dict[str, Any]
    keys: tuple[str, ...] = ()
    replication_key: str | None = None


def table_entry(suiteql: SuiteQL, table: str, catalog: Mapping[str, Mapping[str, Any]]) -> StreamEntry | None:
    """Find out columns, keys and replication key of a table; None when it has no columns.

    Args:
        suiteql: where to ask.
        table: name of the table.
        catalog: JSON Schemas of the metadata catalog by record type; those of this table's types are used.

    Raises:
        NetSuiteError: the table does not exist, or the role may not see it.
    """
    known = known_tables().get(table)
    found = probe(suiteql, table, _guesses(table, known, visible_columns(suiteql, table), catalog))
    if not found.columns:
        return None
    keys = _keys(found, known)
    columns = {column.name: column for column in found.columns}
    replication_key = next(
        (
            name
            for name in MODIFICATION_COLUMNS
            if name in columns and columns[name].kind is Kind.DATE_TIME and is_filterable(suiteql, table, columns[name])
        ),
        None,
    )
    return StreamEntry(table, schema_of(_with_key_kinds(found, keys)), keys, replication_key)


def schema_of(columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return the JSON Schema of records with these columns."""
    return {"type": "object", "properties": {column.name: json_schema(column.kind) for column in columns}}


def _guesses(
    table: str, known: KnownTable | None, visible: set[str], catalog: Mapping[str, Mapping[str, Any]]
) -> dict[str, Kind]:
    """Return the columns worth asking for.

    Of a table the reference describes, the catalog adds the custom fields only: its other fields are there
    already, or computed and no columns at all [section 5.9].
    """
    fields = _catalog_fields(table, catalog)
    standard = known.columns if known else {"id": Kind.INTEGER, **fields}
    custom = {name: kind for name, kind in fields.items() if name.startswith(CUSTOM_FIELD_PREFIXES)}
    hints = {**fields, **(known.columns if known else {})}
    return {name: guessed(name, _id_kind(name, hints.get(name), known)) for name in {*standard, *custom, *visible}}


def _id_kind(name: str, kind: Kind | None, known: KnownTable | None) -> Kind | None:
    """Internal ids are numbers, although the record service writes them as text [section 3.4]."""
    return Kind.INTEGER if name == "id" and not known else kind


def _catalog_fields(table: str, catalog: Mapping[str, Mapping[str, Any]]) -> dict[str, Kind]:
    fields: dict[str, Kind] = {}
    for record_type, schema in catalog.items():
        if table_of(record_type) == table:
            fields.update(column_kinds(schema))
        elif table == "transactionline" and table_of(record_type) == "transaction":
            lines = column_kinds(sublist_properties(schema, "item"))
            fields.update({name: kind for name, kind in lines.items() if name.startswith("custcol")})
    return fields


def _keys(found: Probe, known: KnownTable | None) -> tuple[str, ...]:
    """Return the key columns, none when they are not all there or do not tell the sample's rows apart."""
    names = {column.name for column in found.columns}
    candidates = [known.keys] if known and known.keys else []
    if known and known.keys == ("uniquekey",):
        candidates.append(("transaction", "id"))
    if not known:
        candidates.append(("id",))
    for keys in candidates:
        values = [tuple(row.get(name) for name in keys) for row in found.sample]
        if names.issuperset(keys) and len(set(values)) == len(values) and not any(None in value for value in values):
            return keys
    return ()


def _with_key_kinds(found: Probe, keys: tuple[str, ...]) -> tuple[Column, ...]:
    """Keys that look like numbers but are not whole ones are compared as text."""
    return tuple(
        Column(column.name, Kind.TEXT) if column.name in keys and column.kind is Kind.DECIMAL else column
        for column in found.columns
    )
