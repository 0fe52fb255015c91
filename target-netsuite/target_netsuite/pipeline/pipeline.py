"""Has the intents of the input settled, many at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from target_netsuite.intents import Intent, Settled
from target_netsuite.pipeline.identities import claims_of
from target_netsuite.pipeline.order import Order, Pending

CHUNK = 500
"""Intents that are looked up and written together: five batches, one look-up."""

_MOST_UNSETTLED = 8000  # a bound for memory; enough for all workers, and for one more chunk each
_WORKERS = 8
_LONGEST_REST = 2.0  # seconds a part of a chunk waits for more of it


class Settle(Protocol):
    """Takes what became of intents that were handed out."""

    def __call__(self, settled: Sequence[Settled], postponed: Sequence[Intent] = ()) -> None:
        """Take those that are settled, and those that were put aside: nothing behind them is settled without a gap."""
        ...


Work = Callable[[Sequence[Intent], Settle], None]
"""Carries out intents of one stream with no record in common, and tells which are settled; raises to end the run."""


class Pipeline:
    """Takes intents one after the other and has them carried out in chunks, in several threads.

    The methods are for one thread, the main one; `work` is called in others.
    """

    def __init__(self, work: Work, *, chunk: int = CHUNK, workers: int = _WORKERS) -> None:
        """Begin with nothing; threads begin with the first intent.

        Args:
            work: carries out a chunk.
            chunk: most intents of one.
            workers: chunks at once.
        """
        self._work = work
        self._chunk = chunk
        self._order = Order()
        self._changed = threading.Condition()
        self._waiting_since: dict[str, float] = {}
        self._hurry = False
        self._stopped = False
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._carry_out_chunks, name=f"netsuite-write-{number}", daemon=True)
            for number in range(workers)
        ]

    @property
    def settled_up_to(self) -> int:
        """How many of the input's beginning are settled without a gap; the others may be, or not."""
        with self._changed:
            return self._order.settled_up_to

    def put(self, intent: Intent) -> None:
        """Take the next intent; waits while too many are unsettled.

        Raises:
            BaseException: what `work` raised; nothing more is carried out then.
        """
        claims = claims_of(intent)
        with self._changed:
            self._wait_until(lambda: self._order.unsettled < _MOST_UNSETTLED)
            self._order.add(intent, claims)
            self._wake()
        self._begin()

    def skip(self) -> None:
        """Count one of the input that is settled already, such as one that could not be mapped."""
        with self._changed:
            self._order.skip()

    def finish(self) -> None:
        """Wait until all is settled.

        Raises:
            BaseException: what `work` raised.
        """
        with self._changed:
            self._wait_until(lambda: self._order.unsettled == 0)

    def stop(self) -> None:
        """Begin no further chunk, and wait for those under way."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _begin(self) -> None:
        if self._threads[0].ident is None:
            for thread in self._threads:
                thread.start()

    def _wait_until(self, reached: Callable[[], bool]) -> None:
        """Wait, and let parts of chunks go meanwhile: nothing will be added to them."""
        self._raise_error()
        if reached():
            return
        self._hurry = True
        self._changed.notify_all()
        try:
            while not reached():
                self._changed.wait()
                self._raise_error()
        finally:
            self._hurry = False

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _wake(self) -> None:
        """Note since when a part of a chunk waits, and wake a worker when there is something new to wait for."""
        for stream, count in self._order.ready().items():
            if stream not in self._waiting_since:
                self._waiting_since[stream] = time.monotonic()
                self._changed.notify()
            elif count == self._chunk:
                self._changed.notify()

    def _carry_out_chunks(self) -> None:
        while taken := self._next_chunk():
            try:
                self._work([pending.intent for pending in taken], self._settling(taken))
            except BaseException as error:  # noqa: BLE001 - it ends the run, and is raised in the main thread
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return

    def _settling(self, taken: Iterable[Pending]) -> Settle:
        pending = {(one.intent.stream, one.intent.number): one for one in taken}

        def settle(settled: Sequence[Settled], postponed: Sequence[Intent] = ()) -> None:
            with self._changed:
                self._order.settle(pending.pop((one.intent.stream, one.intent.number)) for one in settled)
                self._order.postpone(pending.pop((one.stream, one.number)) for one in postponed)
                self._wake()
                self._changed.notify_all()

        return settle

    def _next_chunk(self) -> list[Pending] | None:
        """Wait for a chunk; None when the run ends."""
        with self._changed:
            while not (self._stopped or self._error):
                stream, pause = self._due()
                if stream is not None:
                    self._waiting_since.pop(stream)
                    taken = self._order.take(stream, self._chunk)
                    self._wake()
                    return taken
                self._changed.wait(pause)
        return None

    def _due(self) -> tuple[str | None, float | None]:
        """Return the stream of which a chunk is to be begun now, else how many seconds to wait for one."""
        ready = self._order.ready()
        oldest = self._order.oldest_ready()
        if oldest is None:
            return None, None
        full = next((stream for stream, count in ready.items() if count >= self._chunk), None)
        if full or self._hurry:
            return full or oldest, None
        rest = self._waiting_since[oldest] + _LONGEST_REST - time.monotonic()
        return (oldest, None) if rest <= 0 else (None, rest)
