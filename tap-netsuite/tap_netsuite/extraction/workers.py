"""Threads that carry out calls, and hold nobody up at the end of the process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Workers:
    """Carries out calls in the order they are given, several at once.

    Python waits at its end for the threads of its own pools, and so for answers of NetSuite that nobody wants any
    more; these threads are abandoned.
    """

    def __init__(self, most: int, name: str, finished: Callable[[], None] = lambda: None) -> None:
        """Make no thread yet; `most` may work at once, and `finished` is called after each call."""
        self._finished = finished
        self._most = most
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0
        self._is_stopped = False

    @property
    def unfinished(self) -> int:
        """Calls that are being carried out, or wait for it."""
        return self._unfinished

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a call carried out; once this has been stopped, it is cancelled."""
        future: Future[Result] = Future()
        with self._lock:
            if self._is_stopped:
                future.cancel()
                return future
            self._unfinished += 1
            if self._threads < min(self._unfinished, self._most):
                self._threads += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
            self._calls.put((future, call))
        return future

    def stop(self) -> None:
        """End the threads, each after what it is doing."""
        with self._lock:
            self._is_stopped = True
            for _ in range(self._threads):
                self._calls.put(None)

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            future, call = given
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                    future.set_exception(error)
            del given, future, call  # results are large
            with self._lock:
                self._unfinished -= 1
            self._finished()
