"""All ids of a list that has no order, in windows of their values that one answer holds.

Pages at offsets of a list are no snapshot, and the list cannot be sorted [section_1545222128]: a record that comes or
goes between two pages moves others over their border. So each window is asked for once, at offset 0. Where NetSuite
counts no more records in it than the answer has, the answer is the whole window, whatever happens in the account.
Where it counts more, the window is cut in two at the middle of the ids that came, and both halves are asked for.
The windows lie side by side over all numbers, so their ids are all there are, in the order of their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from suitetalk import IncompleteResultError

_READINGS = 3


class NoWindowsError(Exception):
    """The account cannot choose records by a range of their ids."""


@dataclass(frozen=True)
class Window:
    """The ids above one number and up to another; None is no bound."""

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
    """

    ids: tuple[str, ...]
    total: int


Ask = Callable[[Window], Future[Listing]]


def windows_with_ids(ask: Ask, whole: Window) -> Iterator[list[int]]:
    """Yield the ids of a window, each once and in order, as many at a time as one answer has.

    Args:
        ask: begins to ask for the first page of a window.
        whole: what to read.

    Raises:
        NoWindowsError: ids are no whole numbers, or come from outside the window that was asked for.
        IncompleteResultError: NetSuite counts more records than it lists.
        NetSuiteError: NetSuite refused.
    """
    waiting = [(whole, ask(whole), 1)]
    while waiting:
        window, asked, reading = waiting.pop()
        listing = asked.result()
        ids = _numbers(listing, window)
        if len(ids) >= listing.total:
            yield ids
        elif len(ids) > 1:
            lower, upper = window.cut(ids[(len(ids) - 1) // 2])
            waiting += [(upper, ask(upper), 1), (lower, ask(lower), 1)]
        elif reading < _READINGS:
            waiting.append((window, ask(window), reading + 1))
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
