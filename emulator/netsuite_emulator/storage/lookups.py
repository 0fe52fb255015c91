"""Which rows have a value: remembered for those who write, since DuckDB would read the whole table for each record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from netsuite_emulator.company.description import Table
from netsuite_emulator.company.views import VIEWS

__all__ = ["Lookup", "Lookups"]


_MOST_ROWS = 100_000
_WRITE = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')


@dataclass
class Lookup:
    """The values of one column, or of an expression over columns, by the rows' keys; NULL is left out."""

    by_key: dict[int, Any] = field(default_factory=dict)
    by_value: dict[Any, set[int]] = field(default_factory=dict)

    def put(self, key: int, value: Any) -> Any:
        """Give a row another value, or none; the one it had is returned."""
        before = self.by_key.pop(key, None)
        if before is not None:
            self.by_value[before].discard(key)
            if not self.by_value[before]:
                del self.by_value[before]
        if value is not None:
            self.by_key[key] = value
            self.by_value.setdefault(value, set()).add(key)
        return before


class Lookups:
    """The lookups of an account. For the one thread that writes; every write must be told.

    What a write did to them can be undone. Views, large tables and tables whose key has several columns have none.
    """

    def __init__(self, read: Callable[[str], list[tuple[Any, ...]]]) -> None:
        """`read` runs a statement, seeing what this thread has written."""
        self._read = read
        self._lookups: dict[str, dict[str, Lookup]] = {}
        self._small: dict[str, bool] = {}
        self._undo: list[tuple[Lookup, int, Any]] = []
        self._unsure: list[tuple[str, str]] = []
        self._changed = False

    def begin(self) -> None:
        """A write begins."""
        self._undo, self._unsure, self._changed = [], [], False

    def undo(self) -> None:
        """What was done since `begin` is undone."""
        for lookup, key, before in reversed(self._undo):
            lookup.put(key, before)
        for table, expression in self._unsure:
            self._lookups.get(table, {}).pop(expression, None)

    def forget(self) -> None:
        """Anything may have been written."""
        self._lookups.clear()
        self._small.clear()

    def get(self, table: Table, expression: str) -> Lookup | None:
        """The values of a column or an expression, None where they are not remembered."""
        lookups = self._lookups.setdefault(table.name, {})
        if expression not in lookups:
            if not self._is_small(table):
                return None
            lookups[expression] = self._build(table, expression)
            if self._changed:  # it has seen what may be undone
                self._unsure.append((table.name, expression))
        return lookups[expression]

    def put(self, table: Table, key: int, values: dict[str, Any]) -> None:
        """A row got these values; those it had in other columns it keeps."""
        for expression, lookup in self._lookups.get(table.name, {}).items():
            if expression in values:
                self._put(lookup, key, values[expression])
            elif table.column(expression) is None:
                self._put(lookup, key, None)  # only DuckDB could work it out

    def remove(self, table: Table, column: str, value: int) -> None:
        """The rows with this value in a column are gone."""
        if not self._lookups.get(table.name):
            return
        found = self.get(table, column)
        for key in list(found.by_value.get(value, ())) if found else []:
            for lookup in self._lookups[table.name].values():
                self._put(lookup, key, None)

    def note(self, sql: str) -> None:
        """A statement is about to run that is not known otherwise: what it may change is forgotten."""
        found = _WRITE.match(sql)
        if found is None:
            return
        self._changed = True
        action, name = found.groups()
        assigned = _words(sql.rsplit(" WHERE ", 1)[0])
        for expression in list(self._lookups.get(name, {})):
            if action != "UPDATE" or assigned & _words(expression):
                del self._lookups[name][expression]

    def note_change(self) -> None:
        """The rows that were told of are now what statements see."""
        self._changed = True

    def _put(self, lookup: Lookup, key: int, value: Any) -> None:
        self._undo.append((lookup, key, lookup.put(key, value)))

    def _is_small(self, table: Table) -> bool:
        if table.name in VIEWS or len(table.key) > 1:
            return False
        if table.name not in self._small:
            ((count,),) = self._read(f'SELECT count(*) FROM "{table.name}"')
            self._small[table.name] = count <= _MOST_ROWS
        return self._small[table.name]

    def _build(self, table: Table, expression: str) -> Lookup:
        named = f'"{expression}"' if table.column(expression) else expression
        lookup = Lookup()
        for key, value in self._read(f'SELECT "{table.key[0]}", {named} FROM "{table.name}"'):
            lookup.put(key, value)
        return lookup


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql))
