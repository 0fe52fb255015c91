"""Single rows, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netsuite_emulator.records.store import RecordStore

__all__ = ["insert", "update"]


def insert(store: RecordStore, table: str, values: dict[str, Any]) -> None:
    """Add a row; columns left out take their defaults."""
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    store.storage.rows(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(values.values()))


def update(store: RecordStore, table: str, values: dict[str, Any], key: str, identifier: Any) -> None:
    """Change the row whose `key` is `identifier`."""
    if not values:
        return
    settings = ", ".join(f'"{name}" = ?' for name in values)
    sql = f'UPDATE "{table}" SET {settings} WHERE "{key}" = ?'
    store.storage.rows(sql, [*values.values(), identifier])
