"""The OpenAPI document of the file cabinet service."""

from __future__ import annotations

from typing import Any

__all__ = ["METADATA"]


def _operation(name: str, status: str, *, identified: bool = False) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": name, "responses": {status: {"description": "Success."}}}
    if identified:
        operation["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return operation


def _paths(kind: str) -> dict[str, Any]:
    return {
        f"/{kind}": {"get": _operation(f"{kind}-list", "200"), "post": _operation(f"{kind}-create", "204")},
        f"/{kind}/{{id}}": {
            "get": _operation(f"{kind}-get", "200", identified=True),
            "delete": _operation(f"{kind}-delete", "204", identified=True),
        },
    }


METADATA: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "NetSuite REST Document API", "version": "v1"},
    "paths": {
        **_paths("file"),
        **_paths("folder"),
        "/file/{id}/content": {"get": _operation("file-content", "200", identified=True)},
    },
}
