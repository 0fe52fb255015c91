"""Which records of a type to read.

Pages of a list are not a snapshot, and the list cannot be sorted [section_1545222128]: a record that comes or
goes between two pages moves others over their border. So each window is asked for once, at offset 0. Where NetSuite
counts no more records in it than the answer has, the answer is the whole window, whatever happens in the account.
Where it counts more, the window is cut in two at the middle of the ids that came, and both halves are asked for.
The windows lie side by side over all numbers, so their ids are all there are, in the order of their values.

`q` compares whole days, in a format of the account's [section_1545222128], and not at all with the stamps of some
types; the table compares seconds. Which of its rows are records of the type is decided by the list end point, once for
all where both count the same, else for each id.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from suitetalk import (
    PAGE_SIZE,
    IncompleteResultError,
    InvalidRequestError,
    Page,
    Records,
)
from suitetalk.errors import STATEMENT_FAILURES, TOO_SLOW, UnexpectedError
from suitetalk.record_tables import table_of
from suitetalk.suiteql import both
from tap_netsuite.account import Account
from tap_netsuite.reading.changes import StampedChanges
from tap_netsuite.reading.engine import Fetcher, SmallPages
from tap_netsuite.reading.page import RowFormat
from tap_netsuite.reading.parallel import KeyedSource, TableReading
from tap_netsuite.reading.state import READINGS, position_in
from tap_netsuite.source import Column, Kind, Source, count_rows

logger = logging.getLogger(__name__)
_ASKED_TOGETHER = 200  # ids in one filter, so that the address stays far below what servers take
REFUSALS = STATEMENT_FAILURES
"""What NetSuite answers when a type has no list for this role, or no table."""
_ID = Column("id", Kind.INTEGER)


class NoWindowsError(Exception):
    """The account cannot choose records by a range of their ids."""


@dataclass(frozen=True)
class Window:
    """The ids above one number and up to another; None means no bound."""

    behind: int | None = None
    up_to: int | None = None

    def holds(self, record_id: int) -> bool:
        """Tell whether an id lies in it."""
        return (self.behind is None or record_id > self.behind) and (self.up_to is None or record_id <= self.up_to)

    def cut(self, at: int) -> tuple[Window, Window]:
        """Return its two parts, up to an id and above it."""
        return Window(self.behind, at), Window(at, self.up_to)


@dataclass(frozen=True)
class Listing:
    """What one answer says of a window.

    Attributes:
        ids: those that came.
        total: NetSuite's own count.
        has_more: whether NetSuite says that there are more.
    """

    ids: tuple[str, ...]
    total: int
    has_more: bool = False


Ask = Callable[[Window], Future[Listing]]


def windows_with_ids(ask: Ask, whole: Window) -> Iterator[list[int]]:
    """Yield the ids of a window, each once and in order, as many at a time as one answer has.

    Args:
        ask: begins to ask for the first page of a window.
        whole: what to read.

    Raises:
        NoWindowsError: ids are not whole numbers, or come from outside the window that was asked for.
        IncompleteResultError: NetSuite counts more records than it lists.
        NetSuiteError: NetSuite refused.
    """
    waiting = [(whole, ask(whole), 1)]
    while waiting:
        window, asked, reading = waiting.pop()
        listing = asked.result()
        ids = _numbers(listing, window)
        if len(ids) >= listing.total and not listing.has_more and len(ids) < PAGE_SIZE:
            yield ids
        elif len(ids) > 1:
            lower, upper = window.cut(ids[(len(ids) - 1) // 2])
            waiting += [(upper, ask(upper), 1), (lower, ask(lower), 1)]
        elif reading < READINGS:
            waiting.append((window, ask(window), reading + 1))
        elif len(ids) >= listing.total:  # that there are more is always said, then
            yield ids
        else:
            raise IncompleteResultError(
                f"NetSuite lists {len(ids)} of the {listing.total} records it counts; run it again."
            )


def _numbers(listing: Listing, window: Window) -> list[int]:
    if not all(map(is_number, listing.ids)):
        raise NoWindowsError
    ids = sorted(set(map(int, listing.ids)))
    if any(not window.holds(record_id) for record_id in ids):
        raise NoWindowsError
    return ids


def is_number(record_id: str) -> bool:
    """Tell whether an id is a whole number, written the one way it is written."""
    return record_id.removeprefix("-").isdecimal() and str(int(record_id)) == record_id


RecordId = int | str
"""A number, but for the few types that have text for ids."""


@dataclass(frozen=True)
class Listed:
    """Some ids.

    Attributes:
        ids: in order.
        bookmark: what the state is once they, and all before them, have been read; None when it stays.
        counted: records that NetSuite counts in what has been listed.
        has_gap: whether some of them are missing, which the settings let pass with a warning.
    """

    ids: tuple[RecordId, ...]
    bookmark: Mapping[str, Any] | None = None
    counted: int = 0
    has_gap: bool = False


class RecordList:
    """The list end point of a record type, with the user's filter. Thread-safe."""

    def __init__(self, records: Records, record_type: str, q: str) -> None:
        """List the records that meet a filter, empty for all."""
        self._records = records
        self._record_type = record_type
        self._q = q

    def count(self) -> int:
        """Return NetSuite's count of all records of the type, whatever the filter."""
        return self._records.list(self._record_type, limit=1).total

    def all_ids(self, fetcher: Fetcher, after: RecordId | None) -> Iterator[list[RecordId]]:
        """Yield all ids after one, in order.

        Windows of ids prove themselves. An account that refuses `id` in `q` has pages at offsets only.

        Raises:
            IncompleteResultError: NetSuite counts more records than it lists, however often it is asked.
            NetSuiteError: NetSuite refused.
        """
        behind = after if isinstance(after, int) else None
        begun = False
        try:
            for ids in windows_with_ids(lambda window: fetcher.ask(partial(self._window, window)), Window(behind)):
                begun = True
                after = ids[-1] if ids else after
                yield list(ids)
        except (NoWindowsError, _RefusedWindowError) as problem:
            logger.debug("%s cannot be listed by ranges of ids (%r); it is paged", self._record_type, problem)
        else:
            return
        if begun:
            logger.info("%s: the list is paged from %s on", self._record_type, after)
        rest = (each for each in self._by_offset() if after is None or order(each) > order(after))
        yield sorted(rest, key=order)

    def those_of(self, fetcher: Fetcher, ids: list[int]) -> list[int]:
        """Return those of some ids that are of the type and meet the filter."""
        parts = [ids[place : place + _ASKED_TOGETHER] for place in range(0, len(ids), _ASKED_TOGETHER)]
        asked: list[Future[set[int]]] = [fetcher.ask(partial(self._those_of, part)) for part in parts]
        try:
            kept = {record_id for answer in asked for record_id in answer.result()}
        except _RefusedWindowError:
            kept = {record_id for record_id in self._by_offset() if isinstance(record_id, int)}
        return [record_id for record_id in ids if record_id in kept]

    def _window(self, window: Window) -> Listing:
        bounds = [
            f"id GREATER {window.behind}" if window.behind is not None else "",
            f"id LESS_OR_EQUAL {window.up_to}" if window.up_to is not None else "",
        ]
        page = self._page(" AND ".join(filter(None, bounds)))
        return Listing(_ids(page), page.total, page.has_more)

    def _those_of(self, ids: list[int]) -> set[int]:
        page = self._page(f"id ANY_OF [{', '.join(map(str, ids))}]")
        listed = _ids(page)
        if len(set(listed)) < page.total or (page.has_more and len(listed) >= PAGE_SIZE):
            raise IncompleteResultError(
                f"NetSuite lists {len(set(listed))} of {page.total} records of {self._record_type}; run it again."
            )
        return set(map(int, listed))

    def _page(self, condition: str) -> Page:
        own = f"({self._q})" if self._q and condition else self._q
        q = " AND ".join(filter(None, [own, condition]))
        try:
            return self._records.list(self._record_type, q=q or None, limit=PAGE_SIZE)
        except (InvalidRequestError, UnexpectedError, *TOO_SLOW) as refusal:
            if condition:
                raise _RefusedWindowError(str(refusal)) from refusal
            raise

    def _by_offset(self) -> set[RecordId]:
        """Return all ids; when the list changes between two pages it is read again.

        Raises:
            IncompleteResultError: it changed during each reading.
        """
        seen: set[RecordId] = set()
        for reading in range(1, READINGS + 1):
            try:
                seen.update(map(_identifier, self._records.ids(self._record_type, q=self._q or None)))
            except IncompleteResultError:
                if reading == READINGS:
                    raise
            else:
                break
        return seen


