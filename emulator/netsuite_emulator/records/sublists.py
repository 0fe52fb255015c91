"""The parts of a record that are rows of other tables: lines, address book, addresses, and what is attached."""

from __future__ import annotations

from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import RecordType, Sublist, Table
from netsuite_emulator.errors import invalid_content, nonexistent_id, user_error
from netsuite_emulator.records.bodies import BodyReader, Validation
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.records.transaction_lines import TransactionLines
from netsuite_emulator.storage.company_tables import ATTACHMENT_TABLE

__all__ = ["ATTACHMENT_TABLE", "Attachments", "SublistWriter"]


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
        existing = set() if is_new else self._existing(sublist, parent)
        if rows is None:
            self._remove(sublist, existing)
            return
        plan = [(self._key(sublist, row, existing), number, row) for number, row in enumerate(rows)]
        if replace:
            self._remove(sublist, existing - {key for key, _, _ in plan if key is not None})
        for key, number, row in plan:
            self._write_row(record_type, sublist, parent, key, row, f"{sublist.name}.items[{number}]")

    def write_address(
        self, table: Table, key: str, identifier: int, column: str, body: Any, *, is_new: bool = False
    ) -> None:
        """Write an address subrecord of a row; None removes it. A row that `is_new` has none yet."""
        number = None if is_new else self._part(table, key, identifier, [key, column]).get(column)
        if body is None:
            update(self._store, table.name, {column: None}, identifier)
            return
        addresses = self._store.company.tables["entityaddress"]
        values: dict[str, Any] = self._bodies.read(body, addresses.columns, (), column).columns
        values["lastmodifieddate"] = self._calendar.now()
        before = {} if number is None else self._part(addresses, "nkey", number, ["nkey", *_PRINTED])
        values["addrtext"] = _address_text({**before, **values})
        if number is None:
            number = self._store.storage.next_id(addresses)
            insert(self._store, addresses.name, {"nkey": number, **values})
            update(self._store, table.name, {column: number}, identifier)
        else:
            update(self._store, addresses.name, values, number)

    def _part(self, table: Table, key: str, identifier: int, names: list[str]) -> dict[str, Any]:
        """Some columns of a row, none where there is no such row."""
        found = self._store.storage.rows_of(table, key, identifier, names)
        return found[0] if found else {}

    def _existing(self, sublist: Sublist, parent: int) -> set[int]:
        if self._lines is not None and sublist.table == "transactionline":
            return self._lines.numbers(sublist)
        return self._store.keys(self._store.company.tables[sublist.table], {sublist.parent: parent})

    def _key(self, sublist: Sublist, row: Any, existing: set[int]) -> int | None:
        """The key of the existing row that a sent row means, None for a new one."""
        if not isinstance(row, dict):
            raise invalid_content("The rows of a sublist must be objects.", sublist.name)
        if sublist.key is None:
            return None
        given = next((value for name, value in row.items() if name.lower() == sublist.key.lower()), None)
        try:
            key = int(given) if given is not None else None
        except (TypeError, ValueError):
            raise invalid_content(f"The key '{sublist.key}' must be an integer.", sublist.name) from None
        return key if key in existing else None

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
        columns = self._store.company.line_fields(sublist)
        unkeyed = {name: value for name, value in row.items() if name.lower() != (sublist.key or "").lower()}
        changes = self._bodies.read(unkeyed, columns, (), place, record_type.sign)
        if self._lines is not None and sublist.table == "transactionline":
            self._lines.write(key, changes.columns)
            return
        unique = self._store.storage.next_id(table) if key is None else key
        if key is None:
            insert(self._store, table.name, {table.key[0]: unique, sublist.parent: parent, **changes.columns})
        else:
            update(self._store, table.name, changes.columns, key)
        for column, body in changes.addresses.items():
            self.write_address(table, table.key[0], unique, column, body, is_new=key is None)


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
