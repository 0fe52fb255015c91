"""Records as a form would show them before anything is saved, and what may be chosen in their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suitetalk.errors import ConnectionFailedError
from suitetalk.pages import PAGE_SIZE, Page, page_of, page_parameters
from suitetalk.record_path import record_path
from suitetalk.transport import Transport
from suitetalk.validation import view_parameters

_ACCEPT = "application/vnd.oracle.resource+json; type="
_OPTIONS = "_selectOptions"


class RecordForms:
    """Asks for forms and select options. Nothing is saved, so all of it is repeated when an answer is lost."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def create_form(
        self,
        record_type: str,
        body: Mapping[str, Any] | None = None,
        *,
        expand_sub_resources: bool = False,
        expand: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Return a new record as its form would be filled after these entries [article_1217103046].

        Args:
            record_type: such as `salesOrder`.
            body: what has been entered so far.
            expand_sub_resources: embed all sublists and subrecords.
            expand: embed these only.
            fields: these body fields only.

        Raises:
            NetSuiteError: NetSuite refused.
        """
        view = view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields)
        return self._ask("POST", record_path(record_type), "create-form", view, body)

    def edit_form(
        self,
        record_type: str,
        record_id: str,
        body: Mapping[str, Any] | None = None,
        *,
        expand_sub_resources: bool = False,
        expand: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Return a record as its form would be filled after these changes; see `create_form`.

        Raises:
            NotFoundError: there is no such record.
            NetSuiteError: NetSuite refused.
        """
        view = view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields)
        return self._ask("PATCH", record_path(record_type, record_id), "edit-form", view, body)

    def select_options(
        self,
        record_type: str,
        field: str,
        *,
        record_id: str | None = None,
        body: Mapping[str, Any] | None = None,
        q: str | None = None,
        limit: int = PAGE_SIZE,
        offset: int = 0,
    ) -> Page:
        """Return a page of what may be chosen in a field, each with `id` and `refName` [article_0115100241].

        Args:
            record_type: such as `journalEntry`.
            field: a body field, or sublist and field such as `line.dueToFromSubsidiary`.
            record_id: an existing record; None for a new one.
            body: what has been entered so far, which may decide what can be chosen.
            q: filter with CONTAIN, IS or START_WITH.
            limit: options of the page, at most 1000.
            offset: options to leave out before it, a multiple of `limit`.

        Raises:
            ConnectionFailedError: the answer holds no options.
            NetSuiteError: NetSuite refused, as for a field that offers no choice.
        """
        method = "POST" if record_id is None else "PATCH"
        path = record_path(record_type, record_id)
        parameters = {"fields": field, **page_parameters(limit, offset), **({"q": q} if q else {})}
        answer = self._ask(method, path, "select-options", parameters, body)
        return page_of(_options_in(answer), f"{method} {path}")

    def _ask(
        self, method: str, path: str, kind: str, parameters: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        answer = self._transport.request(
            method, path, parameters=parameters, headers={"Accept": _ACCEPT + kind}, body=body or {}, repeatable=True
        )
        form = answer.json()
        if not isinstance(form, dict):
            raise ConnectionFailedError(f"{answer.request} was answered with no form; check `base_url`.")
        return form


def _options_in(value: Any) -> Any:
    """Return the options, wherever the field they belong to stands."""
    if not isinstance(value, dict):
        return None
    found = (_options_in(inner) for inner in value.values())
    return value[_OPTIONS] if _OPTIONS in value else next(filter(None, found), None)
