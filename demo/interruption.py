"""Ctrl-C, SIGTERM and a closed terminal: one exception, which never falls into a place that must finish."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants the demo to end."""

    def __init__(self, number: int) -> None:
        """Remember the signal."""
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Interruptions:
    """Turns signals into Interrupted; inside `deferred()` they wait until its end."""

    def __init__(self) -> None:
        """Listen from now on."""
        self._depth = 0
        self._pending: int | None = None
        for number in _SIGNALS:
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._pending = number
        if not self._depth:
            self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending is not None:
            number, self._pending = self._pending, None
            raise Interrupted(number)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let a piece of work finish before a signal counts, such as starting a process and writing it down."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if not self._depth:
            self._raise_pending()

    def ignore(self) -> None:
        """Let nothing interrupt from now on: the demo cleans up, which it does in a bounded time."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
