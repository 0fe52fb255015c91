"""The processors that work on tasks [chapter_161251386312]."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.exchange import error_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from netsuite_emulator.clock import Clock
    from netsuite_emulator.exchange import Answer, Call
    from netsuite_emulator.jobs.store import Job, Task

__all__ = ["Processors"]


class Processors:
    """Threads that perform the tasks of jobs; they begin with the first job."""

    def __init__(self, count: int, clock: Clock, perform: Callable[[Call], Answer]) -> None:
        """`perform` answers one request; it must not raise."""
        self._count = count
        self._clock = clock
        self._perform = perform
        self._waiting: queue.SimpleQueue[tuple[Job, Task] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def submit(self, job: Job) -> None:
        """Begin a job: with its first task, or with all of them."""
        self._begin()
        for task in job.tasks[:1] if job.sequential else job.tasks:
            self._waiting.put((job, task))

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
            for number in range(self._count):
                thread = threading.Thread(target=self._work, name=f"netsuite-emulator-async-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while (unit := self._waiting.get()) is not None:
            job, task = unit
            task.started = self._clock.now()
            if not self._clock.wait_until(task.due, self._ended):
                return
            # One who sees the job completed must not see a task that is not: the answer comes last.
            answer = error_answer(task.call) if isinstance(task.call, NetSuiteError) else self._perform(task.call)
            task.ended = self._clock.now()
            task.answer = answer
            if job.sequential and (following := job.after(task)):
                self._waiting.put((job, following))
