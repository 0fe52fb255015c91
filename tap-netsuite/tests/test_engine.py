"""Streams read side by side: handed over one after the other, in order, and no more pages held than there is room."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_netsuite.reading.engine import Engine, Fetcher, Portion, Reading, Workers
from tap_netsuite.reading.page import Rows

WIDTH = 4


class Server:
    """Counts how many pages are held by the reading side: fetched or being fetched, and not written."""

    def __init__(self) -> None:
        self.held = self.most_held = 0
        self._lock = threading.Lock()

    def fetch(self, number: int) -> int:
        with self._lock:
            self.held += 1
            self.most_held = max(self.most_held, self.held)
        time.sleep(0.0005)
        return number

    def written(self) -> None:
        with self._lock:
            self.held -= 1


def pages(server: Server, count: int, *, one_by_one: bool = False) -> Reading:
    """A stream of numbered pages, fetched several at once or each by the reading itself."""

    def begun(fetcher: Fetcher) -> Iterator[Future[int]]:
        for number in range(count):
            yield fetcher.page(partial(server.fetch, number))

    def read(fetcher: Fetcher) -> Iterator[Portion]:
        numbers = (server.fetch(number) for number in range(count)) if one_by_one else fetcher.in_order(begun(fetcher))
        for number in numbers:
            yield Portion(Rows(number))
            yield Portion(bookmark={"after": number})

    return read


def numbers(engine: Engine, stream: str, server: Server) -> list[int]:
    found = []
    for portion in engine.portions(stream):
        if portion.rows:
            found.append(portion.rows.count)
            server.written()
    return found


@given(sizes=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=12))
def test_every_stream_is_handed_over_in_order_and_few_pages_are_held(sizes: list[tuple[int, bool]]) -> None:
    server = Server()
    readings = {f"s{number}": pages(server, size, one_by_one=plain) for number, (size, plain) in enumerate(sizes)}
    engine = Engine(readings, lambda: WIDTH)
    for name, (size, _) in zip(readings, sizes, strict=True):
        assert numbers(engine, name, server) == list(range(size))
    assert server.held == 0
    # The stream in turn and the others hold WIDTH each, and each stream that fetches its own pages one in its hand.
    assert server.most_held <= 2 * WIDTH + len(sizes) + 1


def test_later_streams_are_read_while_the_first_one_waits() -> None:
    is_free = threading.Event()
    begun = {name: threading.Event() for name in "abc"}

    def reading(name: str) -> Reading:
        def read(fetcher: Fetcher) -> Iterator[Portion]:
            def fetch() -> int:
                begun[name].set()
                assert is_free.wait(120)
                return 1

            yield Portion(Rows(fetcher.page(fetch).result()))

        return read

    engine = Engine({name: reading(name) for name in "abc"}, lambda: WIDTH)
    assert all(event.wait(120) for event in begun.values())
    is_free.set()
    assert [portion.rows.count for name in "abc" for portion in engine.portions(name) if portion.rows] == [1, 1, 1]


def test_a_stream_that_fails_does_so_in_its_turn_behind_what_it_read() -> None:
    def failing(fetcher: Fetcher) -> Iterator[Portion]:
        del fetcher
        yield Portion(Rows(7))
        raise ValueError("no more")

    server = Server()
    engine = Engine({"a": pages(server, 9), "b": failing, "c": pages(server, 9)}, lambda: WIDTH)
    assert numbers(engine, "a", server) == list(range(9))
    portions = engine.portions("b")
    first = next(portions)
    assert first.rows
    assert first.rows.count == 7
    with pytest.raises(ValueError, match="no more"):
        next(portions)
    assert numbers(engine, "c", server) == list(range(9))


def test_a_stream_that_is_left_in_the_middle_takes_no_room_from_the_others() -> None:
    server = Server()
    engine = Engine({"a": pages(server, 50), "b": pages(server, 50)}, lambda: WIDTH)
    abandoned = engine.portions("a")
    next(abandoned)
    abandoned.close()
    assert numbers(engine, "b", server) == list(range(50))


def test_stopping_ends_what_waits_for_room() -> None:
    ended = threading.Event()

    def endless(fetcher: Fetcher) -> Iterator[Portion]:
        try:
            while True:
                yield Portion(Rows(fetcher.ask(lambda: 1).result()))
        finally:
            ended.set()

    engine = Engine({"a": endless}, lambda: WIDTH)
    next(engine.portions("a"))
    engine.stop()
    assert ended.wait(120)


def test_a_width_that_grows_is_used() -> None:
    width, in_flight, release = [1], threading.Semaphore(0), threading.Event()

    def reading(fetcher: Fetcher) -> Iterator[Portion]:
        def fetch() -> int:
            in_flight.release()
            assert release.wait(120)
            return 1

        def begun() -> Iterator[Future[int]]:
            for _ in range(8):
                yield fetcher.page(fetch)

        for number in fetcher.in_order(begun()):
            yield Portion(Rows(number))

    width[0] = 5
    engine = Engine({"a": reading}, lambda: width[0])
    for _ in range(5):
        assert in_flight.acquire(timeout=120)
    release.set()
    assert sum(1 for _ in engine.portions("a")) == 8


def test_calls_of_many_threads_are_all_carried_out() -> None:
    workers = Workers(5, "test")
    calls: list[Callable[[], int]] = [partial(pow, number, 2) for number in range(200)]
    assert [future.result(120) for future in [workers.submit(call) for call in calls]] == [n * n for n in range(200)]
    assert sum(thread.name.startswith("test-") for thread in threading.enumerate()) <= 5
