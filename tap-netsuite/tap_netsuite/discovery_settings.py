"""Settings of discovery and of what values look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import ConfigurationError
from tap_netsuite.values import Column, Kind

_DISPLAY = re.compile(r"([A-Za-z]\w*)\.([A-Za-z]\w*|\*)", re.ASCII)
_BOOLEANS = ("real", "raw")
_MULTI_SELECTS = ("array", "raw")

DISCOVERY_SETTINGS: dict[str, dict[str, Any]] = {
    "booleans": {
        "type": "string",
        "enum": list(_BOOLEANS),
        "default": "real",
        "title": "Booleans",
        "description": "What check boxes of tables and queries become: real true and false, or raw, which is "
        "NetSuite's text T and F.",
    },
    "multi_selects": {
        "type": "string",
        "enum": list(_MULTI_SELECTS),
        "default": "array",
        "title": "Multi-selects",
        "description": "What multi-selects of tables become: an array of their ids, or raw, which is NetSuite's text.",
    },
    "display_values": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Display values",
        "description": "Columns whose display values are wanted too, such as transaction.entity, or transaction.* for "
        "all of a table that have any; each adds a column with the suffix _display.",
    },
    "catalog_cache_seconds": {
        "type": "integer",
        "minimum": 0,
        "default": 3600,
        "title": "Age of the kept catalog",
        "description": "Seconds for which what discovery found is taken from the user's cache folder; 0 keeps nothing.",
    },
    "refresh_catalog": {
        "type": "boolean",
        "default": False,
        "title": "Refresh the catalog",
        "description": "Discover anew, however young the kept catalog is.",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class DiscoverySettings:
    """Checked settings of discovery; attributes mirror the settings' names.

    Attributes:
        display_values: pairs of table and column, `*` for all columns that have display values.
    """

    booleans: str = "real"
    multi_selects: str = "array"
    display_values: tuple[tuple[str, str], ...] = ()
    catalog_cache_seconds: int = 3600
    refresh_catalog: bool = False

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> DiscoverySettings:
        """Check a plain mapping of settings.

        Raises:
            ConfigurationError: a setting is wrong.
        """
        return cls(
            booleans=_word("booleans", config.get("booleans"), _BOOLEANS),
            multi_selects=_word("multi_selects", config.get("multi_selects"), _MULTI_SELECTS),
            display_values=_display_values(config.get("display_values")),
            catalog_cache_seconds=_seconds(config.get("catalog_cache_seconds")),
            refresh_catalog=_flag("refresh_catalog", config.get("refresh_catalog")),
        )

    def as_wanted(self, column: Column) -> Column:
        """Return the column with the kind its values are wanted in."""
        if column.kind is Kind.BOOLEAN and self.booleans == "raw":
            return Column(column.name, Kind.TEXT)
        if column.kind in (Kind.ID_LIST, Kind.TEXT_LIST) and self.multi_selects == "raw":
            return Column(column.name, Kind.TEXT)
        return column

    def wants_display_value(self, table: str, column: str, *, has_one: bool) -> bool:
        """Tell whether the display value of a column is wanted; `has_one` says that it is known to have one."""
        return (table, column) in self.display_values or (has_one and (table, "*") in self.display_values)

    def named_display_columns(self, table: str) -> set[str]:
        """Return the columns of a table whose display values are wanted by name."""
        return {column for named, column in self.display_values if named == table and column != "*"}


def _word(setting: str, value: Any, words: tuple[str, ...]) -> str:
    if value is None or value == "":
        return words[0]
    if value not in words:
        raise ConfigurationError(setting, f"is {value!r}; it must be {' or '.join(words)}.")
    return str(value)


def _seconds(value: Any) -> int:
    if value is None or value == "":
        return int(DISCOVERY_SETTINGS["catalog_cache_seconds"]["default"])
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ConfigurationError("catalog_cache_seconds", f"is {value!r}; it must be a whole number from 0 up.")
    return int(value)


def _flag(setting: str, value: Any) -> bool:
    if value is None or value == "":
        return False
    flags = {"true": True, "1": True, "false": False, "0": False}
    if str(value).lower() not in flags:
        raise ConfigurationError(setting, f"is {value!r}; it must be true or false.")
    return flags[str(value).lower()]


def _display_values(value: Any) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError("display_values", f"is {value!r}; it must be a list of names such as customer.terms.")
    pairs = []
    for name in value:
        parts = _DISPLAY.fullmatch(name)
        if not parts:
            raise ConfigurationError(
                "display_values", f"names {name!r}; write a table and a column, such as customer.terms or customer.*."
            )
        pairs.append((parts[1].lower(), parts[2].lower()))
    return tuple(dict.fromkeys(pairs))
