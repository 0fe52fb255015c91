"""Creates, updates and deletes records, with what NetSuite does of its own accord: defaults, totals and postings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import RecordType, Table
from netsuite_emulator.company.views import VIEWS
from netsuite_emulator.errors import user_error
from netsuite_emulator.records.bodies import BodyReader, Changes, Validation
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.records.sublists import SublistWriter

__all__ = ["RecordWriter", "Validation", "delete_record", "post", "settle", "stamps", "take_subsidiary"]


_MODIFIED = ("lastmodifieddate", "lastmodified")
_CREATED = ("createddate", "createddatetime", "datecreated", "created")
_SYSTEM_USER = -5
_TYPE_IDS = {"transaction": -30, "customer": -2, "vendor": -3, "employee": -4, "contact": -6, "job": -7, "item": -10}
# Rows that belong to a record and go with it: table and the column that names the owner.
_OWNED = {
    "transaction": [
        ("transactionline", "transaction"),
        ("transactionaccountingline", "transaction"),
        ("nexttransactionlinelink", "nextdoc"),
    ],
    "item": [("pricing", "item"), ("inventorybalance", "item")],
    "customer": [("customersalesteam", "customer"), ("entityaddressbook", "entity")],
    "vendor": [("entityaddressbook", "entity")],
    "employee": [("entityaddressbook", "entity")],
    "contact": [("entityaddressbook", "entity")],
    "job": [("entityaddressbook", "entity")],
}
_NOT_COUNTED = {*VIEWS, "deletedrecord", "systemnote"}


def stamps(table: Table, now: datetime, *, created: bool) -> dict[str, Any]:
    """The stamps of a write, in the account's wall clock."""
    names = (*_MODIFIED, *_CREATED) if created else _MODIFIED
    found: dict[str, Any] = {name: now for name in names if table.column(name)}
    if table.column("lastmodifiedby"):
        found["lastmodifiedby"] = _SYSTEM_USER
    return found


def column_defaults(
    record_type: RecordType, table: Table, values: dict[str, Any], store: RecordStore, now: datetime
) -> dict[str, Any]:
    """Values for columns of a new record that the body leaves out."""
    if record_type.table == "transaction":
        return _transaction_defaults(record_type, values, store, now)
    if table.space == "entity":
        return _entity_defaults(table, values)
    if table.column("fullname"):
        return {"fullname": values.get("name") or values.get("itemid")}
    if table.column("recordid"):
        return {"recordid": values["id"], "scriptid": f"val_{values['id']}", "owner": _SYSTEM_USER}
    return {}


