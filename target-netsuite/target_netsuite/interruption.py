"""Ending on a signal without losing sight of a request that is on its way."""

from __future__ import annotations

from suitetalk import Limiter, Permit

_EXIT_CODE_BASE = 128


class Interruption:
    """Lets a signal end the run between two requests, not within one.

    An answer that is not awaited may be that of a record NetSuite has just created. A second signal ends the run
    at once. Only the main thread sends and gets signals, so nothing is locked here.
    """

    def __init__(self) -> None:
        """Begin without a signal."""
        self.signal = 0
        self.requests_in_flight = 0

    def handle(self, signal: int) -> None:
        """Take a signal.

        Raises:
            SystemExit: with 128 and the signal's number, when no request is in flight or it came again.
        """
        again, self.signal = self.signal, signal
        if again or not self.requests_in_flight:
            self.take_effect()

    def take_effect(self) -> None:
        """End the run if a signal came.

        Raises:
            SystemExit: with 128 and the signal's number.
        """
        if self.signal:
            raise SystemExit(_EXIT_CODE_BASE + self.signal)


class InterruptibleLimiter:
    """Tells the interruption when a request is in flight, and lets none begin after a signal."""

    def __init__(self, limiter: Limiter, interruption: Interruption) -> None:
        """Stand before the limiter that does the work."""
        self._limiter = limiter
        self._interruption = interruption

    def acquire(self) -> Permit:
        """Wait until a request may be sent.

        Raises:
            SystemExit: a signal came.
        """
        self._interruption.take_effect()
        permit = self._limiter.acquire()
        self._interruption.requests_in_flight += 1
        return permit

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Give the permit back."""
        self._interruption.requests_in_flight -= 1
        self._limiter.release(permit, blocked=blocked)
