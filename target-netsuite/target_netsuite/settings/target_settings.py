"""The target's settings as a whole, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suitetalk import ConfigurationError, ConnectionSettings
from suitetalk.validation import Validation
from target_netsuite.reporting.settings import ReportSettings
from target_netsuite.settings.entries import flag, text, word
from target_netsuite.settings.stream_settings import (
    LOAD_METHODS,
    WRITE_MODES,
    StreamSettings,
    WriteMode,
    chosen,
    parse_streams,
)

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
        refresh_catalog: whether it is read anew, however young the kept one is.
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
