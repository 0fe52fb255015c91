"""Which part of a record a stream shows, as its settings ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import ConfigurationError
from tap_netsuite.record_settings import RecordSettings

FALLBACK_MARK = "_sdc_from_suiteql"
"""Property that is true in records read from SuiteQL, because NetSuite refused the record itself."""


@dataclass(frozen=True)
class RecordView:
    """What to ask the record service for, and the schema of what comes.

    Attributes:
        schema: of the stream.
        fields: body fields to ask for in NetSuite's spelling, empty for all. NetSuite embeds nothing where it is asked
            for single fields [section_1545142037], so with `expand` all come, and `shown` picks.
        expand: sublists and subrecords to ask for, in NetSuite's spelling.
        expands_all: whether all of them are asked for instead.
        simple_enums: whether enumerations come as their bare id.
    """

    schema: dict[str, Any]
    fields: tuple[str, ...]
    expand: tuple[str, ...]
    expands_all: bool
    simple_enums: bool

    def shown(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record without what the settings do not ask for."""
        return {name: value for name, value in record.items() if name in self.schema["properties"]}


def view_of(record_type: str, schema: Mapping[str, Any], settings: RecordSettings) -> RecordView:
    """Return the view of a record type that its settings ask for; once more on its schema it is the same.

    Raises:
        ConfigurationError: they name a field that the type does not have.
    """
    properties: dict[str, Any] = dict(schema["properties"])
    fields = _spelled(f"record_streams.{record_type}.fields", settings.fields, properties)
    expand = _spelled(f"record_streams.{record_type}.expand", settings.expand, properties)
    expand += tuple(name for name in fields if is_embedded(properties[name]) and name not in expand)
    if fields:
        properties = {name: properties[name] for name in dict.fromkeys(["id", *fields, *expand]) if name in properties}
    elif expand:
        properties = {name: part for name, part in properties.items() if name in expand or not is_embedded(part)}
    if settings.simple_enums:
        properties = {name: _simple(part) for name, part in properties.items()}
    if settings.falls_back:
        properties[FALLBACK_MARK] = {"type": ["boolean", "null"]}
    shown = {**schema, "properties": properties}
    if settings.expands_all or any(_has_parts(schema["properties"][name]) for name in expand):
        return RecordView(shown, (), (), expands_all=True, simple_enums=settings.simple_enums)
    return RecordView(shown, () if expand else fields, expand, expands_all=False, simple_enums=settings.simple_enums)


def is_embedded(part: Mapping[str, Any]) -> bool:
    """Tell whether a property is a sublist, a subrecord or a multi-select: an object that is no reference."""
    return "properties" in part and "refName" not in part["properties"]


def _has_parts(sublist: Mapping[str, Any]) -> bool:
    """Tell whether lines have subrecords, such as addresses, which come only where everything is embedded."""
    lines = sublist.get("properties", {}).get("items", {}).get("items", {})
    return any(is_embedded(part) for part in lines.get("properties", {}).values())


def _spelled(where: str, names: Iterable[str], properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Return names as NetSuite spells them."""
    known = {name.lower(): name for name in properties}
    for name in names:
        if name.lower() not in known:
            raise ConfigurationError(
                where, f"names {name!r}, which the record type does not have; correct it, or discover anew."
            )
    return tuple(known[name.lower()] for name in names)


def _simple(part: Any) -> Any:
    """Return the schema of a value with its enumerations as text, at any depth.

    An enumeration has an id and a name only; a reference may have an external id besides [section 3.4].
    """
    if not isinstance(part, dict):
        return part
    inner = part.get("properties")
    if isinstance(inner, dict):
        if set(inner) == {"id", "refName"}:
            return {"type": ["string", "null"]}
        return {**part, "properties": {name: _simple(value) for name, value in inner.items()}}
    return {**part, "items": _simple(part["items"])} if "items" in part else part
