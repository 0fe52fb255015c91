"""Number keys: pages side by side, proven.

A page is one answer: whatever happens in the account, it holds *every* row between its first key and its last. Pages
at the offsets 0, 1000, … of one statement are fetched at once, and each proves its own stretch of keys. Rows that come
or go meanwhile move others to another page, so a row can slip through between the last key of one page and the first
key of the next. About that NetSuite is asked afterwards: how many rows lie between the pages, and how many in all.
Where some do, or more than came, that part is read again, each page after the last key of the one before.

Few pages are read each after the last key of the one before, which leaves nothing to ask.

A statement can be read for 100,000 rows [section_157909186990]. The last page of these is fetched first, because the
next statement begins after its last key.

Rows are read in the order of their keys, those that have changed since the last run. A change made meanwhile only adds
a row to these, for stamps grow, so each row that is among them at the beginning is read. What is added after the place
that the reading has reached comes with the next run, which begins before this one did. NetSuite's counts go up to the
moment the run began, and so does the bookmark.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from math import ceil
from typing import Protocol

from suitetalk import READABLE_ROWS, IncompleteResultError, SuiteQL
from suitetalk.errors import STATEMENT_FAILURES, TOO_SLOW
from suitetalk.suiteql import both
from suitetalk.values import instant, iso
from tap_netsuite.reading.changes import Changes
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import Key, PageSize, RowFormat, Rows, in_time, joined, may_be_size
from tap_netsuite.reading.sequential import check_keys
from tap_netsuite.reading.state import READINGS, Clock, Position, check_not_ahead, moment_after, state_of
from tap_netsuite.settings import Audit
from tap_netsuite.source import (
    Column,
    CountTogether,
    Source,
    after,
    between,
    count_rows,
    gap,
    is_in_parts,
    note_columns,
    page_in_parts,
    shows_all_columns,
    up_to,
)

logger = logging.getLogger(__name__)

_FIRST_STRETCH = 2  # pages; later ones are longer, so that proofs cost little and state still moves early
_LONGEST_STRETCH = 50
_FEW_PAGES = 3  # side by side they would take as many round trips, the proof included, and a request more
_MOST_PAGES = 1000  # that one statement can be read for [section_156414087576]
_SUMS = "SUM(CASE)"
_MOST_UNPROVEN = 3  # stretches; state lags no further behind


@dataclass(frozen=True)
class Gap:
    """The keys between two pages, without either."""

    behind: Key
    before: Key


@dataclass(frozen=True)
class Count:
    """What NetSuite counts in a stretch of keys.

    Attributes:
        rows: all rows.
        in_gaps: those between its pages.
    """

    rows: int
    in_gaps: int


class KeyedTable(Protocol):
    """Something with rows that have a key."""

    @property
    def page_size(self) -> int:
        """Rows of a full page."""
        ...

    @property
    def statement_pages(self) -> int:
        """Pages that one statement can be read for, two at least."""
        ...

    def page(self, after: Key | None, offset: int) -> Rows:
        """Return the page at an offset of the rows after a key, or of all, in the order of the key."""
        ...

    def count(self, after: Key | None, up_to: Key, gaps: tuple[Gap, ...]) -> Count | None:
        """Return NetSuite's count of the rows after a key and up to another, and of those in gaps; None if refused."""
        ...

    def count_whole(self, after: Key | None, *, alone: bool) -> int | None:
        """Return NetSuite's count of all rows after a key that were there when the reading began.

        It is asked together with those of other streams, or alone; None where it is not to be had.
        """
        ...

    def adjoins(self, behind: Key, before: Key) -> bool:
        """Tell whether no key can lie between two others."""
        ...

    def gap_error(self, came: int, missing: int) -> IncompleteResultError:
        """Return the error for rows that do not come however often they are read."""
        ...


@dataclass
class _Stretch:
    """Pages in a row, until NetSuite has been asked about them."""

    after: Key | None
    up_to: Key | None
    pages: int = 0
    came: int = 0
    is_full: bool = True
    gaps: list[Gap] = field(default_factory=list)


