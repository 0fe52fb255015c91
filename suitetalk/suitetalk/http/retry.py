"""Trying again: how often, how far apart, and what to raise in the end."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from suitetalk.errors import ConnectionFailedError, SuiteTalkError

logger = logging.getLogger(__name__)

_FEW_ATTEMPTS = 3
_SAID_AFTER = 4.0  # seconds without a connection that nobody needs to hear of
Result = TypeVar("Result")


class TryAgainError(Exception):
    """A failed try that may be repeated.

    Attributes:
        final: what to raise when no try is left.
        wait_at_least: seconds the server asked to wait.
        seldom_passes: whether trying more than a few times is a waste.
        is_busy: whether the account only has no place for the request at present.
    """

    def __init__(
        self,
        final: SuiteTalkError,
        wait_at_least: float = 0.0,
        *,
        seldom_passes: bool = False,
        is_busy: bool = False,
    ) -> None:
        """Carry the error and what is known about repeating."""
        super().__init__(str(final))
        self.final = final
        self.wait_at_least = wait_at_least
        self.seldom_passes = seldom_passes
        self.is_busy = is_busy


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how far apart a request is tried.

    Attributes:
        attempts: tries in all; those that seldom pass are counted apart, since one 500 after two 429 is the first 500.
        first_wait: seconds before the second try; doubled each time, and up to half of it taken off at random,
            so that clients blocked together do not come back together [bridgehead_1509974866].
        longest_wait: seconds at most between two tries, even when the server asks for more; half of `first_wait` may
            come on top.
        busy_patience: seconds to go on waiting for a place in a busy account, once the tries are used up.
        sleep: waits for that many seconds; may raise to end the trying.
    """

    attempts: int = 8
    first_wait: float = 0.5
    longest_wait: float = 60.0
    busy_patience: float = 0.0
    sleep: Callable[[float], None] = _sleep

    def run(self, attempt: Callable[[], Result]) -> Result:
        """Call until it returns, raises anything but TryAgainError, or no try of its kind is left."""
        tries: Counter[bool] = Counter()
        waited = 0.0  # seconds, when the tries were used up

        def is_enough(state: RetryCallState) -> bool:
            nonlocal waited
            failure = _failure_of(state)
            tries[failure.seldom_passes] += 1
            most = min(_FEW_ATTEMPTS, self.attempts) if failure.seldom_passes else self.attempts
            left = most - tries[failure.seldom_passes]
            if left > 0 or not failure.is_busy or not self.busy_patience:
                return left <= 0
            if left == 0:
                waited = state.idle_for
                logger.warning(
                    "%s; this goes on with one request at a time for up to %.0f seconds (setting `busy_patience`)",
                    str(failure).rstrip(". "),
                    self.busy_patience,
                )
            return state.idle_for - waited >= self.busy_patience

        retrying = Retrying(
            retry=retry_if_exception_type(TryAgainError),
            stop=is_enough,
            wait=self._wait,
            before_sleep=_log,
            reraise=True,
            sleep=self.sleep,
        )
        try:
            return retrying(attempt)
        except TryAgainError as failure:
            raise failure.final from None

    def _wait(self, state: RetryCallState) -> float:
        asked = _failure_of(state).wait_at_least
        planned = min(self.first_wait * 2.0 ** min(state.attempt_number - 1, 60), self.longest_wait)
        share = random.random() / 2  # noqa: S311 - spreads load, guards nothing
        # Those who were asked to wait equally long must not come back together either.
        return max(min(asked, self.longest_wait) + share * self.first_wait, planned * (1 - share))


def seconds_asked_for(retry_after: str | None) -> float:
    """Read a Retry-After header, seconds or a date; 0 when there is none or it cannot be read."""
    if not retry_after:
        return 0.0
    text = retry_after.strip()  # of more than `float` takes for blank
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser of the standard library raises them all
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())


def _failure_of(state: RetryCallState) -> TryAgainError:
    failure = state.outcome.exception() if state.outcome else None
    assert isinstance(failure, TryAgainError)  # noqa: S101 - nothing else is tried again
    return failure


def _log(state: RetryCallState) -> None:
    failure = _failure_of(state)
    seconds = state.next_action.sleep if state.next_action else 0.0
    is_long = (state.seconds_since_start or 0.0) + seconds > _SAID_AFTER
    level = logging.WARNING if is_long and isinstance(failure.final, ConnectionFailedError) else logging.INFO
    logger.log(
        level, "%s; trying again in %.1f s (try %d)", str(failure).rstrip(". "), seconds, state.attempt_number + 1
    )
