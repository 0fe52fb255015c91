"""Answers `/query/v1/…`: SuiteQL and datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import NetSuiteError, invalid_method, missing_permission, nonexistent_id
from netsuite_emulator.exchange import Answer, Call, collection
from netsuite_emulator.paging import Page

if TYPE_CHECKING:
    from netsuite_emulator.settings import Settings
    from netsuite_emulator.suiteql.service import QueryService

__all__ = ["QueryEndPoints"]


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
        return Page.read(f"{call.base}/query/v1/{name}", call.query, self._settings.query_row_limit)

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
