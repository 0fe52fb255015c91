"""Ids that have been found, so that they are not asked for again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from suitetalk.record_tables import RecordTable

_MOST = 20_000  # of one table and column; about 4 MB, and what is asked again costs one request for a thousand
_EXTERNAL_ID = "externalid"

_Place = tuple[RecordTable, str]


class KnownIds:
    """Internal ids by table, column and value; those used last are kept. Thread-safe.

    That a value is not there is never kept: it may come at any time.
    """

    def __init__(self, most: int = _MOST) -> None:
        """Keep so many of each table and column."""
        self._most = most
        self._lock = threading.Lock()
        self._found: dict[_Place, OrderedDict[str, str]] = {}

    def get(self, table: RecordTable, column: str, value: str) -> str | None:
        """Return the internal id, None when it is not known."""
        with self._lock:
            found = self._found.get((table, column), OrderedDict())
            if value not in found:
                return None
            self._found[table, column].move_to_end(value)
            return found[value]

    def put(self, table: RecordTable, column: str, value: str, internal_id: str) -> None:
        """Keep an internal id."""
        with self._lock:
            found = self._found.setdefault((table, column), OrderedDict())
            found[value] = internal_id
            found.move_to_end(value)
            if len(found) > self._most:
                found.popitem(last=False)

    def drop(self, table: RecordTable, external_id: str) -> None:
        """Forget a record's external id."""
        with self._lock:
            self._found.get((table, _EXTERNAL_ID), OrderedDict()).pop(external_id, None)

    def drop_names(self, table: RecordTable) -> None:
        """Forget all of a table but its external ids: a write may have changed a name, or made it stand for two."""
        with self._lock:
            for place in [place for place in self._found if place[0] == table and place[1] != _EXTERNAL_ID]:
                del self._found[place]
