"""Rows that are written but not in DuckDB yet, where a thousand at once cost little more than one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from netsuite_emulator.company.description import Table

__all__ = ["PendingRows", "fits"]


_INTEGERS = range(-(2**63), 2**63)
_LARGEST_NUMBER = 10**20


class PendingRows:
    """Rows to add, to change, to remove and to derive, in this order. A key that was removed never comes back."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._tables: dict[str, Table] = {}
        self._added: dict[str, dict[Any, dict[str, Any]]] = {}
        self._changed: dict[str, dict[Any, dict[str, Any]]] = {}
        self._derived: dict[tuple[str, str, str], dict[int, datetime]] = {}
        self._removed: dict[tuple[str, str], list[int]] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many writes it has taken."""
        return self._count

    def insert(self, table: Table, values: dict[str, Any]) -> None:
        """Add a row; columns left out take their defaults."""
        key = values[table.key[0]] if len(table.key) == 1 else object()
        self._note(table)
        self._added.setdefault(table.name, {})[key] = dict(values)

    def update(self, table: Table, key: int, values: dict[str, Any]) -> None:
        """Change the row with this key, where there is one."""
        self._note(table)
        added = self._added.get(table.name, {})
        changed = added if key in added else self._changed.setdefault(table.name, {})
        changed.setdefault(key, {}).update(values)

    def remove(self, table: Table, column: str, value: int) -> None:
        """Remove the rows that have a value in a column."""
        self._note(table)
        for (name, _, derived_by), derived in self._derived.items():
            if (name, derived_by) == (table.name, column):
                derived.pop(value, None)
        if table.key == (column,):
            self._changed.get(table.name, {}).pop(value, None)
            if self._added.get(table.name, {}).pop(value, None) is not None:
                return
        self._removed.setdefault((table.name, column), []).append(value)

    def derive(self, table: Table, view: str, column: str, value: int, now: datetime) -> None:
        """Replace the rows that have a value in a column by what a view has of them, last modified now."""
        self._note(table)
        self._derived.setdefault((table.name, view, column), {})[value] = now

    def bring_up_to_date(self, table: Table, column: str, value: int, rows: dict[Any, dict[str, Any]]) -> None:
        """Change rows that were read from DuckDB into what they are after these writes.

        Args:
            table: where they are; its key is one column.
            column: the one they were asked for by, which no row gets another value in.
            value: what they have there.
            rows: by their keys; each has at least the key and this column.
        """
        defaults = table.defaults
        for key, added in self._added.get(table.name, {}).items():
            if added.get(column) == value:
                rows[key] = {**defaults, **added}
        changed = self._changed.get(table.name, {})
        for key in rows.keys() & changed.keys():
            rows[key] |= changed[key]
        for (name, removed_by), removed in self._removed.items():
            if name == table.name:
                gone = set(removed)
                for key in [key for key, row in rows.items() if row.get(removed_by) in gone]:
                    del rows[key]

    def append(self, later: PendingRows) -> None:
        """Take over what was written after this; `later` must not be used again."""
        for name, rows in later._added.items():
            self._added.setdefault(name, {}).update(rows)
        for name, rows in later._changed.items():
            for key, values in rows.items():
                self.update(later._tables[name], key, values)
        for where, derived in later._derived.items():
            self._derived.setdefault(where, {}).update(derived)
        for (name, column), removed in later._removed.items():
            for value in removed:
                self.remove(later._tables[name], column, value)
        self._tables |= later._tables
        self._count += len(later)

    def statements(self) -> Iterator[tuple[str, list[Any]]]:
        """The statements that bring all of it into DuckDB, with their parameters."""
        for name, rows in self._added.items():
            if rows:
                yield _insertion(self._tables[name], list(rows.values()))
        for name, rows in self._changed.items():
            alike: dict[tuple[str, ...], dict[Any, dict[str, Any]]] = {}
            for key, values in rows.items():
                alike.setdefault(tuple(values), {})[key] = values
            for names, members in alike.items():
                yield _change(self._tables[name], names, members)
        for (name, column), removed in self._removed.items():
            yield f'DELETE FROM "{name}" WHERE "{column}" IN (SELECT unnest(?::BIGINT[]))', [removed]
        for where, derived in self._derived.items():
            if derived:
                yield from _derivation(*where, derived)

    def _note(self, table: Table) -> None:
        self._tables[table.name] = table
        self._count += 1


def fits(table: Table, values: dict[str, Any]) -> bool:
    """Whether DuckDB is sure to take the values of a row: what it may refuse must not wait for others."""
    types = table.sql_types
    return all(value is None or _fits(value, types[name]) for name, value in values.items())


def _fits(value: Any, sql_type: str) -> bool:
    match sql_type:
        case "VARCHAR":
            return isinstance(value, str) and (value.isascii() or _is_unicode(value))
        case "BIGINT":
            return type(value) is int and value in _INTEGERS
        case "DATE":
            return type(value) is date
        case "TIMESTAMP":
            return isinstance(value, datetime) and value.tzinfo is None
    return isinstance(value, Decimal) and abs(value) < _LARGEST_NUMBER


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _insertion(table: Table, rows: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    listed = ", ".join(f'"{name}"' for name in names)
    if len(rows) == 1:
        marks = ", ".join("?" * len(names))
        return f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', list(rows[0].values())
    defaults = table.defaults
    lists = [[row.get(name, defaults.get(name)) for row in rows] for name in names]
    selected = ", ".join(_unnested(table, name) for name in names)
    return f'INSERT INTO "{table.name}" ({listed}) SELECT {selected}', lists


def _change(table: Table, names: tuple[str, ...], rows: dict[Any, dict[str, Any]]) -> tuple[str, list[Any]]:
    key = table.key[0]
    if len(rows) == 1:
        ((identifier, values),) = rows.items()
        settings = ", ".join(f'"{name}" = ?' for name in names)
        return f'UPDATE "{table.name}" SET {settings} WHERE "{key}" = ?', [*values.values(), identifier]
    settings = ", ".join(f'"{name}" = v."{name}"' for name in names)
    columns = ", ".join(f'{_unnested(table, name)} AS "{name}"' for name in names)
    source = f"(SELECT unnest(?::BIGINT[]) AS changed_key, {columns}) AS v"
    lists = [[values[name] for values in rows.values()] for name in names]
    return f'UPDATE "{table.name}" SET {settings} FROM {source} WHERE "{table.name}"."{key}" = v.changed_key', [
        list(rows),
        *lists,
    ]


def _unnested(table: Table, name: str) -> str:
    return f"unnest(?::{table.sql_types[name]}[])"


def _derivation(table: str, view: str, column: str, moments: dict[int, datetime]) -> Iterator[tuple[str, list[Any]]]:
    """The statements that replace rows by those of a view, each with its own moment."""
    yield f'DELETE FROM "{table}" WHERE "{column}" IN (SELECT unnest(?::BIGINT[]))', [list(moments)]
    if len(moments) == 1:  # a constant makes the view read few rows
        ((value, now),) = moments.items()
        sql = f'SELECT *, ?::TIMESTAMP AS lastmodifieddate FROM "{view}" WHERE "{column}" = ?'
        yield f'INSERT INTO "{table}" BY NAME {sql}', [now, value]
        return
    source = f'SELECT unnest(?::BIGINT[]) AS "{column}", unnest(?::TIMESTAMP[]) AS lastmodifieddate'
    sql = f'SELECT v.*, m.lastmodifieddate FROM "{view}" v JOIN ({source}) m USING ("{column}")'
    yield f'INSERT INTO "{table}" BY NAME {sql}', [list(moments), list(moments.values())]
