"""What is known of NetSuite's standard SuiteQL tables before any account is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tap_netsuite.values import Kind

MODIFICATION_COLUMNS = ("lastmodifieddate", "linelastmodifieddate", "lastmodified")
"""Columns that NetSuite stamps on a change; custom records have the last one."""

CREATION_COLUMNS = ("createddate", "createddatetime", "datecreated", "linecreateddate", "created")
"""Columns that NetSuite stamps on creation."""

_CUSTOM_TRANSACTIONS = ("customtransaction", "customsale", "custompurchase")


@dataclass(frozen=True)
class KnownTable:
    """What the reference says about one table [section 5.9].

    Attributes:
        keys: columns that identify a row, empty when there are none.
        columns: kind by column.
    """

    keys: tuple[str, ...]
    columns: dict[str, Kind]


@cache
def known_tables() -> dict[str, KnownTable]:
    """Return the standard tables by name."""
    return {
        name: KnownTable(
            tuple(table["keys"].split()),
            {column: Kind(kind) for kind, names in table["columns"].items() for column in names.split()},
        )
        for name, table in _facts()["tables"].items()
    }


def table_of(record_type: str) -> str:
    """Return the table that holds a record type.

    All transactions are in one table, all items in another [section 5.9]; the rest have their own names.
    """
    name = record_type.lower()
    if name in _facts()["transaction_types"].split() or name.startswith(_CUSTOM_TRANSACTIONS):
        return "transaction"
    if name in _facts()["item_types"].split():
        return "item"
    return "customer" if name in {"lead", "prospect"} else name


def stamp_kind(column: str) -> Kind | None:
    """Return DATE_TIME for the columns NetSuite stamps itself, None for all others."""
    return Kind.DATE_TIME if column in MODIFICATION_COLUMNS + CREATION_COLUMNS else None


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(files("tap_netsuite").joinpath("known_tables.json").read_text(encoding="utf-8"))
    return facts
