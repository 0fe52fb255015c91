"""How far reading may run ahead of writing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable


class StoppedError(Exception):
    """Nobody wants what is read any more."""


class Room:
    """Room for pages that are being fetched or wait to be written, shared by streams that are written in turn.

    The stream whose turn it is has all the room to itself, whatever the others hold, so it never waits for those
    behind it. These share as much again, the earlier before the later. Thread-safe.
    """

    def __init__(self, width: Callable[[], int]) -> None:
        """Let `width` pages, which may change at any time, be held by the stream in turn, and as many by the rest."""
        self._width = width
        self._held: Counter[int] = Counter()
        self._waiting: Counter[int] = Counter()
        self._turn = 0
        self._stopped = False
        self._changed = threading.Condition()

    def held_ahead(self) -> int:
        """Return the pages that are held by streams whose turn has not come."""
        with self._changed:
            return self._held_ahead()

    def has_place(self, stream: int) -> bool:
        """Tell whether a stream, given by its place in the order, may fetch another page now."""
        with self._changed:
            return self._is_free(stream)

    def wait(self, stream: int) -> None:
        """Wait until a stream may fetch another page.

        Raises:
            StoppedError: nobody wants it any more.
        """
        with self._changed:
            self._waiting[stream] += 1
            try:
                self._changed.wait_for(lambda: self._stopped or self._is_free(stream))
            finally:
                self._waiting[stream] -= 1
            if self._stopped:
                raise StoppedError

    def take(self, stream: int) -> None:
        """Hold a page for a stream, free or not."""
        with self._changed:
            self._held[stream] += 1

    def give_back(self, stream: int, pages: int = 1) -> None:
        """Say that pages of a stream have been written or thrown away."""
        with self._changed:
            self._held[stream] -= pages
            self._changed.notify_all()

    def turn_to(self, stream: int) -> None:
        """Say which stream is written now."""
        with self._changed:
            self._turn = stream
            self._changed.notify_all()

    def stop(self) -> None:
        """End all waiting."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_free(self, stream: int) -> bool:
        width = self._width()
        if stream == self._turn:
            return self._held[stream] < width
        earlier = any(waiting and other < stream for other, waiting in self._waiting.items() if other != self._turn)
        return self._held_ahead() < width and not earlier

    def _held_ahead(self) -> int:
        return sum(pages for holder, pages in self._held.items() if holder != self._turn)
