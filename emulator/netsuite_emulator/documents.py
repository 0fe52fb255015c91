"""The file cabinet: a thin service for files and folders below `/document/v1`, and its OpenAPI document."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column
from netsuite_emulator.errors import NetSuiteError, invalid_content, invalid_method, nonexistent_id, user_error
from netsuite_emulator.exchange import Answer, Call, Page, collection, singular
from netsuite_emulator.records.filters import Filter
from netsuite_emulator.storage.storage import Storage

__all__ = ["DocumentService"]

_LARGEST = 10 * 1024 * 1024
_FILTERABLE = {
    name.lower(): Column(name, kind, "", name, frozenset())
    for name, kind in (("id", "id"), ("name", "text"), ("folder", "reference"), ("parent", "reference"))
}


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


class DocumentService:
    """Files and folders of one account; never asynchronous."""

    def __init__(self, storage: Storage, calendar: AccountCalendar) -> None:
        """Keep them in `storage`."""
        self._storage = storage
        self._calendar = calendar

    def answer(self, call: Call, path: list[str]) -> Answer:
        """Answer a request.

        Args:
            call: the request.
            path: what follows `/document/v1/`.

        Raises:
            NetSuiteError: the request is refused.
        """
        match (call.method, *[part for part in path if part]):
            case ("GET", "metadata-catalog"):
                return Answer(200, METADATA, content_type="application/swagger+json")
            case ("GET", "file" | "folder" as kind):
                return self._list(call, kind)
            case ("POST", "file" | "folder" as kind):
                with self._storage.writing():
                    number = self._create(kind, call.json())
                return Answer(204, headers={"Location": f"{call.base}/document/v1/{kind}/{number}"})
            case ("GET", "file" | "folder" as kind, name):
                return singular(self._described(call, kind, name))
            case ("DELETE", "file" | "folder" as kind, name):
                with self._storage.writing():
                    self._delete(kind, name)
                return Answer(204)
            case ("GET", "file", name, "content"):
                row = self._row("file", name, "content, mediatype")
                return Answer(200, bytes(row[0]), content_type=str(row[1]))
            case (_, "file" | "folder", *rest) if len(rest) <= 1:
                raise invalid_method(path[0], frozenset({"GET", "DELETE"} if rest else {"GET", "POST"}))
        raise nonexistent_id()

    def _list(self, call: Call, kind: str) -> Answer:
        page = Page.read(call, f"{call.base}/document/v1/{kind}", 100_000, "previous")
        sql, values = "true", []
        if "q" in call.query:
            own = {"folder" if kind == "folder" else "parent"}
            columns = {name: column for name, column in _FILTERABLE.items() if name not in own}
            condition = Filter(call.query["q"], columns, self._calendar).read()
            sql, values = condition.sql, condition.parameters
        found = self._storage.rows(f"SELECT id, name FROM {kind} WHERE {sql} ORDER BY id", values)
        shown = found[page.offset : page.offset + page.size]
        items: list[dict[str, Any]] = [
            {"links": [_link(f"{call.base}/document/v1/{kind}/{number}")], "id": str(number), "name": name}
            for number, name in shown
        ]
        return collection(page.answer(items, len(found)))

    def _described(self, call: Call, kind: str, name: str) -> dict[str, Any]:
        within = "folder" if kind == "file" else "parent"
        more = ", mediatype, octet_length(content)" if kind == "file" else ""
        row = self._row(kind, name, f"id, name, {within}, lastmodified{more}")
        address = f"{call.base}/document/v1"
        body: dict[str, Any] = {"links": [_link(f"{address}/{kind}/{row[0]}")], "id": str(row[0]), "name": row[1]}
        if row[2] is not None:
            body[within] = {"links": [_link(f"{address}/folder/{row[2]}")], "id": str(row[2])}
        body["lastModifiedDate"] = f"{self._calendar.to_utc(row[3]):%Y-%m-%dT%H:%M:%SZ}"
        if kind == "file":
            body |= {"mediaType": row[4], "size": row[5]}
        return body

    def _create(self, kind: str, body: Any) -> int:
        if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
            raise invalid_content("Provide a name.", "name")
        within = self._within(body, "folder" if kind == "file" else "parent")
        highest = self._storage.row(f"SELECT coalesce(max(id), 0) + 1 FROM {kind}")
        number = int(highest[0]) if highest else 1
        now = self._calendar.now()
        if kind == "folder":
            self._storage.rows("INSERT INTO folder VALUES (?, ?, ?, ?)", [number, body["name"], within, now])
            return number
        content = _content(body.get("content"))
        kind_of_content = str(body.get("mediaType") or "application/octet-stream")
        # A file of the same name in the same folder is replaced, and keeps its id.
        known = self._storage.row(
            "SELECT id FROM file WHERE name = ? AND folder IS NOT DISTINCT FROM ?", [body["name"], within]
        )
        if known is not None:
            number = int(known[0])
            self._storage.rows("DELETE FROM file WHERE id = ?", [number])
        self._storage.rows(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)", [number, body["name"], within, kind_of_content, content, now]
        )
        return number

    def _within(self, body: dict[str, Any], name: str) -> int | None:
        given = body.get(name)
        if given is None:
            return None
        number = given.get("id") if isinstance(given, dict) else given
        try:
            return int(self._row("folder", str(number), "id")[0])
        except NetSuiteError:
            raise invalid_content(f"There is no folder {number}.", name) from None

    def _delete(self, kind: str, name: str) -> None:
        number = self._row(kind, name, "id")[0]
        inside = "SELECT 1 FROM file WHERE folder = ? UNION ALL SELECT 1 FROM folder WHERE parent = ?"
        if kind == "folder" and self._storage.row(inside, [number, number]):
            raise user_error("The folder is not empty.")
        self._storage.rows(f"DELETE FROM {kind} WHERE id = ?", [number])

    def _row(self, kind: str, name: str, columns: str) -> tuple[Any, ...]:
        row = None
        if name.isascii() and name.isdigit() and len(name) < 18:  # noqa: PLR2004 - digits of the largest number
            row = self._storage.row(f"SELECT {columns} FROM {kind} WHERE id = ?", [int(name)])
        if row is None:
            raise nonexistent_id()
        return row


def _content(value: Any) -> bytes:
    if not isinstance(value, str):
        raise invalid_content("Provide the content, in base64.", "content")
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_content("The content must be base64.", "content") from None
    if len(content) > _LARGEST:
        raise user_error("The file is larger than 10 MB.", "content")
    return content


def _link(href: str) -> dict[str, str]:
    return {"rel": "self", "href": href}
