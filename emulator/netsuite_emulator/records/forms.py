"""Records as a form would be filled, and the options of its fields [article_1217103046, article_0115100241]."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column, RecordType
from netsuite_emulator.errors import invalid_parameter
from netsuite_emulator.exchange import Answer, Call, Page
from netsuite_emulator.records.bodies import Validation
from netsuite_emulator.records.reading import RecordReader
from netsuite_emulator.records.store import RecordStore
from netsuite_emulator.records.writing import RecordWriter

__all__ = ["Forms", "form_kind"]

_KINDS = {"POST": ("create-form", "select-options"), "PATCH": ("edit-form", "select-options")}
_CONDITION = re.compile(r'\s*(?:[A-Za-z_.]+\s+)?(CONTAIN|IS|START_WITH)\s+(?:"([^"]*)"|(\S+))\s*', re.IGNORECASE)


def form_kind(call: Call) -> str | None:
    """Which kind of form a request asks for, None where it asks for none."""
    accept = call.headers.get("accept", "").replace(" ", "").lower()
    return next((kind for kind in _KINDS.get(call.method, ()) if f"type={kind}" in accept), None)


class Forms:
    """Nothing here is saved."""

    def __init__(self, store: RecordStore, calendar: AccountCalendar, reader: Callable[[Call], RecordReader]) -> None:
        """`reader` makes the reader of a request."""
        self._store = store
        self._reader = reader
        self._writer = RecordWriter(store, calendar, drafts=True)

    def form(self, call: Call, record_type: RecordType, identifier: int | None) -> Answer:
        """The record as it would stand in a form.

        Raises:
            NetSuiteError: the body is refused.
        """
        validation = Validation.read(call.headers)
        body = call.json() if call.body.strip() else {}
        with self._store.storage.drafting():
            number = identifier
            if number is None:
                number = self._writer.create(record_type, body, validation)
            else:
                self._writer.update(record_type, number, body, validation, frozenset(), selected_only=False)
            record = self._reader(call).record(record_type, number)
        kind = "edit-form"
        if identifier is None:
            kind = "create-form"
            record = {name: value for name, value in record.items() if name != "id"}
            record["links"] = [{"rel": "self", "href": f"{call.base}/record/v1/{record_type.path}"}]
        return Answer(200, record, content_type=f"application/vnd.oracle.resource+json; type={kind}")

    def options(self, call: Call, record_type: RecordType) -> Answer:
        """The values that fields can take.

        Raises:
            NetSuiteError: a field is unknown or has no options, or `q` cannot be read.
        """
        names = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
        if not names:
            raise invalid_parameter("Name the fields whose options are wanted.", "fields")
        conditions = _conditions(call.query.get("q"))
        body: dict[str, Any] = {}
        for number, name in enumerate(names):
            options = self._options(self._column(record_type, name))
            if conditions:
                matches = conditions[min(number, len(conditions) - 1)]
                options = [option for option in options if matches(option["refName"])]
            address = f"{call.base}/record/v1/{record_type.path}"
            page = Page.read(call, address, len(options) or 1, "previous")
            shown = options[page.offset : page.offset + page.limit]
            _put(body, name, {"_selectOptions": page.answer(shown, len(options))})
        return Answer(200, body, content_type="application/vnd.oracle.resource+json; type=select-options")

    def _column(self, record_type: RecordType, name: str) -> Column:
        first, _, second = name.partition(".")
        columns = self._store.company.fields(record_type)
        if second:
            sublist = next((each for each in record_type.sublists if each.name.lower() == first.lower()), None)
            columns = self._store.company.line_fields(sublist) if sublist else []
        wanted = (second or first).lower()
        for column in columns:
            if (column.field or "").lower() == wanted and column.kind in ("choice", "reference", "multiselect"):
                return column
        raise invalid_parameter(f"The field '{name}' does not exist or has no options.", "fields")

    def _options(self, column: Column) -> list[dict[str, str]]:
        if column.kind == "choice":
            return [{"id": key, "refName": name} for key, name in column.choices.items()]
        table = self._store.company.tables[column.target]
        sql = f'SELECT "{table.key[0]}", {table.display} FROM "{table.name}" ORDER BY 1'
        return [{"id": str(key), "refName": str(name or "")} for key, name in self._store.storage.rows(sql)]


def _put(body: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    first, _, second = name.partition(".")
    if second:
        body.setdefault(first, {})[second] = value
    else:
        body[first] = value


def _conditions(text: str | None) -> list[Callable[[str], bool]]:
    """One condition for each field, or one for all."""
    if not text:
        return []
    found: list[Callable[[str], bool]] = []
    for part in text.split(","):
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise invalid_parameter("Invalid search query. Provide a valid search query.", "q")
        value = (match[2] if match[2] is not None else match[3]).lower()
        found.append(_test(match[1].upper(), value))
    return found


def _test(operator: str, value: str) -> Callable[[str], bool]:
    if operator == "CONTAIN":
        return lambda name: value in name.lower()
    if operator == "IS":
        return lambda name: name.lower() == value
    return lambda name: name.lower().startswith(value)
