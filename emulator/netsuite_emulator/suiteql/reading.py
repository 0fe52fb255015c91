"""Reads pages of statements from the database."""

from __future__ import annotations

import contextlib
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
        with result.lock:  # pages asked for at once wait for the first of them to sort the rows
            result.asked += 1
            if result.rows is None and result.asked == 1:
                rows, total = self._read(statement, page, result)
                if len(rows) == _FULL_PAGE < total:
                    threading.Thread(target=self._read_ahead, args=(statement, result), daemon=True).start()
                return rows, total
            rows, total = self._all(statement, result)
        return rows[page.offset : page.offset + page.size], total

    def _read(self, statement: Statement, page: Page, result: Result) -> tuple[list[bytes], int]:
        """A page by itself."""
        with self._storage.reading() as cursor:
            limited = f"SELECT * FROM ({statement.sql}) LIMIT {page.size} OFFSET {page.offset}"
            rows = self._texts(cursor, statement, limited)
            if 0 < len(rows) < page.size or (not rows and page.offset == 0 and page.size):
                result.total = page.offset + len(rows)
            return rows, self._total(cursor, statement, result)

    def _read_ahead(self, statement: Statement, result: Result) -> None:
        """Sort the rows while the caller still waits for the first page, or reads it."""
        with result.lock, contextlib.suppress(duckdb.Error):  # the emulator may have ended; who asks next is told
            self._all(statement, result)

    def _all(self, statement: Statement, result: Result) -> tuple[list[bytes], int]:
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
        # As bytes they need not be decoded here and encoded again.
        sql = f"SELECT encode({self._rendered(statement)}) FROM {_with_names(statement, f'({rows})')}"
        return [text for (text,) in cursor.execute(sql).fetchall()]

    def _render(self, statement: Statement) -> str:
        described = self._storage.rows(f"DESCRIBE {statement.sql}")
        return self._renderer.row_sql(statement.names, [str(column[1]) for column in described])


def _with_names(statement: Statement, rows: str) -> str:
    names = ", ".join(f"c{number}" for number in range(len(statement.names)))
    return f"{rows} AS selected({names})"
