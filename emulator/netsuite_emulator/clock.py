"""The time of the account: one clock that can be off, and one that can be put forward."""

from __future__ import annotations

import threading
import time

__all__ = ["Clock"]


class Clock:
    """Safe to use from several threads.

    `now` is the hour as the account believes it to be: what callers sign is judged by it. `age` is what tokens, codes,
    lock-outs and jobs grow old by; it can be put forward without harm to what callers sign.
    """

    def __init__(self, offset: float = 0.0) -> None:
        """`offset` is how many seconds the account's clock is ahead of this machine's."""
        self._offset = offset
        self._advanced = 0.0
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def age(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic() + self._advanced

    def advance(self, seconds: float) -> None:
        """Let everything that was handed out grow older.

        Raises:
            ValueError: time does not go back.
        """
        if seconds < 0:
            raise ValueError("Time does not go back.")
        with self._moved:
            self._advanced += seconds
            self._moved.notify_all()

    def wait_until(self, age: float, ended: threading.Event) -> bool:
        """Wait for an age, or for the end of the emulator; False in the latter case."""
        with self._moved:
            while not ended.is_set() and self.age() < age:
                self._moved.wait(age - self.age())
        return not ended.is_set()

    def wake(self) -> None:
        """Let those that wait look at their event again."""
        with self._moved:
            self._moved.notify_all()
