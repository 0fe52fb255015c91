"""The lines of one transaction while it is written: completed, numbered, totalled and posted.

They are read once, changed in memory, and handed to the storage once: a statement for each column that follows from
another would cost more than everything else about an order.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from netsuite_emulator.company.description import RecordType, Sublist
from netsuite_emulator.errors import user_error
from netsuite_emulator.records.store import RecordStore, insert, update

__all__ = ["TransactionLines", "post"]

_TABLE = "transactionline"
_READ = (
    "uniquekey", "transaction", "id", "mainline", "item", "quantity", "rate", "price", "foreignamount",
    "debitforeignamount", "creditforeignamount",
)  # fmt: skip
_RECEIVABLE, _PAYABLE = 6, 20
_BASE_PRICE = 1
_CENT = Decimal("0.01")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_SURELY_POSTED = Decimal(10) ** 15  # an amount in the base currency that DuckDB takes for certain


class TransactionLines:
    """The lines of one transaction, for a thread that is `writing`; nothing is kept before `settle`."""

    def __init__(
        self,
        store: RecordStore,
        record_type: RecordType,
        header: dict[str, Any],
        now: datetime,
        *,
        is_new: bool,
        is_draft: bool = False,
    ) -> None:
        """Read the lines that are there.

        Args:
            store: where they are.
            record_type: the transaction's.
            header: the transaction's columns as they will be: at least `id`, `entity`, `exchangerate`, `posting`,
                `foreignamountpaid` and, where there are subsidiaries, `subsidiary`.
            now: the account's wall clock.
            is_new: whether the transaction was made a moment ago, so that it has no lines.
            is_draft: whether it may be incomplete.
        """
        self._store = store
        self._record_type = record_type
        self._header = header
        self._now = now
        self._is_draft = is_draft
        self._added: set[int] = set()
        self._changes: dict[int, dict[str, Any]] = {}
        self._rows: dict[int, dict[str, Any]] = {}
        if not is_new:
            table = store.company.tables[_TABLE]
            found = store.storage.rows_of(table, "transaction", header["id"], _READ)
            self._rows = {row["uniquekey"]: row for row in found}

    def numbers(self, sublist: Sublist) -> set[int]:
        """The numbers of the lines that a sublist shows."""
        return {row["id"] for row in self._rows.values() if sublist.holds(row)}

    def remove(self, numbers: set[int]) -> None:
        """Remove lines by their numbers."""
        table = self._store.company.tables[_TABLE]
        for unique in [unique for unique, row in self._rows.items() if row["id"] in numbers]:
            del self._rows[unique]
            self._changes.pop(unique, None)
            if unique in self._added:
                self._added.remove(unique)
            else:
                self._store.storage.remove(table, "uniquekey", unique)

    def write(self, number: int | None, values: dict[str, Any]) -> None:
        """Add a line, or change the one of this number; the item's kind, its price and the amount are worked out."""
        unique = self._add() if number is None else self._of_number(number)
        self._put(unique, {**values, "linelastmodifieddate": self._now, "mainline": "F"})
        line = self._rows[unique]
        item, quantity, rate = line.get("item"), line.get("quantity"), line.get("rate")
        if item is None:
            kind, quantity = None, None
        else:
            kind = self._store.value(self._store.company.tables["item"], "itemtype", item)
            quantity = Decimal(self._record_type.sign) if quantity is None else quantity
            rate = self._price(item, line.get("price")) if rate is None else rate
        self._put(unique, {"itemtype": kind, "quantity": quantity, "rate": rate})
        if "foreignamount" not in values:
            self._put(unique, {"foreignamount": _amount(line)})
        self._put(unique, {"netamount": line["foreignamount"]})

    def settle(self) -> None:
        """Bring total, main line and accounting lines in line with the others, and keep all of it.

        Raises:
            NetSuiteError: a journal does not balance.
        """
        with localcontext(_EXACT):
            total = sum((_sum_of(row) for row in self._rows.values() if row["mainline"] == "F"), Decimal(0))
        if self._record_type.name == "journalEntry":
            if total != 0 and not self._is_draft:
                raise user_error("The amounts in the Debit and Credit columns must balance.")
        else:
            self._settle_main_line()
            if self._record_type.sublists:  # the total follows from lines where it has any
                self._settle_total(total)
        if self._store.company.one_world:
            self._put_all({"subsidiary": self._header.get("subsidiary")})
        self._keep()
        if self._record_type.posting:
            post(self._store, self._header["id"], self._now, surely=self._is_surely_posted())

    def _settle_main_line(self) -> None:
        if not any(row["mainline"] == "T" for row in self._rows.values()):
            account = _PAYABLE if self._record_type.name in ("vendorBill", "purchaseOrder") else _RECEIVABLE
            self._put(self._add(0), {"mainline": "T", "expenseaccount": account})
        self._put_all({"entity": self._header.get("entity")})
        self._put_all({"linelastmodifieddate": self._now}, mainline="T")

    def _settle_total(self, total: Decimal) -> None:
        self._put_all({"foreignamount": -total, "netamount": -total}, mainline="T")
        unpaid = None
        if self._header.get("posting") == "T":
            unpaid = abs(total) - (self._header.get("foreignamountpaid") or 0)
        totals = {"foreigntotal": -total, "totalaftertaxes": -total, "foreignamountunpaid": unpaid}
        update(self._store, "transaction", totals, self._header["id"])

    def _add(self, number: int | None = None) -> int:
        """Add an empty line, with the next number unless one is given; return its unique key."""
        if number is None:
            first = 0 if self._record_type.name == "journalEntry" else 1  # [reference 14.1]
            number = max((row["id"] + 1 for row in self._rows.values()), default=first)
        unique = self._store.storage.next_id(self._store.company.tables[_TABLE])
        self._added.add(unique)
        own = {"uniquekey": unique, "transaction": self._header["id"], "id": number, "linesequencenumber": number}
        self._put(unique, {**own, "linecreateddate": self._now})
        return unique

    def _of_number(self, number: int) -> int:
        return next(unique for unique, row in self._rows.items() if row["id"] == number)

    def _price(self, item: int, level: int | None) -> Decimal | None:
        """The lowest price of an item at a level, the base price where a line names none."""
        pricing = self._store.company.tables["pricing"]
        keys = self._store.keys(pricing, {"item": item, "pricelevel": _BASE_PRICE if level is None else level})
        prices = [self._store.value(pricing, "unitprice", key) for key in keys]
        return min((price for price in prices if price is not None), default=None)

    def _put(self, unique: int, values: dict[str, Any]) -> None:
        self._rows.setdefault(unique, {}).update(values)
        self._changes.setdefault(unique, {}).update(values)

    def _put_all(self, values: dict[str, Any], mainline: str | None = None) -> None:
        for unique, row in self._rows.items():
            if mainline in (None, row["mainline"]):
                self._put(unique, values)

    def _keep(self) -> None:
        for unique, values in self._changes.items():
            if unique in self._added:
                insert(self._store, _TABLE, values)
            else:
                update(self._store, _TABLE, values, unique)

    def _is_surely_posted(self) -> bool:
        with localcontext(_EXACT):
            most = sum((abs(_sum_of(row)) for row in self._rows.values()), Decimal(0))
            return bool(most * abs(self._header.get("exchangerate") or 1) < _SURELY_POSTED)


def _sum_of(row: dict[str, Any]) -> Decimal:
    return row.get("foreignamount") or Decimal(0)


def _amount(line: dict[str, Any]) -> Decimal | None:
    """What a line comes to where it does not say: quantity by rate, else debit less credit."""
    debit, credit = line.get("debitforeignamount"), line.get("creditforeignamount")
    before: Decimal | None = line.get("foreignamount")
    if line.get("item") is None and before is not None and debit is None and credit is None:
        return before
    with localcontext(_EXACT):
        if line["quantity"] is not None and line["rate"] is not None:
            return Decimal((line["quantity"] * line["rate"]).quantize(_CENT))
        return Decimal((debit or 0) - (credit or 0))


def post(store: RecordStore, identifier: int, now: datetime, *, surely: bool = False) -> None:
    """Write the accounting lines of a transaction again; `surely` where DuckDB cannot refuse them."""
    table = store.company.tables["transactionaccountingline"]
    store.storage.derive(table, "posted", "transaction", identifier, now, can_wait=surely)
