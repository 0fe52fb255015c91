"""How long jobs take, how fast single requests are, and so when to ask after a job and which way is the faster one.

How long a job waits in NetSuite's queue has nothing to do with its size (reference, 14.3). So nothing is extrapolated
from records: what counts is how long whole jobs of a kind took, and how many records came through in a second.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from statistics import median

from suitetalk import Job, PollPolicy

Kind = tuple[str, str]
"""Record type and operation."""

_REMEMBERED_JOBS = 20
_ENOUGH_JOBS = 5  # to believe that others take as long
_LONGEST_UNSEEN = 1.0  # seconds that a finished job goes unseen, or a tenth of the time it took, where that is more
_SHARE_UNSEEN = 0.1
_OF_A_QUESTION = 0.45  # seconds of them that a question may take
_SMALL_SHARE, _LARGE_SHARE = 0.03, 0.3  # one that nobody minds, and one for those that others stand before
_SHARE_OF_THE_FIRST_QUESTION = 0.7  # of the time of one that found a job done, which may have been done long before
_FIRST_ONES = 4
_SHORTEST_PAUSE = 0.05
_REMEMBERED_RECORDS = 5000.0
_FRESH = 60.0  # seconds
_ROUNDS_OF_A_SAMPLE = 2
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

    @property
    def per_record(self) -> float:
        """Seconds that a record takes beside the others; without end where nothing is known."""
        return self.seconds / self.records if self.records else float("inf")

    def seconds_for(self, records: int) -> float:
        """Return how long so many records would take; without end where nothing is known."""
        return records * self.per_record


@dataclass
class _Jobs(_Throughput):
    """Jobs of one kind.

    Besides it is known when one was last seen done, those under way in their order, and of the last ones that were done
    how long they took, and how long they were seen not to be done, with their places in the queue.
    """

    last_seen: float = 0.0
    watched: dict[Watch, None] = field(default_factory=dict)
    durations: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_JOBS))
    unfinished: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_JOBS))

    def seconds_for(self, records: int) -> float:
        """Return how long so many records would take, at least as long as one job."""
        if not self.durations:
            return float("inf")
        at_once = 2 if self.most_under_way == 1 else 1  # one job alone does not show what NetSuite does beside it
        return max(median(self.durations), super().seconds_for(records) / at_once)

    def is_old(self, now: float) -> bool:
        """Tell whether what is known of the jobs says nothing of the queue as it is now."""
        return now - self.last_seen > _FRESH

    def seen(self, watch: Watch, now: float) -> None:
        """Learn from a job that is done."""
        if watch.took is not None:
            if self.is_old(now) and self.under_way == 1:
                self.records, self.seconds = 0.0, 0.0
                self.durations.clear()
                self.unfinished.clear()
            self.last_seen = now
            self.durations.append(watch.took)
            self.unfinished.append((watch.unfinished, watch.place))

    def is_among_the_first(self, watch: Watch, number: int = 1) -> bool:
        """Tell whether a job is among the oldest under way, which are done first, where NetSuite keeps the order."""
        return watch in islice(self.watched, number)

    def can_wait(self, watch: Watch) -> bool:
        """Tell whether a job seems to stand behind others: no other was seen done since it was asked after."""
        return not self.is_among_the_first(watch, _FIRST_ONES) and watch.asked > self.last_seen

    def not_done(self, place: int) -> list[float]:
        """Return how long each remembered job was not done, sorted, as far as it had no better place in the queue."""
        return sorted(seconds * min(1.0, place / its_place) for seconds, its_place in self.unfinished)


class Watch:
    """Hears of one job; the time counts from its submission.

    Attributes:
        place: how many jobs were under way when it began, itself among them.
        submission: how many seconds its submission took.
        asked: when it was last asked after, by the clock.
        took: seconds after which it was seen done, None as long as it was not.
        unfinished: seconds after which it was last seen not to be done; where the first question found it done, a share
            of that time, so that the next ones are asked after somewhat earlier.
    """

    def __init__(self, place: int) -> None:
        """Begin to count."""
        self._begun = time.monotonic()
        self.place = place
        self.submission = 0.0
        self.asked = 0.0
        self.took: float | None = None
        self.unfinished = 0.0

    def submitted(self) -> None:
        """Count from now on."""
        now = time.monotonic()
        self.submission, self._begun = now - self._begun, now

    def heard(self, job: Job) -> None:
        """Take note of what a question found."""
        self.asked = time.monotonic()
        seconds = self.asked - self._begun
        if job.completed:
            self.took = seconds
            self.unfinished = self.unfinished or seconds * _SHARE_OF_THE_FIRST_QUESTION
        else:
            self.unfinished = seconds


class Pace:
    """Learns from the jobs and single requests of a run. Thread-safe."""

    def __init__(self, polling: PollPolicy, patience: float, slots: Callable[[], int]) -> None:
        """Begin without knowing anything.

        Args:
            polling: how to ask after jobs of a kind of which none has been seen.
            patience: seconds to wait for the first job of a kind before single requests are tried as well.
            slots: returns how many requests the account takes at once.
        """
        self._polling = polling
        self._patience = patience
        self._slots = slots
        self._changed = threading.Condition()
        self._jobs: dict[Kind, _Jobs] = defaultdict(_Jobs)
        self._all_jobs = _Jobs()
        self._round_trip = float("inf")
        self._singles: dict[Kind, _Throughput] = defaultdict(_Throughput)
        self._all_singles = _Throughput()

    def pause(self, kind: Kind, watch: Watch, waited: float) -> float:
        """Return the seconds to the next question after a job, given how long it had been waited for at the last one.

        As long as no job of the kind has been seen, the oldest is asked after, and the others seldom. After that no
        pause is longer than a job may go unseen, with two exceptions where many queue up. Those behind the first ones
        are asked after less often until one is seen done. And the first question comes as late as all remembered ones
        were seen not to be done, and as half of them were, where that is not much later; but at most as late as when
        nothing is known, and sooner for the oldest, so it soon shows when NetSuite has become quicker.
        """
        with self._changed:
            jobs = self._jobs[kind]
            is_first = jobs.is_among_the_first(watch)
            if not jobs.durations:
                return self._polling.pause(waited) if is_first else self._polling.longest_wait
            not_done = jobs.not_done(watch.place)
            is_sure = len(not_done) >= _ENOUGH_JOBS and not is_first
            can_wait = jobs.can_wait(watch)
        certain = max(_SHORTEST_PAUSE, not_done[0])
        longest = _longest_pause(waited or certain)
        if not waited and is_sure:
            return min(max(certain, median(not_done)), certain + longest, self._polling.longest_wait)
        if not waited:
            return min(certain, _longest_pause(0))
        if can_wait:
            return min(max(longest, waited * _LARGE_SHARE), self._polling.longest_wait)
        return min(max(certain / 10, waited * _SMALL_SHARE), longest)

    @contextmanager
    def job(self, kind: Kind, records: int) -> Iterator[Watch]:
        """Take the time of a job, by what is heard of it."""
        begun = time.monotonic()
        with self._changed:
            jobs = self._jobs[kind]
            watch = Watch(self._all_jobs.under_way + 1)
            for one in (jobs, self._all_jobs):
                one.begun(begun)
                one.watched[watch] = None
        try:
            yield watch
        finally:
            with self._changed:
                now = time.monotonic()
                for one in (jobs, self._all_jobs):
                    del one.watched[watch]
                    one.seen(watch, now)
                    one.ended(now, records if watch.took is not None else 0)
                if watch.took is not None:
                    self._round_trip = min(self._round_trip, watch.submission)
                self._changed.notify_all()

    @contextmanager
    def single(self, kind: Kind) -> Iterator[None]:
        """Take the time of a single request; one that fails tells nothing."""
        with self._changed:
            singles = self._singles[kind]
            for one in (singles, self._all_singles):
                one.begun(time.monotonic())
        done = 0
        try:
            yield
            done = 1
        finally:
            with self._changed:
                for one in (singles, self._all_singles):
                    one.ended(time.monotonic(), done)
                self._changed.notify_all()

    def knows(self, kind: Kind) -> bool:
        """Tell whether a job has been seen lately, or one of the kind is under way that will show how long they take.

        How long one waits in NetSuite's queue has little to do with the kind.
        """
        with self._changed:
            jobs = self._jobs[kind]
            return bool(jobs.under_way or (self._all_jobs.durations and not self._all_jobs.is_old(time.monotonic())))

    def single_requests(self, kind: Kind, records: int) -> int:
        """Return how many of so many records are to be sent in single requests, before the next question like this.

        All of them where that is found to be the faster way, and none where batches are. Some, to see how fast it is,
        where it may be faster, and where the first job of a kind takes longer than patience says.
        """
        with self._changed:
            jobs = self._jobs[kind]
            patience = jobs.since + self._patience - time.monotonic()
            self._changed.wait_for(lambda: jobs.durations or not jobs.under_way, max(0.0, patience))
            some = min(records, max(1, self._slots()) * _ROUNDS_OF_A_SAMPLE)
            if not jobs.durations and jobs.under_way:
                return some
            jobs = jobs if jobs.durations else self._all_jobs
            singles = self._singles[kind] if self._singles[kind].records else self._all_singles
            self._changed.wait_for(lambda: singles.records or not singles.under_way, self._patience)
            if singles.records:
                is_faster = singles.seconds_for(records) * _MARGIN <= jobs.seconds_for(records)
                return records if is_faster and not self._get_more_done(jobs, singles) else 0
            shortest = records * self._round_trip / max(1, self._slots())
            return some if jobs.durations and shortest * _MARGIN <= jobs.seconds_for(records) else 0

    def _get_more_done(self, jobs: _Jobs, singles: _Throughput) -> bool:
        """Tell whether jobs, of which several are under way, get more records done in a second than single requests.

        Then each waits long because NetSuite does the others meanwhile, and single requests would only take places.
        """
        return self._all_jobs.under_way > 1 and jobs.per_record < singles.per_record * _MARGIN


def _longest_pause(waited: float) -> float:
    """Return after how many seconds to ask again, so that a job that is done meanwhile is seen in time."""
    return max(_LONGEST_UNSEEN, waited * _SHARE_UNSEEN) - _OF_A_QUESTION