class KeyPages:
    """One reading of a table, from after a key to the end."""

    def __init__(
        self,
        table: KeyedTable,
        fetcher: Fetcher,
        audit: Audit = Audit.ERROR,
        is_counted: Callable[[Rows], bool] = bool,
    ) -> None:
        """Prepare.

        Args:
            table: what to read.
            fetcher: what to fetch through.
            audit: what is done about missing rows.
            is_counted: tells whether a reading of one page is held against a count.
        """
        self._table = table
        self._fetcher = fetcher
        self._audit = audit
        self._is_counted = is_counted
        self._stretch = _Stretch(None, None)
        self._stretch_pages = _FIRST_STRETCH
        self._to_come: int | None = None  # rows, by the word of a page that counted more than it showed
        self._proofs: deque[tuple[_Stretch, Future[Count | None]]] = deque()

    def read(self, after: Key | None, first: Rows | None = None) -> Iterator[Portion]:
        """Yield all pages after a key, in order, and what is proven of them.

        Args:
            after: where to begin; None for the beginning.
            first: the page there, where it has been fetched and passed on already.

        Raises:
            IncompleteResultError: NetSuite counts rows that do not come, and that is an error.
        """
        self._stretch = _Stretch(after, after)
        end = yield from self._pages(after, first)
        while end and not self._is_end(end):  # they are few, it grew meanwhile, or NetSuite let less of it be read
            end = yield from self._pages(self._stretch.up_to, None)
        if self._stretch.pages:
            self._ask_about(self._stretch)
        while self._proofs:
            yield from self._proof()

    def _pages(self, after: Key | None, first: Rows | None) -> Generator[Portion, None, Rows | None]:
        """Yield the pages after a key; return the last with rows, None when there is none."""
        if first is None:
            [first] = self._fetcher.in_order(self._fetch(after, 0) for _ in range(1))
            yield Portion(first)
        if not first.count:
            if first.total:
                self._complain(0, first.total)
                yield Portion(audited=first.total, has_gap=True)
            return None
        end = yield from self._first_of_statement(after, first)
        self._note(end)
        for page in self._fetcher.in_order(self._begin_rest(after, first.total or 0)):
            yield Portion(page)
            if page.count:
                self._note(page)
                self._include(page)
                end = page
            while self._proofs and (self._proofs[0][1].done() or len(self._proofs) > _MOST_UNPROVEN):
                yield from self._proof()
        return end

    def _note(self, page: Rows) -> None:
        if self._to_come is not None:
            self._to_come -= page.count
        elif not page.is_last:
            self._to_come = page.left

    def _is_end(self, page: Rows) -> bool:
        """Tell whether no page comes after this one.

        A full one may be all that an account shows, and counts. It is the last where a page has counted more rows than
        it showed, and exactly those have come since.
        """
        return page.is_last and (page.count < self._table.page_size or self._to_come == 0)

    def _first_of_statement(self, after: Key | None, page: Rows) -> Generator[Portion, None, Rows]:
        """Take a page at the beginning of a statement: if it is as full as it can be, no row can lie before its end.

        Returns the page, or the one that was read in its place.
        """
        counted, missing, is_first = page.count, 0, not self._stretch.pages and not self._proofs
        # A full one is followed by another, and the last of several may have been counted by those before.
        was_counted = self._to_come is not None and self._to_come <= page.count
        is_single = page.is_whole and page.count < self._table.page_size and not was_counted
        if is_first and is_single and self._audit is not Audit.OFF and self._is_counted(page):
            page, counted, missing = yield from self._held_against_count(after, page)
        if not is_first or not self._is_full(page):
            self._include(page)
            return page
        self._stretch = _Stretch(page.last, page.last)
        yield Portion(proven=page.last, audited=counted, has_gap=missing > 0)
        return page

    def _held_against_count(self, after: Key | None, page: Rows) -> Generator[Portion, None, tuple[Rows, int, int]]:
        """Read a single page again where NetSuite counts more rows than it says it has.

        Of an account that shows all rows, two readings have between them all that are counted in between: those that
        went meanwhile are in the first, those that came in the second.

        Returns the last page with rows, NetSuite's count, and how many rows are missing.
        """
        counted = self._table.count_whole(after, alone=False)
        if counted is None or counted <= page.count:
            return page, page.count if counted is None else counted, 0
        before, came, missing = {*page.keys}, page.count, counted - page.count
        for reading in range(READINGS):
            logger.info("NetSuite counts %d rows more than it says there are; reading them again", missing)
            if reading:
                counted = self._table.count_whole(after, alone=True) or 0
            pages = yield from self._once_more(after, before, counted)
            page = pages[-1] if pages else page
            if not page.is_whole:  # it has grown; what follows is read as usual
                return page, page.count, 0
            keys = {key for each in pages for key in each.keys}
            came = len(before | keys)
            missing = counted - came
            if missing <= 0:
                return page, min(counted, came), 0
            before = keys
        self._complain(came, missing)
        return page, counted, missing

    def _once_more(self, after: Key | None, before: set[Key], counted: int) -> Generator[Portion, None, list[Rows]]:
        """Read each page after the last key of the other, whatever it says of others, until as many came as counted."""
        pages: list[Rows] = []
        came = {*before}
        while not pages or (pages[-1].is_whole and len(came) < counted):
            page = self._fetch(pages[-1].last if pages else after, 0).result()
            yield Portion(page)
            if not page.count:
                break
            pages.append(page)
            came.update(page.keys)
        return pages

    def _begin_rest(self, after: Key | None, total: int) -> Iterator[Future[Rows]]:
        """Begin to fetch what follows the first page, statement by statement; nothing where that are few pages."""
        size, most, number = self._table.page_size, self._table.statement_pages, 1
        if total <= _FEW_PAGES * size:
            return
        while total > most * size:
            scout = self._fetch(after, (most - 1) * size)
            yield from (self._fetch(after, place * size) for place in range(number, most - 1))
            yield scout
            following = scout.result()
            if not following.last:
                return
            after, total, number = following.last, (following.total or 0) - most * size, 0
        yield from (self._fetch(after, place * size) for place in range(number, ceil(total / size)))

    def _fetch(self, after: Key | None, offset: int) -> Future[Rows]:
        return self._fetcher.page(partial(self._table.page, after, offset))

    def _include(self, page: Rows) -> None:
        """Add a page with rows to the stretch, after the ones before it."""
        if self._stretch.pages == self._stretch_pages:
            self._ask_about(self._stretch)
            self._stretch = _Stretch(self._stretch.up_to, self._stretch.up_to)
            self._stretch_pages = min(2 * self._stretch_pages, _LONGEST_STRETCH)
        stretch = self._stretch
        behind, before, up_to = stretch.up_to, page.first or (), page.last or ()
        if page.offset and behind is not None and behind < before and not self._table.adjoins(behind, before):
            stretch.gaps.append(Gap(behind, before))
        stretch.up_to = up_to if behind is None else max(behind, up_to)
        stretch.pages += 1
        stretch.came += page.count
        stretch.is_full &= self._is_full(page)

    def _is_full(self, page: Rows) -> bool:
        """Tell whether a page has all the rows that NetSuite says in the same answer."""
        return page.count == min(self._table.page_size, max(0, (page.total or 0) - page.offset))

    def _ask_about(self, stretch: _Stretch) -> None:
        """Ask NetSuite about a stretch, unless its pages leave nothing to ask: full, and no key between them."""
        if (stretch.is_full and not stretch.gaps) or self._audit is Audit.OFF or stretch.up_to is None:
            known: Future[Count | None] = Future()
            known.set_result(Count(stretch.came, 0))
            self._proofs.append((stretch, known))
        else:
            call = partial(self._table.count, stretch.after, stretch.up_to, tuple(stretch.gaps))
            self._proofs.append((stretch, self._fetcher.ask(call)))

    def _proof(self) -> Iterator[Portion]:
        """Take NetSuite's answer about a stretch, and read it again where rows are missing."""
        stretch, asked = self._proofs.popleft()
        count = asked.result()
        if count is None:
            logger.debug("A stretch of %d pages cannot be counted; it is read page after page", stretch.pages)
            yield from self._again(stretch)
        elif count.in_gaps or count.rows > stretch.came:
            logger.info("Rows have moved between pages while they were read; reading %d pages again", stretch.pages)
            yield from self._again(stretch)
        else:
            yield Portion(proven=stretch.up_to, audited=count.rows)

    def _again(self, stretch: _Stretch) -> Iterator[Portion]:
        """Read a stretch one page after the last key of the other, which no row can slip through.

        Each page has to be as full as NetSuite says in the same answer; what is counted later may have come later.
        """
        for _ in range(READINGS):
            came, missing, after = 0, 0, stretch.after
            while after is None or after < (stretch.up_to or ()):
                page = self._fetch(after, 0).result()
                yield Portion(page)
                came += page.count
                missing += min(self._table.page_size, page.total or 0) - page.count
                after = page.last
                if after is None or page.is_last:
                    break
            if not missing:
                yield Portion(proven=stretch.up_to, audited=came)
                return
        self._complain(came, missing)
        yield Portion(proven=stretch.up_to, audited=came + missing, has_gap=True)

    def _complain(self, came: int, missing: int) -> None:
        error = self._table.gap_error(came, missing)
        if self._audit is Audit.ERROR:
            raise error
        logger.warning("%s", error)


