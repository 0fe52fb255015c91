"""Streams read ahead in threads, written in turn.

Each stream is read by straight code in its own thread; its requests go to workers that all streams share. The
main thread takes what was read and is the only one that writes. So requests are in flight from the first page of the
first stream to the last page of the last one, and memory holds a number of pages, never a table. What all streams want
to know of the account is asked once, by whoever needs it first.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tap_netsuite.reading.page import Key, Rows

_MOST_WORKERS = 128
_MOST_STREAMS = 64
_MOST_TOGETHER = 50
_AT_ONCE = 4


class StoppedError(Exception):
    """Nobody wants what is read any more."""


class Room:
    """Room for pages that are being fetched or wait to be written, shared by streams that are written in turn.

    The stream whose turn it is has all the room to itself, whatever the others hold, so it never waits for those
    after it. These share as much again, the earlier before the later. Thread-safe.
    """

    def __init__(self, width: Callable[[], int]) -> None:
        """Let `width` pages, which may change at any time, be held by the stream in turn, and as many by the rest."""
        self._width = width
        self._held: Counter[int] = Counter()
        self._waiting: Counter[int] = Counter()
        self._turn = 0
        self._stopped = False
        self._changed = threading.Condition()

    def held_ahead(self) -> int:
        """Return the pages that are held by streams whose turn has not come."""
        with self._changed:
            return self._held_ahead()

    def has_place(self, stream: int) -> bool:
        """Tell whether a stream, given by its place in the order, may fetch another page now."""
        with self._changed:
            return self._is_free(stream)

    def wait(self, stream: int) -> None:
        """Wait until a stream may fetch another page.

        Raises:
            StoppedError: nobody wants it any more.
        """
        with self._changed:
            self._waiting[stream] += 1
            try:
                self._changed.wait_for(lambda: self._stopped or self._is_free(stream))
            finally:
                self._waiting[stream] -= 1
            if self._stopped:
                raise StoppedError

    def take(self, stream: int) -> None:
        """Hold a page for a stream, free or not."""
        with self._changed:
            self._held[stream] += 1

    def give_back(self, stream: int, pages: int = 1) -> None:
        """Say that pages of a stream have been written or thrown away."""
        with self._changed:
            self._held[stream] -= pages
            self._changed.notify_all()

    def turn_to(self, stream: int) -> None:
        """Say which stream is written now."""
        with self._changed:
            self._turn = stream
            self._changed.notify_all()

    def stop(self) -> None:
        """End all waiting."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_free(self, stream: int) -> bool:
        width = self._width()
        if stream == self._turn:
            return self._held[stream] < width
        earlier = any(waiting and other < stream for other, waiting in self._waiting.items() if other != self._turn)
        return self._held_ahead() < width and not earlier

    def _held_ahead(self) -> int:
        return sum(pages for holder, pages in self._held.items() if holder != self._turn)


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


@dataclass(frozen=True)
class Portion:
    """A part of a stream, to be written before the next one.

    Attributes:
        rows: rows to write, if any.
        bookmark: what the stream's state is once they, and all before them, are written; None when it stays.
        audited: rows of the stream, as NetSuite counts them, that have been proven complete by this.
        has_gap: whether rows among them did not come, which the settings let pass with a warning.
        pages: fetched pages that the rows are from.
        tells_deletions: whether the rows are such as are no longer there.
        proven: key up to which all rows have been passed on; None when nothing new can be said.
    """

    rows: Rows | None = None
    bookmark: Mapping[str, Any] | None = None
    audited: int = 0
    has_gap: bool = False
    pages: int = 1
    tells_deletions: bool = False
    proven: Key | None = None


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
        self.has_begun = threading.Event()
        self.is_unwanted = False

    def put(self, item: Portion | _Failure | None) -> None:
        self.read.put(item)
        self.has_begun.set()

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


class Engine:
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

    def wait_for(self, name: str) -> None:
        """Wait until the first portion of a stream has been read, or it is known that there will be none."""
        self._room.turn_to(self._streams[name].number)
        self._begin_more()
        self._streams[name].has_begun.wait()

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
        # Some pages are being converted and take no place meanwhile; and the last streams end together when they are
        # begun together, since the pages of a small one follow from each other.
        busy = at_once + at_once // 2 + (at_once if len(self._unread) <= at_once else 0)
        is_idle = self._workers.unfinished + to_ask < busy and len(self._running) < _MOST_STREAMS
        # streams begun must find room for the rest of their pages
        return is_idle and self._room.held_ahead() < max(at_once, self._width() - at_once)

    def _read(self, stream: _Stream) -> None:
        try:
            for portion in stream.reading(stream.fetcher):
                if stream.is_unwanted:
                    break
                stream.fetcher.hand_over(portion)
                stream.put(portion)
            stream.put(None)
        except (StoppedError, CancelledError):
            stream.put(None)
        except Exception as error:  # noqa: BLE001 - raised where the stream is written
            stream.put(_Failure(error))
        finally:
            stream.fetcher.end()
            if stream.is_unwanted:
                stream.throw_away(self._room)
            with self._lock:
                self._running.discard(stream)
            self._begin_more()


class SmallPages(Fetcher):
    """Fetches pages that take no room, a few at once."""

    def __init__(self, fetcher: Fetcher) -> None:  # it holds nothing itself
        """Fetch through another fetcher."""
        self._fetcher = fetcher

    def ask(self, call: Callable[[], Result]) -> Future[Result]:
        """Have something small asked."""
        return self._fetcher.ask(call)

    def page(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a page fetched."""
        return self._fetcher.ask(call)

    def end(self) -> None:
        """Give nothing back, as nothing was taken."""

    def as_ready(self, begun: Iterator[Future[Result]]) -> Iterator[list[Result]]:
        """Yield the results of fetches in the order in which they are begun."""
        waiting: deque[Future[Result]] = deque()
        for future in begun:
            waiting.append(future)
            if len(waiting) == _AT_ONCE:
                yield [waiting.popleft().result()]
        while waiting:
            yield [waiting.popleft().result()]


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
