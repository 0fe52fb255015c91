"""How record streams are read: settings of each record type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import ConfigurationError

_SETTING = "record_streams"
_FALLBACKS = ("none", "suiteql")
_READINGS = ("single", "batch")
_NAMES = {"type": "array", "items": {"type": "string"}}

RECORD_SETTINGS: dict[str, dict[str, Any]] = {
    _SETTING: {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "q": {"type": "string", "description": "Filter of the list, such as `isInactive IS false`."},
                "fields": {**_NAMES, "description": "Body fields to read; all when absent."},
                "expand": {**_NAMES, "description": "Sublists and subrecords to embed; all when absent."},
                "simple_enums": {"type": "boolean", "description": "Enumerations as their bare id."},
                "fallback": {
                    "type": "string",
                    "enum": list(_FALLBACKS),
                    "description": "Where a record that NetSuite refuses is read from instead.",
                },
                "reading": {
                    "type": "string",
                    "enum": list(_READINGS),
                    "description": "A request for each record, or jobs of a hundred.",
                },
            },
        },
        "title": "Record streams",
        "description": "How record streams are read, by record type: q, fields, expand, simple_enums, fallback "
        "(none or suiteql), reading (single or batch).",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class RecordSettings:
    """Checked settings of one record type.

    Attributes:
        q: filter of the list, empty for none.
        fields: body fields to read, empty for all.
        expand: sublists and subrecords to embed, empty for all, or for none where `fields` are given.
        simple_enums: whether enumerations come as their bare id.
        falls_back: whether records that NetSuite refuses are read from their SuiteQL table.
        in_batches: whether records are read by jobs of a hundred.
    """

    q: str = ""
    fields: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    simple_enums: bool = False
    falls_back: bool = False
    in_batches: bool = False

    @property
    def expands_all(self) -> bool:
        """Whether all sublists and subrecords are embedded; `fields` would be ignored then [section 3.3]."""
        return not self.fields and not self.expand


def record_settings(config: Mapping[str, Any]) -> dict[str, RecordSettings]:
    """Return the settings of each record type that has any, by its name in lower case.

    Raises:
        ConfigurationError: one is wrong.
    """
    value = config.get(_SETTING)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(entry, Mapping) for entry in value.values()):
        raise ConfigurationError(
            _SETTING, 'must have settings by record type, such as {"customer": {"fields": [...]}}.'
        )
    return {str(name).lower(): _settings(f"{_SETTING}.{name}", entry) for name, entry in value.items()}


def _settings(where: str, entry: Mapping[str, Any]) -> RecordSettings:
    known = RECORD_SETTINGS[_SETTING]["additionalProperties"]["properties"]
    for name in entry:
        if name not in known:
            raise ConfigurationError(f"{where}.{name}", f"is not known; there are {', '.join(known)}.")
    q = entry.get("q") or ""
    if not isinstance(q, str):
        raise ConfigurationError(f"{where}.q", f"is {q!r}; it must be a filter such as isInactive IS false.")
    settings = RecordSettings(
        q=q.strip(),
        fields=_names(f"{where}.fields", entry.get("fields")),
        expand=_names(f"{where}.expand", entry.get("expand")),
        simple_enums=_flag(f"{where}.simple_enums", entry.get("simple_enums")),
        falls_back=_choice(f"{where}.fallback", entry.get("fallback"), _FALLBACKS) == "suiteql",
        in_batches=_choice(f"{where}.reading", entry.get("reading"), _READINGS) == "batch",
    )
    if settings.in_batches and settings.simple_enums:
        raise ConfigurationError(f"{where}.simple_enums", "cannot be had in batches; set reading to single.")
    return settings


def _names(where: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ConfigurationError(where, f"is {value!r}; it must be a list of names.")
    return tuple(dict.fromkeys(name.strip() for name in value))


def _flag(where: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ConfigurationError(where, f"is {value!r}; it must be true or false.")


def _choice(where: str, value: Any, choices: tuple[str, ...]) -> str:
    if value in (None, ""):
        return choices[0]
    if value not in choices:
        raise ConfigurationError(where, f"is {value!r}; it must be {' or '.join(choices)}.")
    return str(value)
