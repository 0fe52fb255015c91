"""Answers SuiteQL requests [section_157909186990]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from netsuite_emulator.errors import NetSuiteError, invalid_content
from netsuite_emulator.suiteql.errors import unsupported
from netsuite_emulator.suiteql.reading import RowReader
from netsuite_emulator.suiteql.rendering import Renderer
from netsuite_emulator.suiteql.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netsuite_emulator.calendar_formats import AccountCalendar
    from netsuite_emulator.company.description import Company
    from netsuite_emulator.paging import Page
    from netsuite_emulator.settings import Settings
    from netsuite_emulator.storage import Storage

__all__ = ["QueryService"]


class QueryService:
    """Runs SuiteQL statements. Each page is a query of its own: paging is not a snapshot."""

    def __init__(self, settings: Settings, company: Company, storage: Storage, calendar: AccountCalendar) -> None:
        """Read from `storage` what `company` describes."""
        self._settings = settings
        self._reader = RowReader(storage, Renderer(settings, calendar), settings.query_row_limit)
        self._translate = lru_cache(maxsize=500)(
            lambda text, parameters: translate(text, parameters, company)  # the same page is asked for again and again
        )

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
        statement = self._translate(text, parameters)
        try:
            rows, total = self._reader.page(statement, page)
        except (duckdb.Error, OverflowError):
            raise unsupported() from None
        return page.written(rows, total)

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
