"""What becomes of a write that is not settled, and what NetSuite's errors mean for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from suitetalk import ConcurrencyLimitError, LoginRefusedError, NetSuiteError, SuiteTalkError
from suitetalk.sublist_lines import adds_lines
from target_netsuite.errors import StoppedError
from target_netsuite.intents import Intent, Operation, Outcome, Refusal, Settled, Write

_REFUSALS = range(400, 500)
_NOT_ABOUT_THE_RECORD = frozenset({407, 408})  # a proxy wants a login; the server tired of waiting


@dataclass(frozen=True)
class Unknown:
    """A write that may or may not have been done; reading what is there now tells.

    Attributes:
        write: which.
        error: what hid it.
    """

    write: Write
    error: SuiteTalkError

    @property
    def intent(self) -> Intent:
        """Where the write comes from."""
        return self.write.intent


Answer = Settled | Unknown


class WritingStoppedError(StoppedError):
    """Nothing can be written for now.

    Attributes:
        answers: what became of other writes of the same call; those that have none were not sent, are still under
            way in a job that the journal holds open, or come again.
    """

    def __init__(self, text: str, answers: Sequence[Answer] = ()) -> None:
        """Say what happened."""
        super().__init__(text)
        self.answers = tuple(answers)


def is_refusal(error: SuiteTalkError) -> bool:
    """Tell whether NetSuite refused this one request, so that others may still pass, and did nothing."""
    if not isinstance(error, NetSuiteError) or isinstance(error, (LoginRefusedError, ConcurrencyLimitError)):
        return False
    return error.status in _REFUSALS and error.status not in _NOT_ABOUT_THE_RECORD


def comes_before_sending(error: SuiteTalkError) -> bool:
    """Tell whether the library itself found that a record cannot be sent, such as one with NaN in it."""
    return type(error) is SuiteTalkError


def done(write: Write, internal_id: str = "") -> Settled:
    """Return what became of a write that NetSuite has carried out."""
    return Settled(write.intent, write.outcome, internal_id or write.internal_id or "")


def gone(write: Write) -> Settled:
    """Return what became of a delete of a record that is not there."""
    return Settled(write.intent, Outcome.ALREADY_GONE, write.internal_id or "")


def refused(write: Write, error: SuiteTalkError, attempts: int = 1) -> Settled:
    """Return what became of a write that was refused, by NetSuite or before it was sent."""
    if not isinstance(error, NetSuiteError):
        return Settled(write.intent, refusal=Refusal("invalid", str(error)))
    refusal = Refusal("rejected", error.detail, error.path, error.code, error.status, error.advice, attempts)
    return Settled(write.intent, refusal=refusal)


def can_be_repeated(write: Write) -> bool:
    """Tell whether carrying a write out twice does no harm."""
    if write.operation is Operation.CREATE:
        return False
    return not adds_lines(write.body, write.replace)


def key_of(write: Write) -> str:
    """Return the key of a write's record as JSON, for messages."""
    return json.dumps(dict(write.intent.key), default=str, ensure_ascii=False)


def stopped(writes: Sequence[Write], error: SuiteTalkError) -> WritingStoppedError:
    """Return what ends the run when these writes, of one stream, cannot be settled for now."""
    others = len(writes) - 1
    which = (
        f"a record of stream `{writes[0].intent.stream}` with the key {key_of(writes[0])}"
        f"{f' and the {others} sent with it, which are' if others else ', which is'} not settled"
    )
    return WritingStoppedError(f"Stopped at {which}: {str(error).rstrip('. ')}.")


def stopped_in_doubt(stream: str, record_type: str, key: str, why: str) -> WritingStoppedError:
    """Return what ends the run when a create without an external id may have been done, and nothing tells."""
    return WritingStoppedError(
        f"Stopped at a record of stream `{stream}` with the key {key}, which is not settled: {why.rstrip('. ')}. Look "
        f"in NetSuite for a new {record_type} made of it, and run once more with the stream's `on_unknown_outcome` set "
        "to `skip` if it is there, or to `repeat` if it is not; with `external_id` NetSuite would tell by itself."
    )
