"""What `streams` says about one stream."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

from suitetalk import ConfigurationError
from target_netsuite.template import Template

_RECORD_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KNOWN = ("record_type", "operation", "external_id", "id_field", "fields")


class Operation(str, Enum):
    """What becomes of a record."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"


OPERATIONS = tuple(operation.value for operation in Operation)


@dataclass(frozen=True)
class StreamSettings:
    """One entry of `streams`, checked.

    Attributes:
        stream: the stream's name.
        record_type: such as `customer`.
        operation: what becomes of its records, unless they are marked as deleted.
        external_id: how a record's external id is made, None when it has none.
        id_field: the column with the internal id, None when there is none.
        fields: column -> path of the field, None for all columns under their own names.
    """

    stream: str
    record_type: str
    operation: Operation
    external_id: Template | None = None
    id_field: str | None = None
    fields: Mapping[str, tuple[str, ...]] | None = None

    @classmethod
    def from_mapping(cls, stream: str, given: Any) -> StreamSettings:
        """Check one entry.

        Raises:
            ConfigurationError: something is missing or wrong; the text names it.
        """
        place = f"streams.{stream}"
        if not isinstance(given, Mapping):
            raise ConfigurationError(place, 'must be an object such as {"record_type": "customer"}.')
        for name in given:
            if name not in _KNOWN:
                raise ConfigurationError(f"{place}.{name}", f"is not known; there are {', '.join(_KNOWN)}.")
        external_id = _template(place, given)
        id_field = _text(place, given, "id_field")
        settings = cls(
            stream=stream,
            record_type=_record_type(place, given),
            operation=_operation(place, given, external_id, id_field),
            external_id=external_id,
            id_field=id_field,
            fields=_fields(place, given, external_id),
        )
        settings._check_address(place)
        return settings

    def check_columns(self, columns: Collection[str]) -> None:
        """Make sure the stream has every column that is named here; a schema without columns tells nothing.

        Raises:
            ConfigurationError: it lacks one.
        """
        if not columns:
            return
        named = {
            "external_id": self.external_id.columns if self.external_id else (),
            "id_field": (self.id_field,) if self.id_field else (),
            "fields": tuple(self.fields or ()),
        }
        for setting, wanted in named.items():
            for column in wanted:
                if column not in columns:
                    raise ConfigurationError(
                        f"streams.{self.stream}.{setting}",
                        f"names the column `{column}`, which the stream does not have; it has "
                        f"{', '.join(sorted(columns))}.",
                    )

    def _check_address(self, place: str) -> None:
        if self.operation is Operation.UPSERT and not self.external_id:
            raise ConfigurationError(f"{place}.external_id", "is missing; upsert needs it, such as CRM-{id}.")
        if self.operation in (Operation.UPDATE, Operation.DELETE) and not (self.external_id or self.id_field):
            raise ConfigurationError(
                f"{place}.id_field", f"or `external_id` is missing; {self.operation.value} needs one of them."
            )


def parse_streams(given: Any) -> dict[str, StreamSettings]:
    """Check the setting `streams`.

    Raises:
        ConfigurationError: it is missing or wrong.
    """
    if given is None or given == {}:
        raise ConfigurationError(
            "streams", 'is missing; say where each stream goes, such as {"customers": {"record_type": "customer"}}.'
        )
    if not isinstance(given, Mapping):
        raise ConfigurationError("streams", f"must be an object by stream name, not {type(given).__name__}.")
    return {stream: StreamSettings.from_mapping(stream, entry) for stream, entry in given.items()}


def clashing(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return a path that equals another one, or has another one inside it; None when there is none.

    The case of letters makes no difference, since NetSuite may not mind it either [section_1545141395].
    """
    ordered = sorted(tuple(part.lower() for part in path) for path in paths)
    # What lies inside a path comes right after it in this order.
    return next((one for one, other in pairwise(ordered) if other[: len(one)] == one), None)


def _text(place: str, given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{place}.{name}", f"must be text, not {type(value).__name__}.")
    return value


def _record_type(place: str, given: Mapping[str, Any]) -> str:
    value = _text(place, given, "record_type")
    if value is None:
        raise ConfigurationError(f"{place}.record_type", "is missing; name one, such as customer.")
    if not _RECORD_TYPE.fullmatch(value):
        raise ConfigurationError(f"{place}.record_type", f"is {value!r}, which is no record type such as customer.")
    return value


def _operation(place: str, given: Mapping[str, Any], external_id: Template | None, id_field: str | None) -> Operation:
    value = _text(place, given, "operation")
    if value is None:
        return Operation.UPSERT if external_id else Operation.UPDATE if id_field else Operation.CREATE
    if value not in OPERATIONS:
        raise ConfigurationError(f"{place}.operation", f"is {value!r}; it must be one of {', '.join(OPERATIONS)}.")
    return Operation(value)


def _template(place: str, given: Mapping[str, Any]) -> Template | None:
    text = _text(place, given, "external_id")
    if text is None:
        return None
    try:
        return Template.parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{place}.external_id", f"{error}.") from None


def _fields(place: str, given: Mapping[str, Any], external_id: Template | None) -> dict[str, tuple[str, ...]] | None:
    value = given.get("fields")
    place = f"{place}.fields"
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value:
        raise ConfigurationError(
            place, 'must be an object of column and field, such as {"name": "companyName"}; without it all columns go.'
        )
    paths = {column: _path(place, column, field) for column, field in value.items()}
    clash = clashing(paths.values())
    if clash:
        raise ConfigurationError(place, f"fills the field `{'.'.join(clash)}` more than once.")
    if external_id and any(path[0].lower() == "externalid" for path in paths.values()):
        raise ConfigurationError(place, "fills `externalId`, which the setting `external_id` fills already.")
    return paths


def _path(place: str, column: str, field: Any) -> tuple[str, ...]:
    path = tuple(field.split(".")) if isinstance(field, str) else ("",)
    if not all(path):
        raise ConfigurationError(
            f"{place}.{column}", f"is {field!r}; it must be the name of a field, such as email or entity.id."
        )
    return path
