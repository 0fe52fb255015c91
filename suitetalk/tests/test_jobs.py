"""Asynchronous requests: carried out once whatever is lost, waited for, and resumed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.job_netsuite import BASE, FATES, JobNetSuite
from tests.scripted_netsuite import CUT, Reply, ScriptedNetSuite, refused

from suitetalk import (
    ConnectionFailedError,
    InvalidRequestError,
    Job,
    Jobs,
    JobUnfinishedError,
    NetSuite,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    PollPolicy,
    RetryPolicy,
    SuiteTalkError,
)

QUICK_POLLS = PollPolicy(first_wait=0.0005, growth=1.0)
CUSTOMERS = "/record/v1/customer"
KEY = "X-NetSuite-Idempotency-Key"


@pytest.fixture
def jobs(client: NetSuite) -> Jobs:
    return Jobs(client.transport, retry=RetryPolicy(attempts=4, first_wait=0.0005), polling=QUICK_POLLS)


def test_one_request_from_submission_to_result(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.script = JobNetSuite(polls=3)

    job = jobs.submit("POST", CUSTOMERS, headers={"Prefer": "x=1"}, body={"companyName": "A"})
    assert (job.id, job.completed) == ("1", False)
    done = jobs.wait(job.id)
    assert done == Job("1", completed=True, progress="succeeded")
    (task_id,) = jobs.task_ids(job.id)
    task = jobs.task(job.id, task_id)
    assert (task.completed, task.progress, task.end_time) == (True, "succeeded", "2020-12-09T12:04:40Z")
    assert jobs.result(job.id, task_id).created_id() == "1"
    sent = netsuite.requests[0]
    assert sent.headers["Prefer"] == "respond-async, x=1"
    assert len(sent.headers[KEY]) == 36


@given(fates=st.lists(st.sampled_from(sorted(FATES)), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_write_is_done_once_at_most_and_never_called_failed_when_it_was_done(
    netsuite: ScriptedNetSuite, jobs: Jobs, fates: list[str]
) -> None:
    account = JobNetSuite(fates=list(fates))
    netsuite.script = account
    try:
        job = jobs.submit("POST", CUSTOMERS, body={"companyName": "A"})
    except OutcomeUnknownError as error:
        assert len(account.writes) <= 1
        # In doubt the key finds out.
        account.fates.clear()
        again = jobs.submit("POST", CUSTOMERS, body={"companyName": "A"}, idempotency_key=error.idempotency_key)
        assert again.id == "1"
        assert len(account.writes) == 1
    except SuiteTalkError:
        assert account.writes == []
    else:
        assert job.id == "1"
        assert len(account.writes) == 1


@given(fates=st.lists(st.sampled_from(["arrives, answer lost", "lost on the way", "unavailable"]), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_tries_carry_one_key(netsuite: ScriptedNetSuite, jobs: Jobs, fates: list[str]) -> None:
    netsuite.script = JobNetSuite(fates=list(fates))
    begun = len(netsuite.requests)

    jobs.submit("POST", CUSTOMERS, body={})
    assert len({request.headers[KEY] for request in netsuite.requests[begun:]}) == 1
    assert len(netsuite.requests) - begun >= len(fates)


def test_what_was_done_at_once_is_not_sent_again(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.answers(Reply(204, headers={"Location": f"{BASE}/record/v1/customer/5"}))

    with pytest.raises(OutcomeUnknownError, match="status 204") as caught:
        jobs.submit("POST", CUSTOMERS, body={})
    assert caught.value.record_id == "5"
    assert len(netsuite.requests) == 1


def test_a_key_used_again_without_the_first_job_is_an_unknown_outcome(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.answers(refused(400, "IDEMPOTENCY_ERROR", "Used."))

    with pytest.raises(OutcomeUnknownError, match="the-key") as caught:
        jobs.submit("POST", CUSTOMERS, body={}, idempotency_key="the-key")
    assert caught.value.idempotency_key == "the-key"


def test_a_refusal_is_raised_as_it_is(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    elsewhere = refused(400, "USER_ERROR", "No.")
    netsuite.answers(Reply(400, elsewhere.body, {"Location": f"{BASE}/async/v1/job/9"}))

    with pytest.raises(InvalidRequestError, match="USER_ERROR"):
        jobs.submit("POST", CUSTOMERS, body={})


def test_waiting_ends_in_time_or_when_it_is_told_to(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.script = JobNetSuite(polls=10**9)
    job = jobs.submit("POST", CUSTOMERS, body={})

    with pytest.raises(JobUnfinishedError, match=r"within 0.01 seconds.*by its id") as caught:
        jobs.wait(job.id, timeout=0.01)
    assert caught.value.job_id == job.id
    stop = threading.Event()
    stop.set()
    with pytest.raises(JobUnfinishedError):
        jobs.wait(job.id, stop=stop)


def test_a_job_can_be_resumed_by_its_id(
    netsuite: ScriptedNetSuite, jobs: Jobs, connect: Callable[..., NetSuite]
) -> None:
    netsuite.script = JobNetSuite(polls=5)
    job_id = jobs.submit("POST", CUSTOMERS, body={}).id

    later = Jobs(connect().transport, polling=QUICK_POLLS)
    assert later.get(job_id).completed is False
    assert later.wait(job_id).completed is True
    with pytest.raises(NotFoundError):
        later.wait("77")


def test_a_job_that_is_not_known_for_a_moment_is_waited_for(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    unknown = Reply(404, body={"o:errorDetails": [{"detail": "No such job.", "o:errorCode": "NONEXISTENT_ID"}]})
    netsuite.answers(unknown, unknown, Reply(body={"completed": True}))

    assert jobs.wait("5").completed


def test_a_lost_answer_to_a_question_is_asked_again(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.answers(CUT, Reply(body={"completed": True}))

    assert jobs.wait("a/b").completed
    assert netsuite.requests[0].path == "/services/rest/async/v1/job/a%2Fb"


def test_pauses_grow_to_a_limit() -> None:
    policy = PollPolicy(first_wait=1, growth=2, longest_wait=5)

    assert [policy.pause(waited) for waited in (0, 1, 2, 4, 8)] == [1, 1, 2, 4, 5]


def link(task: str) -> dict[str, str]:
    return {"rel": "self", "href": f"{BASE}/async/v1/job/1/task/{task}"}


@pytest.mark.parametrize(
    ("items", "ids"),
    [
        ([{"links": [link("1"), link("2")]}], ["1", "2"]),
        ([{"links": [link("10")]}, {"links": [link("9")]}], ["9", "10"]),
        ([{"links": [link("b"), link("a")]}], ["b", "a"]),
        ([{"links": [link("1"), {"rel": "related", "href": link("1")["href"] + "/result"}]}], ["1"]),
        ([{"links": [{"rel": "self"}, 7, {"href": None}]}, 7, {}], []),
        ([], []),
    ],
)
def test_every_link_of_every_item_counts(
    netsuite: ScriptedNetSuite, jobs: Jobs, items: list[Any], ids: list[str]
) -> None:
    netsuite.answers(Reply(body={"items": items}))

    assert jobs.task_ids("1") == ids


@pytest.mark.parametrize("body", [{}, {"items": [], "hasMore": True}, [], 7])
def test_what_is_no_whole_task_list_is_an_error(netsuite: ScriptedNetSuite, jobs: Jobs, body: Any) -> None:
    netsuite.answers(Reply(body=body))

    with pytest.raises(ConnectionFailedError):
        jobs.task_ids("1")


@pytest.mark.parametrize("job_id", ["", ".", ".."])
def test_what_is_no_id_is_refused_before_anything_is_sent(netsuite: ScriptedNetSuite, jobs: Jobs, job_id: str) -> None:
    with pytest.raises(SuiteTalkError, match="is needed"):
        jobs.get(job_id)
    assert netsuite.requests == []


def test_a_missing_permission_is_told(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.script = JobNetSuite(fates=["refused"])

    with pytest.raises(PermissionDeniedError):
        jobs.submit("POST", CUSTOMERS, body={})


def test_a_job_of_which_more_is_known_is_asked_after_later(netsuite: ScriptedNetSuite, jobs: Jobs) -> None:
    netsuite.script = JobNetSuite()
    job = jobs.submit("POST", CUSTOMERS, body={})
    begun = time.monotonic()
    assert jobs.wait(job.id, pause=lambda _: 0.05).completed
    assert time.monotonic() - begun >= 0.05
    stop = threading.Event()
    stop.set()
    with pytest.raises(JobUnfinishedError):
        jobs.wait(job.id, pause=lambda _: 3600.0, stop=stop)
    assert sum(request.path.endswith("/job/1") for request in netsuite.requests) == 1
