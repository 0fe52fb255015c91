"""Doing something again and again beside the run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import TracebackType

_PATIENCE = 1.0  # seconds to wait for a last time that is still going on


class Ticker:
    """Calls something every so many seconds, in a thread of its own, while its block runs."""

    def __init__(self, call: Callable[[], object], interval: float) -> None:
        """Prepare; the first call comes after one interval, which is in seconds."""
        self._call = call
        self._interval = interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="netsuite-progress", daemon=True)

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._over.set()
        self._thread.join(_PATIENCE)

    def _repeat(self) -> None:
        # A signal that this thread took would not wake the main thread from waiting for an answer.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._over.wait(self._interval):
            self._call()
