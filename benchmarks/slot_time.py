"""How well a reader used the places it was given."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.account import Request
from benchmarks.company import COLUMN_OF_PAGES


def pages_among(requests: Sequence[Request]) -> list[Request]:
    """Return the requests for rows of tables like `BIG_TABLE`, those that were refused left out."""
    return [request for request in requests if COLUMN_OF_PAGES in request.body and not request.refused]


def busy_share(requests: Sequence[Request], slots: int) -> float:
    """Return the share of slot time in which requests ran.

    What counts is the time from the arrival of the first page request to that of the last. Any request is work, a count
    as well as a page; what was refused with 429 is not. 0 where fewer than two pages were asked for.
    """
    pages = pages_among(requests)
    first, last = (choose((page.time for page in pages), default=0.0) for choose in (min, max))
    return busy_seconds(requests, first, last) / (slots * (last - first)) if last > first else 0.0


def busy_seconds(requests: Sequence[Request], start: float, end: float) -> float:
    """Return the slot time in which requests ran between two moments; what was refused did not run."""
    return sum(
        max(0.0, min(request.time + request.seconds, end) - max(request.time, start))
        for request in requests
        if not request.refused
    )


def mean_seconds(requests: Sequence[Request]) -> float:
    """Return how long a page took at the account, latency included: what is above that is the emulator's own work."""
    pages = pages_among(requests)
    return sum(page.seconds for page in pages) / len(pages) if pages else 0.0
