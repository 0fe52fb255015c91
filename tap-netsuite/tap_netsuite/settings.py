"""Every setting of the tap: schema and check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from typing import Any

from suitetalk import CONNECTION_SETTINGS, ConfigurationError, ConnectionSettings
from suitetalk.suiteql import Value, placeholders, without_comments
from suitetalk.timezone import zone_named
from suitetalk.values import instant
from tap_netsuite.columns import Column, Kind

__all__ = ["CONFIG_SCHEMA", "RECORD_PREFIX", "TAP_SETTINGS", "Query", "TapSettings"]


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

RECORD_PREFIX = "record_"
"""How the names of record streams begin."""


def names(setting: str, value: Any) -> tuple[str, ...]:
    """Check a list of SuiteQL names and return them in lower case.

    Raises:
        ConfigurationError: it is something else.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError(setting, f"is {value!r}; it must be a list of names.")
    for name in value:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(setting, f"names {name!r}; names are letters, digits and _ only.")
    return tuple(name.lower() for name in value)


def stream_name(setting: str, value: Any) -> str:
    """Check the name of a stream and return it as it is given.

    Raises:
        ConfigurationError: it cannot be one, or is kept for another kind of stream.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ConfigurationError(setting, f"is {value!r}; it must be letters, digits and _ only.")
    return value


def check_stream_names(setting: str, given: list[str], others: tuple[str, ...] = ()) -> None:
    """Make sure that no stream has the name of another.

    Args:
        setting: what names the streams.
        given: their names.
        others: names that other settings gave.

    Raises:
        ConfigurationError: two have the same, or one is like that of a record stream.
    """
    for name in given:
        if given.count(name) > 1 or name in others or name.startswith(RECORD_PREFIX):
            raise ConfigurationError(setting, f"has a name that is taken, {name!r}; give each stream its own.")


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
        "description": "Ignore the cached catalog and rediscover.",
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


QUERY_SETTINGS: dict[str, dict[str, Any]] = {
    "queries": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "query"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "description": "Name of the stream."},
                "query": {"type": "string", "description": "A SuiteQL SELECT without ORDER BY; ? for each parameter."},
                "parameters": {
                    "type": "array",
                    "items": {"type": ["string", "number", "boolean"]},
                    "description": "Values for the ? of the query, in order; dates as text for TO_DATE.",
                },
                "primary_keys": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Columns that identify a row; needed beyond 100,000 rows.",
                },
                "replication_key": {
                    "type": "string",
                    "description": "Column that grows with each change; later runs read from its highest value on.",
                },
            },
        },
        "title": "Queries",
        "description": "Your own SuiteQL statements as further streams.",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class Query:
    """A SuiteQL statement of the user's own.

    Attributes:
        name: name of the stream.
        statement: the SELECT, without comments.
        primary_keys: columns that identify a row, may be empty.
        replication_key: column that grows with each change, or None.
        parameters: values for its placeholders, as many as there are; they may be personal data.
    """

    name: str
    statement: str
    primary_keys: tuple[str, ...] = ()
    replication_key: str | None = None
    parameters: tuple[Value, ...] = field(default=(), repr=False)

    @property
    def relation(self) -> str:
        """The query as something to select from; its parameters go with each statement that does, once."""
        return f"({self.statement})"


def queries(value: Any) -> tuple[Query, ...]:
    """Check the setting `queries`.

    Raises:
        ConfigurationError: an entry is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in value):
        raise ConfigurationError("queries", "must be a list of entries with `name` and `query`.")
    checked = tuple(_query(f"queries[{number}]", entry) for number, entry in enumerate(value))
    check_stream_names("queries", [query.name for query in checked])
    return checked


def _query(where: str, entry: Mapping[str, Any]) -> Query:
    name, given = stream_name(f"{where}.name", entry.get("name")), entry.get("query")
    statement = without_comments(given) if isinstance(given, str) else ""
    if not statement:
        raise ConfigurationError(f"{where}.query", "is missing; give a SuiteQL SELECT.")
    replication_key = entry.get("replication_key") or None
    return Query(
        name=name,
        statement=statement,
        primary_keys=names(f"{where}.primary_keys", entry.get("primary_keys")),
        replication_key=names(f"{where}.replication_key", [replication_key])[0] if replication_key else None,
        parameters=_parameters(f"{where}.parameters", name, statement, entry.get("parameters")),
    )


