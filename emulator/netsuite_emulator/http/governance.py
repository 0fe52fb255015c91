"""The account's limit of requests at once [bridgehead_1500275603]."""

from __future__ import annotations

import threading

from netsuite_emulator.errors import concurrency_exceeded

__all__ = ["Governor"]


class Governor:
    """Counts the requests in flight and refuses those above the limit. Safe to use from several threads."""

    def __init__(self, limit: int, retry_after: float | None) -> None:
        """`retry_after` (seconds) is sent with refusals; NetSuite documents no such header."""
        self.limit = limit
        self.in_flight = 0
        self.highest = 0
        self._headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Begin a request.

        Raises:
            NetSuiteError: 429 [section_156570709583].
        """
        with self._lock:
            if self.in_flight >= self.limit:
                raise concurrency_exceeded(self._headers)
            self.in_flight += 1
            self.highest = max(self.highest, self.in_flight)

    def leave(self) -> None:
        """End a request that was let in."""
        with self._lock:
            self.in_flight -= 1
