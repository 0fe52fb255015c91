"""When jobs are asked after, and which way of writing is the faster one, on a clock that a test moves."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from suitetalk import Job, Jobs, PollPolicy
from target_netsuite.writing.pace import Pace, Watch

KIND = ("customer", "upsert")
ROUND_TRIP = 0.3
STEP = 0.2


class Clock(threading.Event):
    """A moment; waiting for this event moves it, and so does each question."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


class OneJob(Jobs):
    """A job that is completed at a moment."""

    def __init__(self, clock: Clock, ends: float) -> None:
        self._clock, self._ends = clock, ends
        self.questions = 0

    def get(self, job_id: str) -> Any:  # noqa: ARG002 - the shape of what it stands for
        self.questions += 1
        asked = self._clock.now + ROUND_TRIP / 2
        self._clock.now += ROUND_TRIP
        return type("Job", (), {"completed": asked >= self._ends, "progress": "pending"})


def seen(pace: Pace, took: Sequence[float], monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Return how long each of these jobs was done before it was seen, and how many questions it took."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    found = []
    for seconds in took:
        job = OneJob(clock, clock.now + seconds)
        ends = clock.now + seconds
        with pace.job(KIND, 100) as watch:
            job.wait("1", stop=clock, pause=partial(pace.pause, KIND, watch), heard=watch.heard)
        found.append((clock.now - ends, job.questions))
    return found


@given(
    some.lists(some.floats(0.05, 4) | some.sampled_from([0.5, 5.0, 30.0]) | some.floats(1, 200), min_size=1, max_size=8)
)
def test_a_job_that_is_done_is_seen_soon(took: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = seen(Pace(PollPolicy(), 3.0, slots), took, patch)
    assert found[0][0] <= 15 + ROUND_TRIP
    assert all(unseen <= max(1.0, seconds / 10) for seconds, (unseen, _) in zip(took[1:], found[1:], strict=True))


@given(
    some.lists(some.tuples(some.floats(0, 20), some.integers(1, 8)), min_size=1, max_size=4),
    some.sampled_from([0.5, 5.0]) | some.floats(0.1, 20),
    some.integers(1, 20),
)
def test_jobs_that_queue_up_are_seen_soon_once_one_of_them_was(
    arrivals: list[tuple[float, int]], seconds: float, processors: int
) -> None:
    free, moment, jobs = [0.0] * processors, 0.0, []
    for pause, number in arrivals:
        moment += pause
        for _ in range(number):
            ends = max(moment, heapq.heappop(free)) + seconds
            heapq.heappush(free, ends)
            jobs.append((moment, ends))
    with pytest.MonkeyPatch.context() as patch:
        found, _ = seen_together(Pace(PollPolicy(first_wait=0.25), 3.0, slots), jobs, patch)
    first = min(found)
    for (begun, ends), at in zip(jobs, found, strict=True):
        allowed = max(1.0, (ends - begun) / 10)
        assert at <= (max(ends, first) if begun < first else ends) + allowed
    assert first <= min(ends for _, ends in jobs) + 15


def seen_together(
    pace: Pace, jobs: Sequence[tuple[float, float]], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[float], int]:
    """Return when each of these jobs, given by begin and end, was seen done, and how many questions it took.

    There are five looks a second.
    """
    clock, found, questions = Clock(), dict[int, float](), 0
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    watches: dict[int, tuple[ExitStack, Watch]] = {}
    asked = [0.0] * len(jobs)
    while len(found) < len(jobs):
        for number, (begun, ends) in enumerate(jobs):
            if number in found or begun > clock.now:
                continue
            if number not in watches:
                stack = ExitStack()
                watches[number] = stack, stack.enter_context(pace.job(KIND, 100))
            stack, watch = watches[number]
            if clock.now - begun >= asked[number] + pace.pause(KIND, watch, asked[number]):
                asked[number] = clock.now - begun
                questions += 1
                watch.heard(Job("1", completed=clock.now >= ends))
                if clock.now >= ends:
                    found[number] = clock.now
                    stack.close()
        clock.now += STEP
    return [found[number] for number in range(len(jobs))], questions


def test_jobs_beside_each_other_cost_few_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of those before is forgotten because one was found done at the first question."""
    begins = [0.3 * (number // 5) for number in range(100)]
    jobs = [(begun, begun + 1.0) for begun in begins]
    found, questions = seen_together(Pace(PollPolicy(first_wait=0.25), 3.0, slots), jobs, monkeypatch)
    assert max(at - ends for at, (_, ends) in zip(found, jobs, strict=True)) <= 1.0
    assert questions <= 2.5 * len(jobs)


@pytest.mark.parametrize(("seconds", "most"), [(0.5, 5), (5.0, 10), (30.0, 25), (600.0, 65)])
def test_jobs_that_take_equally_long_cost_few_questions(
    seconds: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = seen(Pace(PollPolicy(), 3.0, slots), [seconds] * 10, monkeypatch)
    assert all(unseen <= max(1.0, seconds / 10) for unseen, _ in found[1:])
    assert max(questions for _, questions in found[1:]) <= most


def test_a_small_job_that_waited_long_says_nothing_of_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(Pace(PollPolicy(), 3.0, slots), [16.0, 0.5, 16.0], monkeypatch)
    assert found[1][0] <= 1.0
    assert found[2][0] <= 1.6


def test_the_faster_way_is_chosen_once_both_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)

    def learned(job_seconds: float, single_seconds: float) -> Pace:
        pace = Pace(PollPolicy(), 0.0, slots)
        with pace.job(KIND, 100) as watch:
            clock.now += job_seconds
            watch.heard(Job("1", completed=True))
        for _ in range(50):
            with pace.single(KIND):
                clock.now += single_seconds
        return pace

    assert learned(30.0, 0.02).single_requests(KIND, 500) == 500
    assert learned(0.5, 0.02).single_requests(KIND, 500) == 0
    assert learned(5.0, 0.02).single_requests(KIND, 20) == 20
    assert learned(30.0, 0.5).single_requests(KIND, 500) == 0


def test_single_requests_are_tried_where_they_may_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    pace = Pace(PollPolicy(), 0.0, slots)
    with pace.job(KIND, 100) as watch:
        assert pace.knows(KIND)
        assert pace.single_requests(KIND, 400) == 2 * slots()  # it does not end, and patience is over
        clock.now += ROUND_TRIP
        watch.submitted()
        clock.now += 5.0
        watch.heard(Job("1", completed=True))
    assert pace.single_requests(KIND, 400) == 0  # no request is so quick
    assert Pace(PollPolicy(), 0.0, slots).single_requests(KIND, 400) == 0


def test_what_is_known_of_one_kind_of_job_serves_for_others_and_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    pace, other = Pace(PollPolicy(), 0.0, slots), ("customer", "delete")
    for seconds in (30.0, 0.5):
        assert not pace.knows(other)
        with pace.job(KIND, 100) as watch:
            clock.now += seconds
            watch.heard(Job("1", completed=True))
        for _ in range(50):
            with pace.single(KIND):
                clock.now += 0.02
        assert pace.knows(other)
        assert pace.single_requests(other, 70) == (70 if seconds > 1 else 0)
        clock.now += 100.0


def slots() -> int:
    return 5


def test_jobs_that_wait_for_each_other_are_not_slow_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten jobs of a hundred in ten seconds are faster than forty single requests a second, though each took long."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    pace = Pace(PollPolicy(), 0.0, slots)
    with ExitStack() as stack:
        watches = [stack.enter_context(pace.job(KIND, 100)) for _ in range(10)]
        clock.now += 10
        for watch in watches:
            watch.heard(Job("1", completed=True))
    for _ in range(40):
        with pace.single(KIND):
            clock.now += 0.025
    assert pace.single_requests(KIND, 100) == 100
    with pace.job(KIND, 100), pace.job(KIND, 100):
        assert pace.single_requests(KIND, 100) == 0
