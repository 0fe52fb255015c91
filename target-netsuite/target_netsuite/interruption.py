"""Ending on a signal without losing sight of a request that is on its way."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from suitetalk import Limiter, Permit

_EXIT_CODE_BASE = 128


class RunInterruptedError(BaseException):
    """No further request is sent, since the run ends; no handler of errors is to take it for one of NetSuite."""


class Interruption:
    """Lets a signal end the run where it does no harm. Signals reach the main thread alone.

    Attributes:
        signal: the number of the one that came, 0 when none did.
        ended: set when no further request is to be sent.
    """

    def __init__(self) -> None:
        """Begin without a signal."""
        self.signal = 0
        self._is_shielded = False
        self.ended = threading.Event()

    def handle(self, signal: int) -> None:
        """Take a signal; a second one ends the process at once, without waiting for threads that wait for answers.

        Raises:
            SystemExit: with 128 and the signal's number, unless something is shielded from it for now.
        """
        if self.signal:
            os._exit(_EXIT_CODE_BASE + signal)
        self.signal = signal
        self.end()
        if not self._is_shielded:
            raise SystemExit(_EXIT_CODE_BASE + signal)

    @property
    def has_ended(self) -> bool:
        """Whether no further request is to be sent."""
        return self.ended.is_set()

    def end(self) -> None:
        """Let no further request begin."""
        self.ended.set()

    def sleep(self, seconds: float) -> None:
        """Wait between two tries of a request.

        Raises:
            RunInterruptedError: there is to be no further one.
        """
        if self.ended.wait(seconds):
            raise RunInterruptedError

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Let a signal that comes within the block take effect after it; other threads need no shield.

        Raises:
            SystemExit: one came.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._is_shielded = True
        try:
            yield
        finally:
            self._is_shielded = False
        if self.signal:
            raise SystemExit(_EXIT_CODE_BASE + self.signal)


class InterruptibleLimiter:
    """Lets no request begin once the run ends; those that are on their way are answered. Thread-safe."""

    def __init__(self, limiter: Limiter, interruption: Interruption) -> None:
        """Stand before the limiter that does the work."""
        self._limiter = limiter
        self._interruption = interruption

    @property
    def limit(self) -> int:
        """Requests that may be in flight now, where the limiter says so; else one."""
        return getattr(self._limiter, "limit", 1)

    def acquire(self) -> Permit:
        """Wait until a request may be sent.

        Raises:
            RunInterruptedError: a signal came, or the run has failed.
        """
        permit = self._limiter.acquire()
        if self._interruption.has_ended:
            self._limiter.release(permit, blocked=False)
            raise RunInterruptedError
        return permit

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Give the permit back."""
        self._limiter.release(permit, blocked=blocked)
