"""Deletes records, and notes it in `deletedrecord` where NetSuite tracks the type [section_4031815869]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import user_error
from netsuite_emulator.records.rows import insert

if TYPE_CHECKING:
    from datetime import datetime

    from netsuite_emulator.company.description import RecordType, Table
    from netsuite_emulator.records.store import RecordStore

__all__ = ["delete_record"]

_TYPE_IDS = {"transaction": -30, "customer": -2, "vendor": -3, "employee": -4, "contact": -6, "job": -7, "item": -10}
_SYSTEM_USER = -5
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
_NOT_COUNTED = {"entity", "deletedrecord", "systemnote"}


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
