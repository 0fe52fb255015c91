"""Records whose lines come in streams of their own: both wait until the input has ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suitetalk import ConfigurationError
from target_netsuite.errors import InvalidRecordError
from target_netsuite.mapping.child_rows import ChildRows, WaitingParents
from target_netsuite.settings.stream_settings import StreamSettings
from target_netsuite.settings.sublist_settings import SublistSettings

ROWS = "_sdc_child_rows"
"""Column in which a record that failed carries its lines, so that a replay has them."""

_PROBLEM = "_sdc_problem"
"""Column in which a line carries why it cannot be sent."""


@dataclass(frozen=True)
class _Line:
    """A sublist that a child stream fills: its name, the child stream, and the parent's columns that join them."""

    sublist: str
    stream: str
    parent_columns: tuple[str, ...]


class Families:
    """Joins the rows of child streams with their parents; used by one thread, in little memory."""

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
                        f"{place}.stream", f"is `{line.stream}`, which is a parent or fills another sublist already."
                    )
                self._sublists[line.stream] = place, streams[parent].sublists[line.sublist]
        parent_keys = {child: tuple(sublist.parent_key) for child, (_, sublist) in self._sublists.items()}
        self._waiting = False
        self._rows = ChildRows(parent_keys) if parent_keys else None
        self._parents = WaitingParents() if parent_keys else None

    @property
    def are_waiting(self) -> bool:
        """Whether something waits for the end of the input."""
        return self._waiting

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
        if self._rows is None:
            raise ValueError("no stream is a child")
        self._waiting = True
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
        if self._parents is None:
            raise ValueError("no stream is a parent")
        self._waiting = True
        self._parents.add(stream, number, record)

    def parents(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield stream, number and record of those that waited, in the order in which they came."""
        if self._parents is not None:
            yield from self._parents.all()

    def rows_of(self, stream: str, record: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Return a parent's lines by sublist.

        Raises:
            InvalidRecordError: it lacks a column that joins them.
        """
        rows = self._rows
        if rows is None:
            return {}
        return {
            line.sublist: rows.take(line.stream, [record.get(column) for column in line.parent_columns])
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
        if self._rows is not None:
            yield from self._rows.left_over()

    def close(self) -> None:
        """Remove what was kept."""
        for store in (self._rows, self._parents):
            if store is not None:
                store.close()


def _lines(settings: StreamSettings) -> tuple[_Line, ...]:
    return tuple(
        _Line(name, sublist.stream, tuple(sublist.parent_key.values()))
        for name, sublist in settings.sublists.items()
        if sublist.stream
    )
