"""Which records of a type to read: their ids, in order, and what the state is behind them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from suitetalk import PAGE_SIZE, IncompleteResultError, InvalidRequestError, Records
from tap_netsuite.extraction.id_windows import Listing, NoWindowsError, Window, is_number, windows_with_ids
from tap_netsuite.extraction.lookahead import Fetcher

logger = logging.getLogger(__name__)

_LISTINGS = 3
_ASKED_TOGETHER = 200  # ids in one filter, so that the address stays far below what servers take

RecordId = int | str
"""A number, but for the few types that have text for ids."""


@dataclass(frozen=True)
class Listed:
    """Some ids.

    Attributes:
        ids: in order.
        bookmark: what the state is once they, and all before them, have been read; None when it stays.
        counted: records that NetSuite counts in what has been listed.
    """

    ids: tuple[RecordId, ...]
    bookmark: Mapping[str, Any] | None = None
    counted: int = 0


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
        """Yield all ids behind one, in order.

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
        return Listing(page[0], page[1])

    def _those_of(self, ids: list[int]) -> set[int]:
        listed, total = self._page(f"id ANY_OF [{', '.join(map(str, ids))}]")
        if len(set(listed)) < total:
            raise IncompleteResultError(f"NetSuite lists {len(set(listed))} of {total} records of {self._record_type}.")
        return set(map(int, listed))

    def _page(self, condition: str) -> tuple[tuple[str, ...], int]:
        own = f"({self._q})" if self._q and condition else self._q
        q = " AND ".join(filter(None, [own, condition]))
        try:
            page = self._records.list(self._record_type, q=q or None, limit=PAGE_SIZE)
        except InvalidRequestError as refusal:
            if condition:
                raise _RefusedWindowError(str(refusal)) from refusal
            raise
        return tuple(str(item.get("id", "")) for item in page.items), page.total

    def _by_offset(self) -> set[RecordId]:
        """Return all ids; when the list changes between two pages it is read again.

        Raises:
            IncompleteResultError: it changed during each reading.
        """
        seen: set[RecordId] = set()
        for reading in range(1, _LISTINGS + 1):
            try:
                seen.update(map(_identifier, self._records.ids(self._record_type, q=self._q or None)))
            except IncompleteResultError:
                if reading == _LISTINGS:
                    raise
            else:
                break
        return seen


class _RefusedWindowError(Exception):
    """NetSuite refused a filter that names `id`."""


def order(record_id: RecordId) -> tuple[bool, int, str]:
    """Return what ids are ordered by: numbers first, then texts."""
    if isinstance(record_id, int):
        return False, record_id, ""
    return True, 0, record_id


def _identifier(text: str) -> RecordId:
    return int(text) if is_number(text) else text
