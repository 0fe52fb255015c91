"""The end points of SuiteQL and of saved datasets, and what an account refuses whatever the statement means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import duckdb

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Company
from netsuite_emulator.errors import (
    NetSuiteError,
    invalid_content,
    invalid_method,
    missing_permission,
    nonexistent_id,
    unexpected_detail,
    unsupported_search,
)
from netsuite_emulator.exchange import Answer, Call, Page, collection
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.storage import Storage
from netsuite_emulator.suiteql.reading import Renderer, RowReader
from netsuite_emulator.suiteql.translation import translate

__all__ = ["QueryEndPoints", "QueryService"]


# Patterns of the statements that the setting `refused_counts` is about.
_COUNTS = {
    "none": (),
    "unfiltered": (r"(?s)\bCOUNT\s*\(\s*\*\s*\)(?!.*\bWHERE\b)",),
    "star": (r"\bCOUNT\s*\(\s*\*\s*\)",),
    "all": (r"\bCOUNT\s*\(",),
}


# The same page is asked for again and again. A true is not a 1 here, although Python says so.
_translated = lru_cache(maxsize=2000)(
    lambda text, values, _kinds, company, ignores: translate(text, values, company, ignores_offset=ignores)
)


class QueryService:
    """Runs SuiteQL statements. Each page is a separate query: paging is not a snapshot."""

    def __init__(self, settings: Settings, company: Company, storage: Storage, calendar: AccountCalendar) -> None:
        """Read from `storage` what `company` describes."""
        self._settings = settings
        self._reader = RowReader(storage, Renderer(settings, calendar), settings.query_row_limit)
        self._company = company

    def answer(self, body: Any, headers: Mapping[str, str], page: Page) -> bytes:
        """The JSON body of the answer to `POST /query/v1/suiteql`.

        Args:
            body: the request's JSON.
            headers: the request's headers.
            page: which rows are wanted.

        Raises:
            NetSuiteError: the request is refused.
        """
        if "transient" not in headers.get("prefer", "").lower():
            detail = "The required request header 'Prefer' is missing or invalid. Provide the value 'transient'."
            raise NetSuiteError(400, "INVALID_HEADER", detail, header="Prefer")
        text, parameters = self._statement(body)
        return self.run(text, parameters, page)

    def run(self, text: str, parameters: tuple[Any, ...], page: Page) -> bytes:
        """A page of a statement's rows, as the JSON body of an answer.

        Raises:
            NetSuiteError: the statement is refused.
        """
        self._refuse(text)
        kinds = tuple(map(type, parameters))
        statement = _translated(text, parameters, kinds, self._company, self._settings.ignores_offset)
        if self._settings.column_cap is not None and len(statement.names) > self._settings.column_cap:
            return page.written([], 0)
        if self._settings.shuffled_pages and not statement.is_ordered:
            statement = statement.shuffled(page.offset)
        try:
            rows, total = self._reader.page(statement, page)
        except (duckdb.Error, OverflowError):
            raise unsupported_search() from None
        return page.written(rows, total)

    def _refuse(self, text: str) -> None:
        """Refuse what this account does not take, whatever it means."""
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in self._settings.failing_statements):
            raise NetSuiteError(500, "UNEXPECTED_ERROR", unexpected_detail())
        refused = [*self._settings.refused_statements, *_COUNTS[self._settings.refused_counts.lower()]]
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in refused):
            raise unsupported_search()

    def _statement(self, body: Any) -> tuple[str, tuple[Any, ...]]:
        if not isinstance(body, dict):
            raise invalid_content("Invalid content in the request body. Provide a JSON object.")
        known = {"q", "params"} if self._settings.query_parameters else {"q"}
        for key in body:
            if key not in known:
                raise invalid_content(f"Unknown property '{key}' in the request body.", key)
        text, parameters = body.get("q"), body.get("params", [])
        if not isinstance(text, str) or not text.strip():
            raise invalid_content("The property 'q' must hold a query.", "q")
        if not isinstance(parameters, list) or any(isinstance(value, (dict, list)) for value in parameters):
            raise invalid_content("The property 'params' must be an array of values.", "params")
        return text, tuple(parameters)


class QueryEndPoints:
    """The query service of one account; it never answers asynchronously [subsect_1544786455]."""

    def __init__(self, settings: Settings, queries: QueryService) -> None:
        """`queries` runs the statements."""
        self._settings = settings
        self._queries = queries

    def answer(self, call: Call, path: list[str]) -> Answer:
        """Answer a request.

        Args:
            call: the request.
            path: what follows `/query/v1/`.

        Raises:
            NetSuiteError: the request is refused.
        """
        match [part for part in path if part]:
            case ["suiteql"]:
                self._allow(call, "suiteql", "POST")
                page = self._page(call, "suiteql")
                return collection(self._queries.answer(call.json(), call.headers, page))
            case ["dataset"]:
                self._allow(call, "dataset", "GET")
                return self._list(call)
            case ["dataset", name, "result"]:
                self._allow(call, "dataset", "GET")
                return self._result(call, name)
        raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/{'/'.join(call.segments)}' does not exist.")

    def _allow(self, call: Call, name: str, method: str) -> None:
        if call.method != method:
            raise invalid_method(name, frozenset({method}))
        if not self._settings.role.analytics:
            raise missing_permission()

    def _page(self, call: Call, name: str) -> Page:
        address = f"{call.base}/query/v1/{name}"
        return Page.read(call, address, self._settings.query_row_limit, self._settings.previous_page)

    def _list(self, call: Call) -> Answer:
        datasets = self._settings.datasets
        page = self._page(call, "dataset")
        items: list[dict[str, Any]] = [
            {
                "links": [{"rel": "self", "href": f"{call.base}/query/v1/dataset/{dataset.id}/"}],
                "id": dataset.id,
                "name": dataset.name,
                "description": dataset.description,
            }
            for dataset in datasets[page.offset : page.offset + page.limit]
        ]
        return collection(page.answer(items, len(datasets)))

    def _result(self, call: Call, name: str) -> Answer:
        for dataset in self._settings.datasets:
            if dataset.id.lower() == name.lower():
                return collection(
                    self._queries.run(dataset.query, (), self._page(call, f"dataset/{dataset.id}/result"))
                )
        raise nonexistent_id()
