"""Settings of how deletions come to be known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from suitetalk import ConfigurationError
from suitetalk.timezone import zone_named

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
