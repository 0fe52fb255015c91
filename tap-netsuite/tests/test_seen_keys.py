"""The store of keys against a model of sets, reopened at any moment; and tombstones against a brute-force account."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk.values import iso
from tap_netsuite.deletions import deletions as deletions_module
from tap_netsuite.deletions import seen_keys as seen_keys_module
from tap_netsuite.deletions.deletions import Deletions, Subject
from tap_netsuite.deletions.log import DeletionLog
from tap_netsuite.deletions.seen_keys import Seen, SeenKeys, SeenKeysError
from tap_netsuite.reading.engine import Fetcher, Portion
from tap_netsuite.reading.page import Key, Rows, record_lines

LARGE = 10**9
EPOCH = datetime(2024, 1, 1, tzinfo=timezone.utc)

KEYS = st.one_of(
    st.tuples(st.integers(-(2**40), 2**40)),
    st.tuples(st.integers(-3, 3), st.integers(0, 2)),
    st.tuples(st.text(max_size=4)),
)
SEEN = st.tuples(st.integers(-3, 6), KEYS)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "delete", "forget", "reopen"]), st.lists(SEEN, max_size=6)), max_size=12
)


def listed(pages: Iterator[list[Seen]]) -> set[Seen]:
    return {seen for page in pages for seen in page}


@given(steps=STEPS)
def test_the_store_is_what_a_model_of_dictionaries_is(steps: list[tuple[str, list[Seen]]]) -> None:
    model: dict[Seen, tuple[int, int | None]] = {}  # last seen in this run, called deleted in this run
    with tempfile.TemporaryDirectory() as folder, patch.object(seen_keys_module, "BATCH", 2):
        store = SeenKeys(Path(folder), "1234567", LARGE)
        name = store.name
        for step, seen in steps:
            if step == "add":
                store.add("s", seen)
                model.update(dict.fromkeys(seen, (store.run, None)))
            elif step == "delete":
                store.delete("s", seen)
                model.update({each: (model[each][0], store.run) for each in seen if each in model})
            elif step == "forget":
                store.forget("s", store.run - 1)
                model = {each: runs for each, runs in model.items() if runs[1] is None or runs[1] == store.run}
            else:
                store.close()
                store = SeenKeys(Path(folder), "1234567", LARGE)
            store.add("another", [(1, (1,))])
            alive = {each for each, (_, deleted) in model.items() if deleted is None}
            unseen = {each for each in alive if model[each][0] < store.run}
            assert listed(store.unseen("s")) == unseen
            assert listed(store.deleted("s")) == {each for each, (_, run) in model.items() if run and run < store.run}
            for owners in ([1], [-3, 0, 2]):
                assert listed(store.all_of("s", owners)) == {each for each in alive if each[0] in owners}
                assert listed(store.unseen_of("s", owners)) == {each for each in unseen if each[0] in owners}
        assert store.name == name
        store.close()


@dataclass
class Books:
    """An account with transactions, their lines, and a log of deletions; each change takes a second or none.

    Attributes:
        lines: lines by transaction.
        stamps: when each transaction was changed last.
        log: moments of deletion by transaction.
        now: the clock.
    """

    lines: dict[int, set[int]] = field(default_factory=dict)
    stamps: dict[int, datetime] = field(default_factory=dict)
    log: dict[int, datetime] = field(default_factory=dict)
    now: datetime = EPOCH
    started: datetime = EPOCH
    next_line: int = 1

    def change(self, kind: str, transaction: int, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        if kind == "delete":
            if self.lines.pop(transaction, None) is not None:
                del self.stamps[transaction]
                self.log[transaction] = self.now
            return
        lines = self.lines.setdefault(transaction, set())
        self.stamps[transaction] = self.now
        if kind == "add":
            lines.add(self.next_line)
            self.next_line += 1
        elif lines:
            lines.remove(min(lines))

    def since(self, low: datetime | None) -> list[tuple[int, int]]:
        """Return the lines of transactions changed since a moment, with their transactions."""
        changed = [one for one, stamp in self.stamps.items() if low is None or stamp >= low]
        return sorted((line, one) for one in changed for line in self.lines[one])

    def all(self) -> set[int]:
        return {line for lines in self.lines.values() for line in lines}


class Log:
    """The log as `Deletions` asks for it."""

    is_there = True


class AtOnce:
    """Fetches when it is told to."""

    def page(self, call: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(call())
        return future

    def in_order(self, begun: Iterator[Future[Any]]) -> Iterator[Any]:
        return (future.result() for future in begun)


KINDS = st.sampled_from(["add", "add", "remove", "delete"])
CHANGES = st.tuples(KINDS, st.integers(1, 3), st.sampled_from([0, 0, 0, 1]))


@dataclass
class TapRun:
    """A run: changes before it, changes between its portions, how many are read and how many of these written."""

    before: list[tuple[str, int, int]]
    meanwhile: list[tuple[str, int, int] | None]
    read: int
    ahead: int


RUNS = st.lists(
    st.builds(
        TapRun,
        st.lists(CHANGES, max_size=4),
        st.lists(st.one_of(st.none(), CHANGES), max_size=8),
        st.integers(0, 12),
        st.integers(0, 4),
    ),
    max_size=5,
)


def portions(books: Books, state: dict[str, Any], store: SeenKeys) -> Iterator[Portion]:
    """Read the lines of the books as the tap does: two at a time, bookmarks between, a last answer with the rest."""
    low = datetime.fromisoformat(state["replication_key_value"]) if "replication_key_value" in state else None
    books.started = books.now

    def page(lines: Sequence[tuple[int, int]]) -> Portion:
        kept = tuple(lines)
        rows = [{"id": line, "_sdc_deleted_at": None} for line, _ in lines]
        return Portion(Rows(len(rows), record_lines("s", rows), kept=kept))

    def rows(_: Fetcher) -> Iterator[Portion]:
        after = 0
        while left := [each for each in books.since(low) if each[0] > after]:
            yield page(left[:2])
            after = left[:2][-1][0]
        yield page(books.since(books.started))
        yield Portion(bookmark={"replication_key_value": books.started.isoformat()})

    def changed(_: Fetcher) -> Iterator[Rows]:
        ids = tuple((one,) for one, stamp in books.stamps.items() if low and stamp >= low)
        yield Rows(len(ids), kept=ids, total=len(ids))

    def existing(keys: Sequence[Key]) -> set[Key]:
        return {key for key in keys if key[0] in books.all()}

    subject = Subject(
        stream="s",
        keys=("id",),
        existing=existing,
        encode=partial(record_lines, "s"),
        logged=lambda since: {one: iso(moment) for one, moment in books.log.items() if moment >= since},
        remembers=True,
        owner=1,
        changed_owners=changed if low else None,
    )
    spoken = Deletions(subject, cast("DeletionLog", Log()), store, books, timedelta())
    return spoken.around(rows, state, cast("Fetcher", AtOnce()))


def load(portion: Portion, warehouse: set[int]) -> None:
    for line in (portion.rows.lines if portion.rows else b"").splitlines():
        record = json.loads(line)["record"]
        if record["_sdc_deleted_at"]:
            warehouse.discard(record["id"])
        else:
            warehouse.add(record["id"])


@pytest.mark.slow
@given(runs=RUNS, last=st.lists(CHANGES, max_size=4))
def test_whatever_is_changed_and_wherever_a_run_is_killed_the_warehouse_ends_with_what_is_there(
    runs: list[TapRun], last: list[tuple[str, int, int]]
) -> None:
    books, warehouse, state = Books(), set[int](), dict[str, Any]()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(seen_keys_module, "BATCH", 2),
        patch.object(deletions_module, "BATCH", 2),
    ):
        for run in [*runs, TapRun(last, [], LARGE, 0), TapRun([], [], LARGE, 0)]:
            for before in run.before:
                books.change(*before)
            store = SeenKeys(Path(folder), "1234567", LARGE)
            changes = iter(run.meanwhile)
            came: list[Portion] = []
            for portion in portions(books, state, store):
                came.append(portion)
                if len(came) > run.read:
                    break
                if change := next(changes, None):
                    books.change(*change)
            for portion in came[: max(run.read - run.ahead, 0)]:  # what was read further ahead is never written
                load(portion, warehouse)
                state = dict(portion.bookmark) if portion.bookmark is not None else state
            store.close()
    assert warehouse == books.all()


def test_the_file_is_for_its_owner_alone_and_not_a_link(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite3"
    path.touch(mode=0o644)
    SeenKeys(path, "1234567", 1_000_000).close()
    (tmp_path / "link.sqlite3").symlink_to(path)

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SeenKeysError, match="it is a link"):
        SeenKeys(tmp_path / "link.sqlite3", "1234567", 1_000_000)
