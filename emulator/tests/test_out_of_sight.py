"""What a role does not see, what an account does not have, and records that are locked."""

from __future__ import annotations

import time
from typing import Any

import pytest

PREFIX = "Invalid search query. Detailed unprocessed description follows. "


def detail_of(answer: Any) -> str:
    assert answer.status_code == 400
    return str(answer.json()["o:errorDetails"][0]["detail"]).removeprefix(PREFIX)


def test_hidden_columns(client_of: Any) -> None:
    client = client_of(hidden_columns=frozenset({"Customer.Terms"}))
    asked = client.query("SELECT id, terms FROM customer c")
    unknown = "Search error occurred: Unknown identifier 'terms'. Available identifiers are: {c=customer}."
    assert detail_of(asked) == unknown
    assert "terms" not in {name for row in client.rows("SELECT * FROM customer") for name in row}
    schema = client.get("/record/v1/metadata-catalog/customer", headers={"Accept": "application/schema+json"})
    assert "terms" not in schema["properties"]
    assert "companyName" in schema["properties"]
    found = client.emulator.execute("SELECT min(id) FROM customer WHERE terms IS NOT NULL")[0][0]
    assert "terms" not in client.get(f"/record/v1/customer/{found}")
    assert client.rows("SELECT id FROM term")


def test_features_that_are_off(client_of: Any) -> None:
    client = client_of(switched_off=frozenset({"subscription"}))
    assert detail_of(client.query("SELECT id FROM subscription")) == "Invalid search type: subscription."
    assert client.send("GET", "/record/v1/subscription").status_code == 404
    listed = {entry["name"] for entry in client.get("/record/v1/metadata-catalog")["items"]}
    assert "subscription" not in listed


@pytest.mark.parametrize("by", ["the service", "hand"])
def test_the_log_of_deletions(client_of: Any, by: str) -> None:
    client = client_of(time_zone="Europe/Berlin")
    made = client.create("customrecord_warranty", {"name": "Short-lived"})
    if by == "hand":
        client.emulator.delete("customrecord_warranty", int(made))
    else:
        assert client.send("DELETE", f"/record/v1/customrecord_warranty/{made}").status_code == 204
    rows = client.rows(
        f"SELECT scriptid, name FROM deletedrecord WHERE recordid = {made} AND deleteddate > SYSDATE - 1"
    )
    assert rows == [{"scriptid": "customrecord_warranty", "name": "Short-lived"}]
    assert detail_of(client.query("SELECT recordid FROM deletedRecordInConnect")).startswith("Invalid search type")


def test_the_other_log_of_deletions_has_pacific_times(client_of: Any) -> None:
    client = client_of(time_zone="Asia/Tokyo", deletion_table="deletedRecordInConnect")
    for stored, shown in (("2025-07-01", "2025-06-30 17:00:00"), ("2025-01-15", "2025-01-14 16:00:00")):
        made = client.create("customrecord_warranty", {"name": "Short-lived"})
        client.emulator.delete("customrecord_warranty", int(made))
        moment = f"TIMESTAMP '{stored} 09:00:00'"
        client.emulator.execute(f"UPDATE deletedrecord SET deleteddate = {moment} WHERE recordid = {made}")
        query = (
            "SELECT recordtype, TO_CHAR(deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS moment FROM deletedRecordInConnect "
            f"WHERE UPPER(recordType) = 'CUSTOMRECORD_WARRANTY' AND recordid = {made}"
        )
        assert client.rows(query) == [{"recordtype": "customrecord_warranty", "moment": shown}]
    assert detail_of(client.query("SELECT recordid FROM deletedrecord")) == "Invalid search type: deletedrecord."


def test_no_log_of_deletions(client_of: Any) -> None:
    client = client_of(deletion_table="none")
    for name in ("deletedrecord", "deletedrecordinconnect"):
        assert detail_of(client.query(f"SELECT recordid FROM {name}")) == f"Invalid search type: {name}."


def test_lines_are_not_in_the_log(client: Any) -> None:
    order = client.emulator.execute("SELECT min(id) FROM \"transaction\" WHERE recordtype = 'estimate'")[0][0]
    before = client.emulator.execute("SELECT count(*) FROM deletedrecord")[0][0]
    body: dict[str, Any] = {"item": {"items": []}}
    assert client.send("PATCH", f"/record/v1/estimate/{order}?replace=item", json=body).status_code == 204
    assert client.emulator.execute("SELECT count(*) FROM deletedrecord")[0][0] == before


def test_locked_records(client_of: Any, refusal: Any, netsuite_emulator: Any) -> None:
    found = "SELECT id FROM \"transaction\" WHERE recordtype = 'salesorder' ORDER BY id LIMIT 2"
    locked, free = (row[0] for row in netsuite_emulator.execute(found))
    client = client_of(locked_records=frozenset({f"salesOrder/{locked}"}))
    for method, path in (("GET", ""), ("GET", "/item"), ("PATCH", "")):
        answer = client.send(method, f"/record/v1/salesOrder/{locked}{path}", json={"memo": "x"})
        assert refusal(answer) == (400, "USER_ERROR")
        assert "locked" in answer.json()["o:errorDetails"][0]["detail"]
    assert client.get(f"/record/v1/salesOrder/{free}")["id"] == str(free)
    assert client.rows(f"SELECT id FROM transaction WHERE id = {locked}") == [{"id": str(locked)}]
    address = f"/record/v1/salesOrder?ids={locked},{free}&expandRecords=true"
    answer = client.send("GET", address, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    job = answer.headers["Location"]
    deadline = time.monotonic() + 60
    while not client.get(job)["completed"] and time.monotonic() < deadline:
        time.sleep(0.01)
    results = [client.send("GET", f"{job}/task/{number}/result") for number in (1, 2)]
    assert [result.status_code for result in results] == [400, 200]
    assert refusal(results[0]) == (400, "USER_ERROR")
