"""Jobs that do not end, or that NetSuite does not know any more: nobody waits for ever, nothing is done twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state
from tests.writes import QUICK_POLLING, ConfirmCustomers, connected, creates, names, outcomes, write

from netsuite_emulator import Emulator, Fault
from suitetalk import Batch
from target_netsuite.errors import StoppedError
from target_netsuite.journal.journal import Journal
from target_netsuite.writing.outcomes import Unknown
from target_netsuite.writing.recovery import recover
from target_netsuite.writing.writer import Writer, WriterOptions

Factory = Callable[..., Emulator]
_GONE = {"title": "Not Found", "status": 404, "o:errorDetails": [{"detail": "x", "o:errorCode": "NONEXISTENT_ID"}]}


@contextmanager
def writing(emulator: Emulator, folder: Path, choice: Any = "stop") -> Iterator[tuple[Writer, Journal]]:
    journal = Journal(folder / "journal.sqlite")
    with connected(emulator.connection) as netsuite:
        options = WriterOptions(write_mode="batch", polling=QUICK_POLLING, job_timeout=0.3)
        writer = Writer(netsuite, journal, policy=lambda _: choice, confirm=ConfirmCustomers(netsuite), options=options)
        yield writer, journal
        writer.close()
    journal.close()


@pytest.fixture(params=["does not end", "is not known any more", "has no list of tasks"])
def lost(request: pytest.FixtureRequest, netsuite_emulator_factory: Factory) -> Emulator:
    """A NetSuite whose jobs are lost, each in its way."""
    if request.param == "does not end":
        return netsuite_emulator_factory(queue_seconds=3600.0, one_world=False)
    emulator = netsuite_emulator_factory(one_world=False)
    path = r"/job/\d+$" if request.param == "is not known any more" else r"/task/?$"
    emulator.faults.add(Fault(effect="status", status=404, body=_GONE, path=path))
    return emulator


def test_what_is_absolute_is_looked_up_and_sent_again(lost: Emulator, tmp_path: Path, prefix: str) -> None:
    upserts = [write("upsert", n, {"companyName": f"{prefix} {n}"}, external_id=f"{prefix}-{n}") for n in range(12)]
    with writing(lost, tmp_path) as (writer, journal):
        assert set(outcomes(writer.carry_out(upserts))) == {"upserted"}
        assert {name: len(found) for name, found in names(lost, prefix).items()} == {str(n): 1 for n in range(12)}
        deletes = [write("delete", n, external_id=f"{prefix}-{n}") for n in range(12)]
        assert set(outcomes(writer.carry_out(deletes))) <= {"deleted", "already_gone"}
        assert names(lost, prefix) == {}
        assert journal.open_entries() == []


@pytest.mark.few(2)
@pytest.mark.parametrize("choice", ["stop", "skip"])
def test_what_nothing_tells_of_is_not_sent_again(lost: Emulator, tmp_path: Path, prefix: str, choice: str) -> None:
    unfindable = creates(prefix, range(3), findable=False)
    with writing(lost, tmp_path, choice) as (writer, journal):
        if choice == "stop":
            with pytest.raises(StoppedError, match="on_unknown_outcome"):
                writer.carry_out(unfindable)
            assert len(journal.doubtful()) == 3
        else:
            assert outcomes(writer.carry_out(unfindable)) == ["OUTCOME_UNKNOWN"] * 3
    sent = Counter((one.method, one.status) for one in lost.requests if one.path.endswith("/record/v1/customer"))
    assert sent["POST", 202] == 1, sent  # what is sent again after a lost answer names the first job instead
    assert all(len(found) == 1 for found in names(lost, prefix).values())


def test_a_create_with_an_external_id_is_doubtful_until_it_is_looked_up(
    netsuite_emulator_factory: Factory, tmp_path: Path, prefix: str
) -> None:
    emulator = netsuite_emulator_factory(queue_seconds=3600.0, one_world=False)
    with writing(emulator, tmp_path) as (writer, journal):
        answers = writer.carry_out(creates(prefix, range(3)))
        assert [isinstance(one, Unknown) and one.may_come_late for one in answers] == [True] * 3
        assert len(journal.open_entries()) == 1  # the job may still do it


def test_recovery_does_not_wait_again(netsuite_emulator_factory: Factory, tmp_path: Path, prefix: str) -> None:
    emulator = netsuite_emulator_factory(queue_seconds=3600.0, one_world=False)
    upserts = [write("upsert", n, {"companyName": f"{prefix} {n}"}, external_id=f"{prefix}-{n}") for n in range(3)]
    journal = Journal(tmp_path / "journal.sqlite")
    with connected(emulator.connection) as netsuite:
        batch = Batch("upsert", "customer", tuple({**one.body, "externalId": one.external_id} for one in upserts))
        journal.intended(batch, upserts)
        journal.submitted(batch.idempotency_key, netsuite.batches.submit(batch).id)
        time.sleep(0.2)
        begun = time.monotonic()
        recover(netsuite, journal, policy=lambda _: "stop", job_timeout=0.1)
        assert time.monotonic() - begun < 30
        assert journal.open_entries() == []
        assert sum("/job/" in one.path for one in emulator.requests) == 1

        made = creates(prefix, range(3))
        batch = Batch("create", "customer", tuple(dict(one.body) for one in made))
        journal.intended(batch, made)
        journal.submitted(batch.idempotency_key, netsuite.batches.submit(batch).id)
        with pytest.raises(StoppedError, match=r"3 records of stream `people`.*`on_unknown_outcome` set to `repeat`"):
            recover(netsuite, journal, policy=lambda _: "stop", job_timeout=0.0)
        assert len(journal.open_entries()) == 1
        recover(netsuite, journal, policy=lambda _: "repeat", job_timeout=0.0)
        assert journal.open_entries() == []
    journal.close()


@pytest.mark.slow
def test_a_whole_run_does_not_wait_longer_than_its_setting_says(
    netsuite_emulator_factory: Factory, listen: Callable[..., Run], prefix: str
) -> None:
    emulator = netsuite_emulator_factory(queue_seconds=3600.0, one_world=False)
    people = {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "write_mode": "batch"}
    records = [record("people", id=number, companyName=f"{prefix} {number}") for number in range(12)]
    messages = [schema("people"), *records, state(1)]
    run = listen({"people": people}, *messages, **emulator.connection, job_timeout=1)
    assert (run.error, run.states, len(names(emulator, prefix))) == (None, [1], 12)

    creates_only = {**people, "operation": "create", "external_id": f"{prefix}-new-{{id}}"}
    records = [record("people", id=number, companyName=f"{prefix}b {number}") for number in range(12)]
    run = listen({"people": creates_only}, schema("people"), *records, state(1), **emulator.connection, job_timeout=1)
    assert "`on_unknown_outcome`" in run.sentence
    assert run.states == []
