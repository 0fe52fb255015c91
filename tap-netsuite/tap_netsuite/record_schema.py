"""From the metadata catalog's JSON Schema of a record type to Singer schemas and column kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tap_netsuite.values import Kind

_HYPERMEDIA = "links"
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


def without_links(value: Any) -> Any:
    """Return a record body without its links, at every level."""
    if isinstance(value, dict):
        return {name: without_links(inner) for name, inner in value.items() if name != _HYPERMEDIA}
    if isinstance(value, list):
        return [without_links(inner) for inner in value]
    return value


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
