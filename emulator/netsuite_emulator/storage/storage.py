"""The rows of the account in DuckDB: one connection a thread, one writer at a time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Company, Table
from netsuite_emulator.company.record_types import build_company
from netsuite_emulator.company.settings import SAMPLE_SETTINGS
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.company_tables import make_company
from netsuite_emulator.storage.lookups import Lookups
from netsuite_emulator.storage.pending_rows import PendingRows, fits

__all__ = ["Storage", "make_company_file"]


_MOST_REMEMBERED = 100_000
_MOST_PENDING = 1000
_TRIES_TO_CLOSE = 100
_PAUSE = 0.05  # seconds


class Storage:
    """The database of one emulated account.

    Each thread has its own connection and sees the last committed state. Writers take turns. Rows that are written
    one by one stay in memory until someone reads: DuckDB takes them many at a time, at a hundredth of the cost. So an
    emulator that is killed, not stopped, loses the last of them, also with a data file.

    Attributes:
        lookups: what those who write look up; only for a thread that is `writing` or `drafting`.
    """

    def __init__(self, settings: Settings, company: Company, calendar: AccountCalendar) -> None:
        """Open the data file, or memory, and fill it with the sample company where it is empty."""
        self._root = duckdb.connect(str(settings.data_file) if settings.data_file else ":memory:")
        self._threads = threading.local()
        self._writer = threading.RLock()
        self._company = company
        make_company(self._root, settings, company, calendar)
        self._next_ids: dict[str, int] = {}
        self._version = 0
        self._bringer = self._root.cursor()
        self._pending = PendingRows()
        self._staged = PendingRows()
        self._begun = False
        self.lookups = Lookups(self.rows)
        self._remembered: tuple[int, dict[Any, Any]] = (0, {})

    @property
    def is_writing(self) -> bool:
        """Whether this thread is `writing` or `drafting`."""
        return getattr(self._threads, "writes", False)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._ready(sql).execute(sql, list(parameters)).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        return self._ready(sql).execute(sql, list(parameters)).fetchone()

    def rows_of(self, table: Table, column: str, value: int, names: Sequence[str]) -> list[dict[str, Any]]:
        """The rows that have a value in a column, while this thread writes; what is pending can stay so.

        Args:
            table: where they are; its key is one column.
            column: the key, or one that no row gets another value in.
            value: what they have there.
            names: the columns to return, at least; the key and this column are among them.
        """
        listed = ", ".join(f'"{name}"' for name in names)
        sql = f'SELECT {listed} FROM "{table.name}" WHERE "{column}" = ?'
        cursor = self._ready(sql) if self._begun else self._cursor()
        found = cursor.execute(sql, [value]).fetchall()
        rows = {row[table.key[0]]: row for row in (dict(zip(names, values, strict=True)) for values in found)}
        if not self._begun:
            self._pending.bring_up_to_date(table, column, value, rows)
            self._staged.bring_up_to_date(table, column, value, rows)
        return list(rows.values())

    def insert(self, table: Table, values: dict[str, Any]) -> None:
        """Add a row, while this thread writes; columns left out take their defaults."""
        if fits(table, values):
            self._staged.insert(table, values)
        else:
            names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
            self.rows(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(values.values()))
        if len(table.key) == 1:
            self.lookups.put(table, values[table.key[0]], values)

    def update(self, table: Table, key: int, values: dict[str, Any]) -> None:
        """Change the row with this key, while this thread writes."""
        if fits(table, values):
            self._staged.update(table, key, values)
        else:
            settings = ", ".join(f'"{name}" = ?' for name in values)
            sql = f'UPDATE "{table.name}" SET {settings} WHERE "{table.key[0]}" = ?'
            self.rows(sql, [*values.values(), key])
        self.lookups.put(table, key, values)

    def remove(self, table: Table, column: str, value: int) -> None:
        """Delete the rows that have a value in a column, while this thread writes: for records that are deleted."""
        self.lookups.remove(table, column, value)
        self._staged.remove(table, column, value)

    def derive(self, table: Table, view: str, column: str, value: int, now: datetime, *, can_wait: bool) -> None:
        """Replace the rows that have a value in a column by what a view has of them, last modified now.

        It can wait with other writes where DuckDB is sure to take what the view has.
        """
        self._staged.derive(table, view, column, value, now)
        if not can_wait:
            self._execute_staged()

    def version(self) -> int:
        """The state of the data: another number after each write."""
        return self._version

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction: all that this thread executes in it is kept together, or nothing of it."""
        with self._transaction():
            yield
            if self._begun:  # a write is all in DuckDB or all pending, so that nobody reads half of it
                self._execute_staged()
                self._cursor().commit()
                self._begun = False
            self._pending.append(self._staged)
            self.lookups.begin()
            self._version += 1
            if len(self._pending) >= _MOST_PENDING:
                self._bring()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction in which this thread sees one state of the data."""
        self._bring()
        cursor = self._cursor()
        cursor.begin()
        try:
            yield cursor
        finally:
            cursor.rollback()

    @contextmanager
    def drafting(self) -> Iterator[None]:
        """A transaction that is undone at its end: only this thread sees what it executes in it."""
        with self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Let this thread write alone; what is not committed at the end is undone."""
        with self._writer:
            self._threads.writes = True
            self.lookups.begin()
            try:
                yield
            finally:
                self._threads.writes = False
                self.lookups.undo()
                self._staged = PendingRows()
                if self._begun:
                    self._begun = False
                    self._cursor().rollback()

    def _ready(self, sql: str) -> duckdb.DuckDBPyConnection:
        """This thread's connection, which sees everything that was written before."""
        if not self.is_writing:
            self._bring()
            return self._cursor()
        self._execute_staged()
        self.lookups.note(sql)
        return self._cursor()

    def _execute_staged(self) -> None:
        """Bring what this thread has written into its own transaction, which begins here unless it has."""
        if not self._begun:
            self._bring()
            self._cursor().begin()
            self._begun = True
        if len(self._staged):
            staged, self._staged = self._staged, PendingRows()
            self.lookups.note_change()
            for statement, parameters in staged.statements():
                self._cursor().execute(statement, parameters)

    def _bring(self) -> None:
        """Bring what is committed and pending into DuckDB; who comes while it is done waits for it."""
        if not len(self._pending):
            return
        with self._writer:
            self._bringer.begin()
            try:
                for statement, parameters in self._pending.statements():
                    self._bringer.execute(statement, parameters)
            except BaseException:
                self._bringer.rollback()
                raise
            self._bringer.commit()
            self._pending = PendingRows()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's connection."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._threads, "cursor", None)
        if cursor is None:
            cursor = self._threads.cursor = self._root.cursor()
        return cursor

    def remembered(self) -> dict[Any, Any]:
        """A place for what was looked up, until the next write; one that nobody shares where this thread writes."""
        version = self._version
        if self.is_writing:
            return {}
        if self._remembered[0] != version or len(self._remembered[1]) > _MOST_REMEMBERED:
            self._remembered = (version, {})
        return self._remembered[1]

    def next_id(self, table: Table) -> int:
        """An id that no row of the table, nor of the tables sharing its ids, has had."""
        with self._writer:
            if table.space not in self._next_ids:
                self._next_ids[table.space] = self._highest_id(table.space)
            self._next_ids[table.space] += 1
            return self._next_ids[table.space]

    def close(self) -> None:
        """Close the database; a data file holds everything afterwards."""
        with contextlib.suppress(duckdb.Error):
            self._bring()
        with contextlib.suppress(duckdb.Error):  # a request that is cut off may still read
            self._root.execute("CHECKPOINT")
        for _ in range(_TRIES_TO_CLOSE):
            try:
                self._root.close()
            except duckdb.Error:  # it does
                time.sleep(_PAUSE)
            else:
                return

    def _highest_id(self, space: str) -> int:
        tables = [table for table in self._company.tables.values() if table.space == space]
        selects = [f'SELECT max("{table.key[0]}") AS id FROM "{table.name}"' for table in tables]
        if space in ("transaction", "entity"):
            selects.append("SELECT max(recordid) FROM deletedrecord")
        found = self.row(f"SELECT max(id) FROM ({' UNION ALL '.join(selects)})")
        return int(found[0] or 0) if found else 0


def make_company_file(settings: Settings, path: Path) -> None:
    """Write the sample company of `settings` into a file, for emulators to start from copies of it."""
    plain = Settings(**{name: getattr(settings, name) for name in SAMPLE_SETTINGS})
    calendar = AccountCalendar(plain.date_format, plain.time_zone)
    Storage(replace(plain, data_file=path), build_company(plain), calendar).close()
