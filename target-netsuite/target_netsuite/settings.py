"""The target's settings: how they are described, and how they are checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import msgspec

from suitetalk import CONNECTION_SETTINGS, ConfigurationError, ConnectionSettings
from target_netsuite.reporting.settings import REPORT_SETTINGS, ReportSettings
from target_netsuite.stream_settings import OPERATIONS, StreamSettings, parse_streams

STREAMS: dict[str, Any] = {
    "type": "object",
    "title": "Streams",
    "description": "Where each stream goes, by stream name. A stream without an entry ends the run.",
    "additionalProperties": {
        "type": "object",
        "required": ["record_type"],
        "additionalProperties": False,
        "properties": {
            "record_type": {
                "type": "string",
                "title": "Record type",
                "description": "NetSuite's name of the record type, such as customer or customrecord_project.",
            },
            "operation": {
                "type": "string",
                "title": "Operation",
                "enum": list(OPERATIONS),
                "description": "What becomes of a record. Without it: upsert when external_id is given, update when "
                "id_field is, otherwise create. A record with _sdc_deleted_at is deleted whatever is said here.",
            },
            "external_id": {
                "type": "string",
                "title": "External ID",
                "description": "Template of the external id over the record's columns, such as CRM-{id}. The result "
                "may consist of letters, digits, _ and -.",
            },
            "id_field": {
                "type": "string",
                "title": "Column with the internal id",
                "description": "Column with NetSuite's internal id, for update and delete.",
            },
            "fields": {
                "type": "object",
                "title": "Fields",
                "additionalProperties": {"type": "string"},
                "description": 'Column -> field, such as {"name": "companyName", "owner": "salesRep.id"}. '
                "Without it all columns are sent under their own names, except id, id_field, _sdc_ columns and, "
                "when external_id is given, externalId.",
            },
        },
    },
}

CONFIG_JSONSCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {**deepcopy(CONNECTION_SETTINGS), "streams": STREAMS, **REPORT_SETTINGS},
    "required": ["account_id", "client_id", "certificate_id", "streams"],
}


@dataclass(frozen=True)
class Settings:
    """The checked settings.

    Attributes:
        connection: how to reach and log in to NetSuite.
        streams: what to do with each stream, by name.
        validate_records: whether records are checked against their schema.
        report: what is reported, and where.
    """

    connection: ConnectionSettings
    streams: Mapping[str, StreamSettings]
    validate_records: bool = True
    report: ReportSettings = field(default_factory=ReportSettings)

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> Settings:
        """Check a plain mapping of settings; other keys in it are left alone.

        Raises:
            ConfigurationError: a setting is missing or wrong; the text names it.
        """
        validate_records = config.get("validate_records", True)
        if not isinstance(validate_records, bool):
            raise ConfigurationError("validate_records", f"is {validate_records!r}; it must be true or false.")
        return cls(
            ConnectionSettings.from_mapping(config),
            parse_streams(config.get("streams")),
            validate_records,
            ReportSettings.from_mapping(config),
        )

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

    def numbers_of(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the given settings that are numbers as numbers; environment variables have them as text."""
        numbers = {
            "request_timeout": self.connection.request_timeout,
            "max_concurrency": self.connection.max_concurrency,
        }
        return {name: number for name, number in numbers.items() if name in config}


def without_blanks(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that are null or empty text, which mean the same as absent ones."""
    return {name: value for name, value in config.items() if value is not None and value != ""}


def check_environment(prefix: str, schema: Mapping[str, Any]) -> None:
    """Find the environment variable the SDK could not read, since its own error does not name it.

    Raises:
        ConfigurationError: a variable does not hold what its setting needs.
    """
    expected = {"integer": int, "object": dict, "array": list}
    for name, described in schema["properties"].items():
        variable = prefix + name.upper()
        kinds = described.get("type", ())
        kind = next((kind for kind in expected if kind in kinds), None)
        if kind and variable in os.environ and not isinstance(_json(os.environ[variable]), expected[kind]):
            raise ConfigurationError(name, f"in the environment variable {variable} is no JSON {kind}.")


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
