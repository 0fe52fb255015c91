"""The views over the stored tables: two that are made of others, and one schema that holds what SuiteQL may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netsuite_emulator.company.description import Company, Table

__all__ = ["ENTITY_TYPES", "VIEWS", "view_statements"]

# The tables that are not stored.
VIEWS = ("entity", "deletedrecordinconnect")

_PACIFIC = "America/Los_Angeles"

# The entity tables and how the column `type` of `entity` names them.
ENTITY_TYPES = {"customer": "CustJob", "vendor": "Vendor", "employee": "Employee", "contact": "Contact", "job": "Job"}


def _entity_select(company: Company, kind: str) -> str:
    table = company.tables[kind]
    special = {
        "type": f"'{ENTITY_TYPES[kind]}'",
        "entitytitle": f"({table.display})",
        kind: "id",
        "isperson": "isperson" if table.column("isperson") else "'T'",
        "parent": {"customer": "parent", "job": "customer"}.get(kind, "NULL"),
        "toplevelparent": {"customer": "coalesce(parent, id)", "job": "customer"}.get(kind, "NULL"),
    }
    expressions = []
    for column in company.tables["entity"].columns:
        own = f'"{column.name}"' if table.column(column.name) else "NULL"
        expressions.append(f'{special.get(column.name, own)}::{column.sql_type} AS "{column.name}"')
    return f"SELECT {', '.join(expressions)} FROM main.{kind}"


def _visible_select(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.visible())
    return f'CREATE OR REPLACE VIEW suiteql."{table.name}" AS SELECT {names} FROM main."{table.name}"'


def _deletions_select(time_zone: str) -> str:
    moment = f"timezone('{_PACIFIC}', timezone('{time_zone}', deleteddate))"
    return f"SELECT type AS recordtype, recordid, name, {moment} AS deleteddate FROM main.deletedrecord"


def view_statements(company: Company, time_zone: str) -> Iterator[str]:
    """The statements that make the views; `time_zone` is the account's."""
    union = " UNION ALL ".join(_entity_select(company, kind) for kind in ENTITY_TYPES)
    yield f"CREATE OR REPLACE VIEW main.entity AS {union}"
    yield f"CREATE OR REPLACE VIEW main.deletedrecordinconnect AS {_deletions_select(time_zone)}"
    yield "CREATE SCHEMA IF NOT EXISTS suiteql"
    yield "CREATE OR REPLACE VIEW suiteql.dual AS SELECT 'X' AS dummy"
    for table in company.tables.values():
        yield _visible_select(table)
