"""A warehouse fed by the tap's output, and changes to an account that a user could make."""

from __future__ import annotations

from typing import Any

from tests.tap_runs import Json, Run

from netsuite_emulator import Emulator

LINES = ("transactionline", "transactionaccountingline")
SETS = ("transaction", *LINES)
KEYS = {
    "transaction": ("id",),
    "transactionline": ("uniquekey",),
    "transactionaccountingline": ("transaction", "transactionline", "accountingbook"),
}
NOW = "timezone('UTC', now())"


class Warehouse:
    """Rows by key, by stream: what a loader that honours `_sdc_deleted_at` has."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[Any, ...], Json]] = {}
        self.state: Json = {}

    def load(self, run: Run) -> Run:
        """Take what a run that went well said."""
        assert run.error is None
        return self.load_part(run)

    def load_part(self, run: Run) -> Run:
        """Take what a run said before it ended, well or not."""
        keys: dict[str, list[str]] = {}
        for message in run.messages:
            if message["type"] == "SCHEMA":
                keys[message["stream"]] = message["key_properties"]
            elif message["type"] == "RECORD":
                self._take(message["stream"], keys[message["stream"]], message["record"])
            elif message["type"] == "STATE":
                self.state = message["value"]
        return run

    def _take(self, stream: str, keys: list[str], record: Json) -> None:
        table, key = self.tables.setdefault(stream, {}), tuple(record[name] for name in keys)
        if record.get("_sdc_deleted_at") is None:
            table[key] = record
        else:
            assert record.keys() == {*keys, "_sdc_deleted_at"}
            table.pop(key, None)

    def keys(self, stream: str) -> set[tuple[Any, ...]]:
        return set(self.tables.get(stream, {}))


def stored(emulator: Emulator, stream: str, condition: str = "true") -> set[tuple[Any, ...]]:
    """Return the keys that the account has."""
    return set(emulator.execute(f"SELECT {', '.join(KEYS.get(stream, ('id',)))} FROM {stream} WHERE {condition}"))


def note_deletion(emulator: Emulator, record_type: str, record_id: int, when: str = NOW) -> None:
    """Let NetSuite's log have a deletion; `when` is on the account's clock."""
    emulator.execute(
        "INSERT INTO deletedrecord (recordtypeid, scriptid, type, recordid, deleteddate) "
        f"VALUES (1, '{record_type}', '{record_type}', {record_id}, {when})"
    )


def delete(emulator: Emulator, table: str, record_id: int, record_type: str | None = None) -> None:
    """Delete a record with what belongs to it, as NetSuite does."""
    emulator.execute(f"DELETE FROM {table} WHERE id = {record_id}")
    if table == "transaction":
        for lines in LINES:
            emulator.execute(f"DELETE FROM {lines} WHERE transaction = {record_id}")
    note_deletion(emulator, record_type or table, record_id)


def touch(emulator: Emulator, transaction: int) -> None:
    """Save a transaction: its header is stamped, and nothing else."""
    emulator.execute(f"UPDATE transaction SET lastmodifieddate = {NOW} WHERE id = {transaction}")


def delete_line(emulator: Emulator, uniquekey: int) -> None:
    """Take a line out of its transaction, with its accounting lines."""
    transaction, line = emulator.execute(f"SELECT transaction, id FROM transactionline WHERE uniquekey = {uniquekey}")[
        0
    ]
    emulator.execute(f"DELETE FROM transactionline WHERE uniquekey = {uniquekey}")
    emulator.execute(
        f"DELETE FROM transactionaccountingline WHERE transaction = {transaction} AND transactionline = {line}"
    )
    touch(emulator, transaction)
