"""Jobs and batches against an emulated NetSuite, which shares no code with the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from netsuite_emulator import Emulator, Fault
from suitetalk import (
    Batch,
    ConnectionSettings,
    InvalidRequestError,
    NetSuite,
    NotFoundError,
    PollPolicy,
    RetryPolicy,
    SuiteTalkError,
)

Open = Callable[[Emulator], NetSuite]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Return a function that makes a client of an emulator; closed after the test."""
    with ExitStack() as stack:

        def make(emulator: Emulator) -> NetSuite:
            settings = ConnectionSettings.from_mapping(emulator.connection)
            quick = RetryPolicy(attempts=8, first_wait=0.01)
            polling = PollPolicy(first_wait=0.01, growth=1.1)
            return stack.enter_context(NetSuite(settings, retry=quick, polling=polling))

        yield make


def customers(count: int) -> list[dict[str, Any]]:
    return [
        {"companyName": f"Batch {number}", "externalId": f"B-{number}", "subsidiary": {"id": "1"}}
        for number in range(count)
    ]


def count_of(emulator: Emulator) -> int:
    ((count,),) = emulator.execute("SELECT count(*) FROM customer WHERE companyname LIKE 'Batch %'")
    return int(count)


@pytest.mark.slow
def test_records_by_the_hundred_from_birth_to_death(netsuite_emulator: Emulator, opened: Open) -> None:
    client = opened(netsuite_emulator)

    made = [result.record_id for result in client.batches.create("customer", customers(101))]
    assert len(set(made)) == 101
    changes = [{"id": one, "phone": f"555 {place}"} for place, one in enumerate(made)]
    assert all(result.error is None for result in client.batches.update("customer", changes))
    read = list(client.batches.get("customer", [*made, "999999999"]))
    assert [result.body["phone"] for result in read if result.body] == [f"555 {place}" for place in range(101)]
    assert isinstance(read[-1].error, NotFoundError)
    upserts = list(client.batches.upsert("customer", customers(102)))
    assert all(result.error is None for result in upserts)
    assert count_of(netsuite_emulator) == 102
    gone = list(client.batches.delete("customer", ["eid:B-101", *made]))
    assert all(result.error is None for result in gone)
    assert count_of(netsuite_emulator) == 0


def test_one_refused_record_stops_no_other(netsuite_emulator: Emulator, opened: Open) -> None:
    bodies = customers(3)
    bodies[1]["compnyName"] = "misspelt"

    first, second, third = opened(netsuite_emulator).batches.create("customer", bodies)
    assert (first.error, third.error) == (None, None)
    assert isinstance(second.error, InvalidRequestError)
    assert "compnyName" in second.error.path
    assert count_of(netsuite_emulator) == 2


@pytest.mark.few(2)
@pytest.mark.parametrize("effect", ["drop_after", "drop_before", "bad_gateway", "unavailable", "too_many_requests"])
def test_a_batch_whose_answer_is_lost_is_carried_out_once(
    netsuite_emulator: Emulator, opened: Open, effect: str
) -> None:
    netsuite_emulator.faults.add(Fault(effect=effect, method="POST", path="/record/v1/customer", times=2))

    results = list(opened(netsuite_emulator).batches.create("customer", customers(5)))
    assert [result.error for result in results] == [None] * 5
    assert count_of(netsuite_emulator) == 5


def test_a_job_of_one_request_is_found_again(netsuite_emulator: Emulator, opened: Open) -> None:
    job = opened(netsuite_emulator).jobs.submit("POST", "/record/v1/customer", body=customers(1)[0])

    later = opened(netsuite_emulator)
    assert later.jobs.wait(job.id, timeout=60).completed
    (task_id,) = later.jobs.task_ids(job.id)
    made = later.jobs.result(job.id, task_id).created_id()
    assert later.records.get("customer", made)["companyName"] == "Batch 0"


def test_a_record_goes_alone_where_an_account_takes_no_batches(
    netsuite_emulator_factory: Callable[..., Emulator], opened: Open
) -> None:
    emulator = netsuite_emulator_factory(batch_requests=False)
    client = opened(emulator)
    (one,) = customers(1)
    with pytest.raises(InvalidRequestError):
        client.batches.submit(Batch("create", "customer", (one,)))
    alone = Batch("create", "customer", (one,), alone=True)
    jobs = {client.batches.submit(alone).id for _ in range(2)}
    (result,) = client.batches.collect(alone, jobs.pop(), timeout=60)
    assert (result.error, jobs, count_of(emulator)) == (None, set(), 1)
    with pytest.raises(SuiteTalkError, match="separate request"):
        Batch("update", "customer", ({"id": "1"},), alone=True)
