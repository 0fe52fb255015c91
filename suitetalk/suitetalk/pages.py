"""Pages of a collection or a query, and whether they make up the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from suitetalk.errors import ConnectionFailedError, IncompleteResultError, InvalidArgumentError
from suitetalk.http.response import Answer

PAGE_SIZE = 1000
"""Most rows of one page [section_156414087576]."""

READABLE_ROWS = 100_000
"""Most rows of one query; beyond them pages end without an error [section_157909186990]."""

_MOST_PAGES = 1000  # of one result, whatever the size of a page [section_156414087576]


@dataclass(frozen=True)
class Page:
    """One page of rows.

    Attributes:
        items: the rows as NetSuite sent them.
        total: NetSuite's own count of the whole result, including what lies beyond the readable part.
        has_more: whether a further page can be read.
    """

    items: list[dict[str, Any]]
    total: int
    has_more: bool


def page_parameters(limit: int, offset: int) -> dict[str, str]:
    """Return the query parameters that ask for a page [section_156414087576].

    Raises:
        InvalidArgumentError: NetSuite would refuse them.
        IncompleteResultError: the page lies beyond the 1000 pages that can be read.
    """
    if not 1 <= limit <= PAGE_SIZE:
        raise InvalidArgumentError(f"A page holds from 1 to {PAGE_SIZE} rows, so limit cannot be {limit}.")
    if offset < 0 or offset % limit:
        raise InvalidArgumentError(f"An offset is a multiple of the limit, so {offset} does not go with {limit}.")
    if offset // limit >= _MOST_PAGES:
        raise IncompleteResultError(
            f"Only the first {_MOST_PAGES} pages of a result can be read, so with limit {limit} nothing from row "
            f"{offset} on; narrow the result, or read larger pages."
        )
    return {"limit": str(limit), "offset": str(offset)}


def read_page(answer: Answer) -> Page:
    """Read a collection answer [section_1540810951, section_157909186990].

    Raises:
        ConnectionFailedError: the answer has not the shape of a page.
    """
    return page_of(answer.json(), answer.request)


def page_of(body: Any, request: str) -> Page:
    """Read the body of a collection.

    Raises:
        ConnectionFailedError: the body has not the shape of a page; `request` names what was asked.
    """
    items = body.get("items") if isinstance(body, dict) else None
    total = _count(body.get("totalResults")) if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items) or total is None:
        raise ConnectionFailedError(
            f"{request} was answered with something that is not a page of rows; check `base_url`."
        )
    return Page(items, total, body.get("hasMore") is True)


def all_pages(fetch: Callable[[int], Page], what: str) -> Iterator[Page]:
    """Fetch the page at offset 0, 1000 and so on to the end.

    Pages are not a snapshot. A result that shrinks while it is read moves rows over a border that has been passed,
    so that is an error; one that grows repeats rows at worst.

    Args:
        fetch: returns the page of 1000 rows at an offset.
        what: the result's name in error messages, such as `The query`.

    Raises:
        IncompleteResultError: rows are missing, or may be.
    """
    offset = delivered = total = 0
    while True:
        page = fetch(offset)
        if page.total < total:
            raise IncompleteResultError(
                f"{what} shrank from {total} to {page.total} rows while it was read, so some may be missing; "
                "run it again, or narrow it."
            )
        total = page.total
        delivered += len(page.items)
        yield page
        if not page.has_more or len(page.items) < PAGE_SIZE:
            break
        offset += PAGE_SIZE
    if delivered < total:
        raise IncompleteResultError(f"{what} delivered {delivered} of {total} rows; run it again, or narrow it.")


def check_lines(body: Any, what: str) -> None:
    """Compare the lines of each expanded sublist of a record, at any depth, with NetSuite's own count of them.

    Expanded sublists carry no `hasMore`; only `totalResults` tells that lines are missing.

    Raises:
        IncompleteResultError: lines are missing.
    """
    if isinstance(body, list):
        for line in body:
            check_lines(line, what)
    elif isinstance(body, dict):
        items, total = body.get("items"), _count(body.get("totalResults"))
        if isinstance(items, list) and total is not None and len(items) < total:
            raise IncompleteResultError(f"{what} delivered {len(items)} of the {total} lines of a sublist.")
        for value in body.values():
            check_lines(value, what)


def _count(value: Any) -> int | None:
    """Read a count, a number or a text of digits; None for anything else."""
    return int(value) if not isinstance(value, bool) and str(value).isdecimal() else None
