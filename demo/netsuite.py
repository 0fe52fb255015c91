"""What a person does in NetSuite while the demo runs, and NetSuite's own word on what it has."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from demo.table import Balance
from suitetalk import ConnectionSettings, NetSuite, TokenStore, quoted

CALLED = "+1 555 0199"
"""The telephone number that somebody corrects three customers to."""

_ASSETS = {"Bank", "AcctRec", "UnbilledRec", "OthCurrAsset", "FixedAsset", "OthAsset", "DeferExpense"}
_LIABILITIES = {"AcctPay", "CredCard", "OthCurrLiab", "LongTermLiab", "DeferRevenue"}


class Company:
    """One company's NetSuite, as a person at its screen would use it."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Log in with these connection settings."""
        self._netsuite = NetSuite(
            ConnectionSettings.from_mapping(settings), user_agent="netsuite-demo", token_store=TokenStore()
        )

    def close(self) -> None:
        """Close the connections."""
        self._netsuite.__exit__()

    def count(self, table: str) -> int:
        """Return how many rows NetSuite says a table has."""
        (row,) = self._netsuite.suiteql.rows(f"SELECT COUNT(*) AS number_of_rows FROM {table}")
        return int(row["number_of_rows"])

    def query(self, statement: str) -> list[dict[str, Any]]:
        """Return a query's rows."""
        return list(self._netsuite.suiteql.rows(statement))

    def ids(self, table: str, condition: str, count: int) -> list[str]:
        """Return the lowest ids that meet a condition."""
        statement = f"SELECT id FROM {table} WHERE {condition} ORDER BY id"
        page = self._netsuite.suiteql.page(statement, limit=count)
        return [str(row["id"]) for row in page.items]

    def have_a_working_day(self) -> dict[str, list[str]]:
        """Change a few records and enter a new one; return the ids touched by table."""
        records = self._netsuite.records
        customers = self.ids("customer", "isperson = 'F'", 3)
        for customer in customers:
            records.update("customer", customer, {"phone": CALLED})
        customers.append(self.enter_customer("Fourth Street Bakery", "WALKIN-1"))
        orders = self.ids("transaction", "type = 'SalesOrd'", 2)
        for order in orders:
            records.update("salesOrder", order, {"memo": "Customer asked for a later delivery"})
        warranties = self.ids("customrecord_warranty", "isinactive = 'F'", 1)
        for warranty in warranties:
            records.update("customrecord_warranty", warranty, {"custrecord_amount": 250})
        return {"customer": customers, "transaction": orders, "customrecord_warranty": warranties}

    def correct_the_books(self) -> None:
        """Change the amount of an invoice, take a line out of another, and delete a third."""
        records = self._netsuite.records
        changed, shortened, deleted = self._invoices(3)
        lines = self._lines_of(changed)
        records.update("invoice", changed, {"item": {"items": [{"line": lines[0], "rate": 1234.56}]}})
        kept = [{"line": line} for line in self._lines_of(shortened)[:-1]]
        records.update("invoice", shortened, {"item": {"items": kept}}, replace=["item"])
        records.delete("invoice", deleted)

    def _invoices(self, count: int) -> list[str]:
        """Return the ids of the newest invoices that have several lines."""
        statement = (
            "SELECT t.id FROM transaction t JOIN transactionline l ON l.transaction = t.id WHERE t.type = 'CustInvc' "
            "AND l.mainline = 'F' GROUP BY t.id HAVING COUNT(*) > 2 ORDER BY t.id DESC"
        )
        return [str(row["id"]) for row in self._netsuite.suiteql.page(statement, limit=count).items]

    def _lines_of(self, invoice: str) -> list[int]:
        found = self._netsuite.records.get("invoice", invoice, expand_sub_resources=True)
        return [int(line["line"]) for line in found["item"]["items"]]

    def balance_sheet(self) -> dict[str, Balance]:
        """Return what NetSuite's own accounting lines in the primary book add up to, by subsidiary."""
        statement = (
            "SELECT s.name, a.accttype, SUM(g.debit) AS debit, SUM(g.credit) AS credit "
            "FROM transactionaccountingline g "
            "JOIN transactionline l ON l.transaction = g.transaction AND l.id = g.transactionline "
            "JOIN account a ON a.id = g.account JOIN subsidiary s ON s.id = l.subsidiary "
            "WHERE g.posting = 'T' AND g.accountingbook = 1 GROUP BY s.name, a.accttype"
        )
        sheet: dict[str, Balance] = {}
        for row in self.query(statement):
            amount = Decimal(row.get("debit") or 0) - Decimal(row.get("credit") or 0)
            section = sheet.setdefault(str(row["name"]), Balance())
            if row["accttype"] in _ASSETS:
                section.assets += amount
            elif row["accttype"] in _LIABILITIES:
                section.liabilities -= amount
            else:  # equity, and income and expense, whose result belongs to it
                section.equity -= amount
        return sheet

    def enter_customer(self, name: str, external_id: str) -> str:
        """Create a customer and return its id."""
        body = {"companyName": name, "externalId": external_id, "subsidiary": {"id": "1"}}
        return self._netsuite.records.create("customer", body)

    def customers_with(self, external_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return customers by external id, as NetSuite has them now."""
        wanted = ", ".join(quoted(external_id) for external_id in external_ids)
        statement = f"SELECT id, externalid, companyname, email FROM customer WHERE externalid IN ({wanted})"
        return {str(row["externalid"]): row for row in self.query(statement)}

    def emails(self, ids: list[str]) -> dict[str, str]:
        """Return e-mail addresses by customer, as NetSuite has them now."""
        rows = self.query(f"SELECT id, email FROM customer WHERE id IN ({', '.join(ids)})")
        return {str(row["id"]): str(row.get("email")) for row in rows}
