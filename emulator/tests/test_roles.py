"""What a role may not do."""

from __future__ import annotations

from typing import Any

from netsuite_emulator import Role


def test_without_workbook_nothing_is_listed(client_of: Any, refusal: Any) -> None:
    client = client_of(role=Role(analytics=False))
    for path in ("/record/v1/customer", "/record/v1/customer?q=id EQUAL 1"):
        answer = client.send("GET", path)
        assert refusal(answer) == (400, "USER_ERROR")
        assert "permission" in answer.json()["o:errorDetails"][0]["detail"]
    assert refusal(client.query("SELECT id FROM customer")) == (400, "USER_ERROR")
    assert client.get("/record/v1/currency/1")["id"] == "1"
    made = client.create("customlist_region", {"name": "Written"})
    assert client.get(f"/record/v1/customlist_region/{made}")["name"] == "Written"


def test_view_without_listing(client_of: Any, refusal: Any) -> None:
    client = client_of(role=Role(not_listed=frozenset({"Currency"})))
    assert refusal(client.send("GET", "/record/v1/currency")) == (400, "USER_ERROR")
    assert client.get("/record/v1/currency/1")["id"] == "1"
    assert client.send("GET", "/record/v1/term").status_code == 200


def test_view_without_writing(client_of: Any, refusal: Any) -> None:
    client = client_of(role=Role(view_only=frozenset({"currency", "invoice"})))
    assert client.send("GET", "/record/v1/currency").status_code == 200
    assert client.get("/record/v1/currency/1")["id"] == "1"
    for method, path in (("POST", ""), ("PATCH", "/1"), ("PUT", "/eid:x"), ("DELETE", "/1")):
        answer = client.send(method, f"/record/v1/currency{path}", json={"name": "x"})
        assert refusal(answer) == (403, "INSUFFICIENT_PERMISSION")
    order = client.emulator.execute("SELECT min(id) FROM \"transaction\" WHERE recordtype = 'salesorder'")[0][0]
    answer = client.send("POST", f"/record/v1/salesOrder/{order}/!transform/invoice")
    assert refusal(answer) == (403, "INSUFFICIENT_PERMISSION")


def test_reading_in_edit_mode(client_of: Any, refusal: Any) -> None:
    client = client_of(role=Role(view_only=frozenset({"currency"}), reads_in_edit_mode=True))
    assert client.send("GET", "/record/v1/currency").status_code == 200
    assert refusal(client.send("GET", "/record/v1/currency/1")) == (400, "USER_ERROR")


def test_governance_limits_are_for_administrators(client_of: Any, refusal: Any) -> None:
    client = client_of(role=Role(administrator=False))
    assert refusal(client.send("GET", "/system/v1/governanceLimits")) == (403, "INSUFFICIENT_PERMISSION")
    assert client.send("GET", "/system/v1/serverTime").status_code == 200
