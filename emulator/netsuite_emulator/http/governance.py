"""The account's limit of requests at once [bridgehead_1500275603], and how busy it was."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from netsuite_emulator.errors import concurrency_exceeded

__all__ = ["Governor", "Second"]

_KEPT_SECONDS = 600


@dataclass
class Second:
    """One second: the most requests in flight, how many were answered, how many of them by 429, and faults."""

    time: int
    in_flight: int
    answered: int = 0
    refused: int = 0
    spoiled: int = 0


class Governor:
    """Counts the requests in flight and refuses those above the limit. Safe to use from several threads.

    Attributes:
        limit: governed requests at once; may be changed at any time.
        latency: seconds that each request takes at least, likewise.
        in_flight: governed requests that run now.
        highest: the most that ever ran at once.
    """

    def __init__(self, limit: int, retry_after: float | None, latency: float = 0.0) -> None:
        """`retry_after` (seconds) is sent with refusals; NetSuite documents no such header."""
        self.limit = limit
        self.latency = latency
        self.in_flight = 0
        self.highest = 0
        self._headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        self._seconds: deque[Second] = deque([Second(int(time.time()), 0)], maxlen=_KEPT_SECONDS)
        self._total = Second(0, 0)
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Begin a request.

        Raises:
            NetSuiteError: 429 [section_156570709583].
        """
        with self._lock:
            if self.in_flight >= self.limit:
                raise concurrency_exceeded(self._headers)
            second = self._present()
            self.in_flight += 1
            second.in_flight = max(second.in_flight, self.in_flight)
            self.highest = max(self.highest, self.in_flight)

    def leave(self) -> None:
        """End a request that was let in."""
        with self._lock:
            self._present()
            self.in_flight -= 1

    def count(self, *, refused: bool, spoiled: bool) -> None:
        """Count an answer of any kind; `refused` by 429, `spoiled` by a fault."""
        with self._lock:
            for counts in (self._present(), self._total):
                counts.answered += 1
                counts.refused += refused
                counts.spoiled += spoiled

    def seconds(self) -> list[Second]:
        """The last ten minutes, oldest first; the last second is not over."""
        with self._lock:
            self._present()
            return [replace(second) for second in self._seconds]

    def total(self) -> Second:
        """The counts from the start on."""
        with self._lock:
            return replace(self._total, in_flight=self.highest)

    def _present(self) -> Second:
        """The second that runs; what is in flight goes on through those in which nothing began or ended."""
        now = int(time.time())
        for second in range(max(self._seconds[-1].time + 1, now - _KEPT_SECONDS), now + 1):
            self._seconds.append(Second(second, self.in_flight))
        return self._seconds[-1]
