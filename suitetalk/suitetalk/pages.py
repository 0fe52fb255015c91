"""One page of a collection or a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suitetalk.answer import Answer
from suitetalk.errors import ConnectionFailedError

PAGE_SIZE = 1000
"""Most rows of one page [section_156414087576]."""

READABLE_ROWS = 100_000
"""Most rows of one query; beyond them pages end without an error [section_157909186990]."""


@dataclass(frozen=True)
class Page:
    """One page of rows.

    Attributes:
        items: the rows as NetSuite sent them.
        total: NetSuite's own count of the whole result, also of what lies beyond the readable part.
        has_more: whether a further page can be read.
    """

    items: list[dict[str, Any]]
    total: int
    has_more: bool


def read_page(answer: Answer) -> Page:
    """Read a collection answer [section_1540810951, section_157909186990].

    Raises:
        ConnectionFailedError: the answer has not the shape of a page.
    """
    body = answer.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ConnectionFailedError(
            f"{answer.request} was answered with something that is no page of rows; check `base_url`."
        )
    total = body.get("totalResults")
    return Page(items, int(total) if total is not None else len(items), bool(body.get("hasMore")))
