"""What a person does in NetSuite while the demo runs, and NetSuite's own word on what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suitetalk import ConnectionSettings, NetSuite, TokenStore, quoted

CALLED = "+1 555 0199"
"""The telephone number that somebody corrects three customers to."""


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
