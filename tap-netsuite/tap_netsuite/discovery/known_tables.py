"""What is known of NetSuite's standard SuiteQL tables before any account is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tap_netsuite.settings import OPTIONAL
from tap_netsuite.source import Kind

MODIFICATION_COLUMNS = ("lastmodifieddate", "linelastmodifieddate", "lastmodified", "lastquantityavailablechange")
"""Columns that NetSuite stamps on a change; custom records have `lastmodified`."""

CREATION_COLUMNS = ("createddate", "createddatetime", "datecreated", "linecreateddate", "created")
"""Columns that NetSuite stamps on creation."""

_LARGE = ("transaction", "nexttransaction", "previoustransaction", "systemnote", "deletedrecord")

_PERHAPS = "?"
_IDS = {"reference": Kind.INTEGER, "choice": Kind.TEXT, "multi-select": Kind.ID_LIST}
"""Columns that hold ids of something else; NetSuite has a display value for each [article_1029114613]."""


@dataclass(frozen=True)
class KnownTable:
    """What is known about one table [section 5.9].

    Attributes:
        keys: columns that identify a row, empty when there are none.
        columns: kind by column.
        references: those of the columns that have display values.
        perhaps: those of the columns that only some accounts have; the JSON marks their groups with `?`.
    """

    keys: tuple[str, ...]
    columns: dict[str, Kind]
    references: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()


@cache
def known_tables() -> dict[str, KnownTable]:
    """Return the standard tables by name."""
    return {name: _known_table(table) for name, table in _facts()["tables"].items()}


def is_large(table: str) -> bool:
    """Tell whether a table may have so many rows that they cannot be asked for without a condition [section 14.2]."""
    return table.startswith(_LARGE)


@cache
def usual_columns(table: str) -> KnownTable:
    """Return what tables with such a name usually have, which is known of custom records and lists [section 5.9]."""
    patterns: dict[str, Any] = _facts()["patterns"]
    found = next((facts for prefix, facts in patterns.items() if table.startswith(prefix)), None)
    return _known_table(found) if found else KnownTable((), {})


@cache
def usual_kind(column: str) -> Kind | None:
    """Return what columns of this name hold in all the tables that are known; None where they differ, or none has it.

    An id is then of one type wherever it stands.
    """
    tables = (*known_tables().values(), *map(_known_table, _facts()["patterns"].values()))
    kinds = {table.columns[column] for table in tables if column in table.columns}
    return kinds.pop() if len(kinds) == 1 else None


def wanted_tables(names: Sequence[str]) -> dict[str, bool]:
    """Return the tables that the setting `tables` stands for, each with whether it has to be there."""
    presets: dict[str, str] = _facts()["presets"]
    wanted: dict[str, bool] = {}
    for name in names:
        meant = presets[name].split() if name in presets else [name.removeprefix(OPTIONAL)]
        for table in meant:
            wanted[table] = wanted.get(table, False) or table == name
    return wanted


def feature_of(table: str) -> str:
    """Return the feature without which there is no such table, empty when none is known."""
    return _heading("features", table)


def main_table(feature: str) -> str:
    """Return the table that every account with a feature has."""
    tables: str = _facts()["features"][feature]
    return tables.split(maxsplit=1)[0]


def calculated_columns(table: str) -> frozenset[str]:
    """Return the columns that NetSuite calculates for each row that is asked for, which takes long."""
    calculated: dict[str, str] = _facts()["calculated"]
    return frozenset(calculated.get(table, "").split())


def permission_of(table: str) -> str:
    """Return the permission that shows a table, as NetSuite's role page names it; empty when none is known."""
    if table.startswith("customrecord_"):
        return f"Custom Record > {table}"
    return "Setup > Custom Lists" if table.startswith("customlist_") else _heading("permissions", table)


def stamp_kind(column: str) -> Kind | None:
    """Return DATE_TIME for the columns NetSuite stamps itself, None for all others."""
    return Kind.DATE_TIME if column in MODIFICATION_COLUMNS + CREATION_COLUMNS else None


def _known_table(facts: Mapping[str, Any]) -> KnownTable:
    columns: dict[str, str] = facts["columns"]
    return KnownTable(
        tuple(facts["keys"].split()),
        {
            name: _IDS.get(group) or Kind(group.removesuffix(_PERHAPS))
            for group, names in columns.items()
            for name in names.split()
        },
        frozenset(name for group in _IDS for name in columns.get(group, "").split()),
        frozenset(name for group, names in columns.items() if group.endswith(_PERHAPS) for name in names.split()),
    )


def _heading(facts: str, table: str) -> str:
    return next((heading for heading, tables in _facts()[facts].items() if table in tables.split()), "")


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(files("suitetalk").joinpath("known_tables.json").read_text(encoding="utf-8"))
    return facts
