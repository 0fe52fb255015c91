"""Jobs and their tasks, the keys that make a request happen once, and the processors that do the work.

A job waits in the queue, then its tasks run, one after the other or several at once; each ends when its time is over.
"""

from __future__ import annotations

import heapq
import queue
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netsuite_emulator.clock import Clock
from netsuite_emulator.errors import NetSuiteError, nonexistent_id
from netsuite_emulator.exchange import Answer, Call, error_answer
from netsuite_emulator.settings import JobSettings

__all__ = ["Job", "JobStore", "Processors", "Task"]


_BAD_REQUEST = 400


@dataclass(eq=False)
class Task:
    """One request of a job; `started` and `ended` in seconds since the epoch."""

    number: int
    call: Call | NetSuiteError
    started: float | None = None
    ended: float | None = None
    answer: Answer | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended with a refusal."""
        return self.answer is not None and self.answer.status >= _BAD_REQUEST


@dataclass
class Job:
    """Tasks that were asked for together, in the order of the input, whatever their numbers.

    `born` and `begins` are ages of the account: when it was asked for, and when it leaves the queue.
    """

    id: int
    sequential: bool
    tasks: list[Task]
    born: float
    begins: float

    @property
    def completed(self) -> bool:
        """Whether every task has ended."""
        return all(task.answer is not None for task in self.tasks)

    def numbered(self, number: int) -> Task:
        """The task with this number."""
        return next(task for task in self.tasks if task.number == number)


class IdempotencyError(NetSuiteError):
    """A key that was used before [subsect_164494900632]."""

    def __init__(self, location: str) -> None:
        """`location` is the address of the first job."""
        detail = "The idempotency key was used already. See the Location header for the job it belongs to."
        super().__init__(400, "IDEMPOTENCY_ERROR", detail, headers={"Location": location})

    def body(self) -> dict[str, Any]:
        """The body, which has a title and its own type."""
        kind = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.10"
        return {**super().body(), "type": kind, "title": "Conflict"}


class JobStore:
    """Jobs by id, and by idempotency key. Safe to use from several threads."""

    def __init__(self, settings: JobSettings, clock: Clock) -> None:
        """No job yet."""
        self._settings = settings
        self._clock = clock
        self._jobs: dict[int, Job] = {}
        self._keys: dict[str, int] = {}
        self._last = 0
        self._lock = threading.Lock()

    def open(self, calls: list[Call | NetSuiteError], *, sequential: bool, key: str | None, address: str) -> Job:
        """A new job; `address` is that of all jobs.

        Raises:
            IdempotencyError: the key was used before.
        """
        now = self._clock.age()
        begins = now + self._settings.queue_seconds
        with self._lock:
            if key is not None and self._remembers(key, now):
                raise IdempotencyError(f"{address}/{self._keys[key]}")
            self._last += 1
            tasks = [Task(number, call) for number, call in zip(self._numbers(len(calls)), calls, strict=True)]
            job = self._jobs[self._last] = Job(self._last, sequential, tasks, now, begins)
            if key is not None:
                self._keys[key] = job.id
            return job

    def _numbers(self, count: int) -> list[int]:
        """The numbers of the tasks, in the order of the input."""
        numbers = list(range(1, count + 1))
        if not self._settings.tasks_in_input_order:
            random.Random(self._last).shuffle(numbers)  # noqa: S311 - not for secrets
        return numbers

    def get(self, name: str) -> Job:
        """The job of an id.

        Raises:
            NetSuiteError: 404, there is none, or it was forgotten.
        """
        with self._lock:
            job = self._jobs.get(int(name)) if name.isascii() and name.isdigit() else None
        kept = self._settings.job_retention
        if job is None or (kept is not None and job.born + kept < self._clock.age()):
            raise nonexistent_id()
        return job

    def has_unfinished(self) -> bool:
        """Whether a task of any job has not ended."""
        with self._lock:
            return not all(job.completed for job in self._jobs.values())

    def _remembers(self, key: str, now: float) -> bool:
        job = self._jobs.get(self._keys.get(key, 0))
        lives = [self._settings.idempotency_lifetime, self._settings.job_retention]
        life = min((seconds for seconds in lives if seconds is not None), default=None)
        return job is not None and (life is None or job.born + life >= now)


class Processors:
    """Threads that perform the tasks of jobs; they begin with the first job.

    A processor does the tasks of a sequential job one after the other, and nothing else meanwhile; those of another
    job are shared among all processors.
    """

    def __init__(self, settings: JobSettings, clock: Clock, perform: Callable[[Call], Answer]) -> None:
        """`perform` answers one request; it must not raise."""
        self._settings = settings
        self._clock = clock
        self._perform = perform
        self._waiting: queue.SimpleQueue[tuple[Job, list[Task]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._lock = threading.Lock()
        # The account's age when each processor is done with what it did before, whichever thread that is. What the rows
        # cost this machine is not added to the times that were asked for, as long as it keeps up with them.
        self._free = [0.0] * settings.async_processors

    def submit(self, job: Job) -> None:
        """Begin a job when its time in the queue is over."""
        self._begin()
        if job.begins <= self._clock.age():
            self._put(job)
        else:
            threading.Thread(target=self._put_later, args=(job,), daemon=True).start()

    def _put_later(self, job: Job) -> None:
        if self._clock.wait_until(job.begins, self._ended):
            self._put(job)

    def _put(self, job: Job) -> None:
        """Hand out all tasks to one processor, or each to any."""
        for tasks in [job.tasks] if job.sequential else [[task] for task in job.tasks]:
            self._waiting.put((job, tasks))

    def stop(self) -> None:
        """End; tasks that have not begun never will."""
        self._ended.set()
        self._clock.wake()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(10)

    def _begin(self) -> None:
        with self._lock:
            if self._threads:
                return
            for number in range(self._settings.async_processors):
                thread = threading.Thread(target=self._work, name=f"netsuite-emulator-async-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while (unit := self._waiting.get()) is not None:
            job, tasks = unit
            with self._lock:
                due = max(job.begins, heapq.heappop(self._free))
            if job.sequential:
                due += self._settings.job_overhead_seconds
            for task in tasks:
                if not self._clock.wait_until(due, self._ended):
                    return
                task.started = self._clock.now()
                due += self._settings.job_seconds
                if not self._clock.wait_until(due, self._ended):
                    return
                answer = error_answer(task.call) if isinstance(task.call, NetSuiteError) else self._perform(task.call)
                task.ended = self._clock.now()
                if task is tasks[-1]:
                    with self._lock:
                        heapq.heappush(self._free, due)
                # One who sees the job completed must not see a task that is not: the answer comes last.
                task.answer = answer
