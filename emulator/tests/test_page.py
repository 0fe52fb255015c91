"""The page at `/`, what it asks for, and who may ask: the browser itself is in tests/test_browser.py."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from netsuite_emulator import Emulator, Fault
from netsuite_emulator.exchange import Call
from netsuite_emulator.http.page import Gate

LIST = "/record/v1/currency"
WRONG_LIMITS: list[Any] = [
    {}, [], {"limit": 0}, {"limit": 1.5}, {"limit": "2"}, {"latency": -1}, {"latency": None}, {"x": 1},
]  # fmt: skip
CHANGES = [
    ("POST", "sql", {"sql": "DELETE FROM currency"}),
    ("POST", "faults", {"effect": "unavailable"}),
    ("DELETE", "faults", None),
    ("DELETE", "faults/1", None),
    ("POST", "limits", {"limit": 1}),
    ("POST", "suiteql", {"q": "SELECT id FROM currency"}),
    ("POST", "advance", {"seconds": 9}),
    ("POST", "churn", {"table": "customer"}),
    ("DELETE", "churn", None),
    ("DELETE", "requests", None),
]


def page_of(emulator: Emulator) -> requests.Response:
    return requests.get(f"{emulator.url}/", timeout=120)


def token_of(emulator: Emulator) -> str:
    found = re.search(r'<meta name="token" content="([\w-]{32})">', page_of(emulator).text)
    assert found
    return found.group(1)


def ask(emulator: Emulator, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{emulator.url}/emulator/{path}", json=body, headers=named, timeout=120)


def test_the_page_stands_alone(client: Any) -> None:
    page = page_of(client.emulator)

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "1234567_SB1" in page.text
    assert "{{" not in page.text
    assert re.findall(r'(?:src|href)="(?!#|data:)|@import|url\(', page.text) == []
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "frame-ancestors 'none'" in policy
    assert policy != page_of(client.emulator).headers["Content-Security-Policy"]  # a nonce is used once


def test_the_page_leaves_no_trace(client: Any) -> None:
    client.emulator.clear_requests()

    for path in ("activity", "tables", "limits"):
        assert ask(client.emulator, "GET", path).status_code == 200
    page_of(client.emulator)

    assert client.emulator.requests == []


@pytest.mark.few(3)
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_another_site_changes_nothing(client: Any, method: str, path: str, body: Any) -> None:
    emulator = client.emulator
    number = emulator.faults.add(Fault(effect="delay", seconds=0))
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert ask(emulator, method, path, body, **headers).status_code == 403
        assert ask(emulator, method, path, body, X_Emulator_Token="guessed", **headers).status_code == 403
    form = requests.post(f"{emulator.url}/emulator/sql", data='{"sql": "DELETE FROM currency"}', timeout=120,
                         headers={"Origin": "https://evil.example", "Content-Type": "text/plain"})  # fmt: skip

    assert form.status_code == 403
    assert emulator.execute("SELECT count(*) FROM currency") == [(5,)]
    assert [fault["id"] for fault in emulator.faults.listing()] == [number]


@pytest.mark.few(3)
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_the_page_and_programs_do(client: Any, method: str, path: str, body: Any) -> None:
    token, own = token_of(client.emulator), client.emulator.url
    headers = {"Prefer": "transient"} if path == "suiteql" else {}

    assert ask(client.emulator, method, path, body, **headers).status_code == 200
    assert ask(client.emulator, method, path, body, Origin=own, X_Emulator_Token=token, **headers).status_code == 200


def test_names_that_lead_here_do_not_open_it(client: Any) -> None:
    for path in ("", "emulator/requests", "emulator/activity"):
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example:9"):
            address = f"{client.emulator.url}/{path}"
            assert requests.get(address, headers={"Host": host}, timeout=120).status_code == 403
    assert requests.get(f"{client.emulator.url}/", headers={"Host": "localhost:1"}, timeout=120).status_code == 200


@pytest.mark.parametrize(
    ("peer", "host", "hosts", "is_open"),
    [
        ("127.0.0.1", "127.0.0.1:8100", (), True),
        ("::1", "[::1]:8100", (), True),
        ("::ffff:127.0.0.1", "LOCALHOST", (), True),
        ("192.0.2.7", "127.0.0.1:8100", (), False),
        ("192.0.2.7", "192.0.2.1:8100", (), False),
        ("", "localhost", (), False),
        ("192.0.2.7", "emulator:8100", ("emulator",), True),
        ("192.0.2.7", "localhost:8100", ("localhost",), True),
        ("192.0.2.7", "evil.example", ("emulator",), False),
        ("192.0.2.7", "localhost", ("emulator",), False),
        ("127.0.0.1", "localhost", ("emulator",), True),
    ],
)
def test_from_where_it_opens(peer: str, host: str, hosts: tuple[str, ...], *, is_open: bool) -> None:
    call = Call("GET", (), {}, {}, b"", "", host, "/", "", peer)

    assert (Gate(hosts, "1").refusal(call) is None) is is_open


def test_what_it_shows(client: Any) -> None:
    client.emulator.clear_requests()
    client.emulator.faults.add(Fault(effect="too_many_requests", nth=2))
    client.query("SELECT id FROM currency WHERE name <> '<b>'")
    client.send("GET", LIST)

    state = ask(client.emulator, "GET", "activity").json()
    refused, query = state["requests"]
    assert query["statement"] == "SELECT id FROM currency WHERE name <> '<b>'"
    assert (query["status"], query["faults"], query["in_flight"]) == (200, [], 1)
    assert (refused["status"], refused["faults"], refused["statement"]) == (429, ["too_many_requests"], "")
    assert (state["limit"], state["inFlight"], state["highestInFlight"]) == (5, 0, 1)
    assert (state["refused"], state["spoiled"]) == (1, 1)
    assert sum(second["refused"] for second in state["seconds"]) == 1
    assert max(second["in_flight"] for second in state["seconds"]) == 1
    assert state["answered"] == sum(second["answered"] for second in state["seconds"])
    trouble = ask(client.emulator, "GET", "activity?trouble=true").json()["requests"]
    assert [request["number"] for request in trouble] == [refused["number"]]


def test_limit_and_latency_are_switched(client: Any) -> None:
    changed = ask(client.emulator, "POST", "limits", {"limit": 2, "latency": 0.2})
    assert changed.json() == ask(client.emulator, "GET", "limits").json() == {"limit": 2, "latency": 0.2}
    assert client.get("/system/v1/governanceLimits")["accountConcurrencyLimit"] == 2
    assert client.send("GET", LIST).elapsed.total_seconds() >= 0.2
    for wrong in WRONG_LIMITS:
        assert ask(client.emulator, "POST", "limits", wrong).status_code == 400
    assert ask(client.emulator, "GET", "limits").json() == {"limit": 2, "latency": 0.2}


def test_the_part_of_an_integration_is_switched(client_of: Any) -> None:
    client = client_of(concurrency_limit=5, integration_concurrency_limit=3)
    ask(client.emulator, "POST", "limits", {"limit": 4})
    limits = client.get("/system/v1/governanceLimits")
    assert (limits["integrationConcurrencyLimit"], limits["accountUnallocatedConcurrencyLimit"]) == (4, 1)


def test_one_fault_is_switched_off(client: Any) -> None:
    faults = client.emulator.faults
    first, second = faults.add(Fault(effect="delay", seconds=0)), faults.add(Fault(effect="delay", seconds=0))
    ask(client.emulator, "DELETE", f"faults/{first}")
    assert [fault["id"] for fault in faults.listing()] == [second]


def test_tables_and_their_rows(client: Any) -> None:
    tables = {table["name"]: table for table in ask(client.emulator, "GET", "tables").json()["tables"]}
    assert tables["currency"]["rows"] == 5
    for name in ("currency", "transaction", "transactionline"):
        rows = ask(client.emulator, "POST", "suiteql?limit=5", {"q": tables[name]["statement"]}, Prefer="transient")
        assert rows.json()["totalResults"] == tables[name]["rows"]
        assert rows.json()["count"] == 5
    refused = ask(client.emulator, "POST", "suiteql", {"q": "SELECT nonsense FROM currency"}, Prefer="transient")
    assert refused.status_code == 400
    assert "nonsense" in refused.json()["o:errorDetails"][0]["detail"]


def test_tables_out_of_sight_are_not_listed(client_of: Any) -> None:
    client = client_of(hidden_record_types=frozenset({"vendor"}), switched_off=frozenset({"subscription"}))
    names = {table["name"] for table in ask(client.emulator, "GET", "tables").json()["tables"]}
    assert "customer" in names
    assert not names & {"vendor", "subscription"}
