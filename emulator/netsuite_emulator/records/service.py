"""The routes of the record service, and what the role may do there."""

from __future__ import annotations

import re
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Company, RecordType
from netsuite_emulator.errors import (
    NetSuiteError,
    hidden_record_type,
    insufficient_permission,
    invalid_method,
    missing_permission,
    user_error,
)
from netsuite_emulator.exchange import Answer, Call, Page, collection, singular
from netsuite_emulator.records.bodies import Validation
from netsuite_emulator.records.filters import Condition, Filter
from netsuite_emulator.records.forms import Forms, form_kind
from netsuite_emulator.records.reading import RecordReader, SubResources
from netsuite_emulator.records.store import RecordStore
from netsuite_emulator.records.sublists import Attachments
from netsuite_emulator.records.transforms import Transforms, perform_action
from netsuite_emulator.records.writing import RecordWriter
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.storage import Storage

__all__ = ["RecordService", "is_filterable"]


def replaced_names(call: Call) -> frozenset[str]:
    """The names in `replace`, in lower case [section_1545295601]."""
    return frozenset(part.strip().lower() for part in call.query.get("replace", "").split(",") if part.strip())


class Operations:
    """Operations on one record."""

    def __init__(self, store: RecordStore, writer: RecordWriter, calendar: AccountCalendar, settings: Settings) -> None:
        """Write with `writer`."""
        self._store = store
        self._calendar = calendar
        self._settings = settings
        self._transforms = Transforms(store, writer, calendar)
        self._attachments = Attachments(store)

    def answer(self, call: Call, record_type: RecordType, name: str, path: list[str]) -> Answer:
        """Answer a request.

        Args:
            call: the request.
            record_type: the record's type.
            name: its id, as the address has it.
            path: the operation and what follows it.

        Raises:
            NetSuiteError: the request is refused.
        """
        if call.method != "POST":
            raise invalid_method("/".join(path), frozenset({"POST"}))
        with self._store.storage.writing():
            identifier = self._store.find(record_type, name)
            match path:
                case ["!transform", target]:
                    return self._transform(call, record_type, identifier, target)
                case ["!attach", other, other_name]:
                    body = call.json() if call.body.strip() else None
                    self._attachments.attach(record_type, identifier, other, other_name, body)
                    return Answer(204)
                case ["!detach", other, other_name]:
                    self._attachments.detach(record_type, identifier, other, other_name)
                    return Answer(204)
                case [action] if action.startswith("@"):
                    perform_action(self._store, record_type, identifier, action[1:], self._calendar.now())
                    address = f"{call.base}/record/v1/{record_type.path}/{identifier}/{action}"
                    return Answer(200, {"links": [{"rel": "self", "href": address}], "result": True})
        raise NetSuiteError(404, "INVALID_REQUEST", f"The operation '{'/'.join(path)}' does not exist.")

    def _view_only(self) -> frozenset[str]:
        return self._settings.role.view_only | self._store.company.view_only

    def _transform(self, call: Call, source: RecordType, identifier: int, name: str) -> Answer:
        target = self._store.company.record_types.get(name.lower())
        if target is None:
            raise hidden_record_type(name)
        if not self._store.company.sees(target) or target.path in self._view_only():
            raise insufficient_permission(target.name)
        validation = Validation.read(call.headers)
        body = call.json() if call.body.strip() else None
        made = self._transforms.create(source, identifier, target, body, validation, replaced_names(call))
        headers = {"Location": f"{call.base}/record/v1/{target.path}/{made}"}
        if validation.warnings:
            headers[self._settings.warning_header] = validation.header(self._settings.warning_header)
        return Answer(204, headers=headers)


