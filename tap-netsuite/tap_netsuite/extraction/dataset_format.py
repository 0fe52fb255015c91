"""From the rows of a dataset to rows that are ready to leave, and what tells one of them from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suitetalk import IncompleteResultError, Page, SuiteTalkError
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.rows import Rows

Row = dict[str, Any]


class DatasetColumnError(SuiteTalkError):
    """A dataset has columns that its stream cannot take."""


@dataclass(frozen=True)
class DatasetPage:
    """One page of a dataset.

    Attributes:
        rows: its rows.
        offset: rows of the result before it.
        total: NetSuite's count of the whole result.
        keys: one number for each row, the same for the same key; none without keys.
        fingerprint: a number that the same rows have, in whatever order.
    """

    rows: Rows
    offset: int
    total: int
    keys: tuple[int, ...] = ()
    fingerprint: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the page is the whole result: one answer, in which nothing can have moved."""
        return self.offset == 0 and self.rows.count >= self.total


class DatasetFormat:
    """Turns the pages of one dataset into what leaves. Thread-safe."""

    def __init__(self, name: str, row_format: RowFormat, columns: frozenset[str], keys: tuple[str, ...]) -> None:
        """Prepare.

        Args:
            name: of the stream, for messages.
            row_format: makes the rows that leave, of the columns that are selected.
            columns: all that the stream knows, selected or not.
            keys: columns that are said to identify a row, may be empty.
        """
        self._name = name
        self._row_format = row_format
        self._columns = columns
        self._keys = keys

    def read(self, page: Page, offset: int) -> DatasetPage:
        """Return a page's rows.

        Raises:
            DatasetColumnError: a row has a column that the stream does not know.
            IncompleteResultError: keys are missing, or the page has one twice.
            ValueFormError: a value is not of its column's type.
        """
        items = [self._lowered(item) for item in page.items]
        keys = tuple(map(hash, self._keys_of(items)))
        fingerprint = sum(hash(repr(sorted(item.items()))) for item in items)
        return DatasetPage(self._row_format.of_items(items), offset, page.total, keys, fingerprint)

    def _lowered(self, item: Row) -> Row:
        """Return a row with the names of its columns in lower case; NetSuite promises none [section_156257796125]."""
        row = {name.lower(): value for name, value in item.items()}
        if len(row) < len(item):
            raise DatasetColumnError(
                f"{self._name} has columns whose names differ in capitals only; rename one of them in the dataset."
            )
        unknown = row.keys() - self._columns
        if unknown:
            raise DatasetColumnError(
                f"{self._name} has a column {min(unknown)} that was empty or not there when it was discovered; "
                "discover again, or name it in `types` of the dataset and then do."
            )
        return row

    def _keys_of(self, items: list[Row]) -> Iterator[tuple[Any, ...]]:
        """Return the rows' keys; that none is there twice can be told of one answer, but not of several."""
        if not self._keys:
            return iter(())
        try:
            keys = [tuple(str(item[name]) for name in self._keys) for item in items]
        except KeyError as missing:
            raise IncompleteResultError(
                f"A row of {self._name} has no {missing.args[0]}, one of `primary_keys` of the dataset; change them."
            ) from None
        if len(set(keys)) < len(keys):
            raise IncompleteResultError(
                f"{self._name} has two rows with the same {' and '.join(self._keys)}, so `primary_keys` of the dataset "
                "do not identify a row; change them."
            )
        return iter(keys)
