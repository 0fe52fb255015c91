"""Makes the tables of a company and fills them with the sample, where a database does not have them yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import duckdb

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.bulk import bulk_tables, fill_statement
from netsuite_emulator.company.choices import CHOICES
from netsuite_emulator.company.description import Column, Company, Sublist, Table, load_tables
from netsuite_emulator.company.record_types import build_company
from netsuite_emulator.company.sample import generator
from netsuite_emulator.company.settings import UNIQUE_TEXTS, CompanySettings
from netsuite_emulator.company.shape import (
    RECORD_COLUMNS,
    column_statements,
    line_statements,
    read_shape,
    row_statements,
)
from netsuite_emulator.company.views import VIEWS, view_statements
from netsuite_emulator.options import SettingsError
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


_NEW_RECORDS = 10
# What no SuiteQL table shows.
_SERVICE_TABLES = (ATTACHMENT_TABLE, *FILE_TABLES)


def make_company(
    connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company, calendar: AccountCalendar
) -> None:
    """Make what is missing in a database, which may be empty, and may hold the company already."""
    statements = [
        *macro_statements(calendar),
        *view_statements(company, settings.time_zone, settings.multi_select_separator),
        *_SERVICE_TABLES,  # a data file may be from before there were any
    ]
    made_of = repr([statements, [*map(_create_statement, company.tables.values())]])
    digest = hashlib.sha256(made_of.encode()).hexdigest()
    connection.begin()  # one transaction: a data file is flushed once
    if not _was_made_with(connection, digest):
        if not _has_company(connection):
            _create(connection, settings, company)
        _add_bulk(connection, settings, company)
        for statement in (*statements, f"CREATE OR REPLACE VIEW main.made_with AS SELECT '{digest}' AS statements"):
            connection.execute(statement)
    connection.commit()


def _has_company(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'transactionline'").fetchone()
    return found is not None and found[0] > 0


def _was_made_with(connection: duckdb.DuckDBPyConnection, digest: str) -> bool:
    """Whether a data file has these very tables, macros and views already."""
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
    made = {table.name for table in _create_tables(connection, company)}
    of_shape = made - load_tables().keys() - _fill_big(connection, settings, made)
    lines = [(kind, one) for kind in company.record_types.values() for one in kind.sublists if one.table in of_shape]
    for name in sorted(of_shape - {sublist.table for _, sublist in lines}):
        for statement in row_statements(shape, company.tables[name], settings.table_rows):
            connection.execute(statement)
    known = _known_columns(connection)
    stored = [table for table in company.tables.values() if table.name not in VIEWS]
    added = {table.name: _add_columns(connection, table, known[table.name]) for table in stored}
    if shape.types is not None:
        _add_records(connection, company)
    for kind, sublist in lines:
        for statement in line_statements(company, kind, sublist):
            connection.execute(statement)
    added |= {name: _not_given(company, name, [one for _, one in lines if one.table == name]) for name in of_shape}
    for name in added.keys() - shape.lists.keys():
        for statement in column_statements(company, company.tables[name], added[name]):
            connection.execute(statement)
    for name, rows in settings.table_rows.items():
        if name.lower() not in of_shape:
            _grow(connection, company, company.tables[name.lower()], rows)


def _not_given(company: Company, name: str, sublists: list[Sublist]) -> list[Column]:
    """The columns of a table of the shape that got no values when its rows were made."""
    given = {*RECORD_COLUMNS, *company.tables[name].key, *(sublist.parent for sublist in sublists)}
    given |= {column.name for sublist in sublists for column in sublist.numbers}
    return [column for column in company.tables[name].columns if column.name not in given]


def _fill_big(connection: duckdb.DuckDBPyConnection, settings: Settings, made: Iterable[str]) -> set[str]:
    """Fill the big tables and those of the many small types that were made a moment ago; their names are returned."""
    big = {table.name for table in bulk_tables(settings.big_tables, settings.custom_record_types)}.intersection(made)
    for name in sorted(big):
        connection.execute(fill_statement(name, settings.big_tables, dense=settings.dense_ids))
    return big


def _add_records(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Give each type that shares its table with others some records, copies of theirs, where it has none."""
    for kind in company.record_types.values():
        table = company.tables[kind.table]
        condition = " AND ".join(f'"{name}" = ?' for name, _ in kind.constants) or "true"
        values = [value for _, value in kind.constants]
        found = connection.execute(f'SELECT count(*) FROM "{table.name}" WHERE {condition}', values).fetchone()
        if kind.constants and found == (0,):
            present, _ = _extent(connection, company, table)
            _copy_rows(connection, company, table, min(present, _NEW_RECORDS), dict(kind.constants))


def _grow(connection: duckdb.DuckDBPyConnection, company: Company, table: Table, rows: int) -> None:
    """Copy rows of a table, each with its own id and names, until there are as many as are wanted.

    Raises:
        SettingsError: there are more already.
    """
    present, _ = _extent(connection, company, table)
    if rows < present:
        raise SettingsError(
            f"The table {table.name} has {present} rows of the sample company, so it cannot get {rows}: choose more, "
            "or a smaller scale."
        )
    _copy_rows(connection, company, table, rows - present, {})


def _copy_rows(
    connection: duckdb.DuckDBPyConnection, company: Company, table: Table, copies: int, values: Mapping[str, str]
) -> None:
    """Add copies of a table's rows, each with its own id and names and with these values."""
    present, highest = _extent(connection, company, table)
    key = f'"{table.key[0]}"'
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE copied AS SELECT s.id AS model, ? + g.i AS made FROM range(1, ?) g(i) "
        f'JOIN (SELECT {key} AS id, row_number() OVER (ORDER BY {key}) AS n FROM "{table.name}") s '
        "ON s.n = (g.i - 1) % ? + 1",
        [highest, copies + 1, max(present, 1)],
    )
    own = {table.key[0]: "made", "recordid": "made", "externalid": "NULL"}
    own |= {name: f"\"{name}\" || '-' || made" for name in UNIQUE_TEXTS}
    own |= {name: "'" + value.replace("'", "''") + "'" for name, value in values.items()}
    _copy(connection, table, table.key[0], own)
    if table.name == "transaction":
        lines = company.tables["transactionline"]
        _, last = _extent(connection, company, lines)
        _copy(connection, lines, "transaction", {"transaction": "made", "uniquekey": f"{last} + row_number() OVER ()"})
        _copy(connection, company.tables["transactionaccountingline"], "transaction", {"transaction": "made"})


def _extent(connection: duckdb.DuckDBPyConnection, company: Company, table: Table) -> tuple[int, int]:
    """How many rows a table has, and the highest id among those that share ids with it."""
    sharing = [one for one in company.tables.values() if one.space == table.space and one.name not in VIEWS]
    ids = " UNION ALL ".join(f'SELECT max("{one.key[0]}") AS id FROM "{one.name}"' for one in sharing)
    row = connection.execute(
        f'SELECT (SELECT count(*) FROM "{table.name}"), coalesce(max(id), 0) FROM ({ids})'
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, column: str, own: Mapping[str, str]) -> None:
    """Copy the rows of a table whose column holds a model, with these columns of their own."""
    replaced = ", ".join(f'{value} AS "{name}"' for name, value in own.items() if table.column(name))
    connection.execute(
        f'INSERT INTO "{table.name}" SELECT * EXCLUDE (model, made) REPLACE ({replaced}) '
        f'FROM copied JOIN "{table.name}" ON "{table.name}"."{column}" = copied.model'
    )


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
