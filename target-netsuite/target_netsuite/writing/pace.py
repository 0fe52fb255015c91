"""How long jobs take, how fast single requests are, and so when to ask after a job and which way is the faster one.

How long a job waits in NetSuite's queue has nothing to do with its size (reference, 14.3). So nothing is extrapolated
from records: what counts is how long whole jobs of a kind took, and how many records came through in a second.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median

from suitetalk import Job, PollPolicy

Kind = tuple[str, str]
"""Record type and operation."""

_REMEMBERED_JOBS = 20
_LONGEST_PAUSE = 0.6  # seconds; with the round trip of a question, a finished job is seen within a second
_SHARE_OF_THE_WAIT = 0.08  # likewise within a tenth of the time it took, where that is more
_GROWTH = 1.3
_SHORTEST_PAUSE = 0.05
_REMEMBERED_RECORDS = 5000.0
_MARGIN = 1.2  # single requests have to be clearly faster, since batches take fewer of the account's requests


@dataclass
class _Throughput:
    """Records in the time in which some of them were under way."""

    records: float = 0.0
    seconds: float = 0.0
    under_way: int = 0
    most_under_way: int = 0
    since: float = 0.0

    def begun(self, now: float) -> None:
        if not self.under_way:
            self.since = now
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)

    def ended(self, now: float, records: int) -> None:
        self.seconds += now - self.since
        self.records += records
        self.since = now
        self.under_way -= 1
        if self.records > _REMEMBERED_RECORDS:
            self.records, self.seconds = self.records / 2, self.seconds / 2

    def seconds_for(self, records: int) -> float:
        """Return how long so many records would take; without end where nothing is known."""
        return records * self.seconds / self.records if self.records else float("inf")


@dataclass
class _Jobs(_Throughput):
    """Jobs of one kind.

    Besides it is known when the first of those under way began, how long the last ones took, and
    how long they were seen not to be done; 0 for one that the first question found done.
    """

    first_begun: float = 0.0
    durations: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_JOBS))
    unfinished: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_JOBS))

    def seconds_for(self, records: int) -> float:
        """Return how long so many records would take, at least as long as one job."""
        if not self.durations:
            return float("inf")
        at_once = 2 if self.most_under_way == 1 else 1  # one job alone does not show what NetSuite does beside it
        return max(median(self.durations), super().seconds_for(records) / at_once)


class Watch:
    """Hears of one job; the time counts from its submission.

    Attributes:
        took: seconds after which it was seen done, None as long as it was not.
        unfinished: seconds after which it was last seen not to be done.
    """

    def __init__(self) -> None:
        """Begin to count."""
        self._begun = time.monotonic()
        self.took: float | None = None
        self.unfinished = 0.0

    def submitted(self) -> None:
        """Count from now on."""
        self._begun = time.monotonic()

    def heard(self, job: Job) -> None:
        """Take note of what a question found."""
        seconds = time.monotonic() - self._begun
        if job.completed:
            self.took = seconds
        else:
            self.unfinished = seconds


class Pace:
    """Learns from the jobs and single requests of a run. Thread-safe."""

    def __init__(self, polling: PollPolicy, patience: float) -> None:
        """Begin without knowing anything.

        Args:
            polling: how to ask after jobs of a kind of which none has been seen.
            patience: seconds to wait for the first job of a kind before single requests are tried as well.
        """
        self._polling = polling
        self._patience = patience
        self._changed = threading.Condition()
        self._jobs: dict[Kind, _Jobs] = defaultdict(_Jobs)
        self._singles: dict[Kind, _Throughput] = defaultdict(_Throughput)

    def polling(self, kind: Kind) -> PollPolicy:
        """Return how to ask after a job of this kind.

        The first question comes as late as all remembered jobs were seen not to be done, and after it no pause is
        longer than a job may go unseen. So a wrong guess costs a few questions, and at most 15 seconds once.
        """
        with self._changed:
            certain = min(self._jobs[kind].unfinished, default=None)
        if certain is None:
            return replace(self._polling, head_start=self._polling.first_wait / 2)
        return PollPolicy(
            first_wait=min(max(certain / 10, _SHORTEST_PAUSE), _LONGEST_PAUSE),
            growth=_GROWTH,
            longest_wait=_LONGEST_PAUSE,
            head_start=min(max(certain, _SHORTEST_PAUSE), self._polling.longest_wait),
            share=_SHARE_OF_THE_WAIT,
        )

    @contextmanager
    def job(self, kind: Kind, records: int) -> Iterator[Watch]:
        """Take the time of a job, by what is heard of it."""
        begun = time.monotonic()
        with self._changed:
            jobs = self._jobs[kind]
            if not jobs.under_way:
                jobs.first_begun = begun
            jobs.begun(begun)
        watch = Watch()
        try:
            yield watch
        finally:
            with self._changed:
                jobs.ended(time.monotonic(), records if watch.took is not None else 0)
                if watch.took is not None:
                    jobs.durations.append(watch.took)
                    jobs.unfinished.append(watch.unfinished)
                self._changed.notify_all()

    @contextmanager
    def single(self, kind: Kind) -> Iterator[None]:
        """Take the time of a single request; one that fails tells nothing."""
        with self._changed:
            singles = self._singles[kind]
            singles.begun(time.monotonic())
        done = 0
        try:
            yield
            done = 1
        finally:
            with self._changed:
                singles.ended(time.monotonic(), done)

    def knows(self, kind: Kind) -> bool:
        """Tell whether a job of the kind has been seen, or one is under way that will show how long they take."""
        with self._changed:
            jobs = self._jobs[kind]
            return bool(jobs.durations or jobs.under_way)

    def prefers_batches(self, kind: Kind, records: int) -> bool:
        """Tell whether batches are the faster way for so many records.

        Where the first job of a kind is under way, this waits for it for as long as patience says; after that single
        requests go beside it, and show how fast they are.
        """
        with self._changed:
            jobs = self._jobs[kind]
            patience = jobs.first_begun + self._patience - time.monotonic()
            self._changed.wait_for(lambda: jobs.durations or not jobs.under_way, max(0.0, patience))
            return jobs.seconds_for(records) < self._singles[kind].seconds_for(records) * _MARGIN
