"""Makes the tables of a company and fills them with the sample, where a database does not have them yet."""

from __future__ import annotations

import hashlib

import duckdb

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.bulk import fill_statement
from netsuite_emulator.company.choices import CHOICES
from netsuite_emulator.company.description import Column, Company, Table
from netsuite_emulator.company.record_types import build_company
from netsuite_emulator.company.sample import generator
from netsuite_emulator.company.settings import CompanySettings
from netsuite_emulator.company.shape import RECORD_COLUMNS, column_statements, read_shape, row_statements
from netsuite_emulator.company.views import VIEWS, view_statements
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.functions import macro_statements

__all__ = ["make_company"]


_FILE = "id BIGINT, name VARCHAR, folder BIGINT, mediatype VARCHAR, content BLOB, lastmodified TIMESTAMP"
FILE_TABLES = (
    "CREATE TABLE IF NOT EXISTS folder (id BIGINT, name VARCHAR, parent BIGINT, lastmodified TIMESTAMP)",
    f"CREATE TABLE IF NOT EXISTS file ({_FILE})",
)


ATTACHMENT_TABLE = (
    "CREATE TABLE IF NOT EXISTS attachment "
    "(recordtype VARCHAR, record BIGINT, attachedtype VARCHAR, attached BIGINT, role VARCHAR)"
)


# What no SuiteQL table shows.
_SERVICE_TABLES = (ATTACHMENT_TABLE, *FILE_TABLES)


def make_company(
    connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company, calendar: AccountCalendar
) -> None:
    """Make what is missing in a database, which may be empty, and may hold the company already."""
    connection.begin()  # one transaction: a data file is flushed once
    if not _has_company(connection):
        _create(connection, settings, company)
    _add_bulk(connection, settings, company)
    statements = [
        *macro_statements(calendar),
        *view_statements(company, settings.time_zone, settings.multi_select_separator),
        *_SERVICE_TABLES,  # a data file may be from before there were any
    ]
    digest = hashlib.sha256(repr([statements, [*map(_create_statement, company.tables.values())]]).encode()).hexdigest()
    if not _was_made_with(connection, digest):
        for statement in (*statements, f"CREATE OR REPLACE VIEW main.made_with AS SELECT '{digest}' AS statements"):
            connection.execute(statement)
    connection.commit()


def _has_company(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'transactionline'").fetchone()
    return found is not None and found[0] > 0


def _was_made_with(connection: duckdb.DuckDBPyConnection, digest: str) -> bool:
    """Whether the macros and views of a data file are from these very statements, and need not be made again."""
    found = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'made_with'").fetchone()
    return found is not None and digest in found[0]


def _create(connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company) -> None:
    full = build_company(CompanySettings())
    _create_tables(connection, full)
    _create_choices(connection)
    for statement in view_statements(full, settings.time_zone):
        connection.execute(statement)
    generator.fill(connection, settings)
    if not settings.one_world:
        _leave_out_subsidiaries(connection, full, company)


def _add_bulk(connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company) -> None:
    """Add the tables and columns that the sample does not have, and a data file not yet."""
    shape = read_shape(settings.shape)
    shaped = shape.added_tables()
    made = _create_tables(connection, company)
    for table in made:
        if table.name in shaped:
            for statement in row_statements(shape, table, settings.table_rows):
                connection.execute(statement)
        else:
            connection.execute(fill_statement(table.name, settings.big_tables, dense=settings.dense_ids))
    known = _known_columns(connection)
    for table in company.tables.values():
        added = [] if table.name in VIEWS else _add_columns(connection, table, known[table.name])
        if table in made and table.name in shaped and table.name not in shape.lists:
            added = [column for column in table.columns if column.name not in (*RECORD_COLUMNS, *table.key)]
        for statement in column_statements(company, table, added):
            connection.execute(statement)


def _known_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of each table, asked for at once: DuckDB walks through all of them however few are wanted."""
    found = connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE schema_name = 'main' GROUP BY table_name"
    )
    return dict(found.fetchall())


def _add_columns(connection: duckdb.DuckDBPyConnection, table: Table, known: list[str]) -> list[Column]:
    """Add the columns that a table lacks; those are returned."""
    added = [column for column in table.columns if column.name not in known]
    for column in added:
        connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {_declared(column)}')
    return added


def _create_tables(connection: duckdb.DuckDBPyConnection, company: Company) -> list[Table]:
    """Create the tables that are not there; those are returned."""
    found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()
    known = {name for (name,) in found}.union(VIEWS)
    missing = [table for table in company.tables.values() if table.name not in known]
    for table in missing:
        connection.execute(_create_statement(table))
    return missing


def _create_choices(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE choice (list VARCHAR, id VARCHAR, name VARCHAR)")
    values = [(kind, key, name) for kind, names in CHOICES.items() for key, name in names.items()]
    marks = ", ".join(["(?, ?, ?)"] * len(values))
    connection.execute(f"INSERT INTO choice VALUES {marks}", [part for value in values for part in value])


def _leave_out_subsidiaries(connection: duckdb.DuckDBPyConnection, full: Company, company: Company) -> None:
    connection.execute("DROP SCHEMA suiteql CASCADE")
    for view in ("posted", *VIEWS):
        connection.execute(f"DROP VIEW main.{view}")
    for table in full.tables.values():
        if table.name in VIEWS:
            continue
        kept = company.tables.get(table.name)
        if kept is None:
            connection.execute(f'DROP TABLE "{table.name}"')
            continue
        for column in table.columns:
            if kept.column(column.name) is None:
                connection.execute(f'ALTER TABLE "{table.name}" DROP COLUMN "{column.name}"')
    connection.execute(  # without subsidiaries every transaction is in every book
        "DELETE FROM transactionaccountingline WHERE accountingbook <> 1; "
        "INSERT INTO transactionaccountingline SELECT l.* REPLACE (b.id AS accountingbook) "
        "FROM transactionaccountingline l JOIN accountingbook b ON b.id <> 1 WHERE l.accountingbook = 1"
    )


def _create_statement(table: Table) -> str:
    return f'CREATE TABLE "{table.name}" ({", ".join(map(_declared, table.columns))})'


def _declared(column: Column) -> str:
    return f'"{column.name}" {column.sql_type}{" DEFAULT " + repr("F") if column.kind == "flag" else ""}'
