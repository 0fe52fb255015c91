"""The files of the file cabinet as a stream; the service is young, so what it says is passed on as a whole too."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from singer_sdk import Tap

from suitetalk import LARGEST_FILE, InvalidRequestError, NotFoundError, PermissionDeniedError
from suitetalk.values import instant, iso
from tap_netsuite.account import Account
from tap_netsuite.discovery.found import StreamEntry
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import Rows
from tap_netsuite.streams.base import NetSuiteStream
from tap_netsuite.sync import Run

logger = logging.getLogger(__name__)


class FileStream(NetSuiteStream):
    """Every file, in each run; contents where the settings ask for them."""

    def __init__(self, tap: Tap, account: Account, run: Callable[[], Run], entry: StreamEntry) -> None:
        """Make the stream."""
        super().__init__(tap, account, run, entry.name, entry.schema)
        self.primary_keys = list(entry.keys)

    def count(self) -> int | None:
        """Return how many files NetSuite lists."""
        return self.account.netsuite.files.list(limit=1).total

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the files; one that is deleted after it was listed is left out."""
        listed = fetcher.ask(lambda: list(self.account.netsuite.files.all())).result()
        for results in fetcher.as_ready(self._begun(fetcher, listed)):
            rows = [row for row in results if row is not None]
            yield Portion(self._leaving(rows), audited=len(rows), pages=len(results))

    def _begun(self, fetcher: Fetcher, listed: list[dict[str, Any]]) -> Iterator[Future[dict[str, Any] | None]]:
        for item in listed:
            yield fetcher.page(partial(self._row, str(item["id"])))

    def _row(self, file_id: str) -> dict[str, Any] | None:
        """Return a file's row, None for one that is gone; in any thread."""
        try:
            details = self.account.netsuite.files.get(file_id)
            row = {"id": file_id, **row_of(details)}
            return {**row, **self._content(file_id, row["size"])} if self._is_told("content") else row
        except NotFoundError:
            return None

    def _content(self, file_id: str, size: int | None) -> dict[str, str | None]:
        problem = "It is larger than 10 MB." if (size or 0) > LARGEST_FILE else None
        content = None
        if problem is None:
            try:
                content = base64.b64encode(self.account.netsuite.files.content(file_id)).decode()
            except (InvalidRequestError, PermissionDeniedError) as refusal:
                problem = str(refusal)
        if problem:
            logger.warning("%s: the content of file %s does not come: %s", self.name, file_id, problem)
        return {"content": content, "content_problem": problem}

    def _leaving(self, rows: list[dict[str, Any]]) -> Rows:
        if not self.leaves_directly:
            return Rows(len(rows), records=rows)
        shown = [{name: value for name, value in row.items() if self._is_told(name)} for row in rows]
        return Rows(len(rows), lines=self.encode(shown))


def row_of(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's columns from what NetSuite says of it, by any of the names that it may use."""
    said = {name.lower(): value for name, value in details.items()}
    links = said.get("links")
    own = links[0].get("href") if isinstance(links, list) and links and isinstance(links[0], dict) else None
    return {
        "name": _text(said.get("name")),
        "folder": _text(said.get("folder")),
        "media_type": _text(said.get("mediatype") or said.get("filetype")),
        "size": _number(said.get("size") if "size" in said else said.get("filesize")),
        "last_modified": _time(said.get("lastmodifieddate") or said.get("lastmodified")),
        "address": _text(said.get("url") or own),
        "details": {name: value for name, value in details.items() if name.lower() not in ("links", "content")},
    }


def _text(value: Any) -> str | None:
    value = value.get("id") if isinstance(value, Mapping) else value
    return None if value is None else str(value)


def _number(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (ValueError, TypeError):
        return None


def _time(value: Any) -> str | None:
    try:
        return iso(instant(value)) if value else None
    except ValueError:
        return None
