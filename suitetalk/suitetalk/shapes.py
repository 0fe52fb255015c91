"""A record type's JSON Schema read as fields, sublists and their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REFERENCE = frozenset({"id", "refName", "externalId", "links"})


@dataclass(frozen=True)
class FieldShape:
    """One field of a record type, or of a line of one of its sublists.

    Attributes:
        name: as in record bodies; with the sublist or subrecord and a dot before it where it is in one.
        kind: text, integer, number, boolean, date, date-time, reference, enum, multi-select, sublist or subrecord.
        title: label in the user interface.
        filterable: whether `q` may name it.
        read_only: whether NetSuite says that it cannot be written.
        custom: whether the account added it.
        keys: names that find a line of a sublist again; empty for a sublist without a key.
        choices: values of an enum.
    """

    name: str
    kind: str
    title: str = ""
    filterable: bool = False
    read_only: bool = False
    custom: bool = False
    keys: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


def fields_of(schema: Mapping[str, Any], prefix: str = "") -> Iterator[FieldShape]:
    """Yield the fields of a type, those of its sublists and subrecords after each of them [section_1545129726].

    Parts that are not of the documented form are passed over.
    """
    filterable = {name.lower() for name in _names(schema.get("x-ns-filterable"))}
    for name, entry in _mapping(schema.get("properties")).items():
        if name == "links" or not isinstance(entry, Mapping):
            continue
        inner, kind = _inside(entry), _kind(entry)
        yield FieldShape(
            name=prefix + name,
            kind=kind,
            title=str(entry.get("title") or ""),
            filterable=name.lower() in filterable,
            read_only=entry.get("readOnly") is True,
            custom=entry.get("x-ns-custom-field") is True,
            keys=_keys(inner) if kind == "sublist" else (),
            choices=_choices(inner) if kind == "enum" else (),
        )
        if kind in ("sublist", "subrecord"):
            yield from fields_of(inner, f"{prefix}{name}.")


def _kind(entry: Mapping[str, Any]) -> str:
    properties = entry.get("properties")
    if isinstance(properties, Mapping):
        if "items" in properties:
            line = _inside(entry)
            plain = "x-ns-sublistkey" not in line and _REFERENCE.issuperset(_mapping(line.get("properties")))
            return "multi-select" if plain else "sublist"
        if not {"id", "refName"} <= properties.keys():
            return "subrecord"
        return "reference" if properties.keys() & {"links", "externalId"} else "enum"
    if entry.get("format") in ("date", "date-time"):
        return str(entry["format"])
    kind = str(entry.get("type") or "")
    return {"string": "text", "object": "subrecord", "": "reference"}.get(kind, kind)


def _inside(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a sublist's lines, or the entry itself."""
    items = _mapping(entry.get("properties")).get("items")
    lines = items.get("items") if isinstance(items, Mapping) else None
    return lines if isinstance(lines, Mapping) else entry


def _keys(line: Mapping[str, Any]) -> tuple[str, ...]:
    key = _mapping(line.get("x-ns-sublistkey"))
    return _names(_mapping(key.get("value")).get("existing")) if key.get("present") is True else ()


def _choices(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return _names(_mapping(_mapping(entry.get("properties")).get("id")).get("enum"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()
