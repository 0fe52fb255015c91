"""Reads pages of statements from the database."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from netsuite_emulator.suiteql.results import Result, ResultCache

if TYPE_CHECKING:
    import duckdb

    from netsuite_emulator.paging import Page
    from netsuite_emulator.storage import Storage
    from netsuite_emulator.suiteql.rendering import Renderer
    from netsuite_emulator.suiteql.translation import Statement

__all__ = ["RowReader"]


class RowReader:
    """Reads pages. Each shows the data as it is then: what is kept of a statement goes with the next write."""

    def __init__(self, storage: Storage, renderer: Renderer, row_limit: int) -> None:
        """Read `storage`; `row_limit` is the number of rows of a statement that can be read at all."""
        self._storage = storage
        self._renderer = renderer
        self._row_limit = row_limit
        self._results = ResultCache(storage.version)
        self._rendered = lru_cache(maxsize=500)(self._render)

    def page(self, statement: Statement, page: Page) -> tuple[list[str], int]:
        """The rows of a page as JSON texts, and the number of all rows.

        Raises:
            duckdb.Error: the statement cannot be run.
        """
        if not statement.is_timeless:
            return self._read(statement, page, Result(0))
        result = self._results.of(statement.sql)
        with result.lock:  # pages asked for at once wait for the first of them to sort the rows
            result.asked += 1
            if result.rows is None and result.asked == 1:
                return self._read(statement, page, result)
            rows, total = self._all(statement, result)
        return rows[page.offset : page.offset + page.size], total

    def _read(self, statement: Statement, page: Page, result: Result) -> tuple[list[str], int]:
        """A page by itself."""
        with self._storage.reading() as cursor:
            limited = f"SELECT * FROM ({statement.sql}) LIMIT {page.size} OFFSET {page.offset}"
            rows = self._texts(cursor, statement, limited)
            if 0 < len(rows) < page.size or (not rows and page.offset == 0 and page.size):
                result.total = page.offset + len(rows)
            return rows, self._total(cursor, statement, result)

    def _all(self, statement: Statement, result: Result) -> tuple[list[str], int]:
        """All rows that can be read."""
        if result.rows is None or result.total is None:
            with self._storage.reading() as cursor:
                total = self._total(cursor, statement, result)
                result.rows = self._texts(cursor, statement, self._first_rows(cursor, statement, total))
            result.size = sum(map(len, result.rows))
            self._results.trim()
        return result.rows, result.total or 0

    def _first_rows(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, total: int) -> str:
        """The statement for the rows that can be read.

        Sorting whole rows is what costs most. So it is asked first, of the sorting column alone, which value the last
        of them has.
        """
        limited = f"SELECT * FROM ({statement.sql})"
        if total <= self._row_limit:
            return limited
        if statement.ascending is not None:
            named = _with_names(statement, f"({statement.sql})")
            column = f"c{statement.ascending}"
            cursor.execute(f"SELECT {column} FROM {named} LIMIT 1 OFFSET {self._row_limit - 1}")
            (last,) = cursor.fetchone() or (None,)
            if last is not None:
                cursor.execute("SET VARIABLE last_value = $last", {"last": last})
                limited = f"SELECT * FROM {named} WHERE {column} <= getvariable('last_value')"
        return f"{limited} LIMIT {self._row_limit}"

    def _total(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, result: Result) -> int:
        if result.total is None:
            found = cursor.execute(f"SELECT count(*) FROM ({statement.sql})").fetchone()
            result.total = int(found[0]) if found else 0
        return result.total

    def _texts(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, rows: str) -> list[str]:
        sql = f"SELECT {self._rendered(statement)} FROM {_with_names(statement, f'({rows})')}"
        return [text for (text,) in cursor.execute(sql).fetchall()]

    def _render(self, statement: Statement) -> str:
        described = self._storage.rows(f"DESCRIBE {statement.sql}")
        return self._renderer.row_sql(statement.names, [str(column[1]) for column in described])


def _with_names(statement: Statement, rows: str) -> str:
    names = ", ".join(f"c{number}" for number in range(len(statement.names)))
    return f"{rows} AS selected({names})"
