"""All settings but those of streams."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from suitetalk import ConfigurationError, ConnectionSettings
from suitetalk.descriptions import Special, group, place_of, read, schema_of, setting
from suitetalk.records import Validation
from suitetalk.report import RunReportSettings
from target_netsuite.settings.streams import LoadMethod, ReferenceSettings, StreamSettings, WriteMode, parse_streams

_FILES = ("rejects", "receipts", "differences", "report")
_LIMIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", re.ASCII)
_WHOLE = 100
_BY_PATH: Mapping[str, Collection[str]] = {
    "fields": (),
    "templates": (),
    "references": [each.name for each in fields(ReferenceSettings)],
}
"""Settings of paths, and what objects have that are no level but entries themselves."""


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
            ValueError: it is neither.
        """
        text = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
        found = _LIMIT.fullmatch(text)
        limit, is_percent = (Decimal(found[1]), found[2] == "%") if found else (Decimal(-1), False)
        if limit < 0 or (limit > _WHOLE if is_percent else limit % 1):
            raise ValueError(f"is {given!r}; it must be a whole number, or percent such as 5%.")
        return cls(limit, is_percent)

    def allows(self, refused: int, settled: int) -> bool:
        """Tell whether so many refused records of all settled ones are accepted."""
        return refused * _WHOLE <= self.limit * settled if self.is_percent else refused <= self.limit

    def __str__(self) -> str:
        """Return it as it is written in the settings."""
        return f"{self.limit}{'%' if self.is_percent else ''}"


@dataclass(frozen=True)
class ReportSettings(RunReportSettings):
    """What is reported, and where; a file is None where nothing is to be written."""

    rejects: Path | None = setting(
        None,
        "File of rejects",
        "File that gets one JSON line for each failed record, with the reason and the record itself. Lines are "
        "appended, and `--replay` sends the records again.",
    )
    receipts: Path | None = setting(
        None,
        "File of receipts",
        "File that gets one JSON line for each record that did not fail, with its internal id in NetSuite. Lines are "
        "appended.",
    )
    differences: Path | None = setting(
        None,
        "File of differences",
        "File that gets one JSON line for each field that is changed, or in a dry run would be. Lines are appended. "
        "The log of a dry run shows the first 20 of each stream in any case.",
    )
    max_rejects: Annotated[MaxRejects, Special(MaxRejects.parse, {"type": ["string", "integer"], "default": 0})] = (
        setting(
            MaxRejects(),
            "Failed records that are accepted",
            "How many records may fail before the run ends with exit code 1: a number, or a share of all records such "
            "as 5%.",
        )
    )
    dry_run: bool = setting(
        False,
        "Dry run",
        "Read what NetSuite has and report what would change, but write nothing, neither to NetSuite nor to the files "
        "of rejects and receipts.",
    )

    def check(self, place: str) -> None:
        """Make sure that no two files are the same.

        Raises:
            ConfigurationError: two are.
        """
        paths = {name: getattr(self, name) for name in _FILES}
        named = {path.resolve(): name for name, path in paths.items() if path and not path.is_char_device()}
        for name, path in paths.items():
            if path and named.get(path.resolve(), name) != name:
                raise ConfigurationError(
                    place_of(place, name), f"names the same file as `{named[path.resolve()]}`; name another one."
                )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of the target.

    Attributes:
        journal: path of the journal, `off` for none, None for the usual place.
        write_mode: that of streams that name none; each has one already.
        name_validation: what to do about names of fields that do not exist [section_156570709583].
        value_validation: what to do about values of the wrong form [section_156570709583].
    """

    connection: ConnectionSettings = group()
    streams: Mapping[str, StreamSettings] = setting(
        ...,
        "Streams",
        "Where each stream goes, by stream name. A stream without an entry ends the run.",
        example={"customers": {"record_type": "customer"}},
    )
    load_method: LoadMethod | None = setting(
        None,
        "Load method",
        "What to do with records of streams without an operation: append-only creates them, upsert creates or updates "
        "them, overwrite also deletes those that no longer come (mirror). Without it the operation follows from the "
        "ids that a stream has.",
    )
    write_mode: WriteMode = setting(
        "auto",
        "Write mode",
        "How records are written where a stream does not say: batch (asynchronous jobs of a hundred), single (a "
        "request for each, several at a time), or auto (whichever the record type and the account allow).",
    )
    journal: str | None = setting(
        None,
        "Journal",
        "File in which writes are noted before they are sent, so that a run that was killed can be started again; off "
        "for none. Without it the file is in the user's home folder.",
    )
    job_timeout: int = setting(
        3600,
        "Longest wait for a job",
        "Seconds after which a job in NetSuite's queue is not waited for any longer, and its records are looked up. "
        "What was not done is sent again where doing it twice changes nothing; for the rest `on_unknown_outcome` "
        "decides.",
        minimum=1,
        unit="seconds",
    )
    report: ReportSettings = group()
    name_validation: Validation = setting(
        "error",
        "Validation of names",
        "What to do with a record that has a field that does not exist: error refuses it, warning and ignore leave it "
        "to NetSuite, which drops the field.",
    )
    value_validation: Validation = setting(
        "error",
        "Validation of values",
        "What to do with a record that has a value of the wrong form: error refuses it, warning and ignore leave it to "
        "NetSuite.",
    )
    catalog_cache_seconds: int = setting(
        3600,
        "Age of the cached catalog",
        "Seconds for which the descriptions of record types are reused from the user's cache folder; 0 turns the cache "
        "off.",
        minimum=0,
        unit="seconds",
    )
    refresh_catalog: bool = setting(
        False, "Refresh the catalog", "Ignore the cached descriptions of record types and read them again."
    )
    validate_records: bool = setting(
        True, "Validate records", "Check each record against the schema of its stream before it is written."
    )
    invalid_text: Literal["refuse", "replace"] = setting(
        "refuse",
        "Invalid text",
        "What to do with a record whose text holds what is not a character, such as half an emoji or bytes that are "
        "not UTF-8: refuse it, or replace each such place by U+FFFD and write it.",
    )

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> Settings:
        """Check a plain mapping of settings; other keys in it are left alone.

        Raises:
            ConfigurationError: a setting is missing or wrong; the text names it.
        """
        others = {name: value for name, value in config.items() if name != "streams"}
        settings = read(cls, others, streams={})
        streams = parse_streams(config.get("streams"), settings.load_method, settings.write_mode)
        return replace(settings, streams=streams)

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


CONFIG_JSONSCHEMA: dict[str, Any] = schema_of(Settings)
"""JSON Schema of all settings."""
