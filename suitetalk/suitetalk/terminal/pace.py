"""How fast something goes, of late."""

from __future__ import annotations

from collections import deque

_SPAN = 10.0  # seconds that a rate is taken over


class Pace:
    """Things in a second over the last some seconds.

    Attributes:
        rate: things in a second.
        span: seconds it is taken over.
    """

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.rate = self.span = 0.0
        self._samples: deque[tuple[float, int]] = deque([(0.0, 0)])

    def take(self, seconds: float, done: int) -> None:
        """Take how many were done up to a time, which is in seconds since the beginning."""
        while len(self._samples) > 1 and self._samples[0][0] < seconds - _SPAN:
            self._samples.popleft()
        before, done_before = self._samples[0]
        self._samples.append((seconds, done))
        self.span = max(seconds - before, 0.001)
        self.rate = (done - done_before) / self.span
