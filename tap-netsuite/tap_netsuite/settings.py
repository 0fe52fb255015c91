"""The tap's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from suitetalk import CONNECTION_SETTINGS, ConfigurationError, ConnectionSettings
from suitetalk.timezone import zone_named
from tap_netsuite.deletion_settings import DELETION_SETTINGS, DeletionSettings
from tap_netsuite.discovery_settings import DISCOVERY_SETTINGS, DiscoverySettings
from tap_netsuite.extraction.key_pages import Audit
from tap_netsuite.record_settings import RECORD_SETTINGS, RecordSettings, record_settings

RECORD_PREFIX = "record_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

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
    "queries": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "query"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "description": "Name of the stream."},
                "query": {"type": "string", "description": "A SuiteQL SELECT, without a semicolon."},
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
        "description": "SuiteQL statements of your own as further streams.",
    },
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
class Query:
    """A SuiteQL statement of the user's own.

    Attributes:
        name: name of the stream.
        statement: the SELECT.
        primary_keys: columns that identify a row, may be empty.
        replication_key: column that grows with each change, or None.
    """

    name: str
    statement: str
    primary_keys: tuple[str, ...] = ()
    replication_key: str | None = None

    @property
    def relation(self) -> str:
        """The query as something to select from."""
        return f"({self.statement})"


@dataclass(frozen=True)
class TapSettings:
    """Checked settings of the tap.

    Attributes mirror the settings' names.
    """

    connection: ConnectionSettings
    start_date: datetime | None = None
    tables: tuple[str, ...] = ()
    queries: tuple[Query, ...] = field(default=())
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
        return cls(
            connection=ConnectionSettings.from_mapping(config),
            start_date=_start_date(config.get("start_date")),
            tables=_tables(config.get("tables")),
            queries=_queries(config.get("queries")),
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
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise ConfigurationError(
            "start_date", f"is {value!r}; write it like 2024-01-31 or 2024-01-31T00:00:00Z."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


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


def _names(setting: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError(setting, f"is {value!r}; it must be a list of names.")
    for name in value:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(setting, f"names {name!r}; names are letters, digits and _ only.")
    return tuple(name.lower() for name in value)


def _tables(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_names("tables", value)))


def _queries(value: Any) -> tuple[Query, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in value):
        raise ConfigurationError("queries", "must be a list of entries with `name` and `query`.")
    queries = tuple(_query(f"queries[{number}]", entry) for number, entry in enumerate(value))
    names = [query.name for query in queries]
    for name in names:
        if names.count(name) > 1 or name.startswith(RECORD_PREFIX):
            raise ConfigurationError("queries", f"has a name that is taken, {name!r}; give each query one of its own.")
    return queries


def _query(where: str, entry: Mapping[str, Any]) -> Query:
    name, statement = entry.get("name"), entry.get("query")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"{where}.name", f"is {name!r}; it must be letters, digits and _ only.")
    if not isinstance(statement, str) or not statement.strip():
        raise ConfigurationError(f"{where}.query", "is missing; give a SuiteQL SELECT.")
    replication_key = entry.get("replication_key") or None
    return Query(
        name=name,
        statement=statement.strip().rstrip(";").rstrip(),
        primary_keys=_names(f"{where}.primary_keys", entry.get("primary_keys")),
        replication_key=_names(f"{where}.replication_key", [replication_key])[0] if replication_key else None,
    )
