"""Chunks in threads; what waits for the end."""

from __future__ import annotations

import pickle
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from types import MappingProxyType
from typing import IO, Protocol

from target_netsuite.intents import Intent, Operation, Refusal, Settled
from target_netsuite.pipeline.order import Fields, Order, Pending, claims_of, names_no_type, tables_named
from target_netsuite.preparing.lookups import REFERENCE_NOT_FOUND

CHUNK = 500
"""Intents that are looked up and written together: five batches, one look-up."""

_MOST_UNSETTLED = 8000  # a bound for memory; enough for all workers, and for one more chunk each
_WORKERS = 8
_LONGEST_REST = 2.0  # seconds a part of a chunk waits for more of it
_BAD_REQUEST = 400
_ALL_ENTITIES = "entity"


class Settle(Protocol):
    """Takes what became of intents that were handed out."""

    def __call__(self, settled: Sequence[Settled], postponed: Sequence[Intent] = ()) -> None:
        """Take those that are settled, and those that were put aside: nothing after them is settled without a gap."""
        ...


Work = Callable[[Sequence[Intent], Settle], None]
"""Carries out intents of one stream with no record in common, and tells which are settled; raises to end the run.

Those it leaves unsettled are held back: they may be settled later, and are handed out once more when nothing else can
go on."""


class Pipeline:
    """Takes intents one after the other and has them carried out in chunks, in several threads.

    The methods are for one thread, the main one; `work` is called in others.
    """

    def __init__(
        self, work: Work, *, matched: Fields = MappingProxyType({}), chunk: int = CHUNK, workers: int = _WORKERS
    ) -> None:
        """Begin with nothing; threads begin with the first intent.

        Args:
            work: carries out a chunk.
            matched: the fields that records are found by.
            chunk: most intents of one.
            workers: chunks at once.
        """
        self._work = work
        self._matched = matched
        self._chunk = chunk
        self._order = Order()
        self._changed = threading.Condition()
        self._waiting_since: dict[str, float] = {}
        self._in_hand = 0
        self._held: set[Pending] = set()
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
        claims = claims_of(intent, self._matched)
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
                if self._held and not self._in_hand and not self._order.ready():
                    self._order.let_go_again(self._held)
                    self._held.clear()
                    self._wake()
                    self._changed.notify_all()
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
            unsettled = {(one.intent.stream, one.intent.number): one for one in taken}
            try:
                self._work([pending.intent for pending in taken], self._settling(unsettled))
                with self._changed:
                    self._in_hand -= 1
                    self._held.update(filter(self._order.is_unsettled, unsettled.values()))
                    self._changed.notify_all()
            except BaseException as error:  # noqa: BLE001 - it ends the run, and is raised in the main thread
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return

    def _settling(self, unsettled: dict[tuple[str, int], Pending]) -> Settle:
        def settle(settled: Sequence[Settled], postponed: Sequence[Intent] = ()) -> None:
            with self._changed:
                done = [unsettled.pop((one.intent.stream, one.intent.number)) for one in settled]
                kept = [unsettled.pop((one.stream, one.number)) for one in postponed]
                self._order.settle(done)
                self._order.postpone(kept)
                self._held.difference_update(done, kept)
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
                    self._in_hand += 1
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


class Postponed:
    """Keeps records until the end of the input, on disk, in little memory. Thread-safe.

    A record may refer to one that comes later: a tap sends streams by name, and a parent may be newer than its child.
    And NetSuite deletes nothing that others refer to, which may be changed or deleted later.
    """

    def __init__(self, tables: Collection[str], matched: Fields = MappingProxyType({})) -> None:
        """Begin without any; `tables` are those whose records this run writes, `matched` what they are found by."""
        self.matched = matched
        self._tables = frozenset(tables)
        self._lock = threading.Lock()
        self._names: set[int] = set()
        self._waited_for: set[int] = set()  # names of those that only wait for an earlier intent about their record
        self._refused_writes: set[int] = set()  # names of those that were refused, but for deletes
        self._count = 0
        self._file = _new_file()

    def __len__(self) -> int:
        """Return how many are kept."""
        return self._count

    def may_come_right(self, settled: Settled) -> bool:
        """Tell whether a record that is refused should be tried once more."""
        refusal, intent = settled.refusal, settled.intent
        if refusal is None:
            return False
        if refusal.code == REFERENCE_NOT_FOUND:
            named = tables_named(intent)
            return _ALL_ENTITIES in named or not self._tables.isdisjoint(named)
        return refusal.status == _BAD_REQUEST and (intent.operation is Operation.DELETE or names_no_type(intent))

    def has_earlier(self, intent: Intent) -> bool:
        """Tell whether an earlier intent about the same record is kept, so that this one has to wait for it."""
        return bool(self._names) and not self._names.isdisjoint(self._names_of(intent))

    def add(self, intent: Intent, refusal: Refusal | None) -> None:
        """Keep an intent; `refusal` is None where it only waits for another."""
        with self._lock:
            names = self._names_of(intent)
            self._names |= names
            if refusal is None:
                self._waited_for |= names
            elif intent.operation is not Operation.DELETE:
                self._refused_writes |= names
            pickle.dump((intent, refusal), self._file)
            self._count += 1

    @property
    def some_wait(self) -> bool:
        """Tell whether some only wait for an earlier intent about their record."""
        return bool(self._waited_for)

    def in_the_way(self) -> Callable[[Intent], bool]:
        """Return what tells of those that are refused which keep others waiting, so that nothing comes right.

        A write goes before a delete: the delete may come right when what waits for the write has been done.
        """
        waited_for, writes = frozenset(self._waited_for), self._refused_writes
        by_writes = not writes.isdisjoint(waited_for)

        def is_in_the_way(intent: Intent) -> bool:
            if by_writes and intent.operation is Operation.DELETE:
                return False
            return not waited_for.isdisjoint(self._names_of(intent))

        return is_in_the_way

    def take(self) -> Iterator[tuple[Intent, Refusal | None]]:
        """Yield what is kept, in its order, and begin again; others may be added meanwhile."""
        with self._lock:
            kept, count = self._file, self._count
            self._file, self._count = _new_file(), 0
            self._names, self._waited_for, self._refused_writes = set(), set(), set()
        with kept:
            kept.seek(0)
            for _ in range(count):
                yield pickle.load(kept)  # noqa: S301 - written by this process, into a file without a name

    def _names_of(self, intent: Intent) -> set[int]:
        """Return hashes of what the record may be called: two that happen to be alike make one wait in vain."""
        return {hash(name) for name in claims_of(intent, self.matched).touches}

    def close(self) -> None:
        """Remove what is kept."""
        self._file.close()


def _new_file() -> IO[bytes]:
    return tempfile.TemporaryFile()  # closed by who has it: it outlives this call
