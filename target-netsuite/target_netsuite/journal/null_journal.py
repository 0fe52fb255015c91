"""What every journal does, and the one that remembers nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from suitetalk import Batch
from target_netsuite.intents import Intent, Refusal, Settled, Write
from target_netsuite.journal.members import Member

OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"


@dataclass(frozen=True)
class OpenEntry:
    """What an earlier run began and did not settle.

    Attributes:
        key: of the entry; for a batch its idempotency key.
        record_type: NetSuite's type.
        stream: the stream of the first of its records.
        batch: what was to be done; None for a single create.
        members: its records by place, when they are creates without an external id; else empty.
        job_id: empty when it is not known that NetSuite accepted it.
        begun: when it was written down, seconds since the epoch.
    """

    key: str
    record_type: str
    stream: str
    batch: Batch | None
    members: tuple[Member, ...]
    job_id: str
    begun: float


@dataclass(frozen=True)
class Doubtful:
    """A create of which NetSuite cannot tell whether it was done.

    Attributes:
        place: of the entry in the journal.
        record_type: NetSuite's type.
        stream: the record's stream.
        key: the record's key as JSON.
    """

    place: int
    record_type: str
    stream: str
    key: str


class NullJournal:
    """Remembers nothing: a run that is killed may lose sight of creates without an external id."""

    def intended(self, batch: Batch, writes: Sequence[Write]) -> None:
        """Write down a batch before it is sent."""

    def submitted(self, key: str, job_id: str) -> None:
        """Write down a batch's job."""

    def settled(self, key: str, created: Mapping[int, str] | None = None, doubtful: Collection[int] = ()) -> None:
        """Close an entry, remembering what nothing in NetSuite tells.

        Args:
            key: the batch's idempotency key, or what `intended_single` returned.
            created: internal ids of the records that were made, by place in the batch, 0 for a single one.
            doubtful: places of those of which it stays unknown.
        """

    def intended_single(self, write: Write) -> str:  # noqa: ARG002 - the other one's shape
        """Write down a single create without an external id, and return the entry's key."""
        return ""

    def acknowledged(self, up_to: Mapping[str, int]) -> None:
        """Forget the records that a STATE which was passed on covers: they do not come again.

        Args:
            up_to: the highest number of those records, by stream.
        """

    def already_done(self, intent: Intent) -> Settled | None:  # noqa: ARG002 - the other one's shape
        """Return what an earlier run did with a record that now comes again, None when it did nothing; each once."""
        return None

    def open_entries(self) -> list[OpenEntry]:
        """Return what earlier runs left open, oldest first."""
        return []

    def doubtful(self) -> list[Doubtful]:
        """Return the creates of earlier runs of which it stays unknown whether they were done."""
        return []

    def forget(self, places: Collection[int]) -> None:
        """Forget doubtful creates, so that they are sent again when they come again."""

    def finished(self) -> None:
        """Forget everything: all input was settled, and all STATE passed on."""

    def close(self) -> None:
        """Let another run use the journal."""


def outcome_unknown(why: str) -> Refusal:
    """Return the refusal of a create that may have been done."""
    return Refusal(
        "rejected",
        f"whether NetSuite created it is unknown: {why}",
        code=OUTCOME_UNKNOWN,
        advice="look for it in NetSuite, and send it again if it is not there",
    )
