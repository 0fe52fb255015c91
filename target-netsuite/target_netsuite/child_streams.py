"""Child streams: their rows are the lines of the records of another stream, joined at the end of the input.

Rows and the records that wait for them are kept in SQLite files of the process, so that memory stays small.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from suitetalk import ConfigurationError
from target_netsuite.errors import BAD_KEY, MISSING_KEY, InvalidRecordError
from target_netsuite.settings.streams import StreamSettings, SublistSettings

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CHILDREN = """
    CREATE TABLE child (number INTEGER PRIMARY KEY, stream TEXT, parent TEXT, own TEXT, taken INTEGER, row BLOB);
    CREATE INDEX child_of ON child (stream, parent, number);
    CREATE UNIQUE INDEX child_itself ON child (stream, own) WHERE own IS NOT NULL;
"""

_PARENTS = "CREATE TABLE waiting (number INTEGER PRIMARY KEY, stream TEXT, position INTEGER, record BLOB);"
ROWS = "_sdc_child_rows"
"""Column in which a record that failed carries its lines, so that a replay has them."""

_PROBLEM = "_sdc_problem"
"""Column in which a line carries why it cannot be sent."""


class ChildStreams:
    """Joins the rows of child streams with their parents; used by one thread, in little memory.

    Attributes:
        are_waiting: whether something waits for the end of the input.
    """

    def __init__(self, streams: Mapping[str, StreamSettings]) -> None:
        """Prepare for the streams of the settings.

        Raises:
            ConfigurationError: a child stream has two parents, or is one itself.
        """
        self._lines = {name: lines for name, settings in streams.items() if (lines := _lines(settings))}
        self._sublists: dict[str, tuple[str, SublistSettings]] = {}  # by child stream, with its place in the settings
        for parent, lines in self._lines.items():
            for line in lines:
                place = f"streams.{parent}.sublists.{line.sublist}"
                if line.stream in self._sublists or line.stream in self._lines:
                    raise ConfigurationError(
                        f"{place}.stream", f"is `{line.stream}`, which is a parent already, or fills another sublist."
                    )
                self._sublists[line.stream] = place, streams[parent].sublists[line.sublist]
        self._rows = ChildRows({child: tuple(sublist.parent_key) for child, (_, sublist) in self._sublists.items()})
        self._parents = WaitingParents()
        self.are_waiting = False

    def is_child(self, stream: str) -> bool:
        """Tell whether the rows of a stream are lines of another's records."""
        return stream in self._sublists

    def check_columns(self, child: str, columns: Collection[str]) -> None:
        """Make sure that a child stream has every column that the settings of its sublist name.

        Raises:
            ConfigurationError: it lacks one.
        """
        place, sublist = self._sublists[child]
        sublist.check_columns(place, columns)

    def is_parent(self, stream: str) -> bool:
        """Tell whether the records of a stream get lines from another stream."""
        return stream in self._lines

    def add_row(self, stream: str, row: Mapping[str, Any], key: Sequence[str], *, is_deleted: bool) -> None:
        """Keep a line, or forget one that the source has deleted.

        Raises:
            InvalidRecordError: it does not name its parent, or lacks its key.
        """
        self.are_waiting = True
        if is_deleted:
            self._rows.remove(stream, row, key)
        else:
            self._rows.add(stream, row, key)

    def add_invalid_row(self, stream: str, row: Mapping[str, Any], error: InvalidRecordError) -> None:
        """Keep a line that cannot be sent, so that its record is not written without it.

        Raises:
            InvalidRecordError: it does not name its parent.
        """
        problem = {"path": f"{stream}.{error.column}", "problem": error.problem, "code": error.code}
        self.add_row(stream, {**row, _PROBLEM: problem}, (), is_deleted=False)

    def add_parent(self, stream: str, number: int, record: Mapping[str, Any]) -> None:
        """Keep a record and its number in its stream."""
        self.are_waiting = True
        self._parents.add(stream, number, record)

    def parents(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield stream, number and record of those that waited, in the order in which they came."""
        yield from self._parents.all()

    def rows_of(self, stream: str, record: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Return a parent's lines by sublist.

        Raises:
            InvalidRecordError: it lacks a column that joins them.
        """
        return {
            line.sublist: self._rows.take(line.stream, [record.get(column) for column in line.parent_columns])
            for line in self._lines.get(stream, ())
        }

    @staticmethod
    def check_rows(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Look at what `rows_of` returned.

        Raises:
            InvalidRecordError: one of the lines cannot be sent.
        """
        for row in (row for lines in rows.values() for row in lines if _PROBLEM in row):
            found = row[_PROBLEM]
            raise InvalidRecordError(found["path"], f"a line of it cannot be sent: {found['problem']}", found["code"])

    def left_over(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield stream and row of the lines whose parents did not come."""
        yield from self._rows.left_over()

    def close(self) -> None:
        """Remove what was kept."""
        self._rows.close()
        self._parents.close()


@dataclass(frozen=True)
class _Line:
    """A sublist that a child stream fills: its name, the child stream, and the parent's columns that join them."""

    sublist: str
    stream: str
    parent_columns: tuple[str, ...]


def _lines(settings: StreamSettings) -> tuple[_Line, ...]:
    return tuple(
        _Line(name, sublist.stream, tuple(sublist.parent_key.values()))
        for name, sublist in settings.sublists.items()
        if sublist.stream
    )


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
            key: the columns that identify it, so that it takes the place of an earlier form of itself;
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
            InvalidRecordError: a value of the key cannot be one.
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
