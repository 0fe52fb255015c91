"""Single rows, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netsuite_emulator.records.store import RecordStore

__all__ = ["insert", "update"]


def insert(store: RecordStore, table: str, values: dict[str, Any]) -> None:
    """Add a row; columns left out take their defaults."""
    store.storage.insert(store.company.tables[table], values)


def update(store: RecordStore, table: str, values: dict[str, Any], identifier: int) -> None:
    """Change the row with this key."""
    if values:
        store.storage.update(store.company.tables[table], identifier, values)
