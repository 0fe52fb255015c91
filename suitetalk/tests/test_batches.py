"""Batches: what is sent, results in the order of the input, each record written once, bounded memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.job_netsuite import BASE, FATES, JobNetSuite
from tests.scripted_netsuite import CUT, Received, Reply, ScriptedNetSuite, refused

from suitetalk import (
    Batch,
    Batches,
    IncompleteResultError,
    InvalidRequestError,
    Jobs,
    JobUnfinishedError,
    NetSuite,
    NotFoundError,
    OutcomeUnknownError,
    PollPolicy,
    RetryPolicy,
    SuiteTalkError,
    in_batches,
)

MakeBatches = Callable[..., Batches]


@pytest.fixture
def make(client: NetSuite) -> MakeBatches:
    def batches(**choices: Any) -> Batches:
        retry = RetryPolicy(attempts=3, first_wait=0.0005)
        return Batches(
            Jobs(client.transport, retry=retry, polling=PollPolicy(first_wait=0.0005, growth=1.0)), **choices
        )

    return batches


@pytest.fixture
def batches(make: MakeBatches) -> Batches:
    return make()


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"number": number} for number in range(count)]


def submissions(netsuite: ScriptedNetSuite) -> list[Received]:
    return [request for request in netsuite.requests if "/async/" not in request.path]


def test_create_sends_what_netsuite_documents(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    netsuite.script = JobNetSuite()

    list(batches.create("customer", numbered(2)))
    list(batches.create("customer", numbered(1), parallel=True))
    first, second = submissions(netsuite)
    assert (first.method, first.path, first.query) == ("POST", "/services/rest/record/v1/customer", {})
    assert first.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=collection"
    assert first.headers["Prefer"] == "respond-async"
    assert first.headers["X-NetSuite-PropertyNameValidation"] == "error"
    assert first.json() == {"items": numbered(2)}
    assert second.headers["Prefer"] == 'respond-async, batch-processing="parallel"'


def test_each_operation_has_its_form(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    account = JobNetSuite()
    netsuite.script = account

    created = list(batches.create("customer", [{"a": 1}, {"a": 2}]))
    assert [result.record_id for result in created] == ["1", "2"]
    list(batches.update("customer", [{"id": "2", "a": 3}]))
    list(batches.upsert("customer", [{"externalId": "X", "a": 4}]))
    view: dict[str, Any] = {"expand_sub_resources": True, "expand": ["a", "b"], "fields": ["c"]}
    read = list(batches.get("customer", ["1", "2", "9"], **view))
    assert [result.body and result.body["a"] for result in read] == [1, 3, None]
    assert isinstance(read[2].error, NotFoundError)
    assert [result.error is None for result in batches.delete("customer", ["1", "1"])] == [True, False]
    forms = [(sent.method, sent.query) for sent in submissions(netsuite)]
    assert forms[1:] == [
        ("PATCH", {}),
        ("PUT", {}),
        (
            "GET",
            {"expandRecords": "true", "ids": "1,2,9", "expandSubResources": "true", "expand": "a,b", "fields": "c"},
        ),
        ("DELETE", {"ids": "1,1"}),
    ]


def test_ids_are_written_as_netsuite_lists_them(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    netsuite.script = JobNetSuite()

    list(batches.delete("customer", ["7", "eid:test", "eid:test 5", "eid:Ä&b"]))
    assert submissions(netsuite)[0].query == {"ids": "7,eid:test,eid:'test 5',eid:'Ä&b'"}


@pytest.mark.few(3)
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
@pytest.mark.parametrize("one_link_per_item", [False, True])
def test_results_come_in_the_order_of_the_input(
    netsuite: ScriptedNetSuite, batches: Batches, count: int, *, one_link_per_item: bool
) -> None:
    account = JobNetSuite(polls=2, one_link_per_item=one_link_per_item)
    netsuite.script = account

    results = list(batches.create("customer", numbered(count)))
    assert [result.index for result in results] == list(range(count))
    assert [account.records[result.record_id]["number"] for result in results] == list(range(count))
    assert [result.record for result in results] == numbered(count)
    assert len(submissions(netsuite)) == -(-count // 100)


@pytest.mark.slow
def test_jobs_run_beside_each_other_but_no_more_than_told(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    for most in (1, 3):
        account = JobNetSuite(polls=20)
        netsuite.script = account
        list(batches.create("customer", numbered(501), jobs_at_once=most))
        assert account.most_jobs_at_once <= most
        assert len(account.writes) == 501


def test_a_refused_record_is_told_with_its_place_and_stops_no_other(
    netsuite: ScriptedNetSuite, batches: Batches
) -> None:
    netsuite.script = JobNetSuite()

    first, second, third = batches.create("customer", [{"a": 1}, {"refuse": True}, {"a": 3}])
    assert (first.error, third.error) == (None, None)
    assert isinstance(second.error, InvalidRequestError)
    assert second.error.path == "refuse"
    assert "create of customer (task 2 of job 1)" in str(second.error)


def test_where_both_sides_name_the_id_it_decides_whose_result_it_is(
    netsuite: ScriptedNetSuite, batches: Batches
) -> None:
    account = JobNetSuite(reversed_tasks=True, records={str(one): {"id": str(one)} for one in range(1, 8)})
    netsuite.script = account

    wanted = ["3", "99", "1", "7"]
    read = list(batches.get("customer", wanted))
    assert [result.record_id for result in read] == ["3", "", "1", "7"]
    changed = list(batches.update("customer", [{"id": "5"}, {"id": "2"}]))
    assert [result.record_id for result in changed] == ["5", "2"]
    twice = list(batches.get("customer", ["1", "1"]))
    assert [result.record_id for result in twice] == ["1", "1"]


def test_no_more_of_the_input_is_read_than_the_jobs_hold(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    netsuite.script = JobNetSuite()
    read = 0

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal read
        for read in itertools.count(1):  # noqa: B007 - counts what was asked for
            yield {"a": 1}

    results = batches.create("customer", endless(), jobs_at_once=2)
    assert read == 0
    for place, result in enumerate(itertools.islice(results, 450)):
        assert result.index == place
        assert read <= place + 1 + 2 * 100 + 100
    assert isinstance(results, Generator)
    results.close()
    assert read <= 700


def test_what_was_begun_is_delivered_before_an_input_that_fails(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    account = JobNetSuite()
    netsuite.script = account

    def failing() -> Iterator[dict[str, Any]]:
        yield from numbered(230)
        raise ValueError("The file ends here.")

    results = batches.create("customer", failing())
    assert len(list(itertools.islice(results, 200))) == len(account.writes) == 200
    with pytest.raises(ValueError, match="ends here"):
        next(results)


def test_leaving_early_ends_the_waiting(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    """The second job is never completed, so waiting for it would last for ever."""
    account = JobNetSuite()
    in_the_second = f"{BASE}/record/v1/customer/second"

    def script(request: Received) -> Reply:
        job_id = request.path.rpartition("/job/")[2]
        if job_id in account.jobs and account.jobs[job_id].results[0].headers["Location"] == in_the_second:
            return Reply(body={"completed": False})
        return account(request)

    netsuite.script = script
    bodies = [*numbered(100), {"id": "second"}]
    for result in batches.create("customer", bodies, jobs_at_once=2):
        if result.index == 99:
            break


@pytest.mark.parametrize(
    ("operation", "record"),
    [
        ("update", {"a": 1}),
        ("upsert", {"id": "1"}),
        ("delete", "eid:"),
        ("delete", "eid:a,b"),
        ("delete", "eid:a'b"),
        ("get", "1,2"),
        ("get", ""),
        ("get", "x:1"),
        ("get", {"id": 1}),
        ("create", "1"),
    ],
)
def test_what_names_no_record_is_refused_before_anything_is_sent(operation: Any, record: Any) -> None:
    with pytest.raises(SuiteTalkError, match="Record 0 of those"):
        next(in_batches(operation, "customer", [record]))


def test_a_batch_has_from_one_to_a_hundred_records() -> None:
    for records in ((), tuple(numbered(101))):
        with pytest.raises(SuiteTalkError, match="from 1 to 100"):
            Batch("create", "customer", records)
    with pytest.raises(SuiteTalkError, match="record type"):
        Batch("create", "", ({},))


def test_a_job_that_is_not_completed_in_time_can_be_collected_later(
    netsuite: ScriptedNetSuite, make: MakeBatches
) -> None:
    account = JobNetSuite(polls=10**9)
    netsuite.script = account
    (batch,) = in_batches("create", "customer", numbered(2))

    results = list(make(job_timeout=0.01).run([batch]))
    assert all(isinstance(result.error, JobUnfinishedError) and result.job_id == "1" for result in results)
    account.jobs["1"].polls_left = 0
    assert [result.record_id for result in make().collect(batch, "1")] == ["1", "2"]


def test_a_batch_submitted_again_after_a_crash_is_the_same_job(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    account = JobNetSuite()
    netsuite.script = account
    (batch,) = in_batches("create", "customer", numbered(2))
    written_down = json.dumps([batch.idempotency_key, batch.records])

    first = batches.submit(batch)
    key, records = json.loads(written_down)
    again = Batch("create", "customer", tuple(records), idempotency_key=key)
    assert batches.submit(again).id == first.id
    assert [result.record_id for result in batches.collect(again, first.id)] == ["1", "2"]
    assert len(account.writes) == 2


@given(
    fates=st.lists(st.sampled_from(sorted(FATES)), max_size=8),
    count=st.integers(1, 250),
    refusals=st.sets(st.integers(0, 249), max_size=5),
)
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_record_is_written_twice_and_none_that_was_is_called_failed(
    netsuite: ScriptedNetSuite, batches: Batches, fates: list[str], count: int, refusals: set[int]
) -> None:
    account = JobNetSuite(fates=list(fates))
    netsuite.script = account
    bodies = [{"number": number, "refuse": number in refusals} for number in range(count)]

    results = list(batches.create("customer", bodies))

    written = [body["number"] for body in account.writes]
    assert len(set(written)) == len(written)
    assert [result.index for result in results] == list(range(count))
    for result in results:
        if result.error is None:
            assert account.records[result.record_id]["number"] == result.index
        elif not isinstance(result.error, OutcomeUnknownError):
            assert result.index not in written


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "reply", [CUT, Reply(502), refused(500, "UNEXPECTED_ERROR", "Error ID: x"), refused(401, "INVALID_LOGIN", "No.")]
)
@pytest.mark.parametrize("place", ["/job/1", "/task/", "/result"])
def test_a_job_that_cannot_be_asked_leaves_the_outcome_unknown(
    netsuite: ScriptedNetSuite, batches: Batches, reply: Reply, place: str
) -> None:
    account = JobNetSuite()
    netsuite.script = lambda request: reply if request.path.endswith(place) else account(request)

    (result,) = batches.create("customer", numbered(1))
    assert isinstance(result.error, OutcomeUnknownError)
    assert result.error.job_id == result.job_id == "1"


def test_a_read_that_cannot_be_asked_after_is_no_unknown_outcome(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    account = JobNetSuite()
    netsuite.script = lambda request: CUT if request.path.endswith("/result") else account(request)

    (result,) = batches.get("customer", ["1"])
    assert not isinstance(result.error, (OutcomeUnknownError, type(None)))


def test_a_job_with_too_few_tasks_tells_nothing(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    account = JobNetSuite()
    no_tasks = Reply(body={"items": []})
    netsuite.script = lambda request: no_tasks if request.path.endswith("/task/") else account(request)

    (read,) = batches.get("customer", ["1"])
    assert isinstance(read.error, IncompleteResultError)
    (created,) = batches.create("customer", numbered(1))
    assert isinstance(created.error, OutcomeUnknownError)


def test_a_read_with_lines_missing_is_an_error(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    lines = {"items": [{"line": 1}], "totalResults": 2}
    netsuite.script = JobNetSuite(records={"1": {"id": "1", "item": lines}})

    (result,) = batches.get("salesOrder", ["1"], expand_sub_resources=True)
    assert isinstance(result.error, IncompleteResultError)


def test_a_body_that_cannot_be_said_in_json_fails_its_job_unsent(netsuite: ScriptedNetSuite, batches: Batches) -> None:
    netsuite.script = JobNetSuite()

    (result,) = batches.create("customer", [{"a": float("nan")}])
    assert "cannot be sent as JSON" in str(result.error)
    assert not isinstance(result.error, OutcomeUnknownError)
    assert netsuite.requests == []
