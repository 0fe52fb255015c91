"""What NetSuite fills in by itself when a record is made or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from netsuite_emulator.company.description import RecordType, Table
    from netsuite_emulator.records.store import RecordStore

__all__ = ["column_defaults", "stamps"]

_MODIFIED = ("lastmodifieddate", "lastmodified")
_CREATED = ("createddate", "createddatetime", "datecreated", "created")
_SYSTEM_USER = -5


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
