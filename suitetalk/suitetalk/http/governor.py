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
from time import monotonic
from typing import Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from suitetalk.errors import ConnectionFailedError, SuiteTalkError
from suitetalk.http.ledger import FIRST_LIMIT, Ledger, LedgerKeeper, OwnLedger, Permit, SharingLostError, Work

logger = logging.getLogger(__name__)

_LOOK = 0.05  # seconds between two looks for a place that somebody else may have given back unseen
_BEAT = 3.0  # seconds between two signs of life, where they are needed

Result = TypeVar("Result")
_BLOCKED = 429
_UNANSWERED = 0
_FEW_ATTEMPTS = 3
_SAID_AFTER = 4.0  # seconds without a connection that nobody needs to hear of


class Limiter(Protocol):
    """Anything that says when a request may be sent."""

    def acquire(self) -> Permit:
        """Wait until a request may be sent."""
        ...

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Give the permit back; `blocked` says that NetSuite refused the request for its concurrency limit."""
        ...


class _Turn(threading.Event):
    """Set when its owner may send; then it has a permit."""

    permit = Permit(0)


class Governor:
    """Lets as many requests through as the account bears, whose limit it finds by trying; see `Ledger`.

    Thread-safe, first come first served. One burst of refusals cuts the limit once: a request that was sent
    before the last cut says nothing new, and nor does a success while places are idle. Those who share a ledger share
    its limit: whoever holds fewest places comes next, so that all who wait hold equally many.
    """

    def __init__(self, max_concurrency: int | None = None, keeper: LedgerKeeper | None = None) -> None:
        """Start careful, never above `max_concurrency` requests at once; on one's own without a `keeper`."""
        self._most = max_concurrency or 0
        self._keeper: LedgerKeeper = keeper or OwnLedger()
        self._is_alone = keeper is None
        self._limit = max_concurrency or int(FIRST_LIMIT)
        self._share = self._limit
        self._refusals = 0
        self._in_flight = 0
        self._waiting: deque[_Turn] = deque()
        self._lock = threading.Lock()
        self._is_watched = False

    @property
    def limit(self) -> int:
        """Requests that may be in flight now, those of others who share the limit included."""
        return self._limit

    @property
    def in_flight(self) -> int:
        """Requests that are in flight now, without those of others."""
        return self._in_flight

    @property
    def refusals(self) -> int:
        """How often NetSuite has said that there were too many; one burst of refusals counts once."""
        return self._refusals

    def begin_with(self, limit: int) -> None:
        """Take NetSuite's word for the limit, unless it has been learned or was given; go no higher on one's own."""
        if not self._most:
            with self._lock:
                self._turn_over(told=max(1, limit))

    def acquire(self) -> Permit:
        """Wait for a free place; callers are served in the order they came."""
        turn = _Turn()
        try:
            with self._lock:
                self._waiting.append(turn)
                self._turn_over()
            turn.wait()
        except BaseException:
            self._leave(turn)
            raise
        return turn.permit

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Free the place and learn from the outcome."""
        with self._lock:
            self._turn_over(ended=permit, blocked=blocked)

    def _leave(self, turn: _Turn) -> None:
        """Take back a wait that was interrupted, whether its turn had come or not."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.is_set():
                self._in_flight -= 1
            self._turn_over()

    def _turn_over(self, *, ended: Permit | None = None, blocked: bool = False, told: int = 0) -> None:
        """Write down what has come about, and let those go whose turn it is."""

        def work(ledger: Ledger, number: int, now: float, is_alive: Callable[[int], bool]) -> tuple[int, Permit]:
            me = ledger.members[number]
            me.held, me.seen_at, ledger.used_at = self._in_flight, now, now
            if told:
                ledger.take_word(told)
            if ended:
                ledger.learn(ended, now, blocked=blocked)
                me.held -= 1
            admitted = ledger.admit(number, len(self._waiting), now)
            if me.wants:
                dead = [one for one in ledger.members if one != number and not is_alive(one)]
                for one in dead:
                    del ledger.members[one]
                admitted += ledger.admit(number, len(self._waiting) - admitted, now) if dead else 0
            self._limit = min(places := ledger.places, self._most or places)
            self._share = max(1, places // len(ledger.members))
            self._refusals = ledger.generation - ledger.first_generation
            return admitted, Permit(ledger.generation, ledger.in_flight)

        admitted, permit = self._on_ledger(work)
        self._in_flight -= ended is not None
        for _ in range(admitted):
            turn = self._waiting.popleft()
            turn.permit = permit
            self._in_flight += 1
            turn.set()
        self._watch()

    def _on_ledger(self, work: Work[Result]) -> Result:
        try:
            return self._keeper.change(self._most, work)
        except SharingLostError as lost:
            self._go_alone(lost)
            return self._keeper.change(self._most, work)

    def _go_alone(self, lost: SharingLostError) -> None:
        logger.log(
            logging.WARNING if lost.matters else logging.DEBUG,
            "%s; this process finds out for itself how many requests it may have in flight",
            lost,
        )
        self._is_alone = True
        self._keeper = OwnLedger(self._share)

    def _watch(self) -> None:
        """Have a thread look for what others give back, while somebody waits for it; the lock is held."""
        if not self._is_alone and not self._is_watched and self._has_to_watch:
            self._is_watched = True
            threading.Thread(target=self._look, name="netsuite-places", daemon=True).start()

    @property
    def _has_to_watch(self) -> bool:
        return bool(self._waiting or (self._in_flight and self._keeper.needs_signs_of_life))

    def _look(self) -> None:
        while True:
            try:
                self._keeper.wait(_LOOK if self._waiting else _BEAT)
            except SharingLostError as lost:
                with self._lock:
                    self._go_alone(lost)
            with self._lock:
                if self._has_to_watch:
                    self._turn_over()
                if self._is_alone or not self._has_to_watch:
                    self._is_watched = False
                    return


@contextmanager
def permitted(limiter: Limiter) -> Iterator[list[bool]]:
    """Hold a permit for the block; put True into the yielded list when NetSuite blocked the request."""
    permit = limiter.acquire()
    blocked: list[bool] = []
    try:
        yield blocked
    finally:
        limiter.release(permit, blocked=any(blocked))


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
