"""Creates, updates and deletes records, with what NetSuite does of its own accord: defaults, totals and postings."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Company, RecordType, Table
from netsuite_emulator.company.views import VIEWS
from netsuite_emulator.errors import user_error
from netsuite_emulator.records.bodies import BodyReader, Changes, Validation
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.records.sublists import SublistWriter
from netsuite_emulator.records.transaction_lines import TransactionLines

__all__ = ["RecordWriter", "Validation", "column_defaults", "delete_record", "owned_rows", "stamps"]


_MODIFIED = ("lastmodifieddate", "lastmodified")
_CREATED = ("createddate", "createddatetime", "datecreated", "created")
_SYSTEM_USER = -5
_TYPE_IDS = {"transaction": -30, "customer": -2, "vendor": -3, "employee": -4, "contact": -6, "job": -7, "item": -10}
# Rows that belong to a record of the sample company.
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
# Columns of a transaction that its lines and their sums follow.
_DECIDE_LINES = ("id", "entity", "subsidiary", "exchangerate", "posting", "foreignamountpaid")
_NOT_COUNTED = {*VIEWS, "deletedrecord", "systemnote"}


def owned_rows(company: Company, table: str) -> list[tuple[str, str]]:
    """What belongs to the records of a table and goes with them: tables and the columns that name the owner."""
    sublists = (sublist for kind in company.types_of_table(table) for sublist in kind.sublists if sublist.own)
    return [*_OWNED.get(table, ()), *dict.fromkeys((sublist.table, sublist.parent) for sublist in sublists)]


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
    currency = values.get("currency") or _of_entity("currency", values, store) or 1
    rate = store.value(store.company.tables["currency"], "exchangerate", currency)
    number = values["id"]
    first_status = {"CustPymt": "B", "Journal": "B", "PurchOrd": "B", "SalesOrd": "B"}
    defaults = {
        "trandate": day,
        "currency": currency,
        "exchangerate": Decimal(1) if rate is None else rate,
        "postingperiod": _period(day, store),
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
    return {"subsidiary": _of_entity("subsidiary", values, store) or 1}


def _of_entity(name: str, values: dict[str, Any], store: RecordStore) -> Any:
    """What the customer or vendor of a transaction has in a column."""
    found = (store.value(store.company.tables[kind], name, values.get("entity")) for kind in ("customer", "vendor"))
    return next((value for value in found if value is not None), None)


def _period(day: date, store: RecordStore) -> int | None:
    """The posting period of a day."""
    periods = store.company.tables["accountingperiod"]
    begins, ends = store.column(periods, "startdate"), store.column(periods, "enddate")
    posting = store.keys(periods, {"isposting": "T"}) & begins.keys() & ends.keys()
    return min((key for key in posting if begins[key] <= day <= ends[key]), default=None)


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
    for owned, column in owned_rows(store.company, table.name):
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
    owned = {name for name, _ in owned_rows(store.company, table.name)}
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
        self._write_parts(
            record_type, identifier, changes, validation, frozenset(), self._lines(record_type, values), is_new=True
        )
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
        lines = self._lines(record_type, changes.columns, identifier)
        values = {**changes.columns, **stamps(table, self._calendar.now(), created=False)}
        update(self._store, table.name, values, identifier)
        for sublist in record_type.sublists:
            if sublist.name.lower() in replaced and sublist.name not in changes.sublists:
                changes.sublists[sublist.name] = []
        self._write_parts(record_type, identifier, changes, validation, replaced, lines, is_new=False)

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
            if (column.field or "").lower() in replaced and column.kind not in ("id", "address", "subrecord")
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
        lines: TransactionLines | None,
        *,
        is_new: bool,
    ) -> None:
        sublists = SublistWriter(self._store, self._calendar, validation, lines)
        table = self._table(record_type)
        columns = {column.name: column for column in self._store.company.fields(record_type)}
        for name, body in changes.subrecords.items():
            sublists.write_subrecord(table, columns[name], identifier, body, is_new=is_new)
        for sublist in record_type.sublists:
            if sublist.name in changes.sublists:
                sublists.write(
                    record_type,
                    sublist,
                    identifier,
                    changes.sublists[sublist.name],
                    is_new=is_new,
                    replace=sublist.name.lower() in replaced,
                )
        if lines is not None:
            lines.settle()

    def _lines(
        self, record_type: RecordType, values: dict[str, Any], identifier: int | None = None
    ) -> TransactionLines | None:
        """The lines of a transaction that is about to get these values, a new one where it has no id yet."""
        if record_type.table != "transaction":
            return None
        before: dict[str, Any] = {"id": values.get("id")}
        if identifier is not None:
            table = self._table(record_type)
            names = [name for name in _DECIDE_LINES if table.column(name)]
            (before,) = self._store.storage.rows_of(table, "id", identifier, names)
        return TransactionLines(
            self._store,
            record_type,
            {**before, **values},
            self._calendar.now(),
            is_new=identifier is None,
            is_draft=self._drafts,
        )
