"""What follows from a transaction's lines: its total, its main line and its accounting lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netsuite_emulator.errors import user_error
from netsuite_emulator.records.rows import insert

if TYPE_CHECKING:
    from datetime import datetime

    from netsuite_emulator.company.description import RecordType
    from netsuite_emulator.records.store import RecordStore

__all__ = ["post", "settle"]

_RECEIVABLE, _PAYABLE, _SALES = 6, 20, 54


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
    subsidiary = ", subsidiary = t.subsidiary" if store.company.one_world else ""
    storage.rows(
        f"UPDATE transactionline SET entity = t.entity{subsidiary}, linelastmodifieddate = CASE WHEN mainline = 'T' "
        'THEN ?::TIMESTAMP ELSE linelastmodifieddate END FROM "transaction" t '
        "WHERE t.id = transactionline.transaction AND t.id = ?",
        [now, identifier],
    )


def post(store: RecordStore, identifier: int, now: datetime) -> None:
    """Write the accounting lines of a transaction anew."""
    storage = store.storage
    storage.rows("DELETE FROM transactionaccountingline WHERE transaction = ?", [identifier])
    storage.rows(
        "INSERT INTO transactionaccountingline BY NAME "
        "SELECT l.transaction, l.id AS transactionline, 1 AS accountingbook, "
        f"coalesce(l.expenseaccount, {_SALES}) AS account, a.accttype AS accounttype, "
        "round(l.foreignamount * t.exchangerate, 2) AS amount, amount AS netamount, "
        "CASE WHEN amount >= 0 THEN amount END AS debit, CASE WHEN amount < 0 THEN -amount END AS credit, "
        "t.exchangerate, 'T' AS posting, ?::TIMESTAMP AS lastmodifieddate "
        'FROM transactionline l JOIN "transaction" t ON t.id = l.transaction '
        f"LEFT JOIN account a ON a.id = coalesce(l.expenseaccount, {_SALES}) "
        "WHERE l.transaction = ? AND l.foreignamount <> 0",
        [now, identifier],
    )