def _parameters(where: str, name: str, statement: str, value: Any) -> tuple[Value, ...]:
    """Return the values for a statement's placeholders; no error repeats one of them."""
    given = [] if value is None else value
    if not isinstance(given, (list, tuple)):
        raise ConfigurationError(where, "must be a list of values.")
    for place, one in enumerate(given, start=1):
        if not isinstance(one, (str, int, float)) or (isinstance(one, float) and not isfinite(one)):
            raise ConfigurationError(
                where,
                f"have a value in place {place} that is not text, a number, true or false; write NULL into the query.",
            )
    if placeholders(statement) != len(given):
        raise ConfigurationError(
            where,
            f"of the query {name} are {len(given)} values and it has {placeholders(statement)} placeholders (?); "
            "make them agree.",
        )
    return tuple(given)


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
        simple_enums=_stream_flag(f"{where}.simple_enums", entry.get("simple_enums")),
        falls_back=_choice(f"{where}.fallback", entry.get("fallback"), _FALLBACKS) == "suiteql",
        in_batches=_choice(f"{where}.reading", entry.get("reading"), _READINGS) == "batch",
    )
    if settings.in_batches and settings.simple_enums:
        raise ConfigurationError(f"{where}.simple_enums", "cannot be read in batches; set reading to single.")
    return settings


