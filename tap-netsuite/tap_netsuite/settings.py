"""The tap's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from suitetalk import CONNECTION_SETTINGS, ConfigurationError, ConnectionSettings
from suitetalk.timezone import zone_named
from tap_netsuite.dataset_settings import DATASET_SETTINGS, Dataset, datasets
from tap_netsuite.deletion_settings import DELETION_SETTINGS, DeletionSettings
from tap_netsuite.discovery_settings import DISCOVERY_SETTINGS, DiscoverySettings
from tap_netsuite.extraction.key_pages import Audit
from tap_netsuite.query_settings import QUERY_SETTINGS, Query, queries
from tap_netsuite.record_settings import RECORD_SETTINGS, RecordSettings, record_settings
from tap_netsuite.setting_names import RECORD_PREFIX, names

__all__ = ["CONFIG_SCHEMA", "RECORD_PREFIX", "TAP_SETTINGS", "Query", "TapSettings"]

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


def _tables(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names("tables", value)))
