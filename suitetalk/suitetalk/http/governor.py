"""How many requests at once, what they came to, and how often and how far apart one is tried again."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from suitetalk.errors import ConnectionFailedError, SuiteTalkError

if TYPE_CHECKING:
    from collections.abc import Iterator


_FIRST_LIMIT = 4.0
_PATIENCE = 20  # rounds of successes before one more is tried, near what was too many the last time
_GROWTH = 0.25  # of the limit in one round elsewhere, so that a large account is not idle for long
_HIGHEST_LIMIT = 55  # the largest account [bridgehead_1500275603] with four SuiteCloud Plus licences


@dataclass(frozen=True)
class Permit:
    """Leave to have one request in flight.

    Attributes:
        generation: how often the limit had been cut when the permit was given.
    """

    generation: int


class Limiter(Protocol):
    """Anything that says when a request may be sent; a limiter shared by several machines fits in here."""

    def acquire(self) -> Permit:
        """Wait until a request may be sent."""
        ...

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Give the permit back; `blocked` says that NetSuite refused the request for its concurrency limit."""
        ...


class Governor:
    """Finds the account's concurrency limit: up by a quarter, or one, in each round of successes, half on a 429.

    Near what was too many the last time it is patient.

    Thread-safe, first come first served. One burst of refusals cuts the limit once: a request that was sent
    before the last cut says nothing new, and nor does a success while places are idle.
    """

    def __init__(self, max_concurrency: int | None = None) -> None:
        """Start careful, never above `max_concurrency` requests at once."""
        self._is_given = max_concurrency is not None
        self._highest = max_concurrency or _HIGHEST_LIMIT
        self._limit = min(_FIRST_LIMIT, float(self._highest)) if max_concurrency is None else float(max_concurrency)
        self._too_many = inf
        self._in_flight = 0
        self._generation = 0
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @property
    def in_flight(self) -> int:
        """Requests that are in flight now."""
        return self._in_flight

    @property
    def refusals(self) -> int:
        """How often NetSuite has said that there were too many; one burst of refusals counts once."""
        return self._generation

    def begin_with(self, limit: int) -> None:
        """Take NetSuite's word for the limit, unless it has been learned or was given; go no higher on one's own."""
        with self._lock:
            if self._generation == 0 and not self._is_given:
                self._highest = max(1, limit)
                self._limit = float(self._highest)
                self._admit()

    def acquire(self) -> Permit:
        """Wait for a free place; callers are served in the order they came."""
        turn = threading.Event()
        try:
            with self._lock:
                self._waiting.append(turn)
                self._admit()
            turn.wait()
            return Permit(self._generation)
        except BaseException:
            self._leave(turn)
            raise

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Free the place and learn from the outcome."""
        with self._lock:
            if permit.generation == self._generation:
                self._learn(blocked=blocked)
            self._in_flight -= 1
            self._admit()

    def _learn(self, *, blocked: bool) -> None:
        """Adapt the limit to the outcome of a request sent since it was last cut."""
        if blocked:
            self._too_many = max(2.0, min(self._limit, self._in_flight))
            self._limit = self._too_many / 2
            self._generation += 1
        elif self._in_flight >= int(self._limit):  # a limit nobody comes near proves nothing by its successes
            is_near = abs(self._limit - self._too_many) <= 1
            in_a_round = 1 / _PATIENCE if is_near else max(1.0, _GROWTH * self._limit)
            self._limit = min(self._limit + in_a_round / self._limit, float(self._highest))

    def _admit(self) -> None:
        while self._waiting and self._in_flight < int(self._limit):
            self._waiting.popleft().set()
            self._in_flight += 1

    def _leave(self, turn: threading.Event) -> None:
        """Take back a wait that was interrupted, whether its turn had come or not."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.is_set():
                self._in_flight -= 1
                self._admit()


@contextmanager
def permitted(limiter: Limiter) -> Iterator[list[bool]]:
    """Hold a permit for the block; put True into the yielded list when NetSuite blocked the request."""
    permit = limiter.acquire()
    blocked: list[bool] = []
    try:
        yield blocked
    finally:
        limiter.release(permit, blocked=any(blocked))


_BLOCKED = 429
_UNANSWERED = 0


@dataclass(frozen=True)
class Traffic:
    """What one transport has sent so far; each try counts, token requests do not.

    Attributes:
        requests: how many, by HTTP status of the answer; 0 stands for no answer.
        seconds: how long these took together, likewise; waiting for leave to send is not in it.
    """

    requests: Mapping[int, int]
    seconds: Mapping[int, float]

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())

    @property
    def throttled(self) -> int:
        """Requests that NetSuite refused for its concurrency limit."""
        return self.requests.get(_BLOCKED, 0)


class TrafficCounter:
    """Counts requests as they are answered. Thread-safe."""

    def __init__(self) -> None:
        """Begin with none."""
        self._requests: Counter[int] = Counter()
        self._seconds: dict[int, float] = {}
        self._lock = threading.Lock()

    def so_far(self) -> Traffic:
        """Return what was counted up to now."""
        with self._lock:
            return Traffic(dict(self._requests), dict(self._seconds))

    @contextmanager
    def request(self) -> Iterator[list[int]]:
        """Time and count the request made in the block; put the status of its answer into the yielded list."""
        began = monotonic()
        statuses: list[int] = []
        try:
            yield statuses
        finally:
            status = statuses[0] if statuses else _UNANSWERED
            with self._lock:
                self._requests[status] += 1
                self._seconds[status] = self._seconds.get(status, 0.0) + monotonic() - began


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
