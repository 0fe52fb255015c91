"""Governance, faults, the request log and the control end points."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
import requests

from netsuite_emulator import Fault

LIST = "/record/v1/currency"


def test_too_many_requests_at_once(client_of: Any, refusal: Any) -> None:
    client = client_of(concurrency_limit=2)
    client.emulator.faults.add(Fault(effect="delay", seconds=300))  # until it is switched off
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(client.send, "GET", LIST) for _ in range(6)]
        refusals = list(islice(as_completed(asked, timeout=120), 4))
        assert client.emulator.highest_in_flight == 2
        client.emulator.faults.clear()
        answers = [one.result() for one in asked]
    assert [one.result().status_code for one in refusals] == [429] * 4
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [429] * 4
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refusal(refused) == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert (refused.json()["title"], refused.json()["o:errorCode"]) == ("Bad Request", "USER_ERROR")
    assert "Retry-After" not in refused.headers
    assert client.get("/system/v1/governanceLimits")["accountConcurrencyLimit"] == 2


def test_faults_answer_in_place_of_the_work(client: Any) -> None:
    faults = client.emulator.faults
    faults.add(Fault(effect="status", status=418, body={"short": "stout"}, times=1))
    answer = client.send("GET", LIST)
    assert (answer.status_code, answer.json()) == (418, {"short": "stout"})
    faults.add(Fault(effect="bad_gateway", times=1))
    assert client.send("GET", LIST).text.startswith("<html>")
    faults.add(Fault(effect="too_many_requests", seconds=3, times=1))
    answer = client.send("GET", LIST)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    faults.add(Fault(effect="unavailable", times=1))
    assert client.send("GET", LIST).status_code == 503
    faults.add(Fault(effect="expire_tokens", times=1))
    assert client.send("GET", LIST).status_code == 401
    faults.add(Fault(effect="wrong_token", path="/token$", times=1))
    assert "access_token" not in client.ask_for_token(client.assertion()).json()
    client.sign_in()
    assert client.send("GET", LIST).status_code == 200


def test_broken_answers(client: Any) -> None:
    faults = client.emulator.faults
    faults.add(Fault(effect="cut_body", times=1))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.send("GET", LIST)
    faults.add(Fault(effect="malformed_json", times=1))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.send("GET", LIST).json()


def test_answers_that_never_come(client: Any) -> None:
    body = {"name": "Lost"}
    for effect, made in (("drop_before", 0), ("drop_after", 1)):
        client.emulator.faults.add(Fault(effect=effect, method="POST", times=1))
        with pytest.raises(requests.exceptions.ConnectionError):
            client.send("POST", "/record/v1/customlist_region", json=body)
        assert client.emulator.requests[-1].status == -1
        count = client.emulator.execute("SELECT count(*) FROM customlist_region WHERE name = 'Lost'")
        assert count == [(made,)]


def test_which_requests_a_fault_hits(client: Any) -> None:
    faults = client.emulator.faults
    faults.add(Fault(effect="status", status=500, path="/currency", nth=2))
    assert [client.send("GET", LIST).status_code for _ in range(4)] == [200, 500, 200, 200]
    faults.clear()
    faults.add(Fault(effect="status", status=500, method="POST"))
    assert client.send("GET", LIST).status_code == 200
    faults.clear()
    number = faults.add(Fault(effect="status", status=500, probability=0.5, seed=7))
    statuses = [client.send("GET", LIST).status_code for _ in range(30)]
    assert {200, 500} == set(statuses)
    faults.remove(number)
    assert client.send("GET", LIST).status_code == 200
    with pytest.raises(ValueError, match="Unknown effect"):
        Fault(effect="nonsense")


def test_delay(client: Any) -> None:
    client.emulator.faults.add(Fault(effect="delay", seconds=0.2, times=1))
    started = time.monotonic()
    assert client.send("GET", LIST).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_control_over_http(client: Any) -> None:
    control = f"{client.emulator.url}/emulator"
    added = requests.post(f"{control}/faults", json={"effect": "status", "status": 500, "times": 1}, timeout=120)
    assert added.json() == {"id": 1}
    assert client.send("GET", LIST).status_code == 500
    assert requests.get(f"{control}/faults", timeout=120).json()["faults"][0]["struck"] == 1
    requests.delete(f"{control}/faults", timeout=120)
    assert requests.get(f"{control}/faults", timeout=120).json()["faults"] == []
    assert requests.post(f"{control}/faults", json={"effect": "?"}, timeout=120).status_code == 400
    rows = requests.post(f"{control}/sql", json={"sql": "SELECT count(*) FROM currency"}, timeout=120)
    assert rows.json() == {"rows": [[5]]}
    assert requests.post(f"{control}/sql", json={"sql": "nonsense"}, timeout=120).status_code == 400
    elsewhere = requests.post(f"{control}/sql", json={"sql": "SELECT 1"}, headers={"Host": "evil.example"}, timeout=120)
    assert elsewhere.status_code == 403


def test_a_delay_ends_when_it_is_switched_off(client: Any) -> None:
    client.sign_in()
    client.emulator.faults.add(Fault(effect="delay", seconds=600))
    with ThreadPoolExecutor() as pool:
        late = pool.submit(client.send, "GET", LIST)
        while not client.emulator.faults.listing()[0]["struck"]:
            time.sleep(0.005)
        client.emulator.faults.clear()

        assert late.result(120).status_code == 200


def test_the_request_log(client: Any) -> None:
    client.emulator.clear_requests()
    client.query("SELECT id FROM currency")
    client.sign_in()
    query, token = client.emulator.requests
    assert (query.method, query.path, query.status) == ("POST", "/services/rest/query/v1/suiteql", 200)
    assert "FROM currency" in query.body
    assert (token.status, token.body, token.in_flight) == (200, "", 0)
    logged = requests.get(f"{client.emulator.url}/emulator/requests", timeout=120).json()
    assert len(logged["requests"]) == 2
    assert logged["failures"] == []


def test_server_time(client: Any) -> None:
    assert client.get("/system/v1/serverTime")["serverTime"].endswith("Z")
    assert client.send("GET", "/system/v1/nonsense").status_code == 404
    assert client.send("GET", "/nonsense").status_code == 404


def test_refusals_by_statement(client: Any, refusal: Any) -> None:
    faults = client.emulator.faults
    faults.add(Fault(effect="status", statement=r"from\s+currency"))
    for _ in range(2):
        answer = client.query("SELECT id FROM currency")
        assert refusal(answer) == (500, "UNEXPECTED_ERROR")
        assert re.fullmatch(
            "An unexpected error occurred. Error ID: [a-z0-9]{25}", answer.json()["o:errorDetails"][0]["detail"]
        )
    assert client.rows("SELECT id FROM term WHERE id = 1") == [{"id": "1"}]
    assert client.send("GET", LIST).status_code == 200
    faults.clear()
    faults.add(Fault(effect="unsupported", statement="MAX"))
    faults.add(Fault(effect="status", status=400, code="INVALID_PARAMETER", detail="No.", statement="MIN"))
    for function, detail in (("MAX", "unsupported search."), ("MIN", "No.")):
        answer = client.query(f"SELECT {function}(id) AS n FROM currency")
        assert refusal(answer) == (400, "INVALID_PARAMETER")
        assert answer.json()["o:errorDetails"][0]["detail"].endswith(detail)


def test_slow_statements_and_those_that_time_out(client: Any) -> None:
    faults = client.emulator.faults
    faults.add(Fault(effect="delay", seconds=0.3, statement="FROM term"))
    faults.add(Fault(effect="timeout", seconds=0.3, statement="FROM currency"))
    for table, status in (("term", 200), ("currency", 504)):
        started = time.monotonic()
        assert client.query(f"SELECT id FROM {table}").status_code == status
        assert time.monotonic() - started >= 0.3


def test_an_outage_begins_at_a_pattern_and_ends(client: Any) -> None:
    client.emulator.faults.add(Fault(effect="unavailable", begins_at="FROM term", lasts=0.5))
    assert client.send("GET", LIST).status_code == 200
    began = time.monotonic()
    assert client.query("SELECT id FROM term").status_code == 503
    assert client.send("GET", LIST).status_code == 503
    while client.send("GET", LIST).status_code == 503:
        assert time.monotonic() - began < 30
    assert time.monotonic() - began >= 0.5
    assert client.query("SELECT id FROM term").status_code == 200


def test_answers_that_say_too_little(client: Any) -> None:
    faults = client.emulator.faults
    query = "SELECT id FROM customer ORDER BY id"
    whole = client.query(query, path="?limit=5").json()
    faults.add(Fault(effect="page_as_total", times=1))
    short = client.query(query, path="?limit=5").json()
    assert (short["totalResults"], short["hasMore"], len(short["items"])) == (5, False, 5)
    faults.add(Fault(effect="no_more", times=1))
    last = client.query(query, path="?limit=5").json()
    assert (last["totalResults"], last["hasMore"]) == (whole["totalResults"], False)
    assert "next" not in {link["rel"] for link in last["links"]}
    faults.add(Fault(effect="no_rows", statement="customer", times=1))
    empty = client.query(query).json()
    assert (empty["totalResults"], empty["hasMore"], empty["items"]) == (0, False, [])
    faults.add(Fault(effect="html", times=1))
    page = client.query(query)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")


@pytest.mark.parametrize("field", ["path", "statement", "begins_at"])
def test_patterns_must_be_regular_expressions(field: str) -> None:
    with pytest.raises(ValueError, match=r"'\(' is not a regular expression"):
        Fault(effect="delay", **{field: "("})  # type: ignore[arg-type]  # a name from the list above
