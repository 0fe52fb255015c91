"""How often to ask after a job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class PollPolicy:
    """How far apart a job is asked after: growing pauses, because each question takes a place in the account's limit.

    Attributes:
        first_wait: seconds before the second question.
        growth: each pause is this many times the one before.
        longest_wait: seconds at most between two questions.
        head_start: seconds before the first question, when it is known that a job takes longer than that.
    """

    first_wait: float = 0.5
    growth: float = 1.5
    longest_wait: float = 15.0
    head_start: float = 0.0

    def pauses(self) -> Iterator[float]:
        """Return the pauses in seconds, without end."""
        pause = self.first_wait
        while True:
            yield min(pause, self.longest_wait)
            pause = min(pause * self.growth, self.longest_wait)
