"""Reading values out of a record by the paths of columns, such as `address.city` or `lines[].qty`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from target_netsuite.settings.paths import EACH, Path, parse_path

ABSENT: Any = object()
"""Stands for a value that is not there at all."""


@dataclass(frozen=True)
class ColumnPath:
    """Where a value is in a row.

    Attributes:
        text: as it is written in the settings, for messages.
        names: names from the outside in, up to the value or up to the array it is in.
        inside: path within each element of the array; None when there is no array.
    """

    text: str
    names: Path
    inside: str | None = None

    def value(self, row: Any) -> Any:
        """Return the value, or the array; `ABSENT` when there is none, None when something on the way is null."""
        for name in self.names:
            if row is None:
                return None
            if not isinstance(row, Mapping) or name not in row:
                return ABSENT
            row = row[name]
        return row


def column_path(text: str, known: Collection[str]) -> ColumnPath:
    """Read the path of a column.

    Args:
        text: as it is written; one that names a known column as it stands is that column.
        known: columns of the stream's schema.
    """
    path = None if text in known else parse_path(text)
    if path is None:
        return ColumnPath(text, (text,))
    if EACH not in path:
        return ColumnPath(text, path)
    place = path.index(EACH)
    return ColumnPath(text, path[:place], ".".join(path[place + 1 :]).replace(f".{EACH}", EACH))
