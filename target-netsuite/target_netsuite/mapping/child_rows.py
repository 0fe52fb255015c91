"""Rows that wait on disk until their parents are mapped, and parents that wait for their rows."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from target_netsuite.errors import BAD_KEY, MISSING_KEY, InvalidRecordError

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CHILDREN = """
    CREATE TABLE child (number INTEGER PRIMARY KEY, stream TEXT, parent TEXT, own TEXT, taken INTEGER, row BLOB);
    CREATE INDEX child_of ON child (stream, parent, number);
    CREATE UNIQUE INDEX child_itself ON child (stream, own) WHERE own IS NOT NULL;
"""
_PARENTS = "CREATE TABLE waiting (number INTEGER PRIMARY KEY, stream TEXT, position INTEGER, record BLOB);"


class _Store:
    """A database of the process's own, gone with it; its pages beyond a few megabytes are on disk."""

    def __init__(self, tables: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="target-netsuite-")
        self._database = sqlite3.connect(Path(self._folder.name) / "rows.sqlite", isolation_level=None)
        # Nothing of it is read after the process has ended, so nothing has to be safe on disk.
        self._database.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; {tables} BEGIN;"
        )

    def close(self) -> None:
        """Remove the database."""
        self._database.close()
        self._folder.cleanup()


class ChildRows(_Store):
    """Rows of child streams by the keys of their parents; used by one thread, in little memory."""

    def __init__(self, parent_keys: Mapping[str, Sequence[str]]) -> None:
        """Prepare.

        Args:
            parent_keys: child stream -> its columns that name the parent, in an order that `take` uses too.
        """
        super().__init__(_CHILDREN)
        self._parent_keys = parent_keys

    def add(self, child_stream: str, row: Mapping[str, Any], key: Sequence[str] = ()) -> None:
        """Keep a row.

        Args:
            child_stream: its stream.
            row: as it came.
            key: its columns that tell it from other rows, so that it takes the place of an earlier form of itself;
                without them every row counts.

        Raises:
            InvalidRecordError: it does not name its parent.
        """
        parent = _key(row, self._parent_keys[child_stream])
        own = _key(row, key) if key else None
        where = (child_stream, own)
        if own is not None:
            found = self._database.execute("SELECT number FROM child WHERE stream = ? AND own = ?", where).fetchone()
            if found:
                self._database.execute(
                    "UPDATE child SET parent = ?, row = ? WHERE number = ?", (parent, _ENCODER.encode(row), *found)
                )
                return
        self._database.execute(
            "INSERT INTO child (stream, parent, own, taken, row) VALUES (?, ?, ?, 0, ?)",
            (child_stream, parent, own, _ENCODER.encode(row)),
        )

    def remove(self, child_stream: str, row: Mapping[str, Any], key: Sequence[str]) -> None:
        """Forget the row with the same key, because the source has deleted it.

        Raises:
            InvalidRecordError: a column of the key is empty.
        """
        self._database.execute("DELETE FROM child WHERE stream = ? AND own = ?", (child_stream, _key(row, key)))

    def take(self, child_stream: str, parent_key: Sequence[Any]) -> list[dict[str, Any]]:
        """Return the rows of a parent in the order in which they came.

        They stay there, since the same parent may come twice, but are not left over any more.

        Raises:
            InvalidRecordError: a value of the key is no key.
        """
        columns = self._parent_keys[child_stream]
        where = (child_stream, _key(dict(zip(columns, parent_key, strict=True)), columns))
        rows = self._database.execute("SELECT row FROM child WHERE stream = ? AND parent = ? ORDER BY number", where)
        found = [_DECODER.decode(row) for (row,) in rows]
        if found:
            self._database.execute("UPDATE child SET taken = 1 WHERE stream = ? AND parent = ?", where)
        return found

    def left_over(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield stream and row of all that no parent has taken, in the order in which they came."""
        rows = self._database.execute("SELECT stream, row FROM child WHERE taken = 0 ORDER BY number")
        with closing(rows):
            for stream, row in rows:
                yield stream, _DECODER.decode(row)


class WaitingParents(_Store):
    """Records that are mapped at the end of the input, when all their rows are there; used by one thread."""

    def __init__(self) -> None:
        """Prepare."""
        super().__init__(_PARENTS)

    def add(self, stream: str, number: int, record: Mapping[str, Any]) -> None:
        """Keep a record, and its number in its stream."""
        self._database.execute(
            "INSERT INTO waiting (stream, position, record) VALUES (?, ?, ?)", (stream, number, _ENCODER.encode(record))
        )

    def all(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield stream, number and record of all in the order in which they came."""
        rows = self._database.execute("SELECT stream, position, record FROM waiting ORDER BY number")
        with closing(rows):
            for stream, number, record in rows:
                yield stream, number, _DECODER.decode(record)


def _key(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    """Return columns as one text in which 7, 7.0 and "7" are the same."""
    return "\x00".join(_key_part(column, row.get(column)) for column in columns)


def _key_part(column: str, value: Any) -> str:
    if value is None or value == "":
        raise InvalidRecordError(column, f"`{column}` is empty, and a line is joined to its record by it", MISSING_KEY)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise InvalidRecordError(column, f"`{column}` must be text or a number, since lines are joined by it", BAD_KEY)
    return str(value)
