"""What is left of a run that ended too early: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.writes import QUICK_POLLING, ConfirmCustomers, connected, creates, ids, names, outcomes, spoiled, write

from netsuite_emulator import Emulator, Fault
from suitetalk import Batch, NetSuite
from target_netsuite.errors import StoppedError
from target_netsuite.intents import Outcome, Write
from target_netsuite.journal.journal import Journal
from target_netsuite.writing.recovery import recover
from target_netsuite.writing.writer import Writer, WriterOptions

TESTS = Path(__file__).parent


@pytest.fixture
def netsuite(emulator: Emulator) -> Iterator[NetSuite]:
    with connected(emulator.connection) as client:
        yield client


@pytest.fixture
def reopened(tmp_path: Path) -> Iterator[Callable[[], Journal]]:
    """Return a function that opens the journal as the next run does, after the one before has ended."""
    opened: list[Journal] = []

    def again() -> Journal:
        if opened:
            opened.pop().close()
        opened.append(Journal(tmp_path / "journal.sqlite"))
        return opened[-1]

    yield again
    for journal in opened:
        journal.close()


def batch_of(writes: list[Write]) -> Batch:
    headers = {"X-NetSuite-PropertyNameValidation": "error"}
    return Batch("create", "customer", tuple(dict(one.body) for one in writes), headers=headers)


def again(writes: list[Write]) -> list[Write]:
    """Return the records as they come in the next run: with other numbers, and new stamps of the tap."""
    return [
        replace(
            one, intent=replace(one.intent, number=number, payload={**one.intent.payload, "_sdc_batched_at": number})
        )
        for number, one in enumerate(writes, 1)
    ]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def stop(_: str) -> Any:
    return "stop"


@pytest.mark.parametrize("reached", ["written down", "submitted", "accepted, answer lost", "job known"])
def test_a_batch_of_the_last_run_is_seen_through(
    emulator: Emulator, netsuite: NetSuite, reopened: Callable[[], Journal], prefix: str, reached: str
) -> None:
    writes = creates(prefix, range(20), findable=False)
    writes[5] = spoiled(writes[5])
    batch, journal = batch_of(writes), reopened()
    journal.intended(batch, writes)
    if reached != "written down":
        job = netsuite.batches.submit(batch)
        if reached == "job known":
            journal.submitted(batch.idempotency_key, job.id)

    journal = reopened()
    recover(netsuite, journal, policy=stop)
    done = [journal.already_done(one.intent) for one in again(writes)]
    assert [place for place, one in enumerate(done) if one is None] == [5]
    assert {str(place): [int(one.internal_id)] for place, one in enumerate(done) if one} == names(emulator, prefix)
    assert {one.outcome for one in done if one} == {Outcome.CREATED}
    assert [journal.already_done(one.intent) for one in writes] == [None] * 20  # each matches once
    assert journal.open_entries() == []


def test_a_remembered_create_matches_as_often_as_it_was_done(
    emulator: Emulator, netsuite: NetSuite, reopened: Callable[[], Journal], prefix: str
) -> None:
    twice = [
        replace(one, intent=replace(one.intent, key={}, payload={"same": "record"})) for one in creates(prefix, [1, 2])
    ]
    journal = reopened()
    journal.intended(batch := batch_of(twice), twice)
    journal.settled(batch.idempotency_key, {0: "11", 1: "12"})
    journal = reopened()
    intent = twice[0].intent
    assert journal.already_done(intent) is None  # it has an external id, by which NetSuite tells

    unfindable = [replace(one, external_id=None, intent=replace(one.intent, external_id=None)) for one in twice]
    journal.intended(batch := batch_of(unfindable), unfindable)
    journal.settled(batch.idempotency_key, {0: "11", 1: "12"})
    journal = reopened()
    found = [journal.already_done(unfindable[0].intent) for _ in range(3)]
    assert [one.internal_id if one else None for one in found] == ["11", "12", None]


def test_a_state_that_was_passed_on_makes_the_journal_forget(reopened: Callable[[], Journal], prefix: str) -> None:
    writes = creates(prefix, range(1, 11), findable=False)
    journal = reopened()
    journal.intended(batch := batch_of(writes), writes)
    journal.settled(batch.idempotency_key, {place: str(place) for place in range(10)})
    journal.acknowledged({"people": 4, "others": 99})

    journal = reopened()
    remembered = [one.intent.number for one in writes if journal.already_done(one.intent)]
    assert remembered == [5, 6, 7, 8, 9, 10]
    journal.acknowledged({"people": 7})  # also those that came again in this run
    journal = reopened()
    assert sum(journal.already_done(one.intent) is not None for one in writes) == 3
    journal.finished()
    journal = reopened()
    assert not any(journal.already_done(one.intent) for one in writes)


@pytest.mark.slow
def test_an_old_job_is_waited_for_before_anything_new_is_written(
    netsuite_emulator_factory: Callable[..., Emulator], reopened: Callable[[], Journal], prefix: str
) -> None:
    emulator = netsuite_emulator_factory(job_seconds=0.1, one_world=False)
    with connected(emulator.connection) as netsuite:
        ((made, *_),) = [
            netsuite.batches.collect(one, netsuite.batches.submit(one).id) for one in [batch_of(creates(prefix, [1]))]
        ]
        old = [write("update", n, {"phone": f"old {n}"}, internal_id=made.record_id) for n in range(5)]
        journal = reopened()
        batch = Batch("update", "customer", tuple({**one.body, "id": made.record_id} for one in old))
        journal.intended(batch, old)
        netsuite.batches.submit(batch)

        journal = reopened()
        recover(netsuite, journal, policy=stop)
        assert emulator.execute(f"SELECT phone FROM customer WHERE id = {made.record_id}") == [("old 4",)]
        assert journal.open_entries() == []


@pytest.mark.parametrize("choice", ["stop", "repeat", "skip"])
@pytest.mark.parametrize("kind", ["a job that is forgotten", "a key that is too old", "a single request"])
def test_the_setting_decides_about_creates_that_nothing_tells_of(
    netsuite: NetSuite, reopened: Callable[[], Journal], prefix: str, kind: str, choice: Any
) -> None:
    writes = creates(prefix, [1, 2], findable=False)
    journal, batch = reopened(), batch_of(writes)
    if kind == "a single request":
        for one in writes:
            journal.intended_single(one)
    else:
        journal.intended(batch, writes)
    if kind == "a job that is forgotten":
        journal.submitted(batch.idempotency_key, "987654")
    life = 0.0 if kind == "a key that is too old" else 3600.0
    for _ in range(2):
        journal = reopened()
        if choice != "stop":
            break
        with pytest.raises(StoppedError, match=r'stream `people` with the key \{"id":1\}.*`on_unknown_outcome`'):
            recover(netsuite, journal, policy=stop, life_of_a_key=life)

    recover(netsuite, journal, policy=lambda _: "repeat" if choice == "repeat" else "skip", life_of_a_key=life)
    found = [journal.already_done(one.intent) for one in again(writes)]
    if choice == "repeat":
        assert found == [None, None]
    else:
        assert [one and one.refusal and one.refusal.code for one in found] == ["OUTCOME_UNKNOWN"] * 2


def test_a_job_that_is_forgotten_matters_not_for_what_can_be_repeated(
    netsuite: NetSuite, reopened: Callable[[], Journal], prefix: str
) -> None:
    writes = creates(prefix, [1, 2])
    journal = reopened()
    journal.intended(batch := batch_of(writes), writes)
    journal.submitted(batch.idempotency_key, "987654")
    journal = reopened()
    recover(netsuite, journal, policy=stop)
    assert (journal.open_entries(), journal.doubtful()) == ([], [])


@pytest.mark.parametrize("path", ["/record/v1/customer$", r"/job/\d+$", "/task/$", "/result$"])
def test_what_cannot_be_found_out_now_stays_open(
    emulator: Emulator, netsuite: NetSuite, reopened: Callable[[], Journal], prefix: str, path: str
) -> None:
    writes = creates(prefix, range(4), findable=False)
    journal = reopened()
    journal.intended(batch_of(writes), writes)
    fault = emulator.faults.add(Fault(effect="unavailable", path=path))
    journal = reopened()
    with pytest.raises(StoppedError, match=r"stream `people` .customer. is not settled.*run again later"):
        recover(netsuite, journal, policy=stop)
    emulator.faults.remove(fault)

    journal = reopened()
    recover(netsuite, journal, policy=stop)
    assert all(journal.already_done(one.intent) for one in again(writes))
    assert len(names(emulator, prefix)) == 4


@pytest.mark.slow
def test_a_writer_that_is_stopped_leaves_its_jobs_to_the_next_run(
    netsuite_emulator_factory: Callable[..., Emulator], reopened: Callable[[], Journal], prefix: str
) -> None:
    emulator = netsuite_emulator_factory(job_seconds=0.2, one_world=False)
    writes = creates(prefix, range(6), findable=False)
    with connected(emulator.connection) as netsuite:
        writer = Writer(netsuite, reopened(), options=WriterOptions(polling=QUICK_POLLING))
        with ThreadPoolExecutor(1) as thread:
            begun = thread.submit(writer.carry_out, writes)
            until(lambda: any("/job/" in one.path for one in emulator.requests))
            writer.stop()
            with pytest.raises(StoppedError, match="goes on in NetSuite"):
                begun.result()
        writer.close()

        journal = reopened()
        recover(netsuite, journal, policy=stop)
        assert all(journal.already_done(one.intent) for one in again(writes))
    assert len(names(emulator, prefix)) == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("in_order", "kills"),
    [(False, 3), pytest.param(False, 12, marks=pytest.mark.slow), pytest.param(True, 12, marks=pytest.mark.slow)],
)
def test_creates_of_a_process_that_is_killed_again_and_again_are_done_once(
    netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path, prefix: str, kills: int, *, in_order: bool
) -> None:
    emulator = netsuite_emulator_factory(
        job_seconds=0.005, batches_sequential=False, async_processors=4, tasks_in_input_order=in_order, one_world=False
    )
    connection = tmp_path / "connection.json"
    connection.write_text(json.dumps(emulator.connection))
    count = 300
    command = [sys.executable, str(TESTS / "writing_process.py"), str(connection), str(tmp_path), prefix, str(count)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    draws = random.Random(7)

    for _ in range(kills):  # killed while a request is on its way; the request is answered to nobody, a little later
        nth = draws.randrange(1, 25)
        delay = emulator.faults.add(Fault(effect="delay", path="/record/|/async/", nth=nth, seconds=0.4))
        lost = emulator.faults.add(Fault(effect="drop_after", path="/record/|/async/", nth=nth // 2 + 1))
        process = subprocess.Popen(command, env=environment)
        until(lambda: any(one["struck"] for one in emulator.faults.listing() if one["effect"] == "delay"))
        time.sleep(draws.random() * 0.05)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        emulator.faults.remove(delay)
        emulator.faults.remove(lost)
    subprocess.run(command, env=environment, check=True, timeout=120)
    assert {name: len(found) for name, found in names(emulator, prefix).items()} == {
        str(number): 1 for number in range(1, count + 1)
    }


def test_findable_records_need_no_memory(
    emulator: Emulator, netsuite: NetSuite, reopened: Callable[[], Journal], prefix: str
) -> None:
    journal = reopened()
    writer = Writer(netsuite, journal, confirm=ConfirmCustomers(netsuite), options=WriterOptions(polling=QUICK_POLLING))
    answers = writer.carry_out(creates(prefix, range(10)))
    writer.close()
    assert (set(outcomes(answers)), len(set(ids(answers)))) == ({"created"}, 10)
    journal = reopened()
    assert not any(journal.already_done(one.intent) for one in creates(prefix, range(10)))