class KeyedSource:
    """The rows of a source that meet a condition. Thread-safe.

    Keys are compared as numbers, as NetSuite compares them; of text its order is not documented.
    """

    def __init__(
        self,
        suiteql: SuiteQL,
        source: Source,
        row_format: RowFormat,
        condition: str = "",
        counted: Callable[[], str] = lambda: "",
        *,
        is_first: bool = False,
        together: CountTogether | None = None,
    ) -> None:
        """Read from a source with keys the rows that meet a condition.

        Args:
            suiteql: where to read.
            source: what to read.
            row_format: makes the rows that leave.
            condition: which rows to read; empty for all.
            counted: returns the condition that those of them meet which were there when the reading began, as far as
                that can be told: NetSuite's count must not include rows that came since.
            is_first: whether nothing has been read of it before, so that it ought to have rows.
            together: counts rows of several streams at once; without it single pages are not counted.
        """
        self._suiteql = suiteql
        self._together = together
        self._source = source
        self._row_format = row_format
        self._condition = condition
        self._counted = counted
        self.page_size = suiteql.page_size
        self.statement_pages = min(READABLE_ROWS // self.page_size, _MOST_PAGES)
        self._fitting = PageSize(self.page_size)
        self._is_first = is_first
        self._has_come = False  # rows of the source
        self._totals: dict[Key | None, int] = {}

    def page(self, behind: Key | None, offset: int) -> Rows:
        """Return the page at an offset of the rows after a key, or of all; one beyond their end is empty.

        Where NetSuite cannot give it in one answer, it is put together from several, each after the last key of the
        one before: then, too, no row between its first and its last is missing.

        Raises:
            IncompleteResultError: the rows do not come in the order of their keys, or two have the same.
            NetSuiteError: NetSuite refused.
        """
        part, size = self._fitting.ask(partial(self._answer, behind, offset), offset)
        parts, came = [part], part.count
        while came < self.page_size and size < self.page_size and part.count and not part.is_last:
            part, size = self._fitting.ask(partial(self._answer, part.last, 0), most=size)
            parts.append(part)
            came += part.count
        page = joined(parts)
        if self._source.is_query and behind is None and offset == 0 and not page.is_last:
            check_keys(self._suiteql, self._source, self._condition)  # whose keys are only said to be some
        return page

    def _answer(self, behind: Key | None, offset: int, limit: int) -> Rows:
        """Return so many rows at an offset of those after a key; errors are those of `page`."""
        condition = both(self._condition, after(self._source.keys, behind or ()))
        try:
            page = self._rows(condition, offset, limit)
        except STATEMENT_FAILURES as failure:
            if offset == 0 or may_be_size(failure, limit):
                raise
            # What an offset beyond the end is answered with is not documented [section 12]; what it hides is read
            # after the last row.
            return Rows(0, offset=offset, total=offset)
        if page.disagrees or (not page.total and not offset and self._doubts_nothing()):
            page = self._believed(page, behind, condition, limit)
        if page.first and page.last and not offset and not is_in_parts(self._suiteql, self._source):
            note_columns(self._suiteql, self._source, page.first, page.last)
        self._has_come |= page.count > 0
        if behind is not None and page.first is not None and page.first <= behind:
            raise self._source.order_error()
        return page

    def _doubts_nothing(self) -> bool:
        """Whether an answer without rows has to be held against a count."""
        return not self._has_come and (self._is_first or not shows_all_columns(self._suiteql, self._source))

    def _rows(self, condition: str, offset: int, limit: int) -> Rows:
        source, suiteql = self._source, in_time(self._suiteql, limit)
        if is_in_parts(suiteql, source):
            page = page_in_parts(suiteql, source, condition, source.key_order, limit=limit, offset=offset)
            return self._row_format.of_page(page, offset)
        answer = suiteql.answer(source.page(condition, source.key_order), limit=limit, offset=offset)
        return self._row_format.read(answer, offset)

    def _believed(self, page: Rows, behind: Key | None, condition: str, limit: int) -> Rows:
        """Return a page with the total that NetSuite counts, since what it says of itself cannot all be true.

        No rows where some are counted may be a fault that passes, or come from more columns than the account shows.
        """
        if behind not in self._totals:
            counted = count_rows(self._suiteql, self._source, condition)
            # One more than came, where nobody counts, lets the reading go on after the last of them.
            more = max(page.total or 0, page.offset + page.count + page.has_more)
            self._totals[behind] = more if counted is None else counted
        total = self._totals[behind]
        if total and not page.count and not page.offset:
            page = self._rows(condition, 0, limit)
            if not page.count:
                source = self._source
                found = page_in_parts(self._suiteql, source, condition, source.key_order, limit=limit)
                page = self._row_format.of_page(found)
        return replace(page, total=max(total, page.offset + page.count))

    def count(self, behind: Key | None, last: Key, gaps: tuple[Gap, ...]) -> Count | None:
        """Return NetSuite's count of the rows after a key and up to another, and of those in gaps; None if refused."""
        keys = self._source.keys
        here = both(after(keys, behind or ()), up_to(keys, last))
        if not gaps:
            return _counts(self._number(both(self._counted(), here)), 0)
        was_there = self._counted()
        if "(SELECT " in was_there or _SUMS in self._suiteql.refused:  # a sum with a subquery in it is not documented
            return self._counted_apart(was_there, here, gaps)
        rows = f"CASE WHEN {was_there} THEN 1 ELSE 0 END" if was_there else "1"
        statement = self._source.sums(
            both(self._condition, here), rows, f"CASE WHEN {_any(keys, gaps)} THEN 1 ELSE 0 END"
        )
        try:
            row = self._suiteql.hasty.page(statement, limit=1).items[0]
        except STATEMENT_FAILURES as failure:
            logger.debug("%s cannot be counted in one statement: %s", self._source.name, failure)
            if not isinstance(failure, TOO_SLOW):
                self._suiteql.refused.add(_SUMS)
            return self._counted_apart(was_there, here, gaps)
        return Count(int(row.get("s0") or 0), int(row.get("s1") or 0))

    def count_whole(self, behind: Key | None, *, alone: bool) -> int | None:
        """Return NetSuite's count of all rows after a key that were there when the reading began."""
        condition = both(self._counted(), after(self._source.keys, behind or ()))
        if alone:
            return self._number(condition)
        return self._together(self._source, condition) if self._together else None

    def _counted_apart(self, was_there: str, here: str, gaps: tuple[Gap, ...]) -> Count | None:
        rows = self._number(both(was_there, here))
        return _counts(rows, self._number(both(self._condition, here, _any(self._source.keys, gaps))))

    def _number(self, condition: str) -> int | None:
        return count_rows(self._suiteql, self._source, condition)

    def adjoins(self, behind: Key, before: Key) -> bool:
        """Tell whether no key can lie between two others."""
        return behind[:-1] == before[:-1] and bool(behind[-1] + 1 == before[-1])

    def gap_error(self, came: int, missing: int) -> IncompleteResultError:
        """Return the error for rows that do not come however often they are read."""
        return gap(self._source, self._condition, came=came, missing=missing)


def _counts(rows: int | None, in_gaps: int | None) -> Count | None:
    return None if rows is None or in_gaps is None else Count(rows, in_gaps)


def _any(keys: tuple[Column, ...], gaps: tuple[Gap, ...]) -> str:
    """Return the condition for rows in any of some gaps."""
    return f"({' OR '.join(between(keys, gap.behind, gap.before) for gap in gaps)})"


class TableReading:
    """Reads all rows of a source, or those changed since a position."""

    def __init__(  # noqa: PLR0913 - all that a reading depends on
        self,
        source: Source,
        table: Callable[[str, Callable[[], str], Callable[[], datetime | None]], KeyedTable],
        position: Position,
        *,
        changes: Changes | None,
        start_date: datetime | None,
        clock: Clock,
        lookback: timedelta,
        audit: Audit,
        reads_sets: bool = False,
    ) -> None:
        """Prepare.

        Args:
            source: what is read.
            table: returns the source's rows that meet a condition; those of them that NetSuite counts meet another,
                and rows that are read as sets say when.
            position: where the last run ended.
            changes: tells changed rows; None to read all rows each time.
            start_date: older changes are left out.
            clock: NetSuite's.
            lookback: how long before the run's beginning a change may have been made that is only being saved.
            audit: what is done about missing rows.
            reads_sets: whether rows come with all others of their transaction.
        """
        self._source = source
        self._table = table
        is_of_now = position.since == start_date or position.low
        self._position = position if is_of_now else Position(read_at=position.read_at)
        self._reads_sets = reads_sets
        self._changes = changes
        self._start_date = start_date
        self._clock = clock
        self._lookback = lookback
        self._audit = audit
        self._pages_read = 0
        self._may_be_torn = False

    def read(self, fetcher: Fetcher) -> Generator[Portion, None, None]:
        """Yield what is read, and where the stream stands after it.

        Raises:
            IncompleteResultError: rows are missing.
            NetSuiteError: NetSuite refused.
        """
        if self._changes is None:
            read_at = self._moment()
            yield from self._pages(fetcher, self._table("", lambda: "", read_at), lambda: None, read_at)
            yield Portion(bookmark=state_of(Position(read_at=read_at()), self._source))
            return
        if self._position.after is not None:  # an earlier run was interrupted
            yield from self._read_changes(fetcher, self._changes, lambda: self._position.high)
        for _ in range(READINGS):
            yield from self._read_changes(fetcher, self._changes, lambda: self._clock.started)
            if not self._may_be_torn:
                return

    def _read_changes(
        self, fetcher: Fetcher, changes: Changes, began: Callable[[], datetime | None]
    ) -> Iterator[Portion]:
        """Read what has changed up to now; the bookmark goes up to the moment that the reading began."""
        low = self._position.low
        is_first, read_at = low is None, self._moment()
        self._pages_read = 0
        since = low or self._start_date
        unstamped = changes.unstamped() if not is_first else ""

        def rows(*, unstamped: bool) -> KeyedTable:
            counted = partial(changes.between, since, unstamped=unstamped)
            return self._table(counted(None), lambda: counted(began()), read_at)

        table, both_kinds = rows(unstamped=is_first), rows(unstamped=True)
        together = self._changed_and_unstamped(fetcher, both_kinds) if unstamped else None
        if together is not None:
            yield from self._pages(fetcher, both_kinds, began, read_at, together)
        else:
            page_of_unstamped = self._first_page(fetcher, unstamped, read_at) if unstamped else None
            yield from self._pages(fetcher, table, began, read_at)
            if page_of_unstamped:
                yield self._unstamped(page_of_unstamped.result())
        # A set that was changed between two pages came in part, and its rows of the first kill the others. One page is
        # one answer, in which sets are whole; and where all rows come, none is killed by another.
        self._may_be_torn = self._reads_sets and not is_first and self._pages_read > 1
        yield self._advance(began())

    def _changed_and_unstamped(self, fetcher: Fetcher, table: KeyedTable) -> Rows | None:
        """Return the rows that changed and those that NetSuite never stamped, if one answer has them all."""
        if self._position.after is not None:  # the rest of an interrupted reading
            return None
        try:
            page = fetcher.page(lambda: table.page(None, 0)).result()
        except STATEMENT_FAILURES as refusal:
            logger.debug("%s: changed and unstamped rows are asked for apart: %s", self._source.name, refusal)
            page = None
        if page is not None and page.is_whole and page.count < table.page_size:
            return page
        fetcher.end()
        return None

    def _unstamped(self, page: Rows) -> Portion:
        """Pass on again the rows of which nobody can tell whether they changed, if they are few; else say so."""
        if not page.is_last:
            page = Rows(0, total=page.total) if self._reads_sets else page  # half a set would kill the other half
            logger.warning(
                "%s: whether %d rows changed is unknown, because NetSuite never stamped them; the first run read "
                "them, and the replication method FULL_TABLE reads them again",
                self._source.name,
                page.total,
            )
        return Portion(replace(page, total=None), audited=page.count)

    def _first_page(self, fetcher: Fetcher, condition: str, read_at: Callable[[], datetime | None]) -> Future[Rows]:
        return fetcher.page(lambda: self._table(condition, lambda: condition, read_at).page(None, 0))

    def _moment(self) -> Callable[[], datetime | None]:
        """Return what tells the moment that rows of a reading say: that of a resumed one stays."""
        position, clock = self._position, self._clock
        if not self._reads_sets:
            return lambda: None
        if position.after is not None and (resumed := position.read_at or position.high):
            return lambda: resumed
        return lambda: moment_after(position.read_at, clock.started)

    def _pages(
        self,
        fetcher: Fetcher,
        table: KeyedTable,
        began: Callable[[], datetime | None],
        read_at: Callable[[], datetime | None],
        first: Rows | None = None,
    ) -> Iterator[Portion]:
        """Yield the pages of a reading, the first of which may be there already, and where it stands after each."""
        is_announced = not self._reads_sets
        pages = KeyPages(table, fetcher, self._audit, self._moves_bookmark).read(self._position.after, first)
        for portion in chain([Portion(first)] if first else [], pages):
            if not is_announced:
                # Before the first row: whatever becomes of this run, the next reading must say a later moment.
                is_announced = True
                self._position = replace(self._position, read_at=read_at())
                yield Portion(bookmark=state_of(self._position, self._source))
            if portion.rows:
                self._pages_read += 1
                newest = max((stamp for stamp in (self._position.newest, portion.rows.newest) if stamp), default=None)
                self._position = replace(self._position, newest=newest)
                yield portion
            elif portion.proven is None:
                yield portion
            else:
                self._position = replace(
                    self._position,
                    after=portion.proven,
                    high=began(),
                    since=None if self._position.low else self._start_date,
                )
                yield replace(portion, bookmark=state_of(self._position, self._source))

    def _moves_bookmark(self, page: Rows) -> bool:
        """Tell whether the bookmark goes past rows that were changed since the last reading, none of which may miss."""
        low, newest = self._position.low, page.newest
        if low is None or self._changes is None:
            return True
        newest = self._changes.newest(newest)
        return newest is not None and instant(newest) > low

    def _advance(self, began: datetime | None) -> Portion:
        """Take the position after a finished reading.

        It is not later than the latest stamp that was seen, whatever clocks say, nor than what may have been in the
        saving when the reading began. What a start date
        kept out was not read, so it is not that far back either.
        """
        low, newest = self._position.low, self._position.newest
        if low and began:
            check_not_ahead(low, began)
        if self._changes:
            newest = self._changes.newest(newest)
        if began and newest:
            reached = min(newest, iso((began - self._lookback).replace(microsecond=0)))
            moment = instant(reached)
            if low or not self._start_date or moment >= self._start_date:
                low = max(low, moment) if low else moment
        self._position = Position(low, read_at=self._position.read_at)
        return Portion(bookmark=state_of(self._position, self._source))
