"""Record types as an OpenAPI 3.0 document [section_1545126526, browser 2026.1]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netsuite_emulator.catalog.schemas import NS_LINK, SchemaWriter
from netsuite_emulator.company.description import Company, RecordType
from netsuite_emulator.records.transforms import targets_of

__all__ = ["open_api"]

_RESOURCE = "application/vnd.oracle.resource+json"
_INTEGER = {"type": "integer", "format": "int64"}
_LINK_LIST = {"type": "array", "items": {"$ref": "#/components/schemas/nsLink"}, "readOnly": True}
_COMMON_SCHEMAS: dict[str, Any] = {
    "nsLink": NS_LINK,
    "nsResource": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "refName": {"type": "string"},
            "externalId": {"type": "string"},
            "links": _LINK_LIST,
        },
    },
    "nsError": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": _INTEGER,
            "o:errorCode": {"type": "string"},
            "o:errorDetails": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        name: {"type": "string"}
                        for name in ("detail", "o:errorCode", "o:errorHeader", "o:errorPath", "o:errorQueryParam",
                                     "o:errorUrl")
                    },
                },
            },
        },
    },
}  # fmt: skip
_EXPAND = ("expand", "string", "Names of sub-resources to embed.")
_INSTANCE_QUERY = (
    _EXPAND,
    ("expandSubResources", "boolean", "Embed sublists and subrecords."),
    ("fields", "string", "The fields to answer."),
    ("simpleEnumFormat", "boolean", "Answer enumerations as their id alone."),
)
_LIST_QUERY = (
    ("q", "string", "The filter."),
    ("limit", "integer", "Rows on a page."),
    ("offset", "integer", "The first row, a multiple of the limit."),
    ("ids", "string", "Ids of a batch."),
    ("expandRecords", "boolean", "Answer whole records."),
    _EXPAND,
)
_CHANGE_QUERY = (
    ("replace", "string", "Sublists and fields to replace."),
    ("replaceSelectedFields", "boolean", "Change only the fields named in replace."),
)
_HEADERS = (
    ("Prefer", ["respond-async"]),
    ("X-NetSuite-PropertyNameValidation", ["Error", "Warning", "Ignore"]),
    ("X-NetSuite-PropertyValueValidation", ["Error", "Warning", "Ignore"]),
)


def open_api(company: Company, kinds: Sequence[RecordType], base: str) -> dict[str, Any]:
    """The document of some record types; references to others are plain objects.

    Args:
        company: what they are part of.
        kinds: the record types.
        base: the address of the services.
    """
    writer = SchemaWriter(company)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {**_COMMON_SCHEMAS, "nsResourceCollection": _collection_of("nsResource")}
    for kind in kinds:
        schemas[kind.name] = _record_schema(writer, kind, schemas)
        schemas[f"{kind.name}Collection"] = _collection_of("nsResource")
        paths[f"/{kind.path}"] = _collection_paths(kind)
        paths[f"/{kind.path}/{{id}}"] = _instance_paths(kind)
        for target in targets_of(kind, company):
            paths[f"/{kind.path}/{{id}}/!transform/{target.name}"] = {
                "parameters": [_id_parameter()],
                "post": _operation(kind, f"transform-to-{target.name}", "204", body=None),
            }
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": f"{base}/record/v1"}],
        "tags": [{"name": kind.name} for kind in kinds],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _record_schema(writer: SchemaWriter, kind: RecordType, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; those of its sublists are put among `schemas`."""
    schema: dict[str, Any] = _within_document(writer.schema(kind))
    del schema["$schema"]
    for sublist in kind.sublists:
        collection = schema["properties"][sublist.name]
        element, name = f"{kind.name}-{sublist.name}Element", f"{kind.name}-{sublist.name}Collection"
        schemas[element] = collection["properties"]["items"]["items"]
        collection["properties"]["items"] = {"type": "array", "items": {"$ref": f"#/components/schemas/{element}"}}
        schemas[name] = collection
        schema["properties"][sublist.name] = {"$ref": f"#/components/schemas/{name}"}
    return schema


def _within_document(part: Any) -> Any:
    """The same with references that stay in the document."""
    if isinstance(part, list):
        return [_within_document(each) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return {"$ref": f"#/components/schemas/{part['$ref'].rpartition('/')[2]}"}
    return {name: _within_document(value) for name, value in part.items()}


def _collection_paths(kind: RecordType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "GET" in kind.methods:
        found["get"] = _operation(kind, "list", "200", _LIST_QUERY, answer=f"{kind.name}Collection")
    if "POST" in kind.methods:
        found["post"] = _operation(kind, "create", "204", body=kind.name)
    return found


def _instance_paths(kind: RecordType) -> dict[str, Any]:
    found: dict[str, Any] = {"parameters": [_id_parameter()]}
    if "GET" in kind.methods:
        found["get"] = _operation(kind, "get", "200", _INSTANCE_QUERY, answer=kind.name)
    if "PATCH" in kind.methods:
        found["patch"] = _operation(kind, "update", "204", _CHANGE_QUERY, body=kind.name)
    if "PUT" in kind.methods:
        found["put"] = _operation(kind, "upsert", "204", _CHANGE_QUERY, body=kind.name)
    if "DELETE" in kind.methods:
        found["delete"] = _operation(kind, "delete", "204")
    return found


def _operation(
    kind: RecordType,
    name: str,
    status: str,
    query: tuple[tuple[str, str, str], ...] = (),
    *,
    body: str | None = None,
    answer: str | None = None,
) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Success."}
    if answer is not None:
        form = "collection" if answer.endswith("Collection") else "singular"
        done["content"] = {f"{_RESOURCE}; type={form}": {"schema": {"$ref": f"#/components/schemas/{answer}"}}}
    else:
        done["headers"] = {"Location": {"description": "The record.", "schema": {"type": "string"}}}
    location = {"Location": {"description": "The job.", "schema": {"type": "string"}}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/nsError"}}}
    described: dict[str, Any] = {
        "tags": [kind.name],
        "operationId": f"{kind.path}-{name}",
        "parameters": [
            *(
                {"name": part, "in": "query", "description": text, "schema": {"type": form}}
                for part, form, text in query
            ),
            *(
                {"name": header, "in": "header", "schema": {"type": "string", "enum": values}}
                for header, values in _HEADERS
                if answer is None or header == "Prefer"
            ),
        ],
        "responses": {
            status: done,
            "202": {"description": "The request became a job.", "headers": location},
            "default": {"description": "A refusal.", "content": error},
        },
    }
    if body is not None:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _id_parameter() -> dict[str, Any]:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The internal id, or eid: and the external id.",
        "schema": {"type": "string"},
    }


def _collection_of(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "links": _LINK_LIST,
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
            "count": _INTEGER,
            "hasMore": {"type": "boolean"},
            "offset": _INTEGER,
            "totalResults": _INTEGER,
        },
    }
