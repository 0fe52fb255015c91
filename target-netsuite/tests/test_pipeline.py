"""Records settled in several threads: order per record, waiting, and ends."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.intents import Intent, Operation, Outcome, Settled
from target_netsuite.pipeline.pipeline import Pipeline, Settle


def _intent(number: int, external_id: str) -> Intent:
    return Intent("s", number, {}, Operation.UPSERT, "customer", external_id=external_id, body={"n": number})


class _Account:
    """Keeps the last write of each record, and which were carried out at once."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self.records: dict[str | None, int] = {}
        self.chunks: list[list[int]] = []

    def work(self, intents: Sequence[Intent], settle: Settle) -> None:
        with self._lock:
            self.chunks.append([intent.number for intent in intents])
            pause = self._chance.random() / 500
        time.sleep(pause)
        for intent in intents:
            self.records[intent.external_id] = intent.number
            settle([Settled(intent, Outcome.UPSERTED)])


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(1, 7), st.integers(1, 4), st.integers(0, 99))
def test_the_last_of_each_record_stays(external_ids: list[str], chunk: int, workers: int, seed: int) -> None:
    account = _Account(seed)
    pipeline = Pipeline(account.work, chunk=chunk, workers=workers)
    for number, external_id in enumerate(external_ids):
        pipeline.put(_intent(number, external_id))
    pipeline.finish()
    assert account.records == {external_id: number for number, external_id in enumerate(external_ids)}
    assert pipeline.settled_up_to == len(external_ids)
    assert sorted(number for taken in account.chunks for number in taken) == list(range(len(external_ids)))
    assert max(map(len, account.chunks), default=0) <= chunk
    pipeline.stop()


@pytest.mark.slow
def test_a_part_of_a_chunk_goes_by_itself_after_a_while() -> None:
    account = _Account()
    pipeline = Pipeline(account.work, chunk=100)
    pipeline.put(_intent(0, "a"))
    end = time.monotonic() + 120
    while pipeline.settled_up_to == 0 and time.monotonic() < end:
        time.sleep(0.05)
    assert pipeline.settled_up_to == 1
    pipeline.stop()


def test_an_error_reaches_who_puts_and_nothing_more_is_begun() -> None:
    begun = []

    def work(intents: Sequence[Intent], settle: Settle) -> None:
        begun.append(len(intents))
        raise ConnectionError("nobody there")

    pipeline = Pipeline(work, chunk=1, workers=1)
    pipeline.put(_intent(0, "a"))
    with pytest.raises(ConnectionError, match="nobody there"):
        pipeline.finish()
    with pytest.raises(ConnectionError):
        pipeline.put(_intent(1, "b"))
    pipeline.stop()
    assert begun == [1]


def test_stopping_waits_for_what_is_under_way() -> None:
    entered, leave = threading.Event(), threading.Event()
    settled: list[Intent] = []

    def work(intents: Sequence[Intent], settle: Settle) -> None:
        entered.set()
        leave.wait(120)
        settle([Settled(intent, Outcome.UPSERTED) for intent in intents])
        settled.extend(intents)

    pipeline = Pipeline(work, chunk=1, workers=1)
    pipeline.put(_intent(0, "a"))
    pipeline.put(_intent(1, "b"))
    assert entered.wait(120)
    threading.Timer(0.05, leave.set).start()
    pipeline.stop()
    assert [intent.number for intent in settled] == [0]
    assert pipeline.settled_up_to == 1
