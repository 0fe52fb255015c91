"""Pages of a statement's rows, rendered as JSON by DuckDB and kept while nothing is written."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.exchange import Page
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.storage import Storage
from netsuite_emulator.suiteql.translation import Statement

__all__ = ["Renderer", "Result", "RowReader"]


_KEPT_BYTES = 256_000_000
_KEPT_RESULTS = 1000
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
_SAMPLE = 1000
_FULL_PAGE = 1000


@dataclass
class Result:
    """What is known of a statement's rows in one state of the data.

    `total` counts all; those that can be read come as JSON, in order, once more than the first page is asked for.
    """

    version: int
    total: int | None = None
    asked: int = 0
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _rows: list[bytes] = field(default_factory=list)
    _is_begun: bool = False
    _end: Exception | bool = False
    _more: threading.Condition = field(default_factory=threading.Condition)

    def begin(self) -> bool:
        """Whether nobody reads the rows yet; the caller has to, then."""
        with self._more:
            is_first, self._is_begun = not self._is_begun, True
        return is_first

    def add(self, rows: list[bytes]) -> None:
        """Take the next rows."""
        with self._more:
            self._rows += rows
            self.size += sum(map(len, rows))
            self._more.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """There are no more, or they cannot be read."""
        with self._more:
            self._end = error or True
            self._more.notify_all()

    def slice(self, start: int, end: int) -> list[bytes]:
        """These rows, as soon as they are there.

        Raises:
            Exception: what kept the rows from being read.
        """
        with self._more:
            self._more.wait_for(lambda: self._end or len(self._rows) >= end)
            if isinstance(self._end, Exception):
                raise self._end
            return self._rows[start:end]


class ResultCache:
    """Results by statement; those that were not used for longest go first. Safe to use from several threads."""

    def __init__(self, version: Callable[[], int]) -> None:
        """`version` tells the state of the data: another number after each write."""
        self._version = version
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, sql: str) -> Result:
        """What is known of a statement in the present state of the data."""
        version = self._version()  # read before the data is: a result never seems newer than it is
        with self._lock:
            result = self._results.get(sql)
            if result is None or result.version < version:
                result = self._results[sql] = Result(version)
                if len(self._results) > _KEPT_RESULTS:
                    self._results.popitem(last=False)
            self._results.move_to_end(sql)
            return result

    def trim(self) -> None:
        """Forget what is too much to keep."""
        with self._lock:
            size = sum(result.size for result in self._results.values())
            while size > _KEPT_BYTES and len(self._results) > 1:
                _, oldest = self._results.popitem(last=False)
                size -= oldest.size


class Renderer:
    """Renders rows as JSON: every value a string, dates in the account's format, nulls left out."""

    def __init__(self, settings: Settings, calendar: AccountCalendar) -> None:
        """Take the account's way of writing."""
        self._leading_zero = settings.leading_zero
        self._date = calendar.strftime_format()
        self._moment = f"{self._date} %H:%M:%S" if settings.datetime_with_time else self._date

    def row_sql(self, names: Sequence[str], types: Sequence[str]) -> str:
        """DuckDB's expression for one of the `items` of an answer, as JSON text.

        Args:
            names: the columns' names in the answer; of those that occur twice the last one that has a value counts.
            types: DuckDB's names of the types of the columns, which are called c0, c1, ….
        """
        values: dict[str, str] = {}
        for number, (name, kind) in enumerate(zip(names, types, strict=True)):
            value = self._value(f"c{number}", kind)
            values[name] = f"coalesce({value}, {values[name]})" if name in values else value
        keys = {name: _quoted(f",{json.dumps(name, ensure_ascii=False)}:") for name in values}
        parts = ["'{\"links\":[]'", *(f"{keys[name]} || {value}" for name, value in values.items()), "'}'"]
        return f"concat({', '.join(parts)})"  # which leaves nulls out

    def _value(self, column: str, kind: str) -> str:  # noqa: PLR0911 - one for each type
        if kind in _INTEGERS:
            return _in_quotes(f"{column}::VARCHAR")
        if kind == "DATE":
            return _in_quotes(f"strftime({column}, {_quoted(self._date)})")
        if kind.startswith("TIMESTAMP"):
            return _in_quotes(f"strftime({column}, {_quoted(self._moment)})")
        if kind.startswith("DECIMAL"):
            text = f"{column}::VARCHAR"
            return _in_quotes(self._number(text if kind.endswith(",0)") else f"regexp_replace({text}, '[.]?0+$', '')"))
        if kind in ("DOUBLE", "FLOAT"):
            return _in_quotes(self._number(f"ora_fixed({column}::DOUBLE::VARCHAR)"))
        if kind == "BOOLEAN":
            return f"""CASE WHEN {column} THEN '"T"' WHEN NOT {column} THEN '"F"' END"""
        return f"to_json(nullif({column}::VARCHAR, ''))::VARCHAR"  # Oracle's empty string is null

    def _number(self, text: str) -> str:
        return text if self._leading_zero else f"regexp_replace({text}, '^(-?)0[.]', '\\1.')"


def _in_quotes(text: str) -> str:
    return f"""'"' || {text} || '"'"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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
                return self._read(statement, page, result)
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
            found = cursor.execute(f"SELECT count(*) FROM ({statement.counted})").fetchone()
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
