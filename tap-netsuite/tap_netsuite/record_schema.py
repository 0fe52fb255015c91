"""From the metadata catalog's JSON Schema of a record type to Singer schemas and column kinds."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk.values import instant, iso
from tap_netsuite.source import UTC, Kind, converter, kind_of

_HYPERMEDIA = "links"
_FORMATS = frozenset({"date", "date-time"})
_TAG = re.compile(r"<[^<>]*>")
_REFERENCE = frozenset({"id", "refName", "externalId", _HYPERMEDIA})
_COLLECTION = "nsResourceCollection"


@dataclass(frozen=True)
class Field:
    """What the catalog says of a body field.

    Attributes:
        kind: what its column most likely holds.
        labels: its `title` and `description` where it has them, as JSON Schema keywords.
        has_display_value: whether it is an id with a name to it: a reference, an enumeration or a multi-select.
    """

    kind: Kind
    labels: Mapping[str, str]
    has_display_value: bool = False


def singer_schema(catalog_schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a record as the record service delivers it, sub-resources embedded.

    Links are left out: they say where a record is, not what it is. Enumerations are left open, because values
    outside them occur [section 3.4]. References to separate schemas are objects of any shape; many cannot
    be read [section 6.3].
    """
    properties = {
        name: _property(schema) for name, schema in catalog_schema["properties"].items() if name != _HYPERMEDIA
    }
    properties["id"] = {**properties.get("id", {}), "type": ["string", "null"]}
    return {"type": "object", **labels(catalog_schema), "properties": properties}


def column_kinds(catalog_schema: Mapping[str, Any]) -> dict[str, Kind]:
    """Return the kinds of the fields of `body_fields`."""
    return {name: field.kind for name, field in body_fields(catalog_schema).items()}


def body_fields(catalog_schema: Mapping[str, Any]) -> dict[str, Field]:
    """Guess SuiteQL columns from body fields: their names are mostly the fields' in lower case [section 6.3].

    Sublists and subrecords are not columns. References are internal ids, enumerations are text, multi-selects are
    several ids in one text [section 5.3].
    """
    fields = {}
    for name, schema in catalog_schema["properties"].items():
        kind = _kind(schema)
        if kind is not None:
            fields[name.lower()] = Field(kind, labels(schema), schema.get("type") in (None, "object"))
    return fields


def labels(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return title and description as plain text; NetSuite's descriptions are pieces of HTML [section_1545129726]."""
    told = {keyword: _plain(schema.get(keyword)) for keyword in ("title", "description")}
    return {keyword: text for keyword, text in told.items() if text}


def sublist_properties(catalog_schema: Mapping[str, Any], sublist: str) -> Mapping[str, Any]:
    """Return the fields of a sublist's lines as a separate schema, empty when there is no such sublist."""
    for name, schema in catalog_schema["properties"].items():
        items = schema.get("properties", {}).get("items", {}) if isinstance(schema, dict) else {}
        if name.lower() == sublist and isinstance(items.get("items"), dict):
            return {"properties": items["items"].get("properties", {})}
    return {"properties": {}}


def conformed(value: Any, schema: Mapping[str, Any], path: str = "") -> Any:
    """Return a record body, or a part of it, without links and with values of the types its schema says.

    Ids are text in bodies even where the catalog calls them whole numbers [section 3.4].

    Raises:
        ValueError: a value cannot be what the schema says; the text names its path.
    """
    types = schema.get("type") or ()
    if isinstance(value, dict) and (not types or "object" in types):
        inner = schema.get("properties", {})
        kept = {name: part for name, part in value.items() if name != _HYPERMEDIA}
        return {name: conformed(part, inner.get(name, {}), f"{path}.{name}") for name, part in kept.items()}
    if isinstance(value, list) and (not types or "array" in types):
        lines = schema.get("items", {})
        return [conformed(part, lines, f"{path}[{number}]") for number, part in enumerate(value)]
    if value is None or not types:
        return value
    try:
        return _scalar(value, schema)
    except ValueError:
        wanted = next((name for name in ("object", "array") if name in types), kind_of(schema).value)
        raise ValueError(f"{path.lstrip('.')} holds {str(value)[:80]!r}, which is not a valid {wanted}") from None


def _scalar(value: Any, schema: Mapping[str, Any]) -> Any:
    if {"object", "array"} & set(schema["type"]):
        raise ValueError(value)
    kind = kind_of(schema)
    if kind is Kind.DATE_TIME:
        return iso(instant(value))
    return converter(kind, UTC)(value)


def _property(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict) or "$ref" in schema:
        return {}
    types = "object" if _is_object(schema) else schema.get("type")
    kept: dict[str, Any] = {"type": _nullable(types)} if types else {}
    kept.update(labels(schema))
    if schema.get("format") in _FORMATS:
        kept["format"] = schema["format"]
    if isinstance(schema.get("properties"), dict):
        inner = schema["properties"].items()
        kept["properties"] = {name: _property(value) for name, value in inner if name != _HYPERMEDIA}
    if "items" in schema:
        kept["items"] = _property(schema["items"])
    return kept


def _nullable(types: str | list[str]) -> list[str]:
    return list(dict.fromkeys([*([types] if isinstance(types, str) else types), "null"]))


def _plain(text: Any) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split()) if isinstance(text, str) else ""


def _kind(schema: Any) -> Kind | None:
    if not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        return Kind.ID_LIST if str(schema["$ref"]).endswith(_COLLECTION) else None
    kind = schema.get("type")
    if _is_object(schema):
        return _kind_of_object(schema.get("properties", {}))
    if kind == "string":
        return {"date": Kind.DATE, "date-time": Kind.DATE_TIME}.get(schema.get("format", ""), Kind.TEXT)
    simple = {"integer": Kind.INTEGER, "number": Kind.DECIMAL, "boolean": Kind.BOOLEAN}
    return simple.get(kind) if isinstance(kind, str) else None


def _is_object(schema: Mapping[str, Any]) -> bool:
    """Tell whether a value is an object: a field may have `properties` and no `type` [section 14.1]."""
    return schema.get("type") == "object" or (not schema.get("type") and isinstance(schema.get("properties"), dict))


def _kind_of_object(properties: Mapping[str, Any]) -> Kind | None:
    if _is_multi_select(properties):
        return Kind.ID_LIST
    if "refName" not in properties:
        return None
    is_enumeration = _HYPERMEDIA not in properties or "enum" in properties.get("id", {})
    return Kind.TEXT if is_enumeration else Kind.INTEGER


def _is_multi_select(properties: Mapping[str, Any]) -> bool:
    """Tell a multi-select from a sublist: its items are references and nothing else [section_1545142093]."""
    items = properties.get("items", {})
    row = items.get("items", {}) if isinstance(items, dict) else {}
    fields = row.get("properties", {}).keys() if isinstance(row, dict) else set()
    return "refName" in fields and fields <= _REFERENCE