def _entity_defaults(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    person = " ".join(part for part in (values.get("firstname"), values.get("lastname")) if part)
    name = values.get("companyname") or person or None
    defaults = {"entityid": name, "altname": name, "isperson": "F"}
    if table.name == "customer":
        defaults |= {"searchstage": "CUSTOMER", "entitystatus": "13"}
    return defaults


def _transaction_defaults(
    record_type: RecordType, values: dict[str, Any], store: RecordStore, now: datetime
) -> dict[str, Any]:
    day = values.get("trandate") or now.date()
    entity = store.storage.row(
        "SELECT currency FROM customer WHERE id = ? UNION ALL SELECT currency FROM vendor WHERE id = ?",
        [values.get("entity")] * 2,
    )
    currency = values.get("currency") or (entity[0] if entity else None) or 1
    rate = store.storage.row("SELECT exchangerate FROM currency WHERE id = ?", [currency])
    period = store.storage.row(
        "SELECT id FROM accountingperiod WHERE isposting = 'T' AND ?::DATE BETWEEN startdate AND enddate", [day]
    )
    number = values["id"]
    first_status = {"CustPymt": "B", "Journal": "B", "PurchOrd": "B", "SalesOrd": "B"}
    defaults = {
        "trandate": day,
        "currency": currency,
        "exchangerate": rate[0] if rate else 1,
        "postingperiod": period[0] if period else None,
        "posting": "T" if record_type.posting else "F",
        "status": first_status.get(dict(record_type.constants)["type"], "A"),
        "approvalstatus": "2",
        "number": number,
        "transactionnumber": str(number),
        "tranid": values.get("tranid") or f"{record_type.prefix}{number}",
        "source": "REST",
        "createdby": _SYSTEM_USER,
    }
    defaults["trandisplayname"] = f"{record_type.label} #{defaults['tranid']}"
    return {**defaults, **_subsidiary(values, store)}


def _subsidiary(values: dict[str, Any], store: RecordStore) -> dict[str, Any]:
    if not store.company.one_world:
        return {}
    found = store.storage.row(
        "SELECT subsidiary FROM customer WHERE id = ? UNION ALL SELECT subsidiary FROM vendor WHERE id = ?",
        [values.get("entity")] * 2,
    )
    return {"subsidiary": found[0] if found else 1}


def delete_record(store: RecordStore, record_type: RecordType, identifier: int, now: datetime) -> None:
    """Delete a record and what belongs to it.

    Raises:
        NetSuiteError: other records refer to it.
    """
    table = store.company.tables[record_type.table]
    user = _first_reference(store, table, identifier)
    if user is not None:
        raise user_error(f"This record cannot be deleted because it has dependent records ({user}).")
    name = store.display(table, identifier)
    for owned, column in _OWNED.get(table.name, []):
        store.storage.remove(store.company.tables[owned], column, identifier)
    store.storage.remove(table, record_type.key, identifier)
    if is_tracked(table):
        insert(store, "deletedrecord", _note(record_type, table, identifier, name, now))


def is_tracked(table: Table) -> bool:
    """Whether deletions of its rows are noted: transactions, entities, items and custom records."""
    return table.name in _TYPE_IDS or table.name.startswith("customrecord_")


def _note(record_type: RecordType, table: Table, identifier: int, name: str | None, now: datetime) -> dict[str, Any]:
    custom = table.name.startswith("customrecord_")
    return {
        "recordtypeid": _TYPE_IDS.get(table.name, 100),
        "scriptid": record_type.path,
        "type": record_type.path,
        "recordid": identifier,
        "name": name,
        "deleteddate": now,
        "deletedby": _SYSTEM_USER,
        "iscustomrecord": "T" if custom else "F",
        "context": "REST",
    }


def _first_reference(store: RecordStore, table: Table, identifier: int) -> str | None:
    """The name of a table that refers to the record, None where there is none."""
    targets = {table.name, table.space} if table.space == "entity" else {table.name}
    owned = {name for name, _ in _OWNED.get(table.name, [])}
    selects = []
    for other in store.company.tables.values():
        if other.name in owned or other.name in _NOT_COUNTED:
            continue
        itself = {identifier} if other.name == table.name else set()
        for column in other.columns:
            if column.kind != "reference" or column.target not in targets:
                continue
            lookup = store.storage.lookups.get(other, column.name)
            if lookup is None:
                apart = f' AND "{table.key[0]}" <> {identifier}' if itself else ""
                selects.append(
                    f'SELECT \'{other.name}\' FROM "{other.name}" WHERE "{column.name}" = {identifier}{apart}'
                )
            elif lookup.by_value.get(identifier, set()) - itself:
                return other.name
    if not selects:
        return None
    row = store.storage.row(f"SELECT * FROM ({' UNION ALL '.join(selects)}) LIMIT 1")
    return None if row is None else str(row[0])


_RECEIVABLE, _PAYABLE = 6, 20


def settle(store: RecordStore, record_type: RecordType, identifier: int, now: datetime) -> None:
    """Bring totals, main line and accounting lines in line with what was written.

    Raises:
        NetSuiteError: a journal does not balance.
    """
    storage = store.storage
    found = storage.row(
        "SELECT coalesce(sum(foreignamount), 0) FROM transactionline WHERE transaction = ? AND mainline = 'F'",
        [identifier],
    )
    total = found[0] if found else 0
    if record_type.name == "journalEntry":
        if total != 0:
            raise user_error("The amounts in the Debit and Credit columns must balance.")
        take_subsidiary(store, identifier)
    else:
        _settle_main_line(store, record_type, identifier, now)
    if record_type.sublists and record_type.name != "journalEntry":  # the total follows from lines where it has any
        storage.rows(
            'UPDATE "transaction" SET foreigntotal = ?, totalaftertaxes = ?, foreignamountunpaid = '
            "CASE WHEN posting = 'T' THEN abs(?) - coalesce(foreignamountpaid, 0) END WHERE id = ?",
            [-total, -total, total, identifier],
        )
        storage.rows(
            "UPDATE transactionline SET foreignamount = ?, netamount = ? WHERE transaction = ? AND mainline = 'T'",
            [-total, -total, identifier],
        )
    if record_type.posting:
        post(store, identifier, now)


def _settle_main_line(store: RecordStore, record_type: RecordType, identifier: int, now: datetime) -> None:
    storage = store.storage
    if storage.row("SELECT 1 FROM transactionline WHERE transaction = ? AND mainline = 'T'", [identifier]) is None:
        unique = storage.next_id(store.company.tables["transactionline"])
        account = _PAYABLE if record_type.name in ("vendorBill", "purchaseOrder") else _RECEIVABLE
        main = {"uniquekey": unique, "transaction": identifier, "id": 0, "linesequencenumber": 0, "mainline": "T"}
        insert(store, "transactionline", {**main, "linecreateddate": now, "expenseaccount": account})
    storage.rows(
        "UPDATE transactionline SET entity = t.entity, linelastmodifieddate = CASE WHEN mainline = 'T' "
        'THEN ?::TIMESTAMP ELSE linelastmodifieddate END FROM "transaction" t '
        "WHERE t.id = transactionline.transaction AND t.id = ?",
        [now, identifier],
    )
    take_subsidiary(store, identifier)


def take_subsidiary(store: RecordStore, identifier: int) -> None:
    """Give each line of a transaction the subsidiary of its header, where the account has subsidiaries."""
    if store.company.one_world:
        store.storage.rows(
            'UPDATE transactionline SET subsidiary = t.subsidiary FROM "transaction" t '
            "WHERE t.id = transactionline.transaction AND t.id = ?",
            [identifier],
        )


def post(store: RecordStore, identifier: int, now: datetime) -> None:
    """Write the accounting lines of a transaction again."""
    storage = store.storage
    storage.rows("DELETE FROM transactionaccountingline WHERE transaction = ?", [identifier])
    storage.rows(
        "INSERT INTO transactionaccountingline BY NAME "
        "SELECT *, ?::TIMESTAMP AS lastmodifieddate FROM posted WHERE transaction = ?",
        [now, identifier],
    )


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
                raise user_error("This entity already exists.")  # [reference 14.1]

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
