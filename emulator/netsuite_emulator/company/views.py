"""The views over the stored tables: tables that are made of others, what is posted, and what SuiteQL may see.

A table that follows from others is not stored, so that it is right whatever is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from netsuite_emulator.company.description import Column, Company, Table

__all__ = ["ENTITY_TYPES", "VIEWS", "view_statements"]

_STORED_SEPARATOR = ", "  # between the ids of a multi-select
# The tables that are not stored.
VIEWS = (
    "entity", "deletedrecordinconnect", "accountingbooksubsidiaries", "accountingperiodfiscalcalendars",
    "customersubsidiaryrelationship", "fiscalcalendar", "locationmainaddress", "nexus", "vendorcategory",
    "vendorsubsidiaryrelationship",
)  # fmt: skip

_SALES = 54  # the account of lines that name none
_PACIFIC = "America/Los_Angeles"

# The entity tables and how the column `type` of `entity` names them.
ENTITY_TYPES = {"customer": "CustJob", "vendor": "Vendor", "employee": "Employee", "contact": "Contact", "job": "Job"}


# What they are made of; columns that a statement leaves out are null.
_DERIVED = {
    "accountingbooksubsidiaries": (
        "SELECT b.id AS accountingbook, s.id AS subsidiary, 'ACTIVE' AS status "
        "FROM main.accountingbook b JOIN main.subsidiary s ON b.id = 1 OR s.id = 2"
    ),
    "fiscalcalendar": (
        "FROM (VALUES (1, 'Standard Fiscal Calendar', 'JAN', 'T'), (2, 'April to March', 'APR', 'F')) "
        "AS v(id, name, fiscalmonth, isdefault)"
    ),
    "nexus": (
        "SELECT *, 'F' AS isinactive FROM (VALUES (1, 'US', 'California', 'CA'), (2, 'DE', 'Germany', NULL), "
        "(3, 'GB', 'United Kingdom', NULL)) AS v(id, country, description, state)"
    ),
    # In the calendar that begins in April the first quarter of a year belongs to the fiscal year before.
    "accountingperiodfiscalcalendars": (
        "SELECT p.id AS accountingperiod, c.id AS fiscalcalendar, p.periodname AS fullname, "
        "CASE WHEN c.id = 2 AND p.isquarter = 'T' AND month(p.startdate) = 1 THEN earlier.id ELSE p.parent END "
        "AS parent "
        "FROM main.accountingperiod p CROSS JOIN (VALUES (1), (2)) AS c(id) LEFT JOIN main.accountingperiod earlier "
        "ON earlier.isyear = 'T' AND year(earlier.startdate) = year(p.startdate) - 1"
    ),
    "locationmainaddress": (
        "SELECT a.*, l.id AS recordowner FROM main.location l JOIN main.entityaddress a ON a.nkey = l.mainaddress"
    ),
    "vendorcategory": (
        "SELECT id::BIGINT AS id, name, CASE name WHEN 'Tax Agency' THEN 'T' ELSE 'F' END AS istaxagency, "
        "'F' AS isinactive FROM main.choice WHERE list = 'vendorcategory'"
    ),
    "customersubsidiaryrelationship": (
        "SELECT id, coalesce(altname, companyname) AS name, id AS entity, subsidiary, 'T' AS isprimarysub, "
        "currency AS primarycurrency, balancesearch AS balance, lastmodifieddate FROM main.customer"
    ),
    "vendorsubsidiaryrelationship": (
        "SELECT id, companyname AS name, id AS entity, subsidiary, 'T' AS isprimarysub, "
        "currency AS primarycurrency, balance, lastmodifieddate FROM main.vendor"
    ),
}


def _derived_select(table: Table) -> str:
    columns = ", ".join(f'NULL::{column.sql_type} AS "{column.name}"' for column in table.columns)
    return f"SELECT {columns} WHERE false UNION ALL BY NAME {_DERIVED[table.name]}"


def _posted_select(*, one_world: bool) -> str:
    """The accounting lines that follow from the lines of posting transactions, in each book they belong to.

    Amounts are those of the lines in the base currency, rounded; the first line of a transaction, its main line where
    it has one, takes what rounding leaves, so that each transaction balances in each book.
    """
    of_second_book = "t.subsidiary = 2" if one_world else "true"
    return (
        "SELECT transaction, transactionline, accountingbook, account, accttype AS accounttype, exchangerate, amount, "
        "amount AS netamount, CASE WHEN amount >= 0 THEN amount END AS debit, "
        "CASE WHEN amount < 0 THEN -amount END AS credit, 'T' AS posting FROM ("
        "SELECT *, rounded - CASE WHEN transactionline = min(transactionline) OVER lines "
        "THEN sum(rounded) OVER lines ELSE 0 END AS amount FROM ("
        "SELECT l.transaction, l.id AS transactionline, b.id AS accountingbook, a.id AS account, a.accttype, "
        "l.foreignamount, t.exchangerate, coalesce(round(l.foreignamount * t.exchangerate, 2), 0) AS rounded "
        'FROM main.transactionline l JOIN main."transaction" t ON t.id = l.transaction '
        f"JOIN main.accountingbook b ON b.id = 1 OR {of_second_book} "
        f"JOIN main.account a ON a.id = coalesce(l.expenseaccount, {_SALES}) WHERE t.posting = 'T') "
        "WINDOW lines AS (PARTITION BY transaction, accountingbook)) WHERE foreignamount <> 0 OR amount <> 0"
    )


def _entity_select(company: Company, kind: str) -> str:
    table = company.tables[kind]
    special = {
        "type": f"'{ENTITY_TYPES[kind]}'",
        "entitytitle": f"({table.display})",
        kind: "id",
        "project": "id" if kind == "job" else "NULL",
        "isperson": "isperson" if table.column("isperson") else "'T'",
        "parent": {"customer": "parent", "job": "customer"}.get(kind, "NULL"),
        "toplevelparent": {"customer": "coalesce(parent, id)", "job": "customer"}.get(kind, "NULL"),
    }
    expressions = []
    for column in company.tables["entity"].columns:
        own = f'"{column.name}"' if table.column(column.name) else "NULL"
        expressions.append(f'{special.get(column.name, own)}::{column.sql_type} AS "{column.name}"')
    return f"SELECT {', '.join(expressions)} FROM main.{kind}"


def _visible_select(table: Table, separator: str) -> str:
    names = ", ".join(_shown(column, separator) for column in table.visible())
    return f'CREATE OR REPLACE VIEW suiteql."{table.name}" AS SELECT {names} FROM main."{table.name}"'


def _shown(column: Column, separator: str) -> str:
    name = f'"{column.name}"'
    if column.kind != "multiselect" or separator == _STORED_SEPARATOR:
        return name
    escaped = separator.replace("'", "''")
    return f"replace({name}, '{_STORED_SEPARATOR}', '{escaped}') AS {name}"


def _deletions_select(time_zone: str) -> str:
    moment = f"timezone('{_PACIFIC}', timezone('{time_zone}', deleteddate))"
    return f"SELECT type AS recordtype, recordid, name, {moment} AS deleteddate FROM main.deletedrecord"


def view_statements(company: Company, time_zone: str, separator: str = _STORED_SEPARATOR) -> Iterator[str]:
    """The statements that make the views.

    Args:
        company: what there is.
        time_zone: the account's.
        separator: what SuiteQL shows between the ids of a multi-select.
    """
    union = " UNION ALL ".join(_entity_select(company, kind) for kind in ENTITY_TYPES)
    yield f"CREATE OR REPLACE VIEW main.entity AS {union}"
    yield f"CREATE OR REPLACE VIEW main.deletedrecordinconnect AS {_deletions_select(time_zone)}"
    for name in _DERIVED:
        if name in company.tables:
            yield f"CREATE OR REPLACE VIEW main.{name} AS {_derived_select(company.tables[name])}"
    yield f"CREATE OR REPLACE VIEW main.posted AS {_posted_select(one_world=company.one_world)}"
    yield "CREATE SCHEMA IF NOT EXISTS suiteql"
    yield "CREATE OR REPLACE VIEW suiteql.dual AS SELECT 'X' AS dummy"
    for table in company.tables.values():
        if table.visible():
            yield _visible_select(table, separator)
