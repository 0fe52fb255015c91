"""The parts of a record that are rows of other tables: lines, address book, addresses, and what is attached."""

from __future__ import annotations

from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import RecordType, Sublist, Table
from netsuite_emulator.errors import invalid_content, nonexistent_id, user_error
from netsuite_emulator.records.bodies import BodyReader, Validation
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.storage.company_tables import ATTACHMENT_TABLE

__all__ = ["ATTACHMENT_TABLE", "Attachments", "SublistWriter"]


class SublistWriter:
    """Writes the parts of one record."""

    def __init__(self, store: RecordStore, calendar: AccountCalendar, validation: Validation) -> None:
        """`validation` says what is let pass in bodies."""
        self._store = store
        self._calendar = calendar
        self._bodies = BodyReader(store, calendar, validation)

    def write(
        self, record_type: RecordType, sublist: Sublist, parent: int, rows: list[Any] | None, *, replace: bool
    ) -> None:
        """Write the rows of a sublist.

        With a key, rows that have one of an existing row change it, the others are added; without, all are added.
        `replace` removes what is not sent. None empties the sublist.

        Raises:
            NetSuiteError: a row is refused.
        """
        existing = {int(row[0]) for row in self._existing(sublist, parent)}
        if rows is None:
            self._remove(sublist, parent, existing)
            return
        plan = [(self._key(sublist, row, existing), number, row) for number, row in enumerate(rows)]
        if replace:
            self._remove(sublist, parent, existing - {key for key, _, _ in plan if key is not None})
        for key, number, row in plan:
            self._write_row(record_type, sublist, parent, key, row, f"{sublist.name}.items[{number}]")

    def write_address(self, table: Table, key: str, identifier: int, column: str, body: Any) -> None:
        """Write an address subrecord of a row; None removes it."""
        row = self._store.row(table, key, identifier) or {}
        number = row.get(column)
        if body is None:
            update(self._store, table.name, {column: None}, identifier)
            return
        addresses = self._store.company.tables["entityaddress"]
        values: dict[str, Any] = self._bodies.read(body, addresses.columns, (), column).columns
        values["lastmodifieddate"] = self._calendar.now()
        if number is None:
            number = self._store.storage.next_id(addresses)
            insert(self._store, addresses.name, {"nkey": number, **values})
            update(self._store, table.name, {column: number}, identifier)
        else:
            update(self._store, addresses.name, values, number)
        self._store.storage.rows(
            "UPDATE entityaddress SET addrtext = concat_ws(chr(10), addressee, addr1, addr2, "
            "nullif(trim(concat_ws(' ', city, state, zip)), '')) WHERE nkey = ?",
            [number],
        )

    def _key_column(self, sublist: Sublist) -> str:
        return "id" if sublist.table == "transactionline" else self._store.company.tables[sublist.table].key[0]

    def _existing(self, sublist: Sublist, parent: int) -> list[tuple[Any, ...]]:
        key = self._key_column(sublist)
        sql = f'SELECT "{key}" FROM "{sublist.table}" WHERE "{sublist.parent}" = ? AND {sublist.where}'
        return self._store.storage.rows(sql, [parent])

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

    def _remove(self, sublist: Sublist, parent: int, keys: set[int]) -> None:
        if keys:
            listed = ", ".join(str(key) for key in sorted(keys))
            self._store.storage.rows(
                f'DELETE FROM "{sublist.table}" WHERE "{sublist.parent}" = ? '
                f'AND "{self._key_column(sublist)}" IN ({listed})',
                [parent],
            )

    def _write_row(
        self, record_type: RecordType, sublist: Sublist, parent: int, key: int | None, row: Any, place: str
    ) -> None:
        table = self._store.company.tables[sublist.table]
        columns = self._store.company.line_fields(sublist)
        unkeyed = {name: value for name, value in row.items() if name.lower() != (sublist.key or "").lower()}
        changes = self._bodies.read(unkeyed, columns, (), place, record_type.sign)
        if sublist.table == "transactionline":
            unique = self._write_line(record_type, parent, key, changes.columns)
        elif key is None:
            unique = self._store.storage.next_id(table)
            insert(self._store, table.name, {table.key[0]: unique, sublist.parent: parent, **changes.columns})
        else:
            unique = key
            update(self._store, table.name, changes.columns, key)
        for column, body in changes.addresses.items():
            self.write_address(table, table.key[0], unique, column, body)

    def _write_line(self, record_type: RecordType, parent: int, key: int | None, values: dict[str, Any]) -> int:
        """Write a line of a transaction; its amount follows from quantity and rate where it is not given."""
        storage = self._store.storage
        now = self._calendar.now()
        sets_amount = "foreignamount" in values
        if key is None:
            unique = storage.next_id(self._store.company.tables["transactionline"])
            last = storage.row("SELECT max(id) FROM transactionline WHERE transaction = ?", [parent])
            highest = last[0] if last else None
            first = 0 if record_type.name == "journalEntry" else 1  # [reference 14.1]
            number = first if highest is None else int(highest) + 1
            fixed = {"uniquekey": unique, "transaction": parent, "id": number, "linesequencenumber": number}
            insert(self._store, "transactionline", {**fixed, "linecreateddate": now, **values})
        else:
            found = storage.row("SELECT uniquekey FROM transactionline WHERE transaction = ? AND id = ?", [parent, key])
            unique = int(found[0]) if found else 0
            update(self._store, "transactionline", values, unique)
        update(self._store, "transactionline", {"linelastmodifieddate": now, "mainline": "F"}, unique)
        _complete_line(self._store, unique, record_type.sign, sets_amount=sets_amount)
        return unique


def _complete_line(store: RecordStore, unique: int, sign: int, *, sets_amount: bool) -> None:
    """Source the item's kind and price, and work out the amount."""
    store.storage.rows(
        "UPDATE transactionline SET itemtype = (SELECT i.itemtype FROM item i WHERE i.id = transactionline.item), "
        f"quantity = CASE WHEN item IS NOT NULL THEN coalesce(quantity, {sign}) END, "
        "rate = coalesce(rate, (SELECT min(p.unitprice) FROM pricing p WHERE p.item = transactionline.item "
        "AND p.pricelevel = coalesce(transactionline.price, 1))) WHERE uniquekey = ?",
        [unique],
    )
    if not sets_amount:
        store.storage.rows(
            "UPDATE transactionline SET foreignamount = coalesce(round(quantity * rate, 2), "
            "coalesce(debitforeignamount, 0) - coalesce(creditforeignamount, 0)) WHERE uniquekey = ? "
            "AND (item IS NOT NULL OR foreignamount IS NULL OR debitforeignamount IS NOT NULL "
            "OR creditforeignamount IS NOT NULL)",
            [unique],
        )
    store.storage.rows("UPDATE transactionline SET netamount = foreignamount WHERE uniquekey = ?", [unique])


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
