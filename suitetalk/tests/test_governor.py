"""The governor, against a model of an account whose limit it does not know, and under real threads."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suitetalk import Governor, Permit
from suitetalk.http.governor import permitted


def cut_to(governor: Governor, limit: int) -> Governor:
    """Let refusals cut the limit down to a small one."""
    while governor.limit > limit:
        governor.release(governor.acquire(), blocked=True)
    return governor


class Account:
    """An account that blocks what is above its limit, and keeps busy a governor that does not know it."""

    def __init__(self, governor: Governor, limit: int, choose: Callable[[int], int]) -> None:
        self.governor = governor
        self.limit = limit
        self.blocked = 0
        self._choose = choose
        self._running: deque[tuple[Permit, bool]] = deque()

    def fill(self, most: int) -> None:
        """Send requests until the governor would make one wait."""
        while len(self._running) < min(self.governor.limit, most):
            self._running.append((self.governor.acquire(), len(self._running) >= self.limit))

    def finish_one(self) -> None:
        """End any of the requests in flight."""
        self._running.rotate(self._choose(len(self._running)))
        permit, blocked = self._running.popleft()
        self.blocked += blocked
        self.governor.release(permit, blocked=blocked)

    def work(self, requests: int, most: int = 1000) -> None:
        for _ in range(requests):
            self.fill(most)
            self.finish_one()


@settings(max_examples=settings().max_examples // 4)
@given(limit=st.integers(1, 30), seed=st.integers(0, 1000))
def test_the_limit_is_found_and_hardly_overrun(limit: int, seed: int) -> None:
    account = Account(Governor(), limit, random.Random(seed).randrange)

    account.work(3000)
    assert limit // 2 <= account.governor.limit <= limit + 1

    account.blocked = 0
    account.work(1000)
    assert account.blocked <= 1000 * 0.1


@pytest.mark.slow
@given(limit=st.integers(2, 10), seed=st.integers(0, 1000))
def test_it_recovers_when_the_account_gets_more(limit: int, seed: int) -> None:
    account = Account(Governor(), limit, random.Random(seed).randrange)
    account.work(500)

    account.limit = 40
    account.work(5000)
    assert account.governor.limit >= 20


def test_a_burst_of_refusals_cuts_once() -> None:
    governor = Governor(16)
    permits = [governor.acquire() for _ in range(16)]

    for permit in permits:
        governor.release(permit, blocked=True)

    assert governor.limit == 8


def test_successes_from_before_a_cut_do_not_undo_it() -> None:
    governor = Governor(16)
    permits = [governor.acquire() for _ in range(16)]

    for number, permit in enumerate(permits):
        governor.release(permit, blocked=number == 0)

    assert governor.limit == 8


def test_a_cut_starts_from_what_was_in_flight() -> None:
    governor = Governor(50)
    permits = [governor.acquire() for _ in range(6)]

    governor.release(permits[0], blocked=True)
    assert governor.limit == 3


def test_idle_places_prove_nothing() -> None:
    governor = Governor()
    for _ in range(1000):
        governor.release(governor.acquire(), blocked=False)

    assert governor.limit == 4


@given(most=st.integers(1, 12), seed=st.integers(0, 100))
def test_never_above_what_the_user_allows(most: int, seed: int) -> None:
    account = Account(Governor(most), 100, random.Random(seed).randrange)
    account.work(300)

    assert account.governor.limit == most


def test_one_place_stays_however_often_it_is_blocked() -> None:
    governor = Governor(1)
    for _ in range(5):
        governor.release(governor.acquire(), blocked=True)

    assert governor.limit == 1


@pytest.mark.parametrize("hidden_limit", [1, 3, 7])
def test_threads_never_exceed_the_limit_and_all_get_through(hidden_limit: int) -> None:
    governor = Governor()
    lock = threading.Lock()
    in_flight = 0
    too_many: list[tuple[int, int]] = []

    def send(_: int) -> bool:
        nonlocal in_flight
        with permitted(governor) as blocked:
            with lock:
                in_flight += 1
                if in_flight > 56:
                    too_many.append((in_flight, governor.limit))
                blocked.append(in_flight > hidden_limit)
            with lock:
                in_flight -= 1
        return True

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(send, range(2000)))
    assert in_flight == 0
    assert too_many == []


class Queue:
    """Threads that want a permit, one after the other, each waiting until it is told to give it back."""

    def __init__(self, governor: Governor) -> None:
        self.governor = governor
        self.served: list[int] = []
        self._arrived = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def enter(self, number: int) -> None:
        """Start a thread and wait until it stands in line."""
        before = len(self.governor._waiting)
        thread = threading.Thread(target=self._wait, args=(number,), daemon=True)
        self._threads.append(thread)
        thread.start()
        while len(self.governor._waiting) == before:
            thread.join(0.001)

    def _wait(self, number: int) -> None:
        permit = self.governor.acquire()
        self.served.append(number)
        self.governor.release(permit, blocked=False)

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(120)


def test_first_come_first_served() -> None:
    governor = Governor(1)
    held = governor.acquire()
    queue = Queue(governor)
    for number in range(10):
        queue.enter(number)

    governor.release(held, blocked=False)
    queue.finish()
    assert queue.served == list(range(10))


def test_no_place_stays_idle_while_work_waits() -> None:
    """Two places free up at once, when one is given back and the limit grows by one."""
    governor = Governor()
    cut_to(governor, 1)
    held = governor.acquire()
    queue = Queue(governor)
    for number in range(3):
        queue.enter(number)

    governor.release(held, blocked=False)  # the limit becomes 2
    queue.finish()
    assert sorted(queue.served) == [0, 1, 2]
    assert governor._in_flight == 0


class CtrlC(BaseException):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("turn_has_come", [False, True])
def test_an_interrupted_wait_leaks_no_place(monkeypatch: pytest.MonkeyPatch, turn_has_come: bool) -> None:  # noqa: FBT001 - a parameter
    """Ctrl-C comes while waiting, or just when the turn has come."""
    governor = Governor(1)
    held: list[Permit] = [governor.acquire()]

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        if turn_has_come:
            governor.release(held.pop(), blocked=False)
            assert event.is_set()
        raise CtrlC

    with monkeypatch.context() as patched:
        patched.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(CtrlC):
            governor.acquire()

    for permit in held:
        governor.release(permit, blocked=False)
    assert governor._in_flight == 0
    assert not governor._waiting
    governor.release(governor.acquire(), blocked=False)


def test_a_request_that_fails_gives_its_place_back() -> None:
    governor = Governor(1)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), permitted(governor):
            raise ZeroDivisionError

    assert governor._in_flight == 0


def test_netsuites_word_for_the_limit_is_taken_and_not_exceeded() -> None:
    account = Account(Governor(), 9, random.Random(1).randrange)
    account.governor.begin_with(9)
    assert account.governor.limit == 9
    account.work(2000)
    assert (account.governor.limit, account.blocked) == (9, 0)


def test_netsuites_word_comes_after_what_was_given_or_learned() -> None:
    given_limit, learned = Governor(3), Governor()
    learned.release(learned.acquire(), blocked=True)
    before = learned.limit
    for governor in (given_limit, learned):
        governor.begin_with(20)
    assert (given_limit.limit, learned.limit) == (3, before)


def test_netsuites_word_lets_those_go_who_wait() -> None:
    governor = Governor()
    for _ in range(governor.limit):
        governor.acquire()
    late = threading.Thread(target=governor.acquire)
    late.start()
    governor.begin_with(10)
    late.join(120)
    assert not late.is_alive()
    assert governor.in_flight == 5
