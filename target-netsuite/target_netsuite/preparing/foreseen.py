"""Records that a dry run would create, which records after them may refer to."""

from __future__ import annotations

import threading
from collections.abc import Collection

from suitetalk.record_tables import table_of
from target_netsuite.intents import Intent, Reference
from target_netsuite.preparing.comparison import member

NEW = "(new)"
"""Stands for the id of a record that a dry run did not create, where others refer to it."""

_EXTERNAL_ID = "externalid"

Column = tuple[str, str]
"""A table and one of its columns, both in lower case."""


class Foreseen:
    """What records that would be created are known by; only hashes of what references go by are kept. Thread-safe."""

    def __init__(self, columns: Collection[Column] = ()) -> None:
        """Keep the values of these columns."""
        self._columns = columns
        self._values: set[int] = set()  # of a million records, so as hashes; two that are alike do no harm
        self._lock = threading.Lock()

    def add(self, intent: Intent) -> None:
        """Take note of a record that would be created."""
        table = table_of(intent.record_type)
        known_by = {
            column: intent.external_id if column[1] == _EXTERNAL_ID else member(intent.body, column[1])
            for column in self._columns
            if column[0] == table
        }
        with self._lock:
            self._values |= {hash((column, str(value))) for column, value in known_by.items() if value is not None}

    def __contains__(self, sought: Reference) -> bool:
        """Tell whether a record would be there by then."""
        with self._lock:
            return hash(((table_of(sought.record_type), sought.by.lower()), sought.value)) in self._values
