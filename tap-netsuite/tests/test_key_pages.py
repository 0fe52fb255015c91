"""Many pages at once against a brute-force model: whatever happens between two requests, nothing that stays is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shaken_fetcher import ShakenFetcher

from suitetalk import IncompleteResultError
from tap_netsuite.reading.engine import Portion
from tap_netsuite.reading.page import Key, Rows
from tap_netsuite.reading.parallel import Count, Gap, KeyPages

KEYS = st.tuples(st.integers(-4, 4), st.integers(-6, 6))
CHANGES = st.lists(st.lists(st.tuples(st.sampled_from(["insert", "delete"]), KEYS), max_size=3), max_size=40)
SIZES = st.integers(1, 4)
PAGES = st.integers(2, 4)
SEEDS = st.integers(0, 2**16)


@dataclass
class Table:
    """Rows that come and go: after each request the next changes happen.

    Attributes:
        keys: the rows that are there now.
        throughout: those of the rows at the beginning that have been there all the time.
        hidden: rows that are counted and not shown.
        hides: how many pages are shown without them; None for all.
        tells: whether a page says how many rows there are with them.
    """

    keys: set[Key]
    page_size: int
    statement_pages: int
    changes: Iterator[list[tuple[str, Key]]]
    hidden: set[Key] = field(default_factory=set)
    throughout: set[Key] = field(default_factory=set)
    hides: int | None = None
    tells: bool = True
    requests: int = 0

    def __post_init__(self) -> None:
        self.throughout = set(self.keys)

    def page(self, after: Key | None, offset: int) -> Rows:
        hidden = self.hidden if self.hides is None or self.requests < self.hides else set()
        there = self.keys if self.tells else self.keys - hidden
        found = sorted(key for key in there if after is None or key > after)
        assert offset < self.page_size * self.statement_pages
        shown = [key for key in found[offset : offset + self.page_size] if key not in hidden]
        self._go_on()
        ends = (shown[0], shown[-1]) if shown else (None, None)
        rows = Rows(len(shown), first=ends[0], last=ends[1], kept=tuple(shown), keys=shown)
        return replace(rows, offset=offset, total=len(found))

    def count(self, after: Key | None, up_to: Key, gaps: tuple[Gap, ...]) -> Count:
        found = [key for key in self.keys if (after is None or key > after) and key <= up_to]
        between = [key for key in found if any(gap.behind < key < gap.before for gap in gaps)]
        self._go_on()
        return Count(len(found), len(between))

    def count_whole(self, after: Key | None, *, alone: bool) -> int:
        self._go_on(requests=0)  # it waits for other streams
        number = sum(after is None or key > after for key in self.keys)
        self._go_on(requests=int(alone))  # with those of other streams it is next to nothing
        return number

    def adjoins(self, behind: Key, before: Key) -> bool:
        return behind[0] == before[0] and bool(behind[1] + 1 == before[1])

    def gap_error(self, came: int, missing: int) -> IncompleteResultError:
        return IncompleteResultError(f"{came} rows came and {missing} more are counted.")

    def _go_on(self, requests: int = 1) -> None:
        self.requests += requests
        assert self.requests < 2000, "reading does not end"
        for kind, key in next(self.changes, []):
            if kind == "insert":
                self.keys.add(key)
            else:
                self.keys.discard(key)
                self.throughout.discard(key)


@dataclass
class Reading:
    """What came of a reading.

    Attributes:
        came: keys of all rows.
        proven: the last key up to which all was said to have come.
    """

    came: set[Key] = field(default_factory=set)
    proven: Key | None = None


def read(
    table: Table,
    seed: int,
    after: Key | None = None,
    steps: int | None = None,
    check: Callable[[Portion], None] | None = None,
) -> Reading:
    """Read from behind a key, up to a number of steps."""
    reading = Reading(proven=after)
    for number, step in enumerate(KeyPages(table, ShakenFetcher(seed).fetcher).read(after)):
        if number == steps:
            break
        if step.rows:
            reading.came.update(step.rows.kept)
        if step.proven is not None:
            assert reading.proven is None or step.proven >= reading.proven
            reading.proven = step.proven
            due = {key for key in table.throughout if (after is None or key > after) and key <= step.proven}
            assert due <= reading.came
    return reading


def table_of(
    keys: set[Key],
    page_size: int,
    statement_pages: int,
    changes: list[list[tuple[str, Key]]],
    hidden: Iterable[Key] = (),
) -> Table:
    return Table(set(keys), page_size, statement_pages, iter(changes), set(hidden))


@given(keys=st.sets(KEYS, max_size=60), size=SIZES, pages=PAGES, changes=CHANGES, seed=SEEDS)
def test_rows_that_stay_all_come_whatever_changes_between_requests(
    keys: set[Key], size: int, pages: int, changes: list[list[tuple[str, Key]]], seed: int
) -> None:
    table = table_of(keys, size, pages, changes)
    reading = read(table, seed)
    assert table.throughout <= reading.came
    assert not table.throughout or (reading.proven and reading.proven >= max(table.throughout))


@given(keys=st.sets(KEYS, max_size=60), size=SIZES, pages=PAGES, seed=SEEDS)
def test_each_row_comes_once_when_nothing_changes(keys: set[Key], size: int, pages: int, seed: int) -> None:
    table = table_of(keys, size, pages, [])
    rows = [
        key for step in KeyPages(table, ShakenFetcher(seed).fetcher).read(None) if step.rows for key in step.rows.kept
    ]
    assert rows == sorted(keys)


@given(keys=st.sets(KEYS, max_size=60), size=SIZES, pages=PAGES, changes=CHANGES, seed=SEEDS, stop=st.integers(0, 40))
def test_stopped_anywhere_and_gone_on_from_what_was_proven_nothing_is_lost(
    keys: set[Key], size: int, pages: int, changes: list[list[tuple[str, Key]]], seed: int, stop: int
) -> None:
    table = table_of(keys, size, pages, changes)
    first = read(table, seed, steps=stop)
    second = read(table, seed + 1, after=first.proven)
    assert table.throughout <= first.came | second.came


@given(keys=st.sets(KEYS, min_size=1, max_size=40), size=SIZES, pages=PAGES, seed=SEEDS, data=st.data())
def test_rows_that_are_counted_and_never_shown_are_an_error(
    keys: set[Key], size: int, pages: int, seed: int, data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.sampled_from(sorted(keys)), min_size=1))
    table = table_of(keys, size, pages, [], hidden)
    table.throughout -= hidden
    with pytest.raises(IncompleteResultError):
        read(table, seed)


@given(keys=st.sets(KEYS, min_size=1, max_size=12), seed=SEEDS, data=st.data())
def test_rows_of_one_page_that_is_said_to_be_all_are_an_error_or_come_in_the_end(
    keys: set[Key], seed: int, data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.sampled_from(sorted(keys)), min_size=1, max_size=len(keys)))
    shown = keys - hidden
    hides = data.draw(st.none() | st.integers(1, 4))
    table = table_of(keys, 20, 3, [], hidden)
    table.tells, table.hides = False, hides
    if not shown or hides == 4:
        table.hides = None
    if shown and table.hides is not None:
        assert read(table, seed).came == keys
    elif shown:
        with pytest.raises(IncompleteResultError, match=f"{len(hidden)} more"):
            read(table, seed)


def test_a_full_page_is_followed_by_another_unless_one_before_it_counted_exactly_these_rows() -> None:
    for rows, requests in ((3, 1), (4, 2), (7, 2), (8, 2), (12, 3)):
        table = table_of({(0, number) for number in range(rows)}, 4, 3, [])
        assert len(read(table, 1).came) == rows
        assert table.requests == requests


def test_a_full_page_is_followed_by_another_where_rows_came_or_went() -> None:
    for change in (("insert", (1, 0)), ("delete", (0, 7))):
        table = table_of({(0, number) for number in range(8)}, 4, 3, [[change]])
        assert read(table, 1).came >= table.throughout
        assert table.requests == (3 if change[0] == "insert" else 2)


class NarrowTable(Table):
    """One that shows fewer rows than there are, and counts those that it shows."""

    def page(self, after: Key | None, offset: int) -> Rows:
        page = super().page(after, offset)
        return replace(page, total=offset + page.count)


def test_rows_come_where_an_account_counts_only_those_that_it_shows() -> None:
    for rows, requests in ((4, 2), (8, 3), (11, 3), (12, 4)):
        table = NarrowTable({(0, number) for number in range(rows)}, 4, 3, iter([]))
        assert len(read(table, 1).came) == rows
        assert table.requests == requests


@pytest.mark.slow
def test_proofs_are_a_few_requests_in_a_hundred() -> None:
    table = table_of({(0, 3 * number) for number in range(20_000)}, 20, 100, [])
    assert len(read(table, 1).came) == 20_000
    assert table.requests <= 1000 * 1.05