def _ids(page: Page) -> tuple[str, ...]:
    return tuple(str(item.get("id", "")) for item in page.items)


class _RefusedWindowError(Exception):
    """NetSuite refused a filter that names `id`."""


def order(record_id: RecordId) -> tuple[bool, int, str]:
    """Return what ids are ordered by: numbers first, then texts."""
    if isinstance(record_id, int):
        return False, record_id, ""
    return True, 0, record_id


def _identifier(text: str) -> RecordId:
    return int(text) if is_number(text) else text


class TableIds:
    """The ids of a type's records, from its table."""

    def __init__(self, account: Account, record_list: RecordList, record_type: str, q: str, stamp: str | None) -> None:
        """Prepare.

        Args:
            account: where the table is.
            record_list: tells which rows are records of the type and meet the user's filter.
            record_type: in lower case.
            q: the user's filter, empty for none.
            stamp: the column that tells changes; None to read all.
        """
        self._account = account
        self._list = record_list
        self._record_type = record_type
        self._q = q
        cursor = Column(stamp, Kind.DATE_TIME) if stamp else None
        self._source = Source(table_of(record_type), (_ID, cursor) if cursor else (_ID,), (_ID,), cursor)

    def listed(self, fetcher: Fetcher, state: Mapping[str, Any]) -> Iterator[Listed]:
        """Yield the ids, from where the state is, and where the stream stands after them.

        Raises:
            IncompleteResultError: rows are missing.
            NetSuiteError: NetSuite refused.
        """
        condition, is_the_type = self._condition_of_type()
        ids: list[int] = []
        counted, has_gap = 0, False
        for portion in self._reading(condition, state).read(SmallPages(fetcher)):
            ids += [key[0] for key in portion.rows.kept] if portion.rows else []
            counted += portion.audited
            has_gap |= portion.has_gap
            if portion.bookmark is not None:
                chosen = sorted(set(ids))
                if self._q or not is_the_type:
                    chosen = self._list.those_of(fetcher, chosen)
                    counted = len(chosen)
                yield Listed(tuple(chosen), self._marked(portion.bookmark), counted, has_gap)
                ids, counted, has_gap = [], 0, False

    def _condition_of_type(self) -> tuple[str, bool]:
        """Return the condition for rows of the type, and whether it is right by NetSuite's own counts.

        Raises:
            NetSuiteError: neither the table nor the list can be read.
        """
        condition = self._likely_condition()
        if condition is None:
            return "", False
        try:
            counted = count_rows(self._account.netsuite.suiteql, self._source, condition)
        except STATEMENT_FAILURES:
            return "", False
        try:
            listed = self._list.count()
        except REFUSALS as refusal:
            if self._q:
                raise
            logger.info("%s cannot be listed, so its table decides which there are: %s", self._record_type, refusal)
            return condition, True
        if counted != listed:
            logger.debug("%s: %d rows, %d records; the list decides", self._record_type, counted, listed)
            return "", False
        return condition, True

    def _likely_condition(self) -> str | None:
        """Return the condition that ought to be that of the type [section 5.9]; None when none is known."""
        table = self._source.relation
        if table == self._record_type:
            return ""
        return f"LOWER(recordtype) = '{self._record_type}'" if table == "transaction" else None

    def _reading(self, condition: str, state: Mapping[str, Any]) -> TableReading:
        account, source = self._account, self._source
        row_format = RowFormat(self._record_type, source, lambda: account.zone, as_lines=False, kept=("id",))

        def rows_of_type(changed: str, counted: Callable[[], str], _: object) -> KeyedSource:
            suiteql, chosen = account.netsuite.suiteql, both(condition, changed)
            return KeyedSource(
                suiteql,
                source,
                row_format,
                chosen,
                lambda: both(condition, counted()),
                is_first=position.low is None,
                together=account.table_counts.count,
            )

        position = position_in(self._unmarked(state), source)
        return TableReading(
            source,
            rows_of_type,
            position,
            changes=StampedChanges(source.replication_key, lambda: account.zone) if source.replication_key else None,
            start_date=account.settings.start_date,
            clock=account,
            lookback=timedelta(seconds=account.settings.lookback_seconds),
            audit=account.settings.audit,
        )

    def _marked(self, bookmark: Mapping[str, Any]) -> dict[str, Any]:
        """Let a reading under way be one of this record type and filter, which the table says nothing of."""
        reading = bookmark.get("reading")
        return {**bookmark, "reading": {**reading, "records": self._mark}} if reading else dict(bookmark)

    def _unmarked(self, state: Mapping[str, Any]) -> dict[str, Any]:
        reading = state.get("reading")
        of_others = isinstance(reading, Mapping) and reading.get("records") != self._mark
        return {name: value for name, value in state.items() if name != "reading" or not of_others}

    @property
    def _mark(self) -> str:
        return hashlib.sha256(repr((self._record_type, self._q)).encode()).hexdigest()[:16]
