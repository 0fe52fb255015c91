"""Saved SuiteAnalytics Workbook datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from suitetalk.errors import IncompleteResultError, SuiteTalkError
from suitetalk.pages import PAGE_SIZE, READABLE_ROWS, Page, all_pages, page_parameters, read_page
from suitetalk.transport import Transport

_PATH = "/query/v1/dataset/"


class Datasets:
    """Lists datasets and runs them [section_156577938018]. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def list(self) -> Iterator[dict[str, Any]]:
        """Return the datasets the role can see, each as NetSuite describes it: `id`, `name` and more.

        Raises:
            IncompleteResultError: NetSuite counted more than it listed.
            NetSuiteError: NetSuite refused.
        """
        for page in all_pages(lambda offset: self._page(_PATH, PAGE_SIZE, offset), "The list of datasets"):
            yield from page.items

    def page(self, dataset_id: str, *, limit: int = PAGE_SIZE, offset: int = 0) -> Page:
        """Run a dataset and return one page of its rows.

        Rows are mappings of the dataset's columns to text, dates in the user's format; columns that are null are
        absent.

        Args:
            dataset_id: such as `custdataset_orders`.
            limit: rows of the page, at most 1000.
            offset: rows to leave out before it, a multiple of `limit`.

        Raises:
            NotFoundError: there is no such dataset, or the role may not see it.
            NetSuiteError: NetSuite refused.
        """
        if not dataset_id.strip("."):
            raise SuiteTalkError(f"The id of a dataset is needed, not {dataset_id!r}.")
        page = self._page(f"{_PATH}{quote(dataset_id, safe='')}/result", limit, offset)
        rows = [{name: value for name, value in item.items() if name != "links"} for item in page.items]
        return Page(rows, page.total, page.has_more)

    def rows(self, dataset_id: str) -> Iterator[dict[str, Any]]:
        """Run a dataset and return all of its rows, page by page; each page is a run of its own.

        Raises:
            IncompleteResultError: the result is longer than NetSuite lets a query read, or rows were missing.
            NotFoundError: there is no such dataset, or the role may not see it.
        """
        name = f"The dataset {dataset_id}"
        for page in all_pages(lambda offset: self.page(dataset_id, offset=offset), name):
            if page.total > READABLE_ROWS:
                raise IncompleteResultError(
                    f"{name} has {page.total} rows and NetSuite lets only {READABLE_ROWS} of them be read; give it a "
                    "filter."
                )
            yield from page.items

    def _page(self, path: str, limit: int, offset: int) -> Page:
        return read_page(
            self._transport.request("GET", path, parameters=page_parameters(limit, offset), repeatable=True)
        )
