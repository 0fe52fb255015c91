"""Records that are refused now, and may come right when the rest of the input is written."""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections.abc import Collection, Iterator
from typing import IO

from target_netsuite.intents import Intent, Operation, Refusal, Settled
from target_netsuite.pipeline.identities import claims_of, tables_named
from target_netsuite.preparing.found import REFERENCE_NOT_FOUND

_BAD_REQUEST = 400
_ALL_ENTITIES = "entity"


class Postponed:
    """Keeps records until the end of the input, on disk, in little memory. Thread-safe.

    A record may refer to one that comes later: a tap sends streams by name, and a parent may be newer than its child.
    And NetSuite deletes nothing that others refer to, which may be changed or deleted later.
    """

    def __init__(self, tables: Collection[str]) -> None:
        """Begin without any; `tables` are those whose records this run writes."""
        self._tables = frozenset(tables)
        self._lock = threading.Lock()
        self._names: set[int] = set()
        self._count = 0
        self._file = _new_file()
        self.is_over = False

    def __len__(self) -> int:
        """Return how many are kept."""
        return self._count

    def may_come_right(self, settled: Settled) -> bool:
        """Tell whether a record that is refused should be tried once more."""
        refusal, intent = settled.refusal, settled.intent
        if refusal is None or self.is_over:
            return False
        if refusal.code == REFERENCE_NOT_FOUND:
            named = tables_named(intent)
            return _ALL_ENTITIES in named or not self._tables.isdisjoint(named)
        return intent.operation is Operation.DELETE and refusal.status == _BAD_REQUEST

    def has_earlier(self, intent: Intent) -> bool:
        """Tell whether an earlier intent about the same record is kept, so that this one has to wait behind it."""
        return bool(self._names) and not self._names.isdisjoint(_names(intent))

    def add(self, intent: Intent, refusal: Refusal | None) -> None:
        """Keep an intent; `refusal` is None where it only waits behind another."""
        with self._lock:
            self._names.update(_names(intent))
            pickle.dump((intent, refusal), self._file)
            self._count += 1

    def take(self) -> Iterator[tuple[Intent, Refusal | None]]:
        """Yield what is kept, in its order, and begin anew; others may be added meanwhile."""
        with self._lock:
            kept, count = self._file, self._count
            self._file, self._count, self._names = _new_file(), 0, set()
        with kept:
            kept.seek(0)
            for _ in range(count):
                yield pickle.load(kept)  # noqa: S301 - written by this process, into a file without a name

    def close(self) -> None:
        """Remove what is kept."""
        self._file.close()


def _names(intent: Intent) -> set[int]:
    """Return hashes of what the record may be called: two that happen to be alike make one wait in vain."""
    return {hash(name) for name in claims_of(intent).touches}


def _new_file() -> IO[bytes]:
    return tempfile.TemporaryFile()  # closed by who has it: it outlives this call
