"""A stand-in for `suitetalk.SuiteQL` over sqlite: small pages, changes between pages, bad manners on request."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from suitetalk import Page, SuiteQL

_MOST_PAGES = 3000  # of one test; more means that reading does not end

Row = dict[str, Any]


def _to_char(stored: str | None, _: str) -> str | None:
    return stored[:19] if stored else None


def _to_date(text: str, _: str) -> str:
    return f"{text}.000000"


class StandIn:
    """One table `t`, and SELECT statements on it.

    Times are stored as text with six digits of a second, so that they compare as times do.

    Args:
        columns: the table's columns as in CREATE TABLE.
        rows: its rows.
        page_size: rows of one page.
        changes: called in turn, one after each page.
        spoil: changes the rows of a result before they are cut into pages.
    """

    def __init__(
        self,
        columns: str,
        rows: list[Row],
        *,
        page_size: int,
        changes: list[Callable[[StandIn], None]] | None = None,
        spoil: Callable[[list[Row]], list[Row]] = list,
    ) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.row_factory = sqlite3.Row
        self._database.create_function("TO_CHAR", 2, _to_char)
        self._database.create_function("TO_DATE", 2, _to_date)
        self.execute(f"CREATE TABLE t ({columns})")
        for row in rows:
            self.insert(row)
        self.page_size = page_size
        self._changes = iter(changes or [])
        self._spoil = spoil
        self.pages = 0
        self.refused: set[str] = set()

    @property
    def suiteql(self) -> SuiteQL:
        """Itself, for whom it stands in."""
        return cast("SuiteQL", self)

    def execute(self, sql: str, *values: Any) -> list[Row]:
        return [dict(row) for row in self._database.execute(sql, values)]

    def insert(self, row: Row) -> None:
        marks = ", ".join("?" * len(row))
        self.execute(f"INSERT INTO t ({', '.join(row)}) VALUES ({marks})", *row.values())

    def rows(self) -> list[Row]:
        return self.execute("SELECT * FROM t")

    @property
    def hasty(self) -> StandIn:
        return self

    def page(self, statement: str, *, limit: int | None = None, offset: int = 0) -> Page:
        self.pages += 1
        assert self.pages < _MOST_PAGES, "reading does not end"
        size = limit or self.page_size
        result = self.execute(statement)
        shown = result if "COUNT(*)" in statement else self._spoil(result)
        items = [{name: str(value) for name, value in row.items() if value is not None} for row in shown]
        change = next(self._changes, None)
        if change:
            change(self)
        return Page(items[offset : offset + size], len(result), offset + size < len(result))

    def close(self) -> None:
        self._database.close()


@contextmanager
def standing_in(stand_in: StandIn) -> Iterator[StandIn]:
    """Close the stand-in at the end."""
    try:
        yield stand_in
    finally:
        stand_in.close()


def shuffled(seed: int) -> Callable[[list[Row]], list[Row]]:
    """A server that orders nothing."""
    draws = random.Random(seed)
    return lambda rows: draws.sample(rows, len(rows))


def without(missing: set[Any], name: str = "id") -> Callable[[list[Row]], list[Row]]:
    """A server that counts some rows and never shows them."""
    return lambda rows: [row for row in rows if row[name] not in missing]
