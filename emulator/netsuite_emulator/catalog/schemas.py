"""Record types as JSON Schema [section_1545129726]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netsuite_emulator.company.description import Column, Company, RecordType, Sublist
from netsuite_emulator.records.service import is_filterable

__all__ = ["NS_LINK", "SchemaWriter"]

NS_LINK = {"type": "object", "properties": {"rel": {"type": "string"}, "href": {"type": "string"}}}
_LINKS = {
    "title": "Links",
    "type": "array",
    "readOnly": True,
    "items": {"$ref": "/services/rest/record/v1/metadata-catalog/nsLink"},
}
_INTEGER = {"type": "integer", "format": "int64"}
_TYPES: dict[str, dict[str, str]] = {
    "flag": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


class SchemaWriter:
    """Describes the records of a company."""

    def __init__(self, company: Company, *, typed: bool = True) -> None:
        """Describe `company`; `typed` says whether fields that hold an object say so."""
        self._company = company
        self._object = {"type": "object"} if typed else {}

    def schema(self, kind: RecordType) -> dict[str, Any]:
        """The schema of a record type."""
        columns = self._company.fields(kind)
        properties = {str(column.field): self._property(column) for column in columns}
        for sublist in kind.sublists:
            properties[sublist.name] = self._sublist(sublist)
        properties["links"] = _LINKS
        schema: dict[str, Any] = {
            "type": "object",
            "properties": dict(sorted(properties.items())),
            "$schema": "https://json-schema.org/draft-06/hyper-schema#",
            "x-ns-filterable": [column.field for column in columns if is_filterable(column.kind, column.marks)],
        }
        if kind.table.startswith("customrecord_"):
            schema["x-ns-custom-record"] = True
        return schema

    def _property(self, column: Column) -> dict[str, Any]:
        title = {"title": column.title or _title(str(column.field))}
        if column.kind == "sublist":
            return self._lines(column.parts, column.keys, column.new_keys)
        if column.kind in ("reference", "choice", "status", "multiselect", "address", "subrecord"):
            described: dict[str, Any] = {**title, **self._object, "properties": self._inner(column)}
        else:
            kind = "integer" if column.field == "internalId" else column.kind
            described = {**title, **_TYPES.get(kind, {"type": "string"})}
            if column.kind != "flag":
                described["nullable"] = True
        if "readonly" in column.marks:
            described["readOnly"] = True
        if column.custom:
            described["x-ns-custom-field"] = True
        return described

    def _inner(self, column: Column) -> dict[str, Any]:
        if column.kind in ("choice", "status"):
            values = {"enum": list(column.choices)} if column.choices else {}
            return {"id": {"type": "string", **values}, "refName": {"type": "string"}}
        if column.kind in ("address", "subrecord"):
            columns = column.parts or self._company.tables["entityaddress"].columns
            return self._properties([part for part in columns if part.field])
        reference = {
            "id": {"title": "Internal identifier", "type": "string"},
            "externalId": {"title": "External identifier", "type": "string"},
            "refName": {"title": "Reference Name", "type": "string"},
            "links": _LINKS,
        }
        if column.kind == "multiselect":
            return _collection({"type": "object", "properties": reference})
        return reference

    def _sublist(self, sublist: Sublist) -> dict[str, Any]:
        keys = (sublist.key,) if sublist.key and not sublist.keys else sublist.keys
        return self._lines(self._company.line_fields(sublist), keys, sublist.new_keys or keys)

    def _properties(self, columns: Sequence[Column]) -> dict[str, Any]:
        properties = {str(column.field): self._property(column) for column in columns}
        return {**dict(sorted(properties.items())), "links": _LINKS}

    def _lines(self, columns: Sequence[Column], keys: Sequence[str], new_keys: Sequence[str]) -> dict[str, Any]:
        row: dict[str, Any] = {"type": "object", "properties": self._properties(columns), "x-ns-filterable": []}
        row["x-ns-sublistkey"] = {"present": False}
        if keys:
            row["x-ns-sublistkey"] = {"present": True, "value": {"new": [*new_keys], "existing": [*keys]}}
        return {"type": "object", "properties": _collection(row)}


def _collection(row: dict[str, Any]) -> dict[str, Any]:
    counters = {"totalResults": _INTEGER, "count": _INTEGER, "hasMore": {"type": "boolean"}, "offset": _INTEGER}
    return {"links": _LINKS, **counters, "items": {"type": "array", "items": row}}


def _title(field: str) -> str:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in field).strip().capitalize()
