"""Rows are brought into DuckDB many at a time; neither readers nor writers notice, nor who changes tables behind."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netsuite_emulator import Emulator, Settings

CUSTOMER = "/record/v1/customer"
ACTIONS = ("upsert", "patch", "post", "delete", "refused", "behind: delete", "behind: rename", "read")


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"companyName": name, "subsidiary": {"id": "1"}, **more}


def external_ids(client: Any) -> dict[str, str | None]:
    """Phone numbers by external id, of the customers that these tests made."""
    found = client.rows("SELECT externalid, phone FROM customer WHERE externalid LIKE 'W-%'")
    return {row["externalid"]: row.get("phone") for row in found}


def test_what_is_written_is_seen_at_once(client: Any) -> None:
    count = client.get(CUSTOMER)["totalResults"]
    identifier = client.create("customer", named("One", externalId="W-1", phone="1"))
    assert client.get(CUSTOMER)["totalResults"] == count + 1
    client.create("customer", named("Two", externalId="W-2", phone="2"))
    assert external_ids(client) == {"W-1": "1", "W-2": "2"}
    client.send("PATCH", f"{CUSTOMER}/{identifier}", json={"phone": "3"})
    assert client.get(f"{CUSTOMER}/eid:W-1")["phone"] == "3"
    client.send("DELETE", f"{CUSTOMER}/eid:W-2")
    assert client.emulator.execute("SELECT externalid, phone FROM customer WHERE externalid LIKE 'W-%'") == [
        ("W-1", "3")
    ]
    assert client.send("GET", f"{CUSTOMER}/eid:W-2").status_code == 404
    assert client.rows("SELECT name FROM deletedrecord WHERE name LIKE '%Two%'") == [{"name": "Two Two"}]


def test_a_refused_write_leaves_nothing_behind(client: Any, refusal: Any) -> None:
    bad = named("One", addressBook={"items": [{"label": "a"}, "no object"]})
    for _ in range(2):
        assert refusal(client.send("PUT", f"{CUSTOMER}/eid:W-1", json=bad)) == (400, "INVALID_CONTENT")
    assert client.send("PUT", f"{CUSTOMER}/eid:W-1", json=named("One", phone="1")).status_code == 204
    changed = named("Other", phone="2", addressBook=bad["addressBook"])
    assert client.send("PUT", f"{CUSTOMER}/eid:W-1", json=changed).status_code == 400
    assert external_ids(client) == {"W-1": "1"}
    client.create("customer", named("Other"))


def test_a_form_leaves_nothing_behind(client: Any) -> None:
    headers = {"Accept": "application/vnd.oracle.resource+json; type=create-form"}
    for _ in range(2):
        answer = client.send("POST", CUSTOMER, json=named("One", externalId="W-1"), headers=headers)
        assert answer.status_code == 200
    client.create("customer", named("One", externalId="W-1", phone="1"))
    assert external_ids(client) == {"W-1": "1"}


def test_names_and_external_ids_stay_unique(client: Any, refusal: Any) -> None:
    client.create("customer", named("One", externalId="W-1"))
    assert refusal(client.send("POST", CUSTOMER, json=named("Two", externalId="W-1"))) == (400, "USER_ERROR")
    assert refusal(client.send("POST", "/record/v1/vendor", json=named("One"))) == (400, "USER_ERROR")
    client.send("DELETE", f"{CUSTOMER}/eid:W-1")
    client.create("vendor", named("One"))
    client.create("customer", named("Two", externalId="W-1"))


def test_writers_know_what_was_changed_behind_them(client: Any) -> None:
    client.create("customer", named("One", externalId="W-1", phone="1"))
    client.create("customer", named("Two", externalId="W-2", phone="2"))
    client.emulator.execute("delete from main.customer where externalid = 'W-1'")
    client.create("customer", named("One", externalId="W-1", phone="3"))
    client.emulator.execute("update main.customer set externalid = 'W-9' where externalid = 'W-2'")
    assert client.send("PATCH", f"{CUSTOMER}/eid:W-2", json={"phone": "4"}).status_code == 404
    assert client.send("PATCH", f"{CUSTOMER}/eid:W-9", json={"phone": "4"}).status_code == 204
    assert external_ids(client) == {"W-1": "3", "W-9": "4"}


def test_a_record_that_others_refer_to_is_not_deleted(client: Any, refusal: Any) -> None:
    client.create("customer", named("Parent", externalId="W-1"))
    client.create("customer", named("Child", externalId="W-2", parent={"externalId": "W-1"}))
    assert refusal(client.send("DELETE", f"{CUSTOMER}/eid:W-1")) == (400, "USER_ERROR")
    assert client.send("PATCH", f"{CUSTOMER}/eid:W-2", json={"parent": None}).status_code == 204
    assert client.send("DELETE", f"{CUSTOMER}/eid:W-1").status_code == 204
    assert list(external_ids(client)) == ["W-2"]


def test_many_rows_with_different_fields(client: Any) -> None:
    bodies = [
        named(f"Company {number}", externalId=f"W-{number}", **({"phone": str(number)} if number % 3 else {}))
        | ({"creditLimit": number + 0.25, "comments": "é"} if number % 2 else {})
        for number in range(1200)
    ]
    for start in range(0, len(bodies), 100):
        send_batch(client, bodies[start : start + 100])
    found = client.emulator.execute(
        "SELECT externalid, phone, creditlimit::DOUBLE, comments, isinactive FROM customer WHERE externalid LIKE 'W-%'"
    )
    assert sorted(found) == sorted(
        (body["externalId"], body.get("phone"), body.get("creditLimit"), body.get("comments"), "F") for body in bodies
    )


def send_batch(client: Any, bodies: list[dict[str, Any]]) -> None:
    headers = {"Prefer": "respond-async", "Content-Type": "application/vnd.oracle.resource+json; type=collection"}
    answer = client.send("POST", CUSTOMER, data=json.dumps({"items": bodies}), headers=headers)
    assert answer.status_code == 202, answer.text
    while not (job := client.get(answer.headers["Location"]))["completed"]:
        time.sleep(0.01)
    assert job["progress"] == "succeeded"


def test_lines_are_those_of_the_last_write_and_so_is_what_was_posted(client: Any) -> None:
    """Nobody reads between the writes, so each has to know what the one before it left pending."""
    item = client.rows("SELECT min(id) AS id FROM item WHERE itemtype = 'InvtPart'")[0]["id"]
    address = "/record/v1/invoice/eid:W-1"

    def lines(*amounts: int) -> dict[str, Any]:
        return {"item": {"items": [{"item": {"id": str(item)}, "quantity": 1, "amount": one} for one in amounts]}}

    customer = client.create("customer", named("One", externalId="W-1"))
    made = client.create("invoice", {"externalId": "W-1", "entity": {"id": customer}, **lines(10, 20)})
    client.send("PATCH", address, json=lines(5))
    client.send("PATCH", f"{address}?replace=item", json=lines(7, 8))
    client.send("PATCH", address, json={"item": {"items": [{"line": 1, "quantity": 2, "amount": 9}]}, "memo": "third"})
    assert client.emulator.execute(
        f"SELECT id, foreignamount::INT, quantity::INT FROM transactionline WHERE transaction = {made} ORDER BY id"
    ) == [(0, 17, None), (1, -9, -2), (2, -8, -1)]
    posted = client.emulator.execute(
        f"SELECT accountingbook, sum(debit)::INT, sum(amount)::INT FROM transactionaccountingline "
        f"WHERE transaction = {made} GROUP BY ALL"
    )
    assert {(debit, amount) for _, debit, amount in posted} == {(17, 0)}
    assert client.get(address)["total"] == 17
    client.send("DELETE", address)
    assert client.emulator.execute(f"SELECT * FROM transactionaccountingline WHERE transaction = {made}") == []


def test_a_data_file_has_what_was_written_last(client_of: Any, tmp_path: Path) -> None:
    path = tmp_path / "company.duckdb"
    client = client_of(scale=0.02, data_file=path)
    client.create("customer", named("One", externalId="W-1"))
    client.emulator.stop()
    with Emulator(Settings(scale=0.02, data_file=path)) as again:
        assert again.execute("SELECT companyname FROM customer WHERE externalid = 'W-1'") == [("One",)]


def test_readers_see_whole_writes(client: Any) -> None:
    """A customer and its address are one write: a statement that counts both never finds one without the other."""
    alone = (
        "SELECT count(*) AS n FROM customer c WHERE c.externalid LIKE 'W-%' "
        "AND NOT EXISTS (SELECT 1 FROM entityaddressbook b WHERE b.entity = c.id)"
    )

    def write() -> None:
        for number in range(60):
            body = named(f"Company {number}", addressBook={"items": [{"label": "a"}]})
            client.send("PUT", f"{CUSTOMER}/eid:W-{number}", json=body)

    writer = threading.Thread(target=write)
    writer.start()
    found = set()
    while writer.is_alive():
        found.add(client.rows(alone)[0]["n"])
    writer.join()
    assert found <= {"0", 0}
    assert len(external_ids(client)) == 60


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=25))
def test_any_sequence_of_writes(client: Any, steps: list[tuple[str, int]]) -> None:
    client.emulator.execute("DELETE FROM customer WHERE externalid LIKE 'W-%'")
    model: dict[str, str] = {}
    for place, (action, number) in enumerate(steps):
        status, expected = perform(client, action, f"W-{number}", str(place), model)
        assert status == expected, (action, number)
    assert external_ids(client) == model


def perform(  # noqa: PLR0911 - one for each action
    client: Any, action: str, key: str, phone: str, model: dict[str, str]
) -> tuple[int, int]:
    """Carry out a step on the account and on the model; the status of the answer, and the one it must have."""
    behind = client.emulator.execute
    known = key in model
    body = {"phone": phone} if known else named(f"{key} at {time.monotonic_ns()}", phone=phone)
    match action:
        case "upsert":
            model[key] = phone
            return client.send("PUT", f"{CUSTOMER}/eid:{key}", json=body).status_code, 204
        case "patch":
            model.update({key: phone} if known else {})
            return client.send("PATCH", f"{CUSTOMER}/eid:{key}", json=body).status_code, 204 if known else 404
        case "post":
            model.setdefault(key, phone)
            new = named(f"{key} at {time.monotonic_ns()}", phone=phone, externalId=key)
            return client.send("POST", CUSTOMER, json=new).status_code, 400 if known else 204
        case "delete":
            model.pop(key, None)
            return client.send("DELETE", f"{CUSTOMER}/eid:{key}").status_code, 204 if known else 404
        case "refused":
            bad = {**body, "addressBook": {"items": ["no object"]}}
            return client.send("PUT", f"{CUSTOMER}/eid:{key}", json=bad).status_code, 400
        case "behind: delete":
            model.pop(key, None)
            behind("delete from main.customer where externalid = ?", [key])
        case "behind: rename" if known and "W-9" not in model:
            model["W-9"] = model.pop(key)
            behind("update main.customer set externalid = 'W-9' where externalid = ?", [key])
        case "read":
            return len(external_ids(client)), len(model)
    return 0, 0
