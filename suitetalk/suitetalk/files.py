"""The file cabinet: files and folders. The service is young, and little of it is documented.

What is known [article_0909085903]: it is below `/document/v1`, knows files and folders, works synchronously only, moves
at most 10 MB at once, lists with `q` and pages, and describes itself as OpenAPI only. So where that description names
its paths otherwise than is usual, these are taken, and an answer's own names are passed on as they are.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import quote

import requests

from suitetalk.account import REST_ROOT
from suitetalk.all_rows import listed_ids
from suitetalk.errors import ConnectionFailedError, InvalidArgumentError, NetSuiteError
from suitetalk.http.response import PAGE_SIZE, Page, page_parameters, read_page
from suitetalk.http.transport import Transport

__all__ = ["LARGEST_FILE", "Entry", "Files"]

Entry = Literal["file", "folder"]

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes of the largest file that NetSuite takes or gives [article_0909085903]."""

_ROOT = "/document/v1"
_CONTENT = re.compile(r"/(file|files)/\{[^}/]+\}/(content|contents|download|data)", re.IGNORECASE)
logger = logging.getLogger(__name__)


class Files:
    """Lists, reads, adds and deletes files and folders. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def list(self, entry: Entry = "file", *, q: str | None = None, limit: int = PAGE_SIZE, offset: int = 0) -> Page:
        """Return one page of the files or folders, each with its `id`, and its `name` where NetSuite says it.

        Args:
            entry: what to list.
            q: filter such as `name START_WITH "Invoice"`.
            limit: entries of the page, at most 1000.
            offset: entries to leave out before it, a multiple of `limit`.

        Raises:
            NotFoundError: the account does not have the service.
        """
        parameters = {**page_parameters(limit, offset), **({"q": q} if q else {})}
        return read_page(self._transport.request("GET", self._path(entry), parameters=parameters, repeatable=True))

    def all(self, entry: Entry = "file", *, q: str | None = None) -> Iterator[dict[str, Any]]:
        """Return all files or folders as they are listed, in no particular order, each once.

        Raises:
            IncompleteResultError: NetSuite counted more than it listed, or each reading found others.
        """
        listed: dict[str, dict[str, Any]] = {}

        def fetch(offset: int) -> Page:
            page = self.list(entry, q=q, offset=offset)
            listed.update({str(item.get("id")): item for item in page.items})
            return page

        for each in listed_ids(fetch, f"The list of {entry}s"):
            yield listed.pop(each, {"id": each})

    def get(self, entry_id: str, entry: Entry = "file") -> dict[str, Any]:
        """Return what NetSuite says of a file or folder, without the file's content.

        Raises:
            NotFoundError: there is none, or the role may not see it.
        """
        path = self._path(entry, entry_id)
        body = self._transport.request("GET", path, repeatable=True).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(f"GET {path} was answered with something that is not a file; check `base_url`.")
        return body

    def content(self, file_id: str) -> bytes:
        """Return what is in a file of at most 10 MB.

        Raises:
            NotFoundError: there is no such file, or the role may not see it.
            InvalidRequestError: it is larger.
            ConnectionFailedError: the answer is not a file's content.
        """
        path = self._path("file", file_id)
        if self._content_name is None:
            return _decoded(self.get(file_id).get("content"), path)
        path = f"{path}/{self._content_name}"
        request = requests.Request(
            "GET", f"{self._transport.account.base_url}{REST_ROOT}{path}", headers={"Accept": "*/*"}
        )
        return self._transport.send(request, f"GET {path}", repeatable=True).content

    def put(self, name: str, content: bytes, *, folder: str | None = None, media_type: str | None = None) -> str:
        """Add a file, or replace the one of this name in the folder, and return its id.

        Never repeated on its own when the answer is lost, since NetSuite does not say what a second try does.

        Args:
            name: of the file.
            content: at most 10 MB.
            folder: id of the folder; NetSuite's choice where it is not given.
            media_type: such as `application/pdf`; NetSuite's choice where it is not given.

        Raises:
            InvalidArgumentError: there is no name, or the content is larger.
            OutcomeUnknownError: it went out, and its answer was lost.
        """
        if len(content) > LARGEST_FILE:
            raise InvalidArgumentError(
                f"{name} has {len(content)} bytes, and NetSuite takes at most 10 MB ({LARGEST_FILE} bytes) at once; "
                "make it smaller."
            )
        body = {"content": base64.b64encode(content).decode(), **({"mediaType": media_type} if media_type else {})}
        return self._created("file", {"name": name, **_within("folder", folder), **body})

    def make_folder(self, name: str, *, parent: str | None = None) -> str:
        """Make a folder, inside another one or at the top, and return its id; never repeated on its own.

        Raises:
            InvalidArgumentError: there is no name.
            OutcomeUnknownError: it went out, and its answer was lost.
        """
        return self._created("folder", {"name": name, **_within("parent", parent)})

    def delete(self, entry_id: str, entry: Entry = "file") -> None:
        """Delete a file, or a folder that is empty.

        Raises:
            NotFoundError: there is none; even when a first try deleted it and its answer was lost.
        """
        self._transport.request("DELETE", self._path(entry, entry_id), repeatable=True)

    def _created(self, entry: Entry, body: Mapping[str, Any]) -> str:
        if not body["name"].strip():
            raise InvalidArgumentError(f"A {entry} needs a name.")
        return self._transport.request("POST", self._path(entry), body=body, repeatable=False).created_id()

    def _path(self, entry: Entry, entry_id: str | None = None) -> str:
        if entry not in get_args(Entry):
            raise InvalidArgumentError(
                f"The file cabinet has files and folders, so {entry!r} is neither: say file or folder."
            )
        name = next((name for name in self._described if name.lower() in (f"/{entry}", f"/{entry}s")), f"/{entry}")
        if entry_id is None:
            return f"{_ROOT}{name}"
        if not entry_id.strip("."):
            raise InvalidArgumentError(f"The id of a {entry} is text such as '107', not {entry_id!r}.")
        return f"{_ROOT}{name}/{quote(entry_id, safe='')}"

    @cached_property
    def _described(self) -> tuple[str, ...]:
        """The paths that the service says it has, below its own; none where it does not say."""
        try:
            document = self._transport.request("GET", f"{_ROOT}/metadata-catalog", repeatable=True).json()
            return tuple("/" + path.removeprefix(_ROOT).strip("/") for path in document["paths"])
        except (NetSuiteError, ConnectionFailedError, KeyError, TypeError, AttributeError) as error:
            logger.debug("The file cabinet does not describe itself: %s", error)
            return ()

    @property
    def _content_name(self) -> str | None:
        """The last step of the path to a file's content; None where it is part of what NetSuite says of the file."""
        if not self._described:
            return "content"
        found = filter(None, map(_CONTENT.fullmatch, self._described))
        return next((match[2] for match in found), None)


def _within(name: str, folder: str | None) -> dict[str, Any]:
    return {name: {"id": folder}} if folder else {}


def _decoded(content: Any, path: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ConnectionFailedError(
            f"GET {path} was answered without the file's content; open it in NetSuite instead."
        ) from None
