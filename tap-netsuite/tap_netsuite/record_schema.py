"""From the metadata catalog's JSON Schema of a record type to Singer schemas and column kinds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from tap_netsuite.values import Kind, converter, iso, kind_of

_HYPERMEDIA = "links"
_UTC = ZoneInfo("UTC")
_FORMATS = frozenset({"date", "date-time"})


def singer_schema(catalog_schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a record as the record service delivers it, sub-resources embedded.

    Links are left out: they say where a record is, not what it is. Enumerations are left open, because values
    outside them occur [section 3.4]. References to schemas of their own are objects of any shape; many cannot
    be read [section 6.3].
    """
    properties = {
        name: _property(schema) for name, schema in catalog_schema["properties"].items() if name != _HYPERMEDIA
    }
    properties["id"] = {"type": ["string", "null"]}
    return {"type": "object", "properties": properties}


def column_kinds(catalog_schema: Mapping[str, Any]) -> dict[str, Kind]:
    """Guess SuiteQL columns from body fields: their names are mostly the fields' in lower case [section 6.3].

    Sublists and subrecords are no columns. References are internal ids, enumerations are text [section 5.3].
    """
    guesses = {name.lower(): _kind(schema) for name, schema in catalog_schema["properties"].items()}
    return {name: kind for name, kind in guesses.items() if kind is not None}


def sublist_properties(catalog_schema: Mapping[str, Any], sublist: str) -> Mapping[str, Any]:
    """Return the fields of a sublist's lines as a schema of its own, empty when there is no such sublist."""
    for name, schema in catalog_schema["properties"].items():
        items = schema.get("properties", {}).get("items", {}) if isinstance(schema, dict) else {}
        if name.lower() == sublist and isinstance(items.get("items"), dict):
            return {"properties": items["items"].get("properties", {})}
    return {"properties": {}}


def conformed(value: Any, schema: Mapping[str, Any], path: str = "") -> Any:
    """Return a record body, or a part of it, without links and with values of the types its schema says.

    Ids are text in bodies also where the catalog calls them whole numbers [section 3.4].

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
        raise ValueError(f"{path.lstrip('.')} holds {str(value)[:80]!r}, which is no {wanted}") from None


def _scalar(value: Any, schema: Mapping[str, Any]) -> Any:
    if {"object", "array"} & set(schema["type"]):
        raise ValueError(value)
    kind = kind_of(schema)
    if kind is Kind.DATE_TIME:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return iso(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))
    return converter(kind, _UTC)(value)


def _property(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict) or "$ref" in schema:
        return {}
    kept: dict[str, Any] = {"type": _nullable(schema["type"])} if schema.get("type") else {}
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


def _kind(schema: Any) -> Kind | None:
    if not isinstance(schema, dict) or "$ref" in schema:
        return None
    kind = schema.get("type")
    if kind == "object":
        inner = schema.get("properties", {})
        if "refName" not in inner:
            return None
        is_enumeration = "links" not in inner or "enum" in inner.get("id", {})
        return Kind.TEXT if is_enumeration else Kind.INTEGER
    if kind == "string":
        return {"date": Kind.DATE, "date-time": Kind.DATE_TIME}.get(schema.get("format", ""), Kind.TEXT)
    simple = {"integer": Kind.INTEGER, "number": Kind.DECIMAL, "boolean": Kind.BOOLEAN}
    return simple.get(kind) if isinstance(kind, str) else None