class RecordService:
    """The record service of one account."""

    def __init__(self, settings: Settings, company: Company, storage: Storage, calendar: AccountCalendar) -> None:
        """Serve the records that `company` describes from `storage`."""
        self._settings = settings
        self._company = company
        self._storage = storage
        self._calendar = calendar
        self._locked = frozenset(name.lower() for name in settings.locked_records)
        self._store = RecordStore(company, storage)
        self._writer = RecordWriter(self._store, calendar)
        self._forms = Forms(self._store, calendar, self._reader)
        self._operations = Operations(self._store, self._writer, calendar, settings)

    def answer(self, call: Call, path: list[str]) -> Answer:
        """Answer a request.

        Args:
            call: the request.
            path: what follows `/record/v1/`.

        Raises:
            NetSuiteError: the request is refused.
        """
        record_type = self._record_type(path[0])
        self._allow(call, record_type, listing=len(path) == 1 and call.method == "GET")
        if len(path) == 1:
            return self._collection(call, record_type)
        self._refuse_malformed(call, path[1])
        self._refuse_locked(record_type, path[1])
        if len(path) == 2:  # noqa: PLR2004 - type and id
            return self._instance(call, record_type, path[1])
        if path[2][:1] in ("!", "@"):
            return self._operations.answer(call, record_type, path[1], path[2:])
        if call.method != "GET":
            raise invalid_method("/".join(path), frozenset({"GET"}))  # [section_159894563219]
        identifier = self._store.find(record_type, path[1])
        parts = SubResources(self._store, self._reader(call), call, self._settings.previous_page)
        return parts.answer(record_type, identifier, path[2:])

    def _record_type(self, name: str) -> RecordType:
        record_type = self._company.record_types.get(name.lower())
        if record_type is None:
            raise hidden_record_type(name)
        if not self._company.sees(record_type):
            raise insufficient_permission(record_type.name)
        return record_type

    def _allow(self, call: Call, record_type: RecordType, *, listing: bool) -> None:
        """Refuse what the role may not do with a record type it may see."""
        role = self._settings.role
        if listing and (not role.analytics or record_type.path in role.not_listed):
            raise missing_permission()
        if record_type.path not in role.view_only | self._company.view_only:
            return
        if call.method != "GET":
            raise insufficient_permission(record_type.name)
        if role.reads_in_edit_mode and not listing:  # [subsect_1544786455]
            raise user_error(f"You do not have permission to edit this {record_type.label} record.")

    def _refuse_malformed(self, call: Call, name: str) -> None:
        """Refuse what cannot be an id, as `abc` and `000` [reference 14.1]."""
        is_id = name.startswith("eid:") or re.fullmatch(r"0|-?[1-9][0-9]*", name)
        if self._settings.malformed_ids == "INVALID_ID" and not is_id:
            detail = f"Invalid value '{name}' for the record ID. Provide a valid record ID."
            raise NetSuiteError(400, "INVALID_ID", detail, url=call.path)

    def _refuse_locked(self, record_type: RecordType, name: str) -> None:
        """Refuse a record that a workflow has locked, reads included [airbytehq/airbyte#79190]."""
        if self._locked and f"{record_type.path}/{self._store.seek(record_type, name)}" in self._locked:
            raise user_error("This record has been locked by a user defined workflow.")

    @staticmethod
    def _base(call: Call) -> str:
        return f"{call.base}/record/v1"

    def _reader(self, call: Call) -> RecordReader:
        return RecordReader(self._store, self._calendar, self._base(call), call.query)

    def _collection(self, call: Call, record_type: RecordType) -> Answer:
        allowed = record_type.methods & {"GET", "POST"}
        if call.method not in allowed:
            raise invalid_method(record_type.name, allowed)
        if call.method == "GET":
            return self._list(call, record_type)
        kind = form_kind(call)
        if kind is not None:
            options = kind == "select-options"
            return self._forms.options(call, record_type) if options else self._forms.form(call, record_type, None)
        validation = Validation.read(call.headers)
        with self._storage.writing():
            identifier = self._writer.create(record_type, call.json(), validation)
        return self._written(call, record_type, identifier, validation)

    def _instance(self, call: Call, record_type: RecordType, name: str) -> Answer:
        allowed = record_type.methods - {"POST"}
        by_external_id = name.startswith("eid:")
        if call.method not in allowed or (call.method == "PUT" and not by_external_id):
            raise invalid_method(record_type.name, allowed if by_external_id else allowed - {"PUT"})
        if call.method == "GET":
            identifier = self._store.find(record_type, name)
            return singular(self._reader(call).record(record_type, identifier))
        kind = form_kind(call)
        if kind is not None:
            identifier = self._store.find(record_type, name)
            options = kind == "select-options"
            return (
                self._forms.options(call, record_type) if options else self._forms.form(call, record_type, identifier)
            )
        validation = Validation.read(call.headers)
        with self._storage.writing():
            if call.method == "DELETE":
                self._writer.delete(record_type, self._store.find(record_type, name))
                return Answer(204)
            identifier = self._write(call, record_type, name, validation)
        return self._written(call, record_type, identifier, validation)

    def _write(self, call: Call, record_type: RecordType, name: str, validation: Validation) -> int:
        body = call.json()
        replaced = replaced_names(call)
        selected = call.flag("replaceSelectedFields")
        if call.method == "PUT":
            known = self._store.seek(record_type, name)
            if known is None:
                body = {**body, "externalId": name[4:]} if isinstance(body, dict) else body
                return self._writer.create(record_type, body, validation)
            identifier = known
        else:
            identifier = self._store.find(record_type, name)
        self._writer.update(record_type, identifier, body, validation, replaced, selected_only=selected)
        return identifier

    def _written(self, call: Call, record_type: RecordType, identifier: int, validation: Validation) -> Answer:
        headers = {"Location": f"{self._base(call)}/{record_type.path}/{identifier}"}
        if validation.warnings:
            headers[self._settings.warning_header] = validation.header(self._settings.warning_header)
        return Answer(204, headers=headers)

    def _list(self, call: Call, record_type: RecordType) -> Answer:
        """The ids of a type; their order is not promised, so it is one that surprises [section_156414087576]."""
        address = f"{self._base(call)}/{record_type.path}"
        page = Page.read(call, address, self._settings.record_row_limit, self._settings.previous_page)
        condition = self._condition(call.query.get("q"), record_type)
        key = f'"{record_type.key}"'
        source = f'FROM "{record_type.table}" WHERE {condition.sql}'
        found = self._storage.row(f"SELECT count(*) {source}", condition.parameters)
        rows = self._storage.rows(
            f"SELECT {key} {source} ORDER BY hash({key}) LIMIT {page.size} OFFSET {page.offset}",
            condition.parameters,
        )
        base = f"{self._base(call)}/{record_type.path}"
        items: list[dict[str, Any]] = [
            {"links": [{"rel": "self", "href": f"{base}/{row[0]}"}], "id": str(row[0])} for row in rows
        ]
        return collection(page.answer(items, int(found[0]) if found else 0))

    def _condition(self, text: str | None, record_type: RecordType) -> Condition:
        parts = ["true"]
        values: list[Any] = []
        for name, value in record_type.constants:
            if name in ("type", "itemtype"):
                parts.append(f'"{name}" = ?')
                values.append(value)
        if text is not None:
            fields = {
                (column.field or "").lower(): column
                for column in self._company.fields(record_type)
                if is_filterable(column.kind, column.marks)
            }
            condition = Filter(text, fields, self._calendar, times=self._settings.times_in_filters).read()
            parts.append(f"({condition.sql})")
            values += condition.parameters
        return Condition(" AND ".join(parts), values)


def is_filterable(kind: str, marks: frozenset[str]) -> bool:
    """Whether a field can stand in `q`: body fields that hold one value, and others as they are marked."""
    held_otherwise = kind in ("address", "multiselect", "long", "status", "subrecord")
    return "filterable" in marks or not (held_otherwise or "unfilterable" in marks)
