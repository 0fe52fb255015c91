"""Rows by record type and id: how the record service finds and changes what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netsuite_emulator.company.description import Column, Company, RecordType, Table
from netsuite_emulator.company.views import ENTITY_TYPES
from netsuite_emulator.errors import nonexistent_id
from netsuite_emulator.storage.lookups import Lookup
from netsuite_emulator.storage.storage import Storage

__all__ = ["RecordStore", "insert", "update"]


_LARGEST_ID = 2**62


class RecordStore:
    """Rows by record type and id."""

    def __init__(self, company: Company, storage: Storage) -> None:
        """Read `storage` as `company` describes it."""
        self.company = company
        self.storage = storage
        self._entity_paths = {code: kind for kind, code in ENTITY_TYPES.items()}

    def find(self, record_type: RecordType, identifier: str) -> int:
        """The id that a path names, by itself or as `eid:<externalId>` [section_156335203191].

        Raises:
            NetSuiteError: 404, there is no such record of this type.
        """
        found = self.seek(record_type, identifier)
        if found is None:
            raise nonexistent_id()
        return found

    def seek(self, record_type: RecordType, identifier: str) -> int | None:
        """As `find`; None where there is no such record."""
        table = self.company.tables[record_type.table]
        conditions: dict[str, Any] = {}
        if identifier.startswith("eid:"):
            conditions["externalid"] = identifier[4:].strip("'")
        else:
            conditions[record_type.key] = _as_id(identifier)
            if conditions[record_type.key] is None:
                return None
        conditions |= {name: value for name, value in record_type.constants if name in ("type", "itemtype")}
        return min(self.keys(table, conditions), default=None)

    def keys(self, table: Table, conditions: dict[str, Any]) -> set[int]:
        """The keys of the rows that hold these values, none of them None; none where the table has no such column."""
        if not all(table.column(name) for name in conditions):
            return set()
        if table.name == "entity":
            return set().union(*(self.keys(self.company.tables[kind], conditions) for kind in ENTITY_TYPES))
        if self.storage.is_writing:
            lookups = [(self.storage.lookups.get(table, name), value) for name, value in conditions.items()]
            found = [(lookup, value) for lookup, value in lookups if lookup is not None]
            if len(found) == len(conditions):
                (first, wanted), *others = found
                keys = first.by_value.get(wanted, set())
                return {key for key in keys if all(lookup.by_key.get(key) == value for lookup, value in others)}
        listed = " AND ".join(f'"{name}" = ?' for name in conditions)
        sql = f'SELECT "{table.key[0]}" FROM "{table.name}" WHERE {listed}'
        return {int(key) for (key,) in self.storage.rows(sql, list(conditions.values()))}

    def row(self, table: Table, key: str, value: Any) -> dict[str, Any] | None:
        """One row by a key column."""
        rows = self.rows(table, f'"{key}" = ?', [value])
        return rows[0] if rows else None

    def rows(self, table: Table, condition: str, values: list[Any], order: str = "") -> list[dict[str, Any]]:
        """The rows that meet a condition, by column name."""
        names = [column.name for column in table.columns]
        listed = ", ".join(f'"{name}"' for name in names)
        suffix = f" ORDER BY {order}" if order else ""
        found = self.storage.rows(f'SELECT {listed} FROM "{table.name}" WHERE {condition}{suffix}', values)
        return [dict(zip(names, row, strict=True)) for row in found]

    def value(self, table: Table, name: str, key: Any) -> Any:
        """One value of the row with this key, None where there is no such row or column."""
        if table.column(name) is None:
            return None
        lookup = self.storage.lookups.get(table, name) if self.storage.is_writing else None
        if lookup is not None:
            return lookup.by_key.get(key)
        found = self.storage.row(f'SELECT "{name}" FROM "{table.name}" WHERE "{table.key[0]}" = ?', [key])
        return found[0] if found else None

    def column(self, table: Table, name: str) -> Mapping[int, Any]:
        """The values of a column by the rows' keys, without those that have none."""
        lookup = self.storage.lookups.get(table, name) if self.storage.is_writing else None
        if lookup is not None:
            return lookup.by_key
        sql = f'SELECT "{table.key[0]}", "{name}" FROM "{table.name}" WHERE "{name}" IS NOT NULL'
        return dict(self.storage.rows(sql))

    def display(self, table: Table, identifier: Any) -> str | None:
        """The display value of a row; None where there is no such row."""
        lookup = self._displays(table)
        if lookup is not None and identifier in lookup.by_key:
            return str(lookup.by_key[identifier] or "")
        sql = f'SELECT {table.display} FROM "{table.name}" WHERE "{table.key[0]}" = ?'
        row = self.storage.row(sql, [identifier])
        return None if row is None else str(row[0] or "")

    def exists(self, table: Table, identifier: Any) -> bool:
        """Whether a row is there."""
        number = _as_id(str(identifier))
        return number is not None and bool(self.keys(table, {table.key[0]: number}))

    def _displays(self, table: Table) -> Lookup | None:
        """The display values that are remembered; rows written lately may be missing."""
        return self.storage.lookups.get(table, table.display) if self.storage.is_writing else None

    def path_of(self, column: Column, identifier: Any) -> str | None:
        """The record type in the link of a reference, None where the type has no end point."""
        if column.target == "entity":
            row = self.storage.row("SELECT type FROM entity WHERE id = ?", [identifier])
            return self._entity_paths.get(row[0]) if row else None
        record_type = self.type_of(self.company.tables[column.target], identifier)
        return None if record_type is None else record_type.path

    def type_of(self, table: Table, identifier: Any) -> RecordType | None:
        """The record type of a row, None where the table has none."""
        types = self.company.types_of_table(table.name)
        if len(types) <= 1:
            return types[0] if types else None
        found = self.row(table, table.key[0], identifier) or {}
        for record_type in types:
            if all(found.get(name) == value for name, value in record_type.constants):
                return record_type
        return None

    def by_external_id(self, table: Table, external_id: str) -> int | None:
        """The id of the row with an external id."""
        return min(self.keys(table, {"externalid": external_id}), default=None)

    def by_display(self, table: Table, name: str) -> int | None:
        """The id of the row with a display value."""
        lookup = self._displays(table)
        if lookup is not None and name in lookup.by_value:
            return min(lookup.by_value[name])
        sql = f'SELECT "{table.key[0]}" FROM "{table.name}" WHERE {table.display} = ? LIMIT 1'
        row = self.storage.row(sql, [name])
        return None if row is None else int(row[0])


def _as_id(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if abs(number) < _LARGEST_ID else None


def insert(store: RecordStore, table: str, values: dict[str, Any]) -> None:
    """Add a row; columns left out take their defaults."""
    store.storage.insert(store.company.tables[table], values)


def update(store: RecordStore, table: str, values: dict[str, Any], identifier: int) -> None:
    """Change the row with this key."""
    if values:
        store.storage.update(store.company.tables[table], identifier, values)
