"""Reading several streams at once, and handing over what they read stream by stream, in order.

Each stream is read by straight code in a thread of its own; its requests go to workers that all streams share. The
main thread takes what was read and is the only one that writes. So requests are in flight from the first page of the
first stream to the last page of the last one, and memory holds a number of pages, never a table.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, TypeVar

from tap_netsuite.extraction.room import Room, StoppedError
from tap_netsuite.extraction.rows import Rows
from tap_netsuite.extraction.workers import Workers

Result = TypeVar("Result")

_MOST_WORKERS = 128
_MOST_STREAMS = 64
_MOST_TOGETHER = 50


@dataclass(frozen=True)
class Portion:
    """A part of a stream, to be written before the next one.

    Attributes:
        rows: rows to write, if any.
        bookmark: what the stream's state is once they, and all before them, are written; None when it stays.
        audited: rows of the stream, as NetSuite counts them, that have been proven complete by this.
        pages: fetched pages that the rows are from.
        tells_deletions: whether the rows are such as are no longer there.
        left: rows still to come in the present reading, by NetSuite's count; None where it was not asked.
    """

    rows: Rows | None = None
    bookmark: Mapping[str, Any] | None = None
    audited: int = 0
    pages: int = 1
    tells_deletions: bool = False
    left: int | None = None


class Fetcher:
    """What one stream's reading sends its requests through."""

    def __init__(self, stream: int, room: Room, workers: Workers) -> None:
        """Fetch for the stream at this place in the order."""
        self._stream = stream
        self._room = room
        self._workers = workers
        self._begun = 0
        self.has_asked = False

    def ask(self, call: Callable[[], Result]) -> Future[Result]:
        """Have something small asked, such as a count."""
        future = self._workers.submit(call)
        self.has_asked = True
        return future

    def in_order(self, begun: Iterator[Future[Result]]) -> Iterator[Result]:
        """Yield the results of fetches in the order in which they are begun.

        Fetches are taken from the iterator, which begins them by `page`, as there is room. Each result has to be
        passed on in a portion with rows.
        """
        for results in self.as_ready(begun):
            yield from results

    def as_ready(self, begun: Iterator[Future[Result]]) -> Iterator[list[Result]]:
        """Yield the same results, together those that need not be waited for, at most fifty."""
        waiting: deque[Future[Result]] = deque()
        more = True
        try:
            while more or waiting:
                while more and (not waiting or self._room.has_place(self._stream)):
                    if not waiting:
                        self._room.wait(self._stream)
                    future = next(begun, None)
                    if future is None:
                        more = False
                    else:
                        waiting.append(future)
                if waiting:
                    ready = [waiting.popleft().result()]
                    while waiting and len(ready) < _MOST_TOGETHER and _has_result(waiting[0]):
                        ready.append(waiting.popleft().result())
                    yield ready
        finally:
            for future in waiting:  # nobody wants them any more
                future.cancel()

    def page(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a page fetched, whether there is room or not."""
        self._room.take(self._stream)
        self._begun += 1
        return self.ask(call)

    def hand_over(self, portion: Portion) -> None:
        """Account for a portion that waits to be written: its pages, if none were fetched for it."""
        if portion.rows is None:
            return
        fetched = min(self._begun, portion.pages)
        self._begun -= fetched
        for _ in range(portion.pages - fetched):
            self._room.wait(self._stream)
            self._room.take(self._stream)

    def end(self) -> None:
        """Give back what was fetched and never passed on."""
        self._room.give_back(self._stream, self._begun)
        self._begun = 0


def _has_result(future: Future[Any]) -> bool:
    return future.done() and future.exception() is None


Reading = Callable[[Fetcher], Iterator[Portion]]
"""Reads one stream."""


@dataclass(frozen=True)
class _Failure:
    error: Exception


class _Stream:
    """One stream's reading and what it has read."""

    def __init__(self, number: int, reading: Reading, fetcher: Fetcher) -> None:
        self.number = number
        self.reading = reading
        self.fetcher = fetcher
        self.read: queue.SimpleQueue[Portion | _Failure | None] = queue.SimpleQueue()
        self.is_unwanted = False

    def throw_away(self, room: Room) -> None:
        """Give back the room of what was read and will not be written."""
        self.is_unwanted = True
        while True:
            try:
                item = self.read.get_nowait()
            except queue.Empty:
                return
            if isinstance(item, Portion) and item.rows is not None:
                room.give_back(self.number, item.pages)


class Lookahead:
    """Reads streams in their order, as far ahead as there is room, and hands over portions in that order.

    For one consumer, which takes the streams in the order they were given.
    """

    def __init__(
        self, readings: Mapping[str, Reading], width: Callable[[], int], at_once: Callable[[], int] | None = None
    ) -> None:
        """Begin to read.

        Args:
            readings: how to read each stream, by name, in the order in which they will be asked for.
            width: pages to hold at most, by the stream in turn and again by all others; may change at any time.
            at_once: requests that can be in flight; another stream is begun when those begun do not use them all.
        """
        self._width = width
        self._at_once = at_once or width
        self._room = Room(width)
        self._workers = Workers(_MOST_WORKERS, "netsuite-request", self._begin_more)
        self._streams = {
            name: _Stream(number, reading, Fetcher(number, self._room, self._workers))
            for number, (name, reading) in enumerate(readings.items())
        }
        self._unread = deque(self._streams.values())
        self._running: set[_Stream] = set()
        self._lock = threading.Lock()
        self._begin_more()

    def portions(self, name: str) -> Generator[Portion, None, None]:
        """Yield what is read of a stream; a portion counts as written when the next is asked for.

        Raises:
            Exception: what the reading of the stream raised.
        """
        stream = self._streams[name]
        self._room.turn_to(stream.number)
        self._begin_more()
        try:
            while (item := stream.read.get()) is not None:
                if isinstance(item, _Failure):
                    raise item.error
                yield item
                if item.rows is not None:
                    self._room.give_back(stream.number, item.pages)
        finally:
            stream.throw_away(self._room)

    def stop(self) -> None:
        """Read no further; what is in flight is abandoned."""
        with self._lock:
            self._unread.clear()
        self._room.stop()
        self._workers.stop()

    def _begin_more(self) -> None:
        with self._lock:
            while self._unread and self._has_idle_places():
                stream = self._unread.popleft()
                self._running.add(stream)
                name = f"netsuite-stream-{stream.number}"
                threading.Thread(target=self._read, args=(stream,), name=name, daemon=True).start()

    def _has_idle_places(self) -> bool:
        to_ask = sum(not stream.fetcher.has_asked for stream in self._running)
        if not self._running:
            return True  # the next stream in turn waits for nothing
        at_once = self._at_once()
        is_idle = self._workers.unfinished + to_ask < at_once and len(self._running) < _MOST_STREAMS
        # streams begun must find room for the rest of their pages
        return is_idle and self._room.held_ahead() < max(at_once, self._width() - at_once)

    def _read(self, stream: _Stream) -> None:
        try:
            for portion in stream.reading(stream.fetcher):
                if stream.is_unwanted:
                    break
                stream.fetcher.hand_over(portion)
                stream.read.put(portion)
            stream.read.put(None)
        except (StoppedError, CancelledError):
            stream.read.put(None)
        except Exception as error:  # noqa: BLE001 - raised where the stream is written
            stream.read.put(_Failure(error))
        finally:
            stream.fetcher.end()
            if stream.is_unwanted:
                stream.throw_away(self._room)
            with self._lock:
                self._running.discard(stream)
            self._begin_more()
