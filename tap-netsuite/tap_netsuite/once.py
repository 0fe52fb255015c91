"""Something that is asked once in a run, by whoever needs it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Once(Generic[Answer]):
    """Calls a function the first time it is called, and returns or raises the same ever after. Thread-safe."""

    def __init__(self, call: Callable[[], Answer]) -> None:
        """Remember what to call."""
        self._call = call
        self._outcome: Future[Answer] = Future()
        self._lock = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Whether the function has returned or raised."""
        return self._outcome.done()

    def __call__(self) -> Answer:
        """Return what the function returned, waiting for it if need be.

        Raises:
            Exception: what the function raised.
        """
        with self._lock:
            if not self._outcome.done():
                try:
                    self._outcome.set_result(self._call())
                except Exception as error:  # noqa: BLE001 - raised for everyone who asks
                    self._outcome.set_exception(error)
        return self._outcome.result()
