"""What can be done with a record besides reading and writing it: `!transform`, `!attach`, `!detach`, `@action`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netsuite_emulator.errors import NetSuiteError, hidden_record_type, insufficient_permission, invalid_method
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.records.actions import perform_action
from netsuite_emulator.records.attachments import Attachments
from netsuite_emulator.records.bodies import Validation
from netsuite_emulator.records.transforms import Transforms

if TYPE_CHECKING:
    from netsuite_emulator.calendar_formats import AccountCalendar
    from netsuite_emulator.company.description import RecordType
    from netsuite_emulator.records.store import RecordStore
    from netsuite_emulator.records.writing import RecordWriter
    from netsuite_emulator.settings import Settings

__all__ = ["Operations", "replaced_names"]


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

    def _transform(self, call: Call, source: RecordType, identifier: int, name: str) -> Answer:
        target = self._store.company.record_types.get(name.lower())
        if target is None:
            raise hidden_record_type(name)
        if not self._store.company.sees(target) or target.path in self._settings.role.view_only:
            raise insufficient_permission(target.name)
        validation = Validation.read(call.headers)
        body = call.json() if call.body.strip() else None
        made = self._transforms.create(source, identifier, target, body, validation, replaced_names(call))
        headers = {"Location": f"{call.base}/record/v1/{target.path}/{made}"}
        if validation.warnings:
            headers[self._settings.warning_header] = "; ".join(validation.warnings)
        return Answer(204, headers=headers)
