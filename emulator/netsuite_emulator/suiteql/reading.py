"""Reads pages of statements from the database."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from netsuite_emulator.suiteql.results import Result, ResultCache

if TYPE_CHECKING:
    from netsuite_emulator.paging import Page
    from netsuite_emulator.storage import Storage
    from netsuite_emulator.suiteql.rendering import Renderer
    from netsuite_emulator.suiteql.translation import Statement

__all__ = ["RowReader"]

_SAMPLE = 1000
_FULL_PAGE = 1000


class RowReader:
    """Reads pages. Each shows the data as it is then: what is kept of a statement goes with the next write."""

    def __init__(self, storage: Storage, renderer: Renderer, row_limit: int) -> None:
        """Read `storage`; `row_limit` is the number of rows of a statement that can be read at all."""
        self._storage = storage
        self._renderer = renderer
        self._row_limit = row_limit
        self._results = ResultCache(storage.version)
        self._rendered = lru_cache(maxsize=500)(self._render)

    def page(self, statement: Statement, page: Page) -> tuple[list[bytes], int]:
        """The rows of a page as JSON, and the number of all rows.

        Raises:
            duckdb.Error: the statement cannot be run.
        """
        if not statement.is_timeless:
            return self._read(statement, page, Result(0))
        result = self._results.of(statement.sql)
        with result.lock:  # pages asked for at once wait for the first of them
            result.asked += 1
            if result.asked == 1:
                if page.offset:  # others are sure to follow
                    self._read_ahead(statement, result)
                rows, total = self._read(statement, page, result)
                if len(rows) == _FULL_PAGE < total:
                    self._read_ahead(statement, result)
                return rows, total
        self._read_ahead(statement, result)
        rows = result.slice(page.offset, page.offset + page.size)
        return rows, result.total or 0

    def _read(self, statement: Statement, page: Page, result: Result) -> tuple[list[bytes], int]:
        """A page by itself."""
        with self._storage.reading() as cursor:
            all_rows = statement.sql
            if page.offset:
                all_rows = self._first_rows(cursor, statement, self._total(cursor, statement, result))
            limited = f"SELECT * FROM ({all_rows}) LIMIT {page.size} OFFSET {page.offset}"
            rows = self._texts(cursor, statement, limited)
            if 0 < len(rows) < page.size or (not rows and page.offset == 0 and page.size):
                result.total = page.offset + len(rows)
            return rows, self._total(cursor, statement, result)

    def _read_ahead(self, statement: Statement, result: Result) -> None:
        """Read all rows in their order, unless somebody does, while the caller still waits for a page or reads one."""
        if result.begin():
            threading.Thread(target=self._all, args=(statement, result), daemon=True).start()

    def _all(self, statement: Statement, result: Result) -> None:
        """All rows that can be read, those of the first pages first."""
        try:
            with self._storage.reading() as cursor:
                rows = self._first_rows(cursor, statement, self._total(cursor, statement, result))
                cursor.execute(self._as_texts(statement, rows))
                while texts := cursor.fetchmany(_FULL_PAGE):
                    result.add([text for (text,) in texts])
        except Exception as error:  # noqa: BLE001 - raised where the rows are asked for
            result.end(error)
        else:
            result.end()
        self._results.trim()

    def _first_rows(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, total: int) -> str:
        """The statement for the rows that can be read.

        Sorting whole rows is what costs most. So rows that come after them in any case are left out before.
        """
        if total <= self._row_limit:
            return f"SELECT * FROM ({statement.sql})"
        named = _with_names(statement, f"({statement.sql})")
        if statement.ascending is None:
            return f"SELECT * FROM {named} LIMIT {self._row_limit}"
        column = f"c{statement.ascending}"
        cursor.execute("SET VARIABLE bound = $bound", {"bound": self._bound(cursor, named, column)})
        kept = f"getvariable('bound') IS NULL OR {column} <= getvariable('bound')"
        return f"SELECT * FROM {named} WHERE {kept} LIMIT {self._row_limit}"

    def _bound(self, cursor: duckdb.DuckDBPyConnection, named: str, column: str) -> Any:
        """A value that the sorting column does not exceed in the rows that can be read; None where it can be null."""
        sample = f"SELECT {column} FROM {named} LIMIT {_SAMPLE}"
        lowest, highest = cursor.execute(f"SELECT min({column}), max({column}) FROM ({sample})").fetchone() or (None, 0)
        if isinstance(lowest, int):  # with keys spread evenly a guess is enough, and cheaper than to sort all keys
            guess = lowest + (highest - lowest) * self._row_limit * 6 // (_SAMPLE * 5)
            found = cursor.execute(f"SELECT count(*) FROM {named} WHERE {column} <= {guess}").fetchone()
            if found is not None and found[0] >= self._row_limit:
                return guess
        last = cursor.execute(f"SELECT {column} FROM {named} LIMIT 1 OFFSET {self._row_limit - 1}").fetchone()
        return None if last is None else last[0]

    def _total(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, result: Result) -> int:
        if result.total is None:
            found = cursor.execute(f"SELECT count(*) FROM ({statement.sql})").fetchone()
            result.total = int(found[0]) if found else 0
        return result.total

    def _texts(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, rows: str) -> list[bytes]:
        return [text for (text,) in cursor.execute(self._as_texts(statement, rows)).fetchall()]

    def _as_texts(self, statement: Statement, rows: str) -> str:
        # As bytes they need not be decoded here and encoded again.
        return f"SELECT encode({self._rendered(statement)}) FROM {_with_names(statement, f'({rows})')}"

    def _render(self, statement: Statement) -> str:
        described = self._storage.rows(f"DESCRIBE {statement.sql}")
        return self._renderer.row_sql(statement.names, [str(column[1]) for column in described])


def _with_names(statement: Statement, rows: str) -> str:
    names = ", ".join(f"c{number}" for number in range(len(statement.names)))
    return f"{rows} AS selected({names})"
