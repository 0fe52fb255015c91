"""When jobs are asked after, and which way of writing is the faster one, on a clock that a test moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from suitetalk import Job, Jobs, PollPolicy
from target_netsuite.writing.pace import Pace

KIND = ("customer", "upsert")
ROUND_TRIP = 0.3


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
            job.wait("1", stop=clock, polling=pace.polling(KIND), heard=watch.heard)
        found.append((clock.now - ends, job.questions))
    return found


@given(
    some.lists(
        some.floats(0.05, 4) | some.sampled_from([0.5, 5.0, 30.0]) | some.floats(1, 4000), min_size=1, max_size=30
    )
)
def test_a_job_that_is_done_is_seen_soon(took: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = seen(Pace(PollPolicy(), 3.0), took, patch)
    assert found[0][0] <= 15 + ROUND_TRIP
    for place, (unseen, _) in enumerate(found[1:], 1):
        is_quicker_than_all = took[place] < min(took[max(0, place - 20) : place])
        assert unseen <= max(1.0, took[place] / 10) or (is_quicker_than_all and unseen <= 15 + ROUND_TRIP)


@pytest.mark.parametrize(("seconds", "most"), [(0.5, 5), (5.0, 5), (30.0, 12), (600.0, 50)])
def test_jobs_that_take_equally_long_cost_few_questions(
    seconds: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = seen(Pace(PollPolicy(), 3.0), [seconds] * 10, monkeypatch)
    assert all(unseen <= max(1.0, seconds / 10) for unseen, _ in found[1:])
    assert max(questions for _, questions in found[1:]) <= most


def test_a_small_job_that_waited_long_says_nothing_of_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(Pace(PollPolicy(), 3.0), [16.0, 0.5, 16.0], monkeypatch)
    assert found[1][0] <= 16.0  # not a hundred times as long
    assert found[2][0] <= 1.6


def test_the_faster_way_is_chosen_once_both_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)

    def learned(job_seconds: float, single_seconds: float) -> Pace:
        pace = Pace(PollPolicy(), 0.0)
        with pace.job(KIND, 100) as watch:
            clock.now += job_seconds
            watch.heard(Job("1", completed=True))
        for _ in range(50):
            with pace.single(KIND):
                clock.now += single_seconds
        return pace

    assert learned(30.0, 0.02).prefers_batches(KIND, 500) is False
    assert learned(0.5, 0.02).prefers_batches(KIND, 500) is True
    assert learned(5.0, 0.02).prefers_batches(KIND, 20) is False
    assert learned(30.0, 0.5).prefers_batches(KIND, 500) is True


def test_nothing_is_preferred_to_batches_before_single_requests_have_been_seen() -> None:
    pace = Pace(PollPolicy(), 0.0)
    with pace.job(KIND, 100) as watch:
        assert pace.knows(KIND)
        assert not pace.prefers_batches(KIND, 400)  # it does not end, and patience is over
        watch.heard(Job("1", completed=True))
    assert pace.prefers_batches(KIND, 400)
