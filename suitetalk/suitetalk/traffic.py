"""How many requests have been sent, how they were answered, and how long they took."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

_BLOCKED = 429
_UNANSWERED = 0


@dataclass(frozen=True)
class Traffic:
    """What one transport has sent so far; each try counts, token requests do not.

    Attributes:
        requests: how many, by HTTP status of the answer; 0 stands for no answer.
        seconds: how long these took together, likewise; waiting for leave to send is not in it.
    """

    requests: Mapping[int, int]
    seconds: Mapping[int, float]

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())

    @property
    def throttled(self) -> int:
        """Requests that NetSuite refused for its concurrency limit."""
        return self.requests.get(_BLOCKED, 0)


class TrafficCounter:
    """Counts requests as they are answered. Thread-safe."""

    def __init__(self) -> None:
        """Begin with none."""
        self._requests: Counter[int] = Counter()
        self._seconds: dict[int, float] = {}
        self._lock = threading.Lock()

    def so_far(self) -> Traffic:
        """Return what was counted up to now."""
        with self._lock:
            return Traffic(dict(self._requests), dict(self._seconds))

    @contextmanager
    def request(self) -> Iterator[list[int]]:
        """Time and count the request made in the block; put the status of its answer into the yielded list."""
        began = monotonic()
        statuses: list[int] = []
        try:
            yield statuses
        finally:
            status = statuses[0] if statuses else _UNANSWERED
            with self._lock:
                self._requests[status] += 1
                self._seconds[status] = self._seconds.get(status, 0.0) + monotonic() - began
