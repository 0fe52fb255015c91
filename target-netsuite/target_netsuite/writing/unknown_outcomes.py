"""What becomes of a create without an external id whose fate NetSuite cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from suitetalk import SuiteTalkError
from target_netsuite.intents import Settled, Write
from target_netsuite.journal.null_journal import outcome_unknown
from target_netsuite.writing.outcomes import WritingStoppedError, key_of, stopped_in_doubt

OnUnknownOutcome = Literal["stop", "repeat", "skip"]
Policy = Callable[[str], OnUnknownOutcome]
"""The setting `on_unknown_outcome` of a stream."""


def decided(policy: Policy, write: Write, error: SuiteTalkError) -> Settled | WritingStoppedError | None:
    """Return a refusal, or what ends the run; None to send the write again, as the stream's setting says."""
    choice = policy(write.intent.stream)
    if choice == "repeat":
        return None
    if choice == "skip":
        return Settled(write.intent, refusal=outcome_unknown(str(error).rstrip(". ")))
    return stopped_in_doubt(write.intent.stream, write.record_type, key_of(write), str(error))
