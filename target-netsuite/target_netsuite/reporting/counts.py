"""How many records of a stream have come, and what became of them."""

from __future__ import annotations

from collections import Counter

from target_netsuite.intents import Outcome, Settled

INVALID, REJECTED, REFUSED = "invalid", "rejected", "refused"


class StreamCounts:
    """The counts of one stream.

    Attributes:
        read: records that have come.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.read = 0
        self._settled: Counter[str] = Counter()

    def add(self, settled: Settled) -> None:
        """Count a record as what became of it."""
        self._settled[settled.refusal.stage if settled.refusal else Outcome(settled.outcome).value] += 1

    @property
    def refused(self) -> int:
        """Records found invalid, and records rejected by NetSuite."""
        return self._settled[INVALID] + self._settled[REJECTED]

    @property
    def settled(self) -> int:
        """Records that were carried out or refused."""
        return sum(self._settled.values())

    def by_name(self) -> dict[str, int]:
        """Return all counts for the summary; those already gone are among the deleted, and told apart too."""
        counts = {outcome.value: self._settled[outcome.value] for outcome in Outcome}
        counts[Outcome.DELETED.value] += counts[Outcome.ALREADY_GONE.value]
        return {
            **counts,
            INVALID: self._settled[INVALID],
            REJECTED: self._settled[REJECTED],
            REFUSED: self.refused,
        }
