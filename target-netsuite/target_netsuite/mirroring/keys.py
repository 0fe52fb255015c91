"""The external ids that the streams of a mirror came with, on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

_TABLES = """
CREATE TABLE came (
  stream TEXT, external_id TEXT, version INTEGER, PRIMARY KEY (stream, external_id, version)
) WITHOUT ROWID;
CREATE TABLE present (id TEXT, external_id TEXT, folded TEXT);
"""
_NO_VERSION = -1
_MISSING = """
FROM present WHERE NOT EXISTS (
  SELECT 1 FROM came WHERE stream = :stream AND came.external_id = present.folded
  AND (:version IS NULL OR version IN (:version, -1))
)
"""


class MirrorKeys:
    """Remembers what came, in a file of SQLite's own that is gone with the process; memory stays as it is.

    For the thread that made it only. External ids are compared without regard to case, so that none is taken for
    missing that NetSuite holds in another spelling.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._database = sqlite3.connect("", isolation_level=None)  # a temporary file
        self._database.executescript(f"PRAGMA journal_mode = OFF; {_TABLES} BEGIN;")
        self._expected: set[str] = set()
        self._versioned: set[str] = set()
        self._active: dict[str, int] = {}
        self._spoilt: dict[str, str] = {}

    def expect(self, stream: str) -> None:
        """Take note that a stream is part of the input, though no record of it may come."""
        self._expected.add(stream)

    def is_expected(self, stream: str) -> bool:
        """Tell whether a stream is part of the input; of what is missing in one that is not, nothing is known."""
        return stream in self._expected

    def came(self, stream: str, external_id: str, version: int | None = None) -> None:
        """Take note of a record of the input, whatever becomes of it; `version` is that of its RECORD message."""
        self._expected.add(stream)
        if version is not None:
            self._versioned.add(stream)
        row = (stream, external_id.lower(), _NO_VERSION if version is None else version)
        self._database.execute("INSERT OR IGNORE INTO came VALUES (?, ?, ?)", row)

    def activate(self, stream: str, version: int) -> None:
        """Take note of an ACTIVATE_VERSION; records with another version do not count any more."""
        self._active[stream] = version

    def spoil(self, stream: str, why: str) -> None:
        """Take note that the external id of a record could not be told, so what is missing cannot be either."""
        self._spoilt.setdefault(stream, why)

    def why_unknown(self, stream: str) -> str:
        """Return why it cannot be told what is missing; empty when it can."""
        if stream in self._spoilt:
            return f"the external id of a record could not be made ({self._spoilt[stream]})"
        if stream in self._versioned and stream not in self._active:
            return "its records have versions, and no ACTIVATE_VERSION came"
        return ""

    def compare(self, stream: str, present: Iterable[tuple[str, str]]) -> tuple[int, int]:
        """Compare with what is in NetSuite.

        Args:
            stream: the stream.
            present: internal and external ids; those of the last comparison are forgotten.

        Returns:
            How many are in NetSuite, and how many of them did not come.
        """
        self._database.execute("DELETE FROM present")
        rows = ((internal_id, external_id, external_id.lower()) for internal_id, external_id in present)
        self._database.executemany("INSERT INTO present VALUES (?, ?, ?)", rows)
        [(there,)] = self._database.execute("SELECT COUNT(*) FROM present")
        [(missing,)] = self._database.execute(f"SELECT COUNT(*) {_MISSING}", self._asked(stream))
        return there, missing

    def missing(self, stream: str) -> Iterator[tuple[str, str]]:
        """Yield internal and external ids of what was compared last and did not come, in its order."""
        yield from self._database.execute(f"SELECT id, external_id {_MISSING} ORDER BY rowid", self._asked(stream))

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def _asked(self, stream: str) -> dict[str, str | int | None]:
        return {"stream": stream, "version": self._active.get(stream) if stream in self._versioned else None}
