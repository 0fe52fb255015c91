"""The parts of a record that are rows of other tables: lines, address book, addresses, and what is attached."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column, RecordType, Sublist, Table
from netsuite_emulator.errors import invalid_content, nonexistent_id, user_error
from netsuite_emulator.records.bodies import BodyReader, Validation
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.records.transaction_lines import TransactionLines
from netsuite_emulator.storage.company_tables import ATTACHMENT_TABLE

__all__ = ["ATTACHMENT_TABLE", "Attachments", "SublistWriter", "row_key"]


_PRINTED = ("addressee", "addr1", "addr2", "city", "state", "zip")


class SublistWriter:
    """Writes the parts of one record."""

    def __init__(
        self,
        store: RecordStore,
        calendar: AccountCalendar,
        validation: Validation,
        lines: TransactionLines | None,
        bodies: BodyReader | None = None,
    ) -> None:
        """Prepare.

        Args:
            store: what is written to.
            calendar: the account's clock.
            validation: what is let pass in bodies.
            lines: the record's, where it is a transaction.
            bodies: reads bodies, where something other than the usual does.
        """
        self._store = store
        self._calendar = calendar
        self._bodies = bodies or BodyReader(store, calendar, validation)
        self._lines = lines

    def write(
        self,
        record_type: RecordType,
        sublist: Sublist,
        parent: int,
        rows: list[Any] | None,
        *,
        is_new: bool,
        replace: bool,
    ) -> None:
        """Write the rows of a sublist.

        With a key, rows that have one of an existing row change it, the others are added; without, all are added.

        Args:
            record_type: the record's.
            sublist: which.
            parent: the record's id.
            rows: what was sent; None empties the sublist.
            is_new: whether the record was made a moment ago, so that it has no rows.
            replace: whether what is not sent is removed.

        Raises:
            NetSuiteError: a row is refused.
        """
        existing = {} if is_new else self._existing(sublist, parent)
        if rows is None:
            self._remove(sublist, {*existing.values()})
            return
        plan = [(self._key(sublist, row, existing), number, row) for number, row in enumerate(rows)]
        if replace:
            self._remove(sublist, {*existing.values()} - {key for key, _, _ in plan if key is not None})
        for key, number, row in plan:
            self._write_row(record_type, sublist, parent, key, row, f"{sublist.name}.items[{number}]")

    def write_subrecord(
        self, table: Table, column: Column, identifier: int, body: Any, *, is_new: bool = False
    ) -> None:
        """Write a subrecord of a row; None removes it. A row that `is_new` has none yet."""
        before = None if is_new else self._part(table, table.key[0], identifier, [table.key[0], column.name])
        kept = before.get(column.name) if before else None
        if body is None:
            update(self._store, table.name, {column.name: None}, identifier)
        elif column.kind == "address":
            self._write_address(table, column, identifier, body, kept)
        else:
            parts = self._bodies.subrecord(column, body, str(column.field), json.loads(kept or "{}"))
            update(self._store, table.name, {column.name: json.dumps(parts)}, identifier)

    def _write_address(self, table: Table, column: Column, identifier: int, body: Any, number: int | None) -> None:
        addresses = self._store.company.tables["entityaddress"]
        parts = column.parts or addresses.columns
        values: dict[str, Any] = self._bodies.read(body, parts, (), column.name).columns
        values["lastmodifieddate"] = self._calendar.now()
        before = {} if number is None else self._part(addresses, "nkey", number, ["nkey", *_PRINTED])
        values["addrtext"] = _address_text({**before, **values})
        if number is None:
            number = self._store.storage.next_id(addresses)
            insert(self._store, addresses.name, {"nkey": number, **values})
            update(self._store, table.name, {column.name: number}, identifier)
        else:
            update(self._store, addresses.name, values, number)

    def _part(self, table: Table, key: str, identifier: int, names: list[str]) -> dict[str, Any]:
        """Some columns of a row, none where there is no such row."""
        found = self._store.storage.rows_of(table, key, identifier, names)
        return found[0] if found else {}

    def _existing(self, sublist: Sublist, parent: int) -> dict[str, int]:
        """The rows that are there, by what tells them apart."""
        if self._lines is not None and sublist.table == "transactionline":
            return {str(number): number for number in self._lines.numbers(sublist)}
        table = self._store.company.tables[sublist.table]
        numbers = self._store.keys(table, {sublist.parent: parent})
        if not sublist.own:
            return {str(number): number for number in numbers}
        found = (self._part(table, table.key[0], number, [table.key[0], *_names(sublist)]) for number in numbers)
        return {row_key(sublist, row): row[table.key[0]] for row in found}

    def _key(self, sublist: Sublist, row: Any, existing: dict[str, int]) -> int | None:
        """The existing row that a sent row means, None for a new one."""
        if not isinstance(row, dict):
            raise invalid_content("The rows of a sublist must be objects.", sublist.name)
        keys = sublist.keys if sublist.own else (sublist.key,)
        given = {name.lower(): value for name, value in row.items()}
        values = [given.get(key.lower()) for key in keys if key is not None]
        values = [value.get("id") if isinstance(value, dict) else value for value in values]
        if not values or None in values:
            return None
        if not sublist.own or sublist.numbers == sublist.key_columns:
            for value in values:
                _require_integer(value, ", ".join(map(str, keys)), sublist.name)
        return existing.get(_joined(sublist.keys, values) if sublist.own else str(int(str(values[0]))))

    def _remove(self, sublist: Sublist, keys: set[int]) -> None:
        if self._lines is not None and sublist.table == "transactionline":
            self._lines.remove(keys)
            return
        table = self._store.company.tables[sublist.table]
        for key in sorted(keys):
            self._store.storage.remove(table, table.key[0], key)

    def _write_row(
        self, record_type: RecordType, sublist: Sublist, parent: int, key: int | None, row: Any, place: str
    ) -> None:
        table = self._store.company.tables[sublist.table]
        columns = {column.name: column for column in self._store.company.line_fields(sublist)}
        numbers = {str(column.field).lower() for column in sublist.numbers} if sublist.own else {sublist.key or ""}
        unkeyed = {name: value for name, value in row.items() if name.lower() not in {each.lower() for each in numbers}}
        changes = self._bodies.read(unkeyed, [*columns.values()], (), place, record_type.sign)
        if self._lines is not None and sublist.table == "transactionline":
            for name, body in changes.subrecords.items():
                kept = self._kept_of_line(table, parent, key, name)
                parts = None if body is None else self._bodies.subrecord(columns[name], body, place, kept)
                changes.columns[name] = None if parts is None else json.dumps(parts)
            self._lines.write(key, changes.columns)
            return
        unique = self._store.storage.next_id(table) if key is None else key
        if key is None:
            own = {table.key[0]: unique, sublist.parent: parent, **self._numbers(sublist, parent, unique)}
            insert(self._store, table.name, {**own, **changes.columns})
        else:
            update(self._store, table.name, changes.columns, key)
        for name, body in changes.subrecords.items():
            self.write_subrecord(table, columns[name], unique, body, is_new=key is None)

    def _kept_of_line(self, table: Table, parent: int, number: int | None, name: str) -> dict[str, Any]:
        """A subrecord of a line of a transaction, as it is kept."""
        rows = self._store.rows(table, "transaction = ? AND id = ?", [parent, number]) if number is not None else []
        kept: dict[str, Any] = json.loads(rows[0].get(name) or "{}") if rows else {}
        return kept

    def _numbers(self, sublist: Sublist, parent: int, unique: int) -> dict[str, int]:
        """The numbers that a new row gets in its keys: one that no row has, or the next of its record."""
        if not sublist.own:
            return {}
        table = self._store.company.tables[sublist.table]
        numbers = {}
        for column in sublist.numbers:
            values = (
                self._store.value(table, column.name, key) for key in self._store.keys(table, {sublist.parent: parent})
            )
            following = max((value for value in values if value is not None), default=0) + 1
            numbers[column.name] = unique if column.name in ("id", "internalid") else following
        return numbers


def row_key(sublist: Sublist, row: Mapping[str, Any]) -> str:
    """What tells a row of a sublist apart in a path: a number, or the keys with their values."""
    if sublist.table == "transactionline":
        return str(row["id"])
    if not sublist.own:
        return str(row["internalid"])
    if not sublist.keys:
        return str(row["linekey"])
    return _joined(sublist.keys, [row[name] for name in _names(sublist)])


def _joined(keys: Sequence[str], values: Sequence[Any]) -> str:
    if len(keys) == 1:
        return str(values[0])
    return ",".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))


def _names(sublist: Sublist) -> list[str]:
    return [column.name for column in sublist.key_columns]


def _require_integer(value: Any, key: str, place: str) -> None:
    try:
        int(value)
    except (TypeError, ValueError):
        raise invalid_content(f"The key '{key}' must be an integer.", place) from None


def _address_text(address: dict[str, Any]) -> str:
    """An address as it is printed, with a line for each part."""
    place = " ".join(address[name] for name in _PRINTED[3:] if address.get(name) is not None).strip(" ")
    parts = [address.get(name) for name in _PRINTED[:3]]
    return "\n".join(part for part in (*parts, place or None) if part is not None)


class Attachments:
    """Called while the storage is `writing`."""

    def __init__(self, store: RecordStore) -> None:
        """Keep what is attached in the table `attachment`."""
        self._store = store

    def attach(self, record_type: RecordType, identifier: int, other: str, name: str, body: Any) -> None:
        """Attach a contact or a file; what is attached already takes the new role.

        Raises:
            NetSuiteError: it is neither, or there is none of that id.
        """
        key = self._key(record_type, identifier, other, name)
        role = None
        if body is not None:
            given = body.get("role") if isinstance(body, dict) else None
            if not isinstance(given, dict) or given.get("id") is None:
                raise invalid_content('The body can name a role: {"role": {"id": "-10"}}.', "role")
            role = str(given["id"])
        self._delete(key)
        self._store.storage.rows("INSERT INTO attachment VALUES (?, ?, ?, ?, ?)", [*key, role])

    def detach(self, record_type: RecordType, identifier: int, other: str, name: str) -> None:
        """Undo that.

        Raises:
            NetSuiteError: it is not attached.
        """
        key = self._key(record_type, identifier, other, name)
        if not self._delete(key):
            raise user_error(f"The {other} {name} is not attached to this record.")

    def _key(self, record_type: RecordType, identifier: int, other: str, name: str) -> list[Any]:
        kind = other.lower()
        if kind == "contact":
            return [record_type.path, identifier, kind, self._store.find(self._store.company.record_types[kind], name)]
        if kind == "file":
            return [record_type.path, identifier, kind, self._file(name)]
        raise user_error(f"Only contacts and files can be attached, not {other}.")

    def _file(self, name: str) -> int:
        found = None
        if name.isascii() and name.isdigit():
            found = self._store.storage.row("SELECT id FROM file WHERE id = ?", [int(name)])
        if found is None:
            raise nonexistent_id()
        return int(found[0])

    def _delete(self, key: list[Any]) -> bool:
        deleted = self._store.storage.row(
            "DELETE FROM attachment WHERE recordtype = ? AND record = ? AND attachedtype = ? AND attached = ?", key
        )
        return bool(deleted and deleted[0])
