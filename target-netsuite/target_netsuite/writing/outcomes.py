"""What an answer means for the record it is about.

A write is done, refused, certainly not done, or nobody knows; which of these an answer of NetSuite's is, is decided
here and nowhere else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from suitetalk import (
    InvalidArgumentError,
    NetSuite,
    NetSuiteError,
    OutcomeUnknownError,
    PermissionDeniedError,
    SuiteTalkError,
)
from suitetalk.errors import is_refusal
from suitetalk.records import adds_lines
from target_netsuite.errors import StoppedError
from target_netsuite.intents import Intent, Operation, Outcome, Refusal, Settled, Write
from target_netsuite.journal.journal import outcome_unknown

logger = logging.getLogger(__name__)

_NO_BATCHES = frozenset({400, 403, 404, 405, 406, 415})
_NO_RIGHT_TO_LIST = "USER_ERROR"  # with or without the word permission [PO-client, measured]

OnUnknownOutcome = Literal["stop", "repeat", "skip"]
Policy = Callable[[str], OnUnknownOutcome]
"""The setting `on_unknown_outcome` of a stream."""


@dataclass(frozen=True)
class Unknown:
    """A write that may or may not have been done; reading what is there now tells.

    Attributes:
        intent: which.
        error: what hid it.
        may_come_late: whether a job that NetSuite has lost sight of, or does not end, may still do it.
    """

    intent: Intent
    error: SuiteTalkError
    may_come_late: bool = False


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


def comes_before_sending(error: SuiteTalkError) -> bool:
    """Tell whether the library itself found that a record cannot be sent, such as one with NaN in it."""
    return isinstance(error, InvalidArgumentError)


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


def stopped(intents: Sequence[Intent], error: SuiteTalkError) -> WritingStoppedError:
    """Return what ends the run when these records, of one stream, cannot be settled for now."""
    others = len(intents) - 1
    which = (
        f"a record of stream `{intents[0].stream}` with the key {_key_of(intents[0])}"
        f"{f' and the {others} sent with it, which are' if others else ', which is'} not settled"
    )
    return WritingStoppedError(f"Stopped at {which}: {str(error).rstrip('. ')}.")


def stopped_in_doubt(
    stream: str, record_type: str, key: str, why: str, external_id: str | None = None
) -> WritingStoppedError:
    """Return what ends the run when a write that must not be repeated may have been done, and nothing tells."""
    look = (
        f"Look in NetSuite for the {record_type} with the external id {external_id!r}"
        if external_id
        else f"Look in NetSuite for a new {record_type} made of it"
    )
    hint = "" if external_id else "; with `external_id` NetSuite itself would show it"
    return WritingStoppedError(
        f"Stopped at a record of stream `{stream}` with the key {key}, which is not settled: {why.rstrip('. ')}. "
        f"{look}, and run once more with the stream's `on_unknown_outcome` set to `skip` if it is there, or to "
        f"`repeat` if it is not{hint}."
    )


def decided(policy: Policy, intent: Intent, error: SuiteTalkError) -> Settled | None:
    """Return the refusal of a record that may have been written, None to send it again, as the stream's setting says.

    Raises:
        WritingStoppedError: a person is to look.
    """
    choice = policy(intent.stream)
    if choice == "repeat":
        return None
    if choice == "skip":
        return Settled(intent, refusal=outcome_unknown(str(error).rstrip(". ")))
    raise stopped_in_doubt(intent.stream, intent.record_type, _key_of(intent), str(error), intent.external_id)


def _key_of(intent: Intent) -> str:
    return json.dumps(dict(intent.key), default=str, ensure_ascii=False)


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


class RecordTypes:
    """Which types exist, and which take no batches. Thread-safe: at worst something is learned twice."""

    def __init__(self, netsuite: NetSuite) -> None:
        """Ask this account."""
        self._netsuite = netsuite
        self._known: set[str] = set()
        self._without_batches: set[str] = set()
        self._without_jobs: set[str] = set()

    def takes_batches(self, record_type: str) -> bool:
        """Tell whether no batch of the type has been refused as a whole."""
        return record_type not in self._without_batches

    def takes_jobs(self, record_type: str) -> bool:
        """Tell whether no request of its own in the background has been refused."""
        return record_type not in self._without_jobs

    def refused_alone(self, record_type: str, error: SuiteTalkError) -> None:
        """Take note of a separate request that was not taken into the background, be it refused or done at once."""
        if isinstance(error, OutcomeUnknownError) or (isinstance(error, NetSuiteError) and error.status in _NO_BATCHES):
            self._without_jobs.add(record_type)

    def refused_batch(self, record_type: str, error: SuiteTalkError) -> None:
        """Take note of a batch that was refused as a whole, unless that was for one of its records."""
        if not isinstance(error, NetSuiteError) or error.status not in _NO_BATCHES or error.path.startswith("items["):
            return
        if record_type not in self._without_batches:
            self._without_batches.add(record_type)
            logger.warning(
                "Records of type %s are written one by one, since a batch was refused: %s", record_type, error
            )

    def exists(self, record_type: str) -> None:
        """Take note that the type exists."""
        self._known.add(record_type)

    def is_there(self, record_type: str) -> bool:
        """Tell whether the type exists: a misspelt one answers 404 too, and nothing would ever be deleted.

        Raises:
            SuiteTalkError: it could not be found out now.
        """
        if record_type in self._known:
            return True
        try:
            self._netsuite.records.list(record_type, limit=1)
        except NetSuiteError as error:
            if not is_refusal(error):
                raise
            # Listing needs more permissions than deleting; where they are missing, the type is there.
            if not isinstance(error, PermissionDeniedError) and error.code != _NO_RIGHT_TO_LIST:
                return False
        self._known.add(record_type)
        return True
