"""All settings but those of streams."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from suitetalk import CONNECTION_SETTINGS, ConfigurationError, ConnectionSettings
from suitetalk.records import Validation
from target_netsuite.settings.entries import flag, text, word
from target_netsuite.settings.streams import KNOWN as REFERENCE
from target_netsuite.settings.streams import (
    LOAD_METHODS,
    STREAMS,
    WRITE_MODES,
    StreamSettings,
    WriteMode,
    chosen,
    parse_streams,
)

REPORT_SETTINGS: dict[str, Any] = {
    "rejects": {
        "type": "string",
        "title": "File of rejects",
        "description": "File that gets one JSON line for each failed record, with the reason and the record itself. It "
        "is appended to, and `--replay` sends its records again.",
    },
    "receipts": {
        "type": "string",
        "title": "File of receipts",
        "description": "File that gets one JSON line for each record that did not fail, with its internal id in "
        "NetSuite. It is appended to.",
    },
    "differences": {
        "type": "string",
        "title": "File of differences",
        "description": "File that gets one JSON line for each field that is changed, or in a dry run would be. It is "
        "appended to. Of a dry run the log shows the first 20 of each stream in any case.",
    },
    "max_rejects": {
        "type": ["string", "integer"],
        "title": "Failed records that are accepted",
        "description": "How many records may fail before the run ends with exit code 1: a number, or a share of all "
        "records such as 5%.",
        "default": 0,
    },
    "dry_run": {
        "type": "boolean",
        "title": "Dry run",
        "description": "Read what is there and say what would change, but write nothing: neither to NetSuite nor to "
        "the files of rejects and receipts.",
        "default": False,
    },
}

_FILES = ("rejects", "receipts", "differences")
_LIMIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", re.ASCII)
_WHOLE = 100


@dataclass(frozen=True)
class MaxRejects:
    """How many records of a run may fail.

    Attributes:
        limit: a number of records, or percent of all records.
        is_percent: which of the two.
    """

    limit: Decimal = Decimal(0)
    is_percent: bool = False

    @classmethod
    def parse(cls, given: Any) -> MaxRejects:
        """Read a whole number from 0, or a text with one or with percent such as `5%`.

        Raises:
            ConfigurationError: it is neither.
        """
        text = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
        found = _LIMIT.fullmatch(text)
        limit, is_percent = (Decimal(found[1]), found[2] == "%") if found else (Decimal(-1), False)
        if limit < 0 or (limit > _WHOLE if is_percent else limit % 1):
            raise ConfigurationError("max_rejects", f"is {given!r}; it must be a whole number, or percent such as 5%.")
        return cls(limit, is_percent)

    def allows(self, refused: int, settled: int) -> bool:
        """Tell whether so many refused records of all settled ones are accepted."""
        return refused * _WHOLE <= self.limit * settled if self.is_percent else refused <= self.limit

    def __str__(self) -> str:
        """Return it as it is written in the settings."""
        return f"{self.limit}{'%' if self.is_percent else ''}"


@dataclass(frozen=True)
class ReportSettings:
    """The settings of what is reported, checked; paths are None where nothing is to be written.

    Attributes:
        rejects: file of failed records.
        receipts: file of all others.
        differences: file of fields that change.
        max_rejects: failed records that are accepted.
        dry_run: whether nothing is written.
    """

    rejects: Path | None = None
    receipts: Path | None = None
    differences: Path | None = None
    max_rejects: MaxRejects = MaxRejects()
    dry_run: bool = False

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> ReportSettings:
        """Check these settings; others in the mapping are left alone.

        Raises:
            ConfigurationError: one is wrong, or two name the same file.
        """
        paths = {name: _path(name, config.get(name)) for name in _FILES}
        named = {path.resolve(): name for name, path in paths.items() if path and not path.is_char_device()}
        for name, path in paths.items():
            if path and named.get(path.resolve(), name) != name:
                raise ConfigurationError(name, f"names the same file as `{named[path.resolve()]}`; name another one.")
        dry_run = config.get("dry_run", False)
        if not isinstance(dry_run, bool):
            raise ConfigurationError("dry_run", f"is {dry_run!r}; it must be true or false.")
        return cls(**paths, max_rejects=MaxRejects.parse(config.get("max_rejects", 0)), dry_run=dry_run)


def _path(name: str, given: Any) -> Path | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise ConfigurationError(name, f"is {given!r}; it must be the path of a file.")
    return Path(given).expanduser()


VALIDATIONS: tuple[Validation, ...] = ("error", "warning", "ignore")
CATALOG_CACHE_SECONDS = 3600
NO_JOURNAL = "off"


@dataclass(frozen=True)
class Settings:
    """The checked settings.

    Attributes:
        connection: how to reach and log in to NetSuite.
        streams: what to do with each stream, by name.
        validate_records: whether records are checked against their schema.
        report: what is reported, and where; and whether nothing is written.
        journal: path of the journal, `NO_JOURNAL` for none, None for a place of the target's own.
        write_mode: that of streams that name none; each has its own already.
        name_validation: what is done about names of fields that do not exist [section_156570709583].
        value_validation: what is done about values of the wrong form [section_156570709583].
        catalog_cache_seconds: how long the metadata catalog may be taken from the user's cache folder.
        refresh_catalog: whether it is read again, however young the kept one is.
    """

    connection: ConnectionSettings
    streams: Mapping[str, StreamSettings]
    validate_records: bool = True
    report: ReportSettings = field(default_factory=ReportSettings)
    journal: str | None = None
    write_mode: WriteMode = "auto"
    name_validation: Validation = "error"
    value_validation: Validation = "error"
    catalog_cache_seconds: int = CATALOG_CACHE_SECONDS
    refresh_catalog: bool = False

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> Settings:
        """Check a plain mapping of settings; other keys in it are left alone.

        Raises:
            ConfigurationError: a setting is missing or wrong; the text names it.
        """
        write_mode = chosen("", config, "write_mode", WRITE_MODES, "auto")
        load_method = word("", config, "load_method", LOAD_METHODS)
        return cls(
            connection=ConnectionSettings.from_mapping(config),
            streams=parse_streams(config.get("streams"), load_method, write_mode),
            validate_records=flag("", {"validate_records": True, **config}, "validate_records"),
            report=ReportSettings.from_mapping(config),
            journal=text("", config, "journal"),
            write_mode=write_mode,
            name_validation=chosen("", config, "name_validation", VALIDATIONS, "error"),
            value_validation=chosen("", config, "value_validation", VALIDATIONS, "error"),
            catalog_cache_seconds=_seconds(config.get("catalog_cache_seconds", CATALOG_CACHE_SECONDS)),
            refresh_catalog=flag("", config, "refresh_catalog"),
        )

    @property
    def dry_run(self) -> bool:
        """Whether nothing is written."""
        return self.report.dry_run

    @property
    def metadata_age(self) -> float:
        """Seconds for which the metadata catalog may be taken from the user's cache folder."""
        return 0.0 if self.refresh_catalog else float(self.catalog_cache_seconds)

    def stream(self, name: str) -> StreamSettings:
        """Return the settings of a stream.

        Raises:
            ConfigurationError: there are none.
        """
        if name not in self.streams:
            raise ConfigurationError(
                "streams",
                f"has no entry for the stream `{name}`, which the tap sends; it has {', '.join(self.streams)}. "
                "Add one, or leave the stream out in the tap or with `stream_maps`.",
            )
        return self.streams[name]

    def parents_of(self, name: str) -> list[tuple[StreamSettings, str]]:
        """Return the streams that take the records of this one as lines, each with the sublist they go to."""
        return [
            (stream, sublist)
            for stream in self.streams.values()
            for sublist, settings in stream.sublists.items()
            if settings.stream == name
        ]

    def numbers_of(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the given settings that are numbers as numbers; environment variables have them as text."""
        numbers = {
            "request_timeout": self.connection.request_timeout,
            "max_concurrency": self.connection.max_concurrency,
            "catalog_cache_seconds": self.catalog_cache_seconds,
        }
        return {name: number for name, number in numbers.items() if name in config}


def _seconds(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError("catalog_cache_seconds", f"is {value!r}; it must be a whole number from 0 up.")
    return value


def without_blanks(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that are null or empty text, which mean the same as absent ones.

    Of a stream's entry only null means that: it is what templates of configurations leave behind.
    """
    given = {name: value for name, value in config.items() if value is not None and value != ""}
    streams = given.get("streams")
    if isinstance(streams, Mapping):
        given["streams"] = {stream: _without_nulls(entry) for stream, entry in streams.items()}
    return given


def _without_nulls(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {name: value for name, value in entry.items() if value is not None}


def check_environment(prefix: str, schema: Mapping[str, Any]) -> None:
    """Find the environment variable the SDK could not read, since its own error does not name it.

    Raises:
        ConfigurationError: a variable does not hold what its setting needs.
    """
    expected = {"integer": int, "object": dict, "array": list}
    for name, described in schema["properties"].items():
        variable = prefix + name.upper()
        kinds = described.get("type", ())
        kind = next((kind for kind in expected if kind in kinds and "string" not in kinds), None)
        if kind and variable in os.environ and not isinstance(_json(os.environ[variable]), expected[kind]):
            raise ConfigurationError(name, f"in the environment variable {variable} is not a JSON {kind}.")


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


_BY_PATH: Mapping[str, Collection[str]] = {"fields": (), "templates": (), "references": REFERENCE}
"""Settings of paths, and what objects have that are not levels but entries themselves."""


def with_dots(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the names of `streams` as they were written; what is not an object stays as it is.

    Constants stay too: there an object is a value, and says the same.
    """
    streams = config.get("streams")
    if not isinstance(streams, Mapping):
        return dict(config)
    return {**config, "streams": {name: _stream(entry) for name, entry in streams.items()}}


def _stream(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    found = _entry(entry)
    sublists = entry.get("sublists")
    if isinstance(sublists, Mapping):
        found["sublists"] = {name: _entry(one) if isinstance(one, Mapping) else one for name, one in sublists.items()}
    return found


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _joined(value, _BY_PATH[name]) if name in _BY_PATH and isinstance(value, Mapping) else value
        for name, value in entry.items()
    }


def _joined(entries: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in entries.items():
        if isinstance(entry, Mapping) and entry and entry.keys().isdisjoint(known):
            found.update({f"{name}.{below}": part for below, part in _joined(entry, known).items()})
        else:
            found[name] = entry
    return found


TARGET_SETTINGS: dict[str, dict[str, Any]] = {
    "streams": STREAMS,
    "load_method": {
        "type": "string",
        "enum": list(LOAD_METHODS),
        "title": "Load method",
        "description": "What becomes of records of streams without an operation: append-only creates them, upsert "
        "creates or updates them, overwrite also deletes those that no longer come (mirror). Without it the operation "
        "follows from the ids that a stream has.",
    },
    "write_mode": {
        "type": "string",
        "enum": list(WRITE_MODES),
        "default": "auto",
        "title": "Write mode",
        "description": "How records are written where a stream does not say: batch (asynchronous jobs of a hundred), "
        "single (a request for each, several at a time), or auto (whichever the record type and the account allow).",
    },
    "journal": {
        "type": "string",
        "title": "Journal",
        "description": "File in which writes are noted before they are sent, so that a run that was killed can be "
        "started again; off for none. Without it the file is in the user's own folder.",
    },
    **REPORT_SETTINGS,
    "name_validation": {
        "type": "string",
        "enum": list(VALIDATIONS),
        "default": "error",
        "title": "Validation of names",
        "description": "What becomes of a record with a field that does not exist: error refuses it, warning and "
        "ignore leave it to NetSuite, which drops the field.",
    },
    "value_validation": {
        "type": "string",
        "enum": list(VALIDATIONS),
        "default": "error",
        "title": "Validation of values",
        "description": "What becomes of a record with a value of the wrong form: error refuses it, warning and ignore "
        "leave it to NetSuite.",
    },
    "catalog_cache_seconds": {
        "type": "integer",
        "minimum": 0,
        "default": CATALOG_CACHE_SECONDS,
        "title": "Age of the kept catalog",
        "description": "Seconds for which what is known of record types is taken from the user's cache folder; 0 keeps "
        "nothing.",
    },
    "refresh_catalog": {
        "type": "boolean",
        "default": False,
        "title": "Refresh the catalog",
        "description": "Ignore the cached record types and read them again.",
    },
}
"""JSON Schema of each setting that is not about the connection."""

CONFIG_JSONSCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {**deepcopy(CONNECTION_SETTINGS), **TARGET_SETTINGS},
    "required": ["account_id", "client_id", "certificate_id", "streams"],
}
