"""Rows of one page, ready to leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Key = tuple[Any, ...]
"""Values of a row's key columns, in their order."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Some rows in the form they leave in.

    Attributes:
        count: how many they are.
        lines: RECORD messages, one a line, each ending in a line feed; empty when `records` is used.
        records: the rows as mappings, for the SDK to treat; None when `lines` is used.
        first: key of the first row, None without rows or without keys.
        last: key of the last row, likewise.
        newest: highest value of the replication key as it leaves, None when no row has one.
        kept: values of some columns of all rows, where they were asked for.
    """

    count: int
    lines: bytes = b""
    records: list[Record] | None = None
    first: Key | None = None
    last: Key | None = None
    newest: Any | None = None
    kept: tuple[Key, ...] = ()


@dataclass(frozen=True)
class KeyPage:
    """One page of a result that is ordered by key.

    Attributes:
        rows: its rows.
        offset: rows of the result before it.
        total: NetSuite's count of the whole result.
    """

    rows: Rows
    offset: int
    total: int

    @property
    def is_last(self) -> bool:
        """Whether no row of the result lies behind this page."""
        return self.offset + self.rows.count >= self.total

    @property
    def left(self) -> int:
        """Rows of the result behind this page, by NetSuite's count of the whole."""
        return max(0, self.total - self.offset - self.rows.count)

    @property
    def is_whole(self) -> bool:
        """Whether the page is the whole result: one answer, in which nothing can have moved."""
        return self.offset == 0 and self.is_last
