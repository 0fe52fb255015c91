"""Changes one table of the company while it is read, as a busy account would, and remembers what it did.

Services report each page that is asked for; before every n-th one it adds, stamps and deletes rows, so that a test can
say afterwards which keys were there all the time.
"""

from __future__ import annotations

import random
import threading
from dataclasses import asdict
from typing import Any

from netsuite_emulator.account import Account
from netsuite_emulator.company.description import Table
from netsuite_emulator.company.settings import UNIQUE_TEXTS
from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.exchange import Call
from netsuite_emulator.records.store import RecordStore, update
from netsuite_emulator.records.writing import delete_record, stamps
from netsuite_emulator.settings import Change, Churn

__all__ = ["Churning"]

_ATTEMPTS = 20


class Churning:
    """Changes one table as a `Churn` says, and keeps a list of what it did. Safe to use from several threads."""

    def __init__(self, account: Account) -> None:
        """Begin with the churn of the settings, or none."""
        self._account = account
        self._store = RecordStore(account.company, account.storage)
        self._lock = threading.Lock()
        self._churn: Churn | None = None
        self._draws = random.Random()  # noqa: S311 - not for secrets
        self._reads = self._rounds = 0
        self._changes: list[Change] = []
        if account.settings.churn is not None:
            self.start(account.settings.churn)

    @property
    def changes(self) -> list[Change]:
        """What was done since the start, oldest first."""
        with self._lock:
            return list(self._changes)

    def start(self, churn: Churn) -> None:
        """Begin, with an empty list of changes.

        Raises:
            SettingsError: it does not fit the company.
        """
        churn.check(self._account.company)
        with self._lock:
            self._churn, self._draws = churn, random.Random(churn.seed)  # noqa: S311 - not for secrets
            self._reads = self._rounds = 0
            self._changes = []

    def stop(self) -> None:
        """End it; the list of changes stays."""
        with self._lock:
            self._churn = None

    def listing(self) -> dict[str, Any]:
        """The churn and what it did, as JSON."""
        with self._lock:
            churn = None if self._churn is None else asdict(self._churn)
            return {"churn": churn, "changes": [asdict(change) for change in self._changes]}

    def note_read(self, call: Call) -> None:
        """Change the company where it is time to, before a page is answered."""
        if not _asks_for_page(call):
            return
        with self._lock:
            churn = self._churn
            if churn is None:
                return
            self._reads += 1
            if self._reads % churn.every or (churn.times is not None and self._rounds >= churn.times):
                return
            self._rounds += 1
            with self._account.storage.writing():
                self._change(churn, self._account.company.tables[churn.table])

    def _change(self, churn: Churn, table: Table) -> None:
        for action, times in ((self._insert, churn.inserts), (self._update, churn.updates)):
            for _ in range(times):
                key = self._pick(table)
                if key is not None:
                    action(churn, table, key)
        for _ in range(churn.deletes):
            self._delete(table)

    def _insert(self, _churn: Churn, table: Table, model: int) -> None:
        key = self._account.storage.next_id(table)
        values = {f'"{name}"': f"'{stamp}'" for name, stamp in self._stamps(table, created=True).items()}
        for name in UNIQUE_TEXTS:
            values[f'"{name}"'] = f"\"{name}\" || '-{key}'"
        values |= {f'"{table.key[0]}"': str(key), '"recordid"': str(key), '"externalid"': "NULL"}
        replaced = ", ".join(f"{value} AS {name}" for name, value in values.items() if table.column(name.strip('"')))
        self._account.storage.rows(
            f'INSERT INTO "{table.name}" SELECT * REPLACE ({replaced}) FROM "{table.name}" WHERE "{table.key[0]}" = ?',
            [model],
        )
        self._note(table, key, "insert")

    def _update(self, churn: Churn, table: Table, key: int) -> None:
        values: dict[str, Any] = dict(self._stamps(table, created=False))
        if churn.column is not None:
            values[churn.column] = f"Changed {self._rounds}"
        update(self._store, table.name, values, key)
        self._note(table, key, "update")

    def _delete(self, table: Table) -> None:
        for _ in range(_ATTEMPTS):
            key = self._pick(table)
            if key is None:
                return
            record_type = self._store.type_of(table, key)
            if record_type is None:
                self._account.storage.rows(f'DELETE FROM "{table.name}" WHERE "{table.key[0]}" = ?', [key])
            else:
                try:
                    delete_record(self._store, record_type, key, self._account.calendar.now())
                except NetSuiteError:
                    continue  # other records refer to it
            self._note(table, key, "delete")
            return

    def _pick(self, table: Table) -> int | None:
        name = f'"{table.key[0]}"'
        lowest, highest = self._account.storage.row(f'SELECT min({name}), max({name}) FROM "{table.name}"') or (0, 0)
        if lowest is None:
            return None
        drawn = self._draws.randint(lowest, highest)
        found = self._account.storage.row(f'SELECT min({name}) FROM "{table.name}" WHERE {name} >= ?', [drawn])
        return None if found is None else int(found[0])

    def _stamps(self, table: Table, *, created: bool) -> dict[str, Any]:
        return stamps(table, self._account.calendar.now(), created=created)

    def _note(self, table: Table, key: int, action: str) -> None:
        self._changes.append(Change(table.name, key, action, self._account.clock.now()))


def _asks_for_page(call: Call) -> bool:
    match call.segments:
        case ("query", "v1", *_):
            return True
        case ("record", "v1", name):
            return call.method == "GET" and name != "metadata-catalog"
    return False
