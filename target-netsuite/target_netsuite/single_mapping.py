"""From a Singer record to one write in NetSuite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from target_netsuite.errors import InvalidRecordError
from target_netsuite.intents import Operation
from target_netsuite.mapping.column_formats import date_format
from target_netsuite.mapping.nesting import nested
from target_netsuite.settings.paths import clashing
from target_netsuite.settings.stream_settings import StreamSettings
from target_netsuite.template import id_text
from target_netsuite.values import to_netsuite

DELETED_AT = "_sdc_deleted_at"
_SINGER_PREFIX = "_sdc_"


@dataclass(frozen=True)
class Write:
    """One thing to do in NetSuite.

    Attributes:
        operation: what to do.
        record_type: with which kind of record.
        external_id: the record's external id, None when it is not used.
        internal_id: the record's internal id, None when it is not used; it goes before the external id.
        body: fields as JSON; empty for a delete.
    """

    operation: Operation
    record_type: str
    external_id: str | None = None
    internal_id: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """How NetSuite finds the record: its internal id, or `eid:` and the external one [section_156335203191]."""
        return self.internal_id or f"eid:{self.external_id}"


class RecordMapping:
    """Turns the records of one stream into writes, as its settings and its schema say."""

    def __init__(self, settings: StreamSettings, schema: Mapping[str, Any]) -> None:
        """Prepare.

        Args:
            settings: what `streams` says.
            schema: JSON Schema of the stream.
        """
        self._settings = settings
        self._formats = {column: date_format(part) for column, part in schema.get("properties", {}).items()}

    def operation(self, record: Mapping[str, Any]) -> Operation:
        """Return what is to become of a record: one marked as deleted is deleted, whatever the stream does."""
        return Operation.DELETE if record.get(DELETED_AT) is not None else self._settings.operation

    def write(self, record: Mapping[str, Any]) -> Write:
        """Return what to do about a record.

        Raises:
            InvalidRecordError: nothing can be done, since a part of it is missing or unusable.
        """
        operation = self.operation(record)
        record_type = self._settings.record_type
        if operation in (Operation.CREATE, Operation.UPSERT):
            return Write(operation, record_type, self._external_id(record), body=self._body(record, operation))
        body = {} if operation is Operation.DELETE else self._body(record, operation)
        if self._has_internal_id(record):
            return Write(operation, record_type, internal_id=self._internal_id(record), body=body)
        return Write(operation, record_type, self._required_external_id(record), body=body)

    def _external_id(self, record: Mapping[str, Any]) -> str | None:
        return self._settings.external_id.fill(record) if self._settings.external_id else None

    def _has_internal_id(self, record: Mapping[str, Any]) -> bool:
        """Tell whether to go by the internal id: when there is one, or when there is nothing else to go by."""
        column = self._settings.id_field
        return column is not None and (record.get(column) is not None or self._settings.external_id is None)

    def _internal_id(self, record: Mapping[str, Any]) -> str:
        return id_text(record, self._settings.id_field or "", "the internal id")

    def _required_external_id(self, record: Mapping[str, Any]) -> str:
        external_id = self._external_id(record)
        if external_id is None:
            raise InvalidRecordError(
                DELETED_AT,
                "the record is marked as deleted, but neither `id_field` nor `external_id` of "
                f"`streams.{self._settings.stream}` says which record that is in NetSuite",
            )
        return external_id

    def _body(self, record: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
        """Return the fields; null clears one [section_1545142173], and says nothing when there is none yet."""
        paths = self._paths(record)
        values = {
            path: to_netsuite(column, record[column], self._formats.get(column))
            for column, path in paths.items()
            if column in record
        }
        if operation is Operation.CREATE:
            values = {path: value for path, value in values.items() if value is not None}
            if self._settings.external_id:
                values["externalId",] = self._settings.external_id.fill(record)
        return nested(values)

    def _paths(self, record: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        if self._settings.fields is not None:
            return self._settings.fields
        paths = {column: tuple(column.split(".")) for column in record if self._is_field(column)}
        clash = clashing(paths.values())
        if clash:
            raise InvalidRecordError(
                ".".join(clash), f"several columns fill the field `{'.'.join(clash)}`; name the right one in `fields`"
            )
        return paths

    def _is_field(self, column: str) -> bool:
        """Tell whether a column is sent when `fields` is absent.

        The internal id cannot be chosen by a client [section_1545141395], and the template fills `externalId`.
        """
        given_elsewhere = {"id", self._settings.id_field, "externalId" if self._settings.external_id else None}
        return column not in given_elsewhere and not column.startswith(_SINGER_PREFIX)
