"""Rows in the warehouse that are to go into NetSuite, as a transformation such as dbt's would leave them there."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from demo.warehouse import Warehouse

SCHEMA = "reverse_etl"

NEW = {
    "1001": ("Harbour Coffee Roasters", "orders@harbour.example.com"),
    "1002": ("Lindqvist & Søn", "hej@lindqvist.example.com"),
    "1003": ("Miller's Hardware", "miller@hardware.example.com"),
}
"""Customers that a CRM has and NetSuite has not: name and e-mail by the CRM's id."""

SUBSIDIARY = "1"
"""The company's subsidiary that all of them buy from."""


class Outbox:
    """One table for each thing that is to happen in NetSuite."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Keep the tables in this warehouse."""
        self._warehouse = warehouse

    def fill(self, corrected: dict[str, str], obsolete: list[str]) -> None:
        """Write what is to happen.

        Args:
            corrected: e-mail by the internal id of the customer that gets it.
            obsolete: external ids of the customers that are to go.
        """
        self._run("CREATE SCHEMA {}", sql.Identifier(SCHEMA))
        new = [(crm_id, *columns, SUBSIDIARY) for crm_id, columns in NEW.items()]
        self._table("customers_to_upsert", ("crm_id", "company_name", "email", "subsidiary"), new)
        self._table("customers_to_update", ("netsuite_id", "email"), list(corrected.items()))
        self._table("customers_to_delete", ("external_id",), [(external_id,) for external_id in obsolete])

    def _table(self, name: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        table = sql.Identifier(SCHEMA, name)
        described = sql.SQL(", ").join(sql.SQL("{} text NOT NULL").format(sql.Identifier(column)) for column in columns)
        self._run("CREATE TABLE {} ({}, PRIMARY KEY ({}))", table, described, sql.Identifier(columns[0]))
        values = sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, row))) for row in rows)
        self._run("INSERT INTO {} VALUES {}", table, values)

    def _run(self, statement: str, *parts: sql.Composable) -> None:
        self._warehouse.rows(sql.SQL(statement).format(*parts))
