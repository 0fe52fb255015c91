"""What the emulator was asked, for tests to look at."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["LoggedRequest", "RequestLog"]

_KEPT_BODY = 20_000
_KEPT_REQUESTS = 100_000


@dataclass
class LoggedRequest:
    """One request: `time` in seconds since the epoch; `status` 0 while it runs, -1 where no answer was sent.

    `in_flight` counts the governed requests that ran when this one was let in, itself included.
    """

    time: float
    method: str
    path: str
    query: str
    body: str
    status: int = 0
    seconds: float = 0.0
    in_flight: int = 0


class RequestLog:
    """The last 100,000 requests, oldest first; the control end points and bodies of token requests are left out."""

    def __init__(self) -> None:
        """Begin empty."""
        self._requests: deque[LoggedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, query: str, body: bytes) -> LoggedRequest:
        """Note a request."""
        kept = "" if "/auth/" in path else body[:_KEPT_BODY].decode("utf-8", "replace")
        entry = LoggedRequest(time.time(), method, path, query, kept)
        with self._lock:
            self._requests.append(entry)
        return entry

    def all(self) -> list[LoggedRequest]:
        """The requests that are kept."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._requests.clear()

    def listing(self) -> list[dict[str, Any]]:
        """The same as JSON."""
        return [asdict(entry) for entry in self.all()]
