"""Creates, updates and deletes records [section_1545141395, section_1545142173, section_1545142287]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import user_error
from netsuite_emulator.records.bodies import BodyReader, Changes, Validation
from netsuite_emulator.records.defaults import column_defaults, stamps
from netsuite_emulator.records.deletion import delete_record
from netsuite_emulator.records.rows import insert, update
from netsuite_emulator.records.sublists import SublistWriter
from netsuite_emulator.records.transactions import settle

if TYPE_CHECKING:
    from netsuite_emulator.calendar_formats import AccountCalendar
    from netsuite_emulator.company.description import RecordType, Table
    from netsuite_emulator.records.store import RecordStore

__all__ = ["RecordWriter", "Validation"]


class RecordWriter:
    """Writes rows. Its methods must be called while the storage is `writing`."""

    def __init__(self, store: RecordStore, calendar: AccountCalendar, *, drafts: bool = False) -> None:
        """Write to what `store` reads; `drafts` may be incomplete."""
        self._store = store
        self._drafts = drafts
        self._calendar = calendar

    def create(self, record_type: RecordType, body: Any, validation: Validation) -> int:
        """Make a record and return its id.

        Raises:
            NetSuiteError: the body is refused; nothing is written then.
        """
        table = self._table(record_type)
        changes = self._read(record_type, body, validation)
        identifier = self._store.storage.next_id(table)
        values: dict[str, Any] = {record_type.key: identifier, **dict(record_type.constants), **changes.columns}
        values = {**column_defaults(record_type, table, values, self._store, self._calendar.now()), **values}
        if not self._drafts:
            self._require(record_type, table, values)
        self._refuse_duplicates(table, values, identifier)
        values.update(stamps(table, self._calendar.now(), created=True))
        insert(self._store, table.name, {name: value for name, value in values.items() if table.column(name)})
        self._write_parts(record_type, identifier, changes, validation, frozenset())
        return identifier

    def update(
        self,
        record_type: RecordType,
        identifier: int,
        body: Any,
        validation: Validation,
        replaced: frozenset[str],
        *,
        selected_only: bool,
    ) -> None:
        """Change a record.

        Args:
            record_type: its type.
            identifier: its id.
            body: what to change; null clears a field.
            validation: what is let pass.
            replaced: names (lower case) of sublists to replace, and of fields to empty where the body lacks them.
            selected_only: `replaceSelectedFields`: of the body fields, only those in `replaced` are changed.

        Raises:
            NetSuiteError: the body is refused; nothing is written then.
        """
        table = self._table(record_type)
        changes = self._read(record_type, body, validation)
        if selected_only:
            changes.columns = self._selected(record_type, changes, replaced)
        required = self._required(record_type, table)
        for name, value in changes.columns.items():
            column = table.column(name)
            if value is None and column is not None and column.field in required:
                raise user_error(f"Please enter value(s) for: {column.field}.", column.field)
        self._refuse_duplicates(table, changes.columns, identifier)
        values = {**changes.columns, **stamps(table, self._calendar.now(), created=False)}
        update(self._store, table.name, values, identifier)
        for sublist in record_type.sublists:
            if sublist.name.lower() in replaced and sublist.name not in changes.sublists:
                changes.sublists[sublist.name] = []
        self._write_parts(record_type, identifier, changes, validation, replaced)

    def delete(self, record_type: RecordType, identifier: int) -> None:
        """Delete a record and note the deletion.

        Raises:
            NetSuiteError: other records refer to it.
        """
        delete_record(self._store, record_type, identifier, self._calendar.now())

    def _table(self, record_type: RecordType) -> Table:
        return self._store.company.tables[record_type.table]

    def _read(self, record_type: RecordType, body: Any, validation: Validation) -> Changes:
        reader = BodyReader(self._store, self._calendar, validation)
        return reader.read(body, self._store.company.fields(record_type), record_type.sublists, sign=-record_type.sign)

    def _selected(self, record_type: RecordType, changes: Changes, replaced: frozenset[str]) -> dict[str, Any]:
        return {
            column.name: changes.columns.get(column.name)
            for column in self._store.company.fields(record_type)
            if (column.field or "").lower() in replaced and column.kind not in ("id", "address")
        }

    def _required(self, record_type: RecordType, table: Table) -> set[str]:
        marked = {column.field or "" for column in table.columns if "required" in column.marks}
        return marked | record_type.required

    def _require(self, record_type: RecordType, table: Table, values: dict[str, Any]) -> None:
        required = self._required(record_type, table)
        missing = [
            column.field for column in table.columns if column.field in required and values.get(column.name) is None
        ]
        if values.get("isperson") == "T":
            missing = [name for name in missing if name != "companyName"]
        if missing:
            raise user_error(f"Please enter value(s) for: {', '.join(str(name) for name in missing)}.")

    def _refuse_duplicates(self, table: Table, values: dict[str, Any], identifier: int) -> None:
        for name, scope in (("entityid", "entity"), ("itemid", "item"), ("externalid", table.name)):
            value = values.get(name)
            if value is None or table.column(name) is None:
                continue
            if self._store.keys(self._store.company.tables[scope], {name: value}) - {identifier}:
                raise user_error(
                    f"A {table.name} record with this ID already exists. "
                    f"You must enter a unique {table.name} ID for each record you create."
                    if name != "externalid"
                    else f"This record already exists: external id '{value}' is in use."
                )

    def _write_parts(
        self,
        record_type: RecordType,
        identifier: int,
        changes: Changes,
        validation: Validation,
        replaced: frozenset[str],
    ) -> None:
        sublists = SublistWriter(self._store, self._calendar, validation)
        for column, body in changes.addresses.items():
            sublists.write_address(self._table(record_type), record_type.key, identifier, column, body)
        for sublist in record_type.sublists:
            if sublist.name in changes.sublists:
                sublists.write(
                    record_type,
                    sublist,
                    identifier,
                    changes.sublists[sublist.name],
                    replace=sublist.name.lower() in replaced,
                )
        if record_type.table == "transaction" and not (self._drafts and record_type.name == "journalEntry"):
            settle(self._store, record_type, identifier, self._calendar.now())
