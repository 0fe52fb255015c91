"""The metadata catalog [section_1540810174, section_1545129726]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.company.choices import CHOICES
from netsuite_emulator.errors import NetSuiteError, hidden_record_type, invalid_method
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.records.service import is_filterable

if TYPE_CHECKING:
    from netsuite_emulator.company.description import Column, Company, RecordType, Sublist
    from netsuite_emulator.settings import Settings

__all__ = ["Catalog"]

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
_SCHEMA, _OPEN_API = "application/schema+json", "application/swagger+json"
_NS_LINK = {"type": "object", "properties": {"rel": {"type": "string"}, "href": {"type": "string"}}}


class Catalog:
    """Describes the record types the role may see."""

    def __init__(self, settings: Settings, company: Company) -> None:
        """Describe `company`."""
        self._describes_record = settings.metadata_describes_record
        self._company = company

    def answer(self, call: Call, path: list[str]) -> Answer:
        """Answer `GET /record/v1/metadata-catalog[/{type}]`.

        Args:
            call: the request.
            path: what follows `metadata-catalog`.

        Raises:
            NetSuiteError: the request is refused.
        """
        if call.method != "GET":
            raise invalid_method("metadata-catalog", frozenset({"GET"}))
        accept = call.headers.get("accept", "*/*").lower()
        names = [name for name in path if name]
        if not names:
            chosen = self._selected(call.query.get("select"))
            if _OPEN_API in accept:
                return Answer(200, self._open_api(chosen), content_type=_OPEN_API)
            return Answer(200, {"items": [self._entry(kind, call.base) for kind in chosen]})
        if len(names) > 1 or "," in names[0]:
            raise _malformed()
        if names[0].lower() == "nslink":
            return Answer(200, _NS_LINK, content_type=_SCHEMA)
        kind = self._company.record_types.get(names[0].lower())
        if kind is None or not self._company.sees(kind):
            raise hidden_record_type(names[0])
        if _OPEN_API in accept:
            return Answer(200, self._open_api([kind]), content_type=_OPEN_API)
        if _SCHEMA in accept:
            return Answer(200, self._schema(kind), content_type=_SCHEMA)
        return Answer(200, self._entry(kind, call.base))

    def _selected(self, select: str | None) -> list[RecordType]:
        # The list is not sorted [yemming/netsuite_mid_platform_v01].
        seen = [kind for kind in self._company.record_types.values() if self._company.sees(kind)]
        if select is None:
            return seen[::2] + seen[1::2]
        if " " in select:
            raise _malformed()
        wanted = {name.lower() for name in select.split(",")}
        return [kind for kind in seen if kind.path in wanted]

    def _entry(self, kind: RecordType, base: str) -> dict[str, Any]:
        address = f"{base}/record/v1/metadata-catalog/{kind.path}"
        canonical = _SCHEMA if self._describes_record else "application/json"
        describes: dict[str, str] = {"rel": "describes", "href": address}
        if self._describes_record:
            describes = {
                "rel": "describes", "href": f"{base}/record/v1/{kind.path}", "mediaType": "application/json",
            }  # fmt: skip
        links = [
            {"rel": "canonical", "href": address, "mediaType": canonical},
            {"rel": "alternate", "href": address, "mediaType": _OPEN_API},
            {"rel": "alternate", "href": address, "mediaType": _SCHEMA},
            describes,
        ]
        return {"name": kind.path, "links": links}

    def _schema(self, kind: RecordType) -> dict[str, Any]:
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
        title = {"title": _title(str(column.field))}
        if column.kind in ("reference", "choice", "status", "multiselect", "address"):
            described: dict[str, Any] = {**title, "type": "object", "properties": self._inner(column)}
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
        if column.kind == "choice":
            values = list(CHOICES[column.target])
            return {"id": {"type": "string", "enum": values}, "refName": {"type": "string"}}
        if column.kind == "status":
            return {"id": {"type": "string"}, "refName": {"type": "string"}}
        if column.kind == "address":
            columns = self._company.tables["entityaddress"].columns
            return {**{str(part.field): self._property(part) for part in columns if part.field}, "links": _LINKS}
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
        columns = self._company.line_fields(sublist)
        properties = {str(column.field): self._property(column) for column in columns}
        row: dict[str, Any] = {"type": "object", "properties": {**properties, "links": _LINKS}, "x-ns-filterable": []}
        row["x-ns-sublistkey"] = {"present": False}
        if sublist.key is not None:
            value = {"new": [sublist.key], "existing": [sublist.key]}
            row["x-ns-sublistkey"] = {"present": True, "value": value}
        return {"type": "object", "properties": _collection(row)}

    def _open_api(self, kinds: list[RecordType]) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        schemas: dict[str, Any] = {"nsLink": _NS_LINK}
        for kind in kinds:
            instance = {"get", "patch", "delete", "put"} & {method.lower() for method in kind.methods}
            paths[f"/{kind.path}"] = {verb: _operation(kind) for verb in ("get", "post")}
            paths[f"/{kind.path}/{{id}}"] = {verb: _operation(kind) for verb in sorted(instance)}
            schemas[kind.name] = self._schema(kind)
        info = {"title": "NetSuite REST Record API", "version": "v1"}
        return {"openapi": "3.0.1", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _operation(kind: RecordType) -> dict[str, Any]:
    return {"tags": [kind.name], "responses": {"default": {"description": "See the record service."}}}


def _collection(row: dict[str, Any]) -> dict[str, Any]:
    counters = {"totalResults": _INTEGER, "count": _INTEGER, "hasMore": {"type": "boolean"}, "offset": _INTEGER}
    return {"links": _LINKS, **counters, "items": {"type": "array", "items": row}}


def _title(field: str) -> str:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in field).strip().capitalize()


def _malformed() -> NetSuiteError:
    return NetSuiteError(
        400, "INVALID_REQUEST", "Invalid list of record types. Separate the names by commas, without blanks."
    )