def _names(where: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ConfigurationError(where, f"is {value!r}; it must be a list of names.")
    return tuple(dict.fromkeys(name.strip() for name in value))


def _stream_flag(where: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ConfigurationError(where, f"is {value!r}; it must be true or false.")


def _choice(where: str, value: Any, choices: tuple[str, ...]) -> str:
    if value in (None, ""):
        return choices[0]
    if value not in choices:
        raise ConfigurationError(where, f"is {value!r}; it must be {' or '.join(choices)}.")
    return str(value)


DATASET_PREFIX = "dataset_"
"""How the names of dataset streams begin, unless they are given others."""

ALL = "*"
"""What stands for all datasets the role can see."""

_KINDS = {"string": Kind.TEXT, "number": Kind.DECIMAL, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")

DATASET_SETTINGS: dict[str, dict[str, Any]] = {
    "datasets": {
        "type": "array",
        "items": {
            "type": ["string", "object"],
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "description": "Id of the dataset, or its name in NetSuite."},
                "name": {"type": "string", "description": "Name of the stream; dataset_ and the id when absent."},
                "primary_keys": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Columns that identify a row.",
                },
                "types": {
                    "type": "object",
                    "additionalProperties": {"enum": list(_KINDS)},
                    "description": "Types of columns that are not text: number, integer or boolean.",
                },
            },
        },
        "title": "Datasets",
        "description": "Saved datasets as further streams: ids, or entries with an id, name, primary_keys and types; "
        "* for all that the role can see.",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class Dataset:
    """A saved dataset that is wanted as a stream.

    Attributes:
        id: its id, or its name in NetSuite; `*` stands for all.
        name: name of the stream; empty to have it made of the id.
        primary_keys: columns that identify a row, in lower case, may be empty.
        types: pairs of a column in lower case and the JSON Schema type of its values.
    """

    id: str
    name: str = ""
    primary_keys: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()

    @property
    def kinds(self) -> dict[str, Kind]:
        """What columns hold that are known without asking, by their names; keys are text unless said otherwise."""
        return {**dict.fromkeys(self.primary_keys, Kind.TEXT), **{name: _KINDS[word] for name, word in self.types}}


def dataset_stream(dataset_id: str) -> str:
    """Return the name of the stream of a dataset that was given none."""
    return DATASET_PREFIX + _NOT_IN_NAMES.sub("_", dataset_id.lower())


def datasets(value: Any, taken: tuple[str, ...]) -> tuple[Dataset, ...]:
    """Check the setting `datasets`.

    Args:
        value: the setting.
        taken: names that other streams have been given.

    Raises:
        ConfigurationError: an entry is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, (str, Mapping)) for entry in value):
        raise ConfigurationError("datasets", "must be a list of ids, or of entries with an `id`.")
    checked = tuple(_dataset(f"datasets[{number}]", entry) for number, entry in enumerate(value))
    check_stream_names("datasets", [each.name or dataset_stream(each.id) for each in checked], taken)
    return checked


def _dataset(where: str, entry: str | Mapping[str, Any]) -> Dataset:
    given = {"id": entry} if isinstance(entry, str) else entry
    dataset_id, name = given.get("id"), given.get("name") or ""
    if not isinstance(dataset_id, str) or not dataset_id.strip(". "):
        raise ConfigurationError(f"{where}.id", "is missing; give the id of a saved dataset, or * for all.")
    if dataset_id == ALL and set(given) != {"id"}:
        raise ConfigurationError(where, "stands for all datasets; give name, primary_keys and types with one id each.")
    return Dataset(
        id=dataset_id.strip(),
        name=stream_name(f"{where}.name", name) if name else "",
        primary_keys=_columns(f"{where}.primary_keys", given.get("primary_keys")),
        types=_types(f"{where}.types", given.get("types")),
    )


def _columns(where: str, value: Any) -> tuple[str, ...]:
    """Return names of a dataset's columns, which may have any letters."""
    listed = [] if value is None else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(name, str) and name for name in listed):
        raise ConfigurationError(where, f"is {value!r}; it must be a list of columns.")
    return tuple(dict.fromkeys(name.lower() for name in listed))


def _types(where: str, value: Any) -> tuple[tuple[str, str], ...]:
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise ConfigurationError(where, f"is {value!r}; it must say the type of each column, by name.")
    for column, word in given.items():
        if not isinstance(word, str) or word not in _KINDS:
            raise ConfigurationError(
                where, f"has {word!r} for {column}; it must be string, number, integer or boolean, and dates stay text."
            )
    return tuple((column.lower(), word) for column, word in given.items())


AUTO, OFF = "auto", "off"

DELETION_LOGS = ("deletedrecord", "deletedrecordinconnect")
"""Tables in which NetSuite lists deletions, each in some accounts only [section_163584624721]."""

_TABLE = re.compile(r"[A-Za-z]\w*", re.ASCII)
_PATTERN = re.compile(r"[A-Za-z0-9_*?]+")
_MEGABYTE = 1024 * 1024

DELETION_SETTINGS: dict[str, dict[str, Any]] = {
    "deletion_log": {
        "type": "string",
        "default": AUTO,
        "title": "Deletion log",
        "description": "SuiteQL table in which NetSuite lists deletions; auto takes deletedrecord or "
        "deletedRecordInConnect, whichever the role can read; off does without.",
    },
    "deletion_log_timezone": {
        "type": "string",
        "title": "Time zone of the deletion log",
        "description": "IANA name of the time zone of the log's times; the account's when absent, and "
        "America/Los_Angeles for deletedRecordInConnect.",
    },
    "seen_keys": {
        "type": "string",
        "title": "Keys seen",
        "description": "SQLite file, or folder for one, that remembers the keys of rows from run to run, so that lines "
        "that went away are found, and what `compare_keys` names; kept beside the state, one for each state.",
    },
    "seen_keys_max_mb": {
        "type": "integer",
        "minimum": 1,
        "default": 1024,
        "title": "Size of the keys seen",
        "description": "Megabytes up to which `seen_keys` may grow; at this size no more keys are remembered, with a "
        "warning.",
    },
    "compare_keys": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Streams to compare",
        "description": "Streams, such as department or customlist_*, of which every run asks NetSuite which of the "
        "keys seen are still there; a request for each 1,000 keys. Needs `seen_keys`.",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class DeletionSettings:
    """Checked settings of deletions.

    Attributes:
        log: table name, `auto` or `off`.
        log_timezone: IANA name, None for the usual one of the log.
        seen_keys: file or folder of the store, None for no store.
        seen_keys_max_bytes: size up to which it may grow.
        compare_keys: names or patterns of streams.
    """

    log: str = AUTO
    log_timezone: str | None = None
    seen_keys: Path | None = None
    seen_keys_max_bytes: int = 1024 * _MEGABYTE
    compare_keys: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> DeletionSettings:
        """Check a plain mapping of settings.

        Raises:
            ConfigurationError: a setting is wrong.
        """
        path = config.get("seen_keys") or None
        compared = _patterns(config.get("compare_keys"))
        if compared and not path:
            raise ConfigurationError(
                "compare_keys", "compares with the keys that were seen; set seen_keys to a file that remembers them."
            )
        zone = config.get("deletion_log_timezone") or None
        if zone:
            _check_zone(str(zone))
        return cls(
            log=_log(config.get("deletion_log")),
            log_timezone=str(zone) if zone else None,
            seen_keys=Path(str(path)).expanduser() if path else None,
            seen_keys_max_bytes=_megabytes(config.get("seen_keys_max_mb")) * _MEGABYTE,
            compare_keys=compared,
        )

    @property
    def reads_log(self) -> bool:
        """Whether a deletion log is wanted."""
        return self.log != OFF

    @property
    def logs(self) -> tuple[str, ...]:
        """The tables that may be the log."""
        return DELETION_LOGS if self.log == AUTO else tuple({self.log} - {OFF})

    def compares(self, stream: str) -> bool:
        """Tell whether the keys of a stream are to be compared."""
        return any(fnmatchcase(stream, pattern) for pattern in self.compare_keys)


def _log(value: Any) -> str:
    if value is None or value == "":
        return AUTO
    name = str(value)
    if not _TABLE.fullmatch(name):
        raise ConfigurationError("deletion_log", f"is {name!r}; it must be auto, off, or the name of a SuiteQL table.")
    return name.lower()


def _check_zone(name: str) -> None:
    try:
        zone_named(name)
    except ConfigurationError:
        raise ConfigurationError(
            "deletion_log_timezone", f"is {name!r}; it must be an IANA name such as America/Los_Angeles."
        ) from None


def _megabytes(value: Any) -> int:
    if value is None or value == "":
        return int(DELETION_SETTINGS["seen_keys_max_mb"]["default"])
    if isinstance(value, bool) or not str(value).isdecimal() or int(value) < 1:
        raise ConfigurationError("seen_keys_max_mb", f"is {value!r}; it must be a whole number from 1 up.")
    return int(value)


def _patterns(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError("compare_keys", f"is {value!r}; it must be a list of names or patterns of streams.")
    for name in value:
        if not _PATTERN.fullmatch(name):
            raise ConfigurationError(
                "compare_keys", f"names {name!r}; names are letters, digits and _, with * and ? for any of these."
            )
    return tuple(dict.fromkeys(name.lower() for name in value))


class Audit(Enum):
    """What is done about rows that NetSuite counts and does not show."""

    ERROR = "error"
    WARN = "warn"
    OFF = "off"


TAP_SETTINGS: dict[str, dict[str, Any]] = {
    "start_date": {
        "type": "string",
        "format": "date-time",
        "title": "Start date",
        "description": "The first run of an incremental stream reads what was changed since then; all when absent.",
    },
    "tables": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Tables",
        "description": "SuiteQL tables to discover, such as customer and transaction; all when absent.",
    },
    **QUERY_SETTINGS,
    **DATASET_SETTINGS,
    "account_timezone": {
        "type": "string",
        "title": "Account time zone",
        "description": "IANA name of the time zone SuiteQL's times are in, such as America/Los_Angeles; "
        "found by asking NetSuite when absent.",
    },
    "lookback_seconds": {
        "type": "integer",
        "minimum": 0,
        "default": 60,
        "title": "Look-back",
        "description": "Changes that were still being saved while a run read are found by the next run if they took no "
        "longer than this many seconds; it reads this much again.",
    },
    "audit": {
        "type": "string",
        "enum": ["error", "warn", "off"],
        "default": "error",
        "title": "Audit",
        "description": "What is done when NetSuite counts rows that did not come: error ends the run with exit code 1 "
        "once all streams were read, warn only says so; with off NetSuite is not asked.",
    },
    **DISCOVERY_SETTINGS,
    **RECORD_SETTINGS,
    **DELETION_SETTINGS,
}
"""JSON Schema of each setting that the tap has besides the connection settings."""

CONFIG_SCHEMA: dict[str, Any] = {"type": "object", "properties": {**CONNECTION_SETTINGS, **TAP_SETTINGS}}
"""JSON Schema of all settings."""


@dataclass(frozen=True)
class TapSettings:
    """Checked settings of the tap.

    Attributes mirror the settings' names.
    """

    connection: ConnectionSettings
    start_date: datetime | None = None
    tables: tuple[str, ...] = ()
    queries: tuple[Query, ...] = field(default=())
    datasets: tuple[Dataset, ...] = field(default=())
    account_timezone: str | None = None
    lookback_seconds: int = 60
    audit: Audit = Audit.ERROR
    discovery: DiscoverySettings = field(default=DiscoverySettings())
    record_streams: Mapping[str, RecordSettings] = field(default_factory=dict)
    deletions: DeletionSettings = field(default=DeletionSettings())

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> TapSettings:
        """Check a plain mapping of settings.

        Raises:
            ConfigurationError: a setting is missing or wrong.
        """
        zone = config.get("account_timezone") or None
        if zone:
            zone_named(str(zone))
        own_queries = queries(config.get("queries"))
        return cls(
            connection=ConnectionSettings.from_mapping(config),
            start_date=_start_date(config.get("start_date")),
            tables=_tables(config.get("tables")),
            queries=own_queries,
            datasets=datasets(config.get("datasets"), tuple(query.name for query in own_queries)),
            account_timezone=zone,
            lookback_seconds=_lookback(config.get("lookback_seconds")),
            audit=_audit(config.get("audit")),
            discovery=DiscoverySettings.from_mapping(config),
            record_streams=record_settings(config),
            deletions=DeletionSettings.from_mapping(config),
        )


def _start_date(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return instant(value)
    except ValueError:
        raise ConfigurationError(
            "start_date", f"is {value!r}; write it like 2024-01-31 or 2024-01-31T00:00:00Z."
        ) from None


def _lookback(value: Any) -> int:
    if value is None or value == "":
        return int(TAP_SETTINGS["lookback_seconds"]["default"])
    if not str(value).isdecimal():
        raise ConfigurationError("lookback_seconds", f"is {value!r}; it must be a whole number from 0 up.")
    return int(value)


def _audit(value: Any) -> Audit:
    try:
        return Audit(value or Audit.ERROR)
    except ValueError:
        raise ConfigurationError("audit", f"is {value!r}; it must be error, warn or off.") from None


def _tables(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names("tables", value)))
