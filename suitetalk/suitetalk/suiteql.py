"""SuiteQL: statements in, pages of rows out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from suitetalk.errors import IncompleteResultError
from suitetalk.pages import PAGE_SIZE, READABLE_ROWS, Page, all_pages, page_parameters, read_page
from suitetalk.transport import Transport

_PATH = "/query/v1/suiteql"


class SuiteQL:
    """Runs SELECT statements. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def page(self, statement: str, *, limit: int = PAGE_SIZE, offset: int = 0) -> Page:
        """Run a statement and return one page of its rows [section_157909186990].

        Rows are mappings of lower-case column names to text; columns that are null are absent.

        Args:
            statement: a SELECT; put an ORDER BY that is unique in it when more than one page is read, because
                each page is a query of its own.
            limit: rows of the page, at most 1000; with fewer, fewer rows can be read, because a result ends after
                1000 pages.
            offset: rows to leave out before it, a multiple of `limit`.

        Raises:
            NetSuiteError: the statement was refused.
            ConnectionFailedError: no usable answer.
        """
        answer = self._transport.request(
            "POST",
            _PATH,
            parameters=page_parameters(limit, offset),
            headers={"Prefer": "transient"},
            body={"q": statement},
            repeatable=True,
        )
        page = read_page(answer)
        return Page([_row(item) for item in page.items], page.total, page.has_more)

    def rows(self, statement: str) -> Iterator[dict[str, Any]]:
        """Run a statement and return all of its rows, page by page; give it an ORDER BY that is unique.

        Raises:
            IncompleteResultError: the result is longer than NetSuite lets a query read, rows were missing, or the
                result shrank while it was read.
            NetSuiteError: the statement was refused.
        """
        for page in all_pages(lambda offset: self.page(statement, offset=offset), "The query"):
            if page.total > READABLE_ROWS:
                raise IncompleteResultError(
                    f"The query has {page.total} rows and NetSuite lets only {READABLE_ROWS} of them be read; "
                    "narrow it, for example by ranges of the id."
                )
            yield from page.items


def quoted(text: str) -> str:
    """Return a SuiteQL text literal; apostrophes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """Lower the names, which NetSuite does not promise to [section_156257796125], and drop the row's `links`."""
    return {name.lower(): value for name, value in item.items() if name != "links"}
