"""What a reading took beyond pages x latency / slots, and where: places that stood idle, and work besides the pages."""

from __future__ import annotations

from benchmarks.account import Request
from benchmarks.reading import Reading
from benchmarks.slot_time import busy_seconds, pages_among
from benchmarks.table import Table

_KINDS = {"pages": "pages", "count": "counts and proofs", "other": "zone, clock, limit", "login": "logins"}


def print_profile(name: str, reading: Reading) -> None:
    """Print which part of the excess went where, in slot-seconds, and the requests by kind.

    The parts add up to the excess: slots x seconds - pages x latency.
    """
    parts = _excess(reading)
    excess = sum(parts.values())
    table = Table(f"{name}: {excess:.1f} slot-seconds beyond the ideal", ("where",), ("slot s", "share %"))
    for part, spent in parts.items():
        table.row(part, spent, 100 * spent / excess if excess else None)
    table = Table(f"{name}: requests", ("kind",), ("requests", "slot s", "s each"))
    for kind, title in _KINDS.items():
        seconds = [request.seconds for request in reading.asked if kind_of(request) == kind]
        table.row(title, len(seconds), sum(seconds), sum(seconds) / len(seconds) if seconds else None)


def kind_of(request: Request) -> str:
    """Return which of the kinds a request is: `pages`, `count`, `login`, or `other`."""
    if request.is_login:
        return "login"
    if pages_among([request]):
        return "pages"
    return "count" if "COUNT(" in request.body or "SUM(" in request.body else "other"


def _excess(reading: Reading) -> dict[str, float]:
    """Return slot-seconds by what they went into."""
    requests, company = reading.requests, reading.account.company
    pages = pages_among(requests)
    asked = sorted(page.time for page in pages) or [reading.begun]
    moments = {
        "idle: process start": min((request.time for request in reading.asked), default=asked[0]),
        "idle: login, zone": asked[0],
        "idle: first page alone": _second(asked),
        "idle: to the last page": asked[-1],
        "idle: to the last answer": max((request.time + request.seconds for request in requests), default=asked[-1]),
        "idle: process end": reading.begun + reading.usage.seconds,
    }
    parts, start = {}, reading.begun
    for part, end in moments.items():
        parts[part] = company.slots * (end - start) - busy_seconds(requests, start, end)
        start = end
    parts["other requests"] = sum(request.seconds for request in requests if kind_of(request) != "pages")
    parts["pages above latency"] = sum(page.seconds for page in pages) - reading.pages * company.latency
    return parts


def _second(asked: list[float]) -> float:
    return asked[1] if len(asked) > 1 else asked[0]
