"""Asynchronous requests, batches and idempotency keys."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from netsuite_emulator import Fault

ASYNC = {"Prefer": "respond-async"}
BATCH = {**ASYNC, "Content-Type": "application/vnd.oracle.resource+json; type=collection"}
REGION = "/record/v1/customlist_region"


def finished(client: Any, answer: requests.Response) -> dict[str, Any]:
    """The job, once it has ended."""
    assert answer.status_code == 202, answer.text
    assert (answer.content, answer.headers["Preference-Applied"]) == (b"", "respond-async")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(answer.headers["Location"])
        if job["completed"]:
            return job
        time.sleep(0.005)
    raise AssertionError("the job does not end")


def results(client: Any, answer: requests.Response) -> list[requests.Response]:
    """What each task answered."""
    job = finished(client, answer)
    tasks = client.get(job["task"]["links"][0]["href"])
    links = [link["href"] for item in tasks["items"] for link in item["links"]]
    return [client.send("GET", f"{link}/result") for link in links]


def batch(client: Any, method: str, path: str, items: list[Any], **headers: str) -> requests.Response:
    answer: requests.Response = client.send(method, path, json={"items": items}, headers={**BATCH, **headers})
    return answer


def names(client: Any) -> list[str]:
    return [row[0] for row in client.emulator.execute("SELECT name FROM customlist_region ORDER BY id")]


def test_one_request_as_a_job(client: Any) -> None:
    answer = client.send("POST", REGION, json={"name": "New"}, headers=ASYNC)
    assert answer.headers["Location"] == f"{client.services}/async/v1/job/1"
    job = finished(client, answer)
    address = answer.headers["Location"]
    assert job == {
        "links": [{"rel": "self", "href": address}],
        "completed": True,
        "id": "1",
        "progress": "succeeded",
        "task": {"links": [{"rel": "self", "href": f"{address}/task"}]},
    }
    tasks = client.get(f"{address}/task/")
    assert (tasks["count"], tasks["items"]) == (1, [{"links": [{"rel": "self", "href": f"{address}/task/1"}]}])
    task = client.get(f"{address}/task/1")
    assert task["links"][0] == {"rel": "related", "href": f"{address}/task/1/result"}
    assert (task["completed"], task["progress"], task["id"]) == (True, "succeeded", "1")
    assert task["startTime"] <= task["endTime"]
    result = client.send("GET", f"{address}/task/1/result")
    assert result.status_code == 204
    assert client.get(result.headers["Location"])["name"] == "New"


def test_reading_and_refusals_as_jobs(client: Any, refusal: Any) -> None:
    read = results(client, client.send("GET", "/record/v1/currency/1?fields=name", headers=ASYNC))[0]
    assert (read.status_code, set(read.json())) == (200, {"links", "id", "name"})
    assert read.headers["Content-Type"].endswith("type=singular; charset=UTF-8")
    listed = results(client, client.send("GET", "/record/v1/currency?limit=2", headers=ASYNC))[0]
    assert listed.json()["count"] == 2
    answer = client.send("DELETE", f"{REGION}/424242", headers=ASYNC)
    assert finished(client, answer)["progress"] == "failed"
    assert refusal(results(client, answer)[0]) == (404, "NONEXISTENT_ID")


def test_a_job_takes_its_time(client_of: Any, refusal: Any) -> None:
    client = client_of(job_seconds=3600, progress_while_running="processing")
    before = names(client)
    answer = client.send("POST", REGION, json={"name": "Later"}, headers=ASYNC)
    address = answer.headers["Location"]
    job = client.get(address)
    assert (job["completed"], job["progress"]) == (False, "processing")
    task = client.get(f"{address}/task/1")
    assert (task["completed"], "endTime" in task, [link["rel"] for link in task["links"]]) == (False, False, ["self"])
    assert refusal(client.send("GET", f"{address}/task/1/result")) == (404, "NONEXISTENT_ID")
    assert names(client) == before
    client.emulator.advance(3601)
    client.sign_in()
    assert finished(client, answer)["progress"] == "succeeded"
    assert names(client) == [*before, "Later"]


def test_jobs_that_are_not_there(reader: Any, refusal: Any) -> None:
    answer = reader.send("GET", "/record/v1/currency/1", headers=ASYNC)
    address = answer.headers["Location"]
    wrong = ["/async/v1/job/99999", "/async/v1/job/x", "/async/v1/job", f"{address}/task/2", f"{address}/task/0"]
    for path in wrong:
        assert refusal(reader.send("GET", path)) == (404, "NONEXISTENT_ID")
    assert refusal(reader.send("DELETE", address)) == (405, "INVALID_METHOD")


def test_idempotency_keys(client: Any, refusal: Any) -> None:
    before = len(names(client))
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    first = client.send("POST", REGION, json={"name": "Once"}, headers=headers)
    again = client.send("POST", REGION, json={"name": "Once"}, headers=headers)
    assert refusal(again) == (400, "IDEMPOTENCY_ERROR")
    body = again.json()
    assert (body["title"], body["status"]) == ("Conflict", 400)
    assert body["type"].endswith("rfc2616-sec10.html#sec10.4.10")
    assert again.headers["Location"] == first.headers["Location"]
    finished(client, first)
    assert len(names(client)) == before + 1
    del headers["Prefer"]
    for _ in range(2):  # ignored without a job
        assert client.send("POST", REGION, json={"name": "Twice"}, headers=headers).status_code == 204
    assert len(names(client)) == before + 3


def test_one_key_at_the_same_moment_makes_one_job(client_of: Any) -> None:
    client = client_of(concurrency_limit=20)
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: client.send("POST", REGION, json={"name": "Race"}, headers=headers), range(8))
        )
    assert sorted(answer.status_code for answer in answers) == [202] + [400] * 7
    assert len({answer.headers["Location"] for answer in answers}) == 1
    finished(client, next(answer for answer in answers if answer.status_code == 202))
    assert names(client).count("Race") == 1


def test_an_answer_that_is_lost_is_found_by_its_key(client: Any) -> None:
    before = len(names(client))
    client.emulator.faults.add(Fault(effect="drop_after", method="POST", times=1))
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    with pytest.raises(requests.exceptions.ConnectionError):
        client.send("POST", REGION, json={"name": "Lost"}, headers=headers)
    again = client.send("POST", REGION, json={"name": "Lost"}, headers=headers)
    assert again.status_code == 400
    assert client.get(again.headers["Location"])["id"] == "1"
    answer = client.send("GET", "/record/v1/currency/1", headers=ASYNC)
    finished(client, answer)
    deadline = time.monotonic() + 120
    while not client.get("/async/v1/job/1")["completed"] and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(names(client)) == before + 1


def test_memory_ends_where_it_is_set(client_of: Any, refusal: Any) -> None:
    client = client_of(job_retention=1000, idempotency_lifetime=100)
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": "k"}
    first = client.send("GET", "/record/v1/currency/1", headers=headers)
    client.emulator.advance(101)
    assert client.send("GET", "/record/v1/currency/1", headers=headers).status_code == 202
    client.emulator.advance(1000)
    assert refusal(client.send("GET", first.headers["Location"])) == (404, "NONEXISTENT_ID")


def test_batches_of_every_verb(client: Any) -> None:
    made = results(client, batch(client, "POST", REGION, [{"name": "a"}, {"name": "b", "externalId": "X 1"}]))
    assert [answer.status_code for answer in made] == [204, 204]
    ids = [answer.headers["Location"].rpartition("/")[2] for answer in made]
    changed = results(
        client, batch(client, "PATCH", REGION, [{"id": ids[0], "name": "c"}, {"externalId": "X 1", "name": "d"}])
    )
    assert [answer.status_code for answer in changed] == [204, 204]
    put = results(
        client, batch(client, "PUT", REGION, [{"externalId": "X 1", "name": "e"}, {"externalId": "Y", "name": "f"}])
    )
    assert [answer.status_code for answer in put] == [204, 204]
    query = {"expandRecords": "true", "ids": f"{ids[0]},eid:'X 1',eid:Y", "fields": "name"}
    read = results(client, client.send("GET", REGION, params=query, headers=ASYNC))
    assert [answer.json()["name"] for answer in read] == ["c", "e", "f"]
    gone = results(client, client.send("DELETE", REGION, params={"ids": f"{ids[0]},eid:Y"}, headers=ASYNC))
    assert [answer.status_code for answer in gone] == [204, 204]
    assert set(names(client)) >= {"e"}
    assert not set(names(client)) & {"c", "f"}


@pytest.mark.parametrize("mode", ["", ', batch-processing="parallel"'])
def test_a_failure_undoes_no_other(client: Any, refusal: Any, mode: str) -> None:
    items = [{"name": "good"}, {"name": 5}, "no object", {"name": "fine"}]
    answer = batch(client, "POST", REGION, items, Prefer=f"respond-async{mode}")
    made = results(client, answer)
    assert [each.status_code for each in made] == [204, 400, 400, 204]
    assert refusal(made[1]) == (400, "INVALID_CONTENT")
    assert finished(client, answer)["progress"] == "failed"
    assert {"good", "fine"} <= set(names(client))


def test_items_that_name_no_record(client: Any, refusal: Any) -> None:
    for method in ("PATCH", "PUT"):
        made = results(client, batch(client, method, REGION, [{"name": "x"}]))
        assert refusal(made[0]) == (400, "INVALID_CONTENT")


def test_the_id_wins(client: Any) -> None:
    first, second = (client.create("customlist_region", {"name": name, "externalId": name}) for name in ("p", "q"))
    results(client, batch(client, "PATCH", REGION, [{"id": first, "externalId": "renamed", "name": "r"}]))
    found = client.emulator.execute(f"SELECT id, name FROM customlist_region WHERE id IN ({first}, {second})")
    assert set(found) == {(int(first), "r"), (int(second), "q")}
    assert client.get(f"{REGION}/eid:renamed")["name"] == "r"


def test_tasks_begin_in_order_or_together(client_of: Any) -> None:
    client = client_of(job_seconds=3600)
    items = [{"name": "1"}, {"name": "2"}, {"name": "3"}]
    answer = batch(client, "POST", REGION, items)
    client.emulator.advance(3601)
    client.sign_in()
    deadline = time.monotonic() + 120
    while not client.get(f"{answer.headers['Location']}/task/1")["completed"] and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not client.get(f"{answer.headers['Location']}/task/2")["completed"]
    client.emulator.advance(7201)
    client.sign_in()
    finished(client, answer)
    assert names(client)[-3:] == ["1", "2", "3"]
    parallel = batch(client, "POST", REGION, items[:2], Prefer='respond-async, batch-processing="parallel"')
    client.emulator.advance(3601)
    client.sign_in()
    finished(client, parallel)


def test_what_a_job_occupies_its_processor_for_does_not_depend_on_its_size(client_of: Any) -> None:
    client = client_of(job_overhead_seconds=3600, async_processors=1)
    small, large = (batch(client, "POST", REGION, [{"name": f"{n}"} for n in range(size)]) for size in (1, 50))
    client.emulator.advance(3601)
    client.sign_in()
    finished(client, small)
    assert not client.get(large.headers["Location"])["completed"]
    client.emulator.advance(3601)
    client.sign_in()
    finished(client, large)


@pytest.mark.parametrize(
    ("method", "path", "items", "code"),
    [
        ("POST", REGION, [{"name": "x"}] * 101, "INVALID_REQUEST"),
        ("POST", REGION, [], "INVALID_CONTENT"),
        ("PATCH", f"{REGION}/1", [{"name": "x"}], "INVALID_REQUEST"),
        ("POST", "/record/v1/salesOrder/1/item", [{}], "INVALID_REQUEST"),
    ],
)
def test_batches_that_are_refused(reader: Any, refusal: Any, method: str, path: str, items: Any, code: str) -> None:
    assert refusal(batch(reader, method, path, items)) == (400, code)


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("DELETE", "", "INVALID_PARAMETER"),
        ("DELETE", "?ids=", "INVALID_PARAMETER"),
        ("DELETE", "?ids=1,,2", "INVALID_PARAMETER"),
        ("DELETE", "?ids=1,", "INVALID_PARAMETER"),
        ("GET", "?expandRecords=true&ids=eid:'open", "INVALID_PARAMETER"),
        ("GET", "?ids=1", "INVALID_PARAMETER"),
        ("GET", "?expandRecords=true&ids=" + ",".join(map(str, range(101))), "INVALID_REQUEST"),
    ],
)
def test_ids_that_are_refused(reader: Any, refusal: Any, method: str, query: str, code: str) -> None:
    assert refusal(reader.send(method, REGION + query, headers=ASYNC)) == (400, code)


def test_batches_are_asynchronous(reader: Any, refusal: Any) -> None:
    kind = BATCH["Content-Type"]
    answer = reader.send("POST", REGION, json={"items": [{"name": "x"}]}, headers={"Content-Type": kind})
    assert refusal(answer) == (400, "INVALID_HEADER")
    assert refusal(reader.send("DELETE", f"{REGION}?ids=1")) == (400, "INVALID_HEADER")


def test_queries_are_never_jobs(reader: Any) -> None:
    headers = {"Prefer": "transient, respond-async"}
    answer = reader.send("POST", "/query/v1/suiteql", json={"q": "SELECT id FROM currency"}, headers=headers)
    assert answer.status_code == 200


def test_a_fault_in_a_task(client: Any) -> None:
    client.emulator.faults.add(Fault(effect="fail_task", path="/customlist_region/2$", status=500))
    made = results(client, batch(client, "PATCH", REGION, [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]))
    assert [answer.status_code for answer in made] == [204, 500]


def test_the_emulator_ends_while_a_job_waits(client_of: Any) -> None:
    client = client_of(job_seconds=3600)
    assert client.send("POST", REGION, json={"name": "never"}, headers=ASYNC).status_code == 202
    started = time.monotonic()
    client.emulator.stop()
    assert time.monotonic() - started < 120


def test_tasks_need_not_be_numbered_as_the_input_is(client_of: Any) -> None:
    client = client_of(tasks_in_input_order=False)
    wanted = [f"Region {number}" for number in range(20)]
    answer = batch(client, "POST", REGION, [{"name": name} for name in wanted])
    made = [client.get(result.headers["Location"])["name"] for result in results(client, answer)]
    assert (sorted(made), made == wanted) == (sorted(wanted), False)
    assert names(client)[-20:] == wanted  # done in the order of the input nevertheless


def test_an_account_without_batches_refuses_them(client_of: Any) -> None:
    client = client_of(batch_requests=False)
    before = names(client)
    answer = batch(client, "POST", REGION, [{"name": "New"}])
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (400, "INVALID_HEADER")
    assert client.send("DELETE", REGION, params={"ids": "1,2"}, headers=ASYNC).status_code == 400
    assert names(client) == before
    finished(client, client.send("POST", REGION, json={"name": "Alone"}, headers=ASYNC))


def test_it_is_quiet_once_every_job_has_ended(client_of: Any) -> None:
    client = client_of(job_seconds=3600)
    assert client.emulator.wait_until_quiet(seconds=0)

    batch(client, "POST", REGION, [{"name": "Late"}])
    assert not client.emulator.wait_until_quiet(seconds=0)
    client.emulator.advance(7200)

    assert client.emulator.wait_until_quiet(120)
    assert "Late" in names(client)


def test_it_is_quiet_once_every_request_has_ended(client: Any) -> None:
    client.emulator.faults.add(Fault(effect="delay", seconds=1, method="POST", path="/customlist_region"))
    with ThreadPoolExecutor() as pool:
        pool.submit(client.create, "customlist_region", {"name": "Late"})
        while not any(request.in_flight for request in client.emulator.requests):
            time.sleep(0.005)
        assert not client.emulator.wait_until_quiet(seconds=0)

        assert client.emulator.wait_until_quiet(120)
        assert "Late" in names(client)


def test_time_in_the_queue_does_not_depend_on_the_size(client_of: Any) -> None:
    client = client_of(queue_seconds=60)
    sizes = (1, 20)
    jobs = []
    for size in sizes:
        items = [{"name": f"Queued {size}/{number}"} for number in range(size)]
        headers = {**ASYNC, "Content-Type": "application/vnd.oracle.resource+json; type=collection"}
        answer = client.send("POST", "/record/v1/customlist_region", json={"items": items}, headers=headers)
        assert answer.status_code == 202, answer.text
        jobs.append(answer.headers["Location"])
    assert [client.get(job)["completed"] for job in jobs] == [False, False]
    client.emulator.advance(61)
    assert client.emulator.wait_until_quiet()
    assert [client.get(job)["completed"] for job in jobs] == [True, True]
