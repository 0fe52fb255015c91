"""What one call has brought so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from target_netsuite.intents import Write
from target_netsuite.writing.outcomes import Answer, WritingStoppedError


@dataclass
class Gathered:
    """Answers by the place of their write, and what is left to do. Used by one thread.

    Attributes:
        answers: by place.
        again: writes that were certainly not done, or may be done twice, to be sent once more.
        stops: what keeps others from being settled.
    """

    answers: dict[int, Answer] = field(default_factory=dict)
    again: list[tuple[int, Write]] = field(default_factory=list)
    stops: list[WritingStoppedError] = field(default_factory=list)

    def check(self) -> None:
        """Raise the first stop, with the answers that came before it.

        Raises:
            WritingStoppedError: there is one.
        """
        if self.stops:
            raise WritingStoppedError(str(self.stops[0]), list(self.answers.values())) from self.stops[0].__cause__
