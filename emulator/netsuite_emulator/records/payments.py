"""Payments of invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netsuite_emulator.records.rows import update
from netsuite_emulator.records.transactions import post

if TYPE_CHECKING:
    from datetime import datetime

    from netsuite_emulator.records.store import RecordStore

__all__ = ["pay"]


def pay(store: RecordStore, invoice: int, payment: int, now: datetime) -> None:
    """Let a payment pay what is left of an invoice."""
    storage = store.storage
    found = storage.row(
        'SELECT coalesce(foreignamountunpaid, 0), coalesce(foreignamountpaid, 0) FROM "transaction" WHERE id = ?',
        [invoice],
    )
    left, paid = found or (0, 0)
    update(store, "transaction", {"foreigntotal": -left, "totalaftertaxes": -left}, payment)
    storage.rows(
        "UPDATE transactionline SET foreignamount = ?, netamount = ? WHERE transaction = ? AND mainline = 'T'",
        [-left, -left, payment],
    )
    post(store, payment, now)
    settled = {"foreignamountunpaid": 0, "foreignamountpaid": paid + left, "status": "B", "lastmodifieddate": now}
    update(store, "transaction", settled, invoice)
