"""Creating, changing and deleting records over HTTP."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def item(client: Any) -> str:
    return str(client.emulator.execute("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")[0][0])


@pytest.fixture
def order(client: Any, item: str) -> str:
    customer = client.create("customer", {"companyName": "Buyer", "subsidiary": {"id": 1}})
    lines = [{"item": {"id": item}, "quantity": number, "rate": 2.5} for number in (1, 2, 3)]
    return str(client.create("salesOrder", {"entity": {"id": customer}, "item": {"items": lines}}))


def lines_of(client: Any, order: str) -> dict[int, float]:
    record = client.get(f"/record/v1/salesOrder/{order}?expandSubResources=true")
    return {line["line"]: line["quantity"] for line in record["item"]["items"]}


def test_create_answers_with_an_address(client: Any) -> None:
    body = {"COMPANYNAME": "O'Neil & Söhne", "subsidiary": {"id": "1"}, "creditLimit": 12.5, "email": "a@example.com"}
    answer = client.send("POST", "/record/v1/customer", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    record = client.get(answer.headers["Location"])
    assert record["companyName"] == "O'Neil & Söhne"
    assert record["creditLimit"] == 12.5
    assert record["dateCreated"] == record["lastModifiedDate"]
    rows = client.rows(f"SELECT type, entityid, customer FROM entity WHERE id = {record['id']}")
    assert rows == [{"type": "CustJob", "entityid": "O'Neil & Söhne", "customer": record["id"]}]
    recent = "SELECT id FROM customer WHERE lastmodifieddate >= SYSDATE - 1/24"
    assert client.rows(recent) == [{"id": record["id"]}]


def test_update_and_clear(client: Any) -> None:
    identifier = client.create(
        "customer", {"companyName": "A", "subsidiary": {"id": 1}, "phone": "1", "email": "a@b.c"}
    )
    answer = client.send("PATCH", f"/record/v1/customer/{identifier}", json={"phone": None, "email": "d@e.f"})
    assert answer.status_code == 204
    assert answer.headers["Location"].endswith(f"/customer/{identifier}")
    record = client.get(f"/record/v1/customer/{identifier}")
    assert "phone" not in record
    assert record["email"] == "d@e.f"
    address = f"/record/v1/customer/{identifier}?replaceSelectedFields=true&replace=email,phone"
    client.send("PATCH", address, json={"phone": "2", "companyName": "B"})
    record = client.get(f"/record/v1/customer/{identifier}")
    assert (record.get("email"), record["phone"], record["companyName"]) == (None, "2", "A")


def test_upsert(client: Any) -> None:
    for name in ("one", "two"):
        body = {"companyName": name, "subsidiary": {"id": 1}}
        assert client.send("PUT", "/record/v1/customer/eid:UP_1", json=body).status_code == 204
    assert client.rows("SELECT companyname FROM customer WHERE externalid = 'UP_1'") == [{"companyname": "two"}]


def test_references_in_three_ways(client: Any, refusal: Any) -> None:
    parent = client.create(
        "customer", {"companyName": "P", "subsidiary": {"refName": "Parent Company"}, "externalId": "P1"}
    )
    child = client.create("customer", {"companyName": "C", "subsidiary": {"id": 1}, "parent": {"externalId": "P1"}})
    assert client.get(f"/record/v1/customer/{child}")["parent"]["id"] == parent
    answer = client.send("POST", "/record/v1/salesOrder", json={"entity": {"id": 424242}})
    assert refusal(answer) == (400, "INVALID_CONTENT")
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == "entity.id"


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"companyName": 5}, "INVALID_CONTENT", "companyName"),
        ({"companyName": "x", "isInactive": "T"}, "INVALID_CONTENT", "isInactive"),
        ({"companyName": "x", "creditLimit": "1"}, "INVALID_CONTENT", "creditLimit"),
        ({"companyName": "x", "custentity_birthday": "1/2/2000"}, "INVALID_CONTENT", "custentity_birthday"),
        ({"companyName": "x", "emailPreference": {"id": "SMOKE"}}, "INVALID_CONTENT", "emailPreference"),
        ({"companyName": "x", "subsidiary": {"id": 1}, "addressBook": {"items": [{"label": 5}]}}, "INVALID_CONTENT",
         "addressBook.items[0].label"),
        ({"subsidiary": {"id": 1}}, "USER_ERROR", None),
        ([], "INVALID_CONTENT", None),
    ],
)  # fmt: skip
def test_bad_bodies_write_nothing(client: Any, refusal: Any, body: Any, code: str, path: str | None) -> None:
    before = client.emulator.execute("SELECT count(*) FROM customer")
    answer = client.send("POST", "/record/v1/customer", json=body)
    assert refusal(answer) == (400, code)
    assert answer.json()["o:errorDetails"][0].get("o:errorPath") == path
    assert client.emulator.execute("SELECT count(*) FROM customer") == before


def test_validation_headers(client: Any, refusal: Any) -> None:
    body: dict[str, Any] = {"companyName": "V", "subsidiary": {"id": 1}, "compnayName": "typo"}
    answer = client.send("POST", "/record/v1/customer", json=body)
    assert answer.status_code == 204
    assert "compnayName" in answer.headers["X-NetSuite-PropertyValidation"]
    strict = {"X-NetSuite-PropertyNameValidation": "Error"}
    answer = client.send("POST", "/record/v1/customer", json={**body, "companyName": "W"}, headers=strict)
    assert refusal(answer) == (400, "INVALID_CONTENT")
    lenient = {"X-NetSuite-PropertyNameValidation": "ignore", "X-NetSuite-PropertyValueValidation": "ignore"}
    body = {"companyName": "X", "subsidiary": {"id": 1}, "creditLimit": "many", "y": 1}
    answer = client.send("POST", "/record/v1/customer", json=body, headers=lenient)
    assert answer.status_code == 204
    assert "X-NetSuite-PropertyValidation" not in answer.headers


def test_duplicates(client: Any, refusal: Any) -> None:
    body = {"companyName": "Twin", "subsidiary": {"id": 1}}
    client.create("customer", body)
    assert refusal(client.send("POST", "/record/v1/customer", json=body)) == (400, "USER_ERROR")
    assert refusal(client.send("POST", "/record/v1/vendor", json=body)) == (400, "USER_ERROR")


def test_delete(client: Any, refusal: Any, order: str) -> None:
    buyer = client.get(f"/record/v1/salesOrder/{order}")["entity"]["id"]
    assert refusal(client.send("DELETE", f"/record/v1/customer/{buyer}")) == (400, "USER_ERROR")
    assert client.send("DELETE", f"/record/v1/salesOrder/{order}").status_code == 204
    assert refusal(client.send("GET", f"/record/v1/salesOrder/{order}")) == (404, "NONEXISTENT_ID")
    assert client.rows(f"SELECT id FROM transactionline WHERE transaction = {order}") == []
    noted = client.rows(f"SELECT scriptid FROM deletedrecord WHERE recordid = {order} AND deleteddate > SYSDATE - 1/24")
    assert noted == [{"scriptid": "salesorder"}]
    assert client.send("DELETE", f"/record/v1/customer/{buyer}").status_code == 204
    assert int(client.create("customer", {"companyName": "Next", "subsidiary": {"id": 1}})) > int(buyer)


def test_a_transaction_adds_up(client: Any, order: str) -> None:
    record = client.get(f"/record/v1/salesOrder/{order}")
    assert record["total"] == 15.0
    assert record["tranId"].startswith("SO")
    lines = client.rows(
        f"SELECT id, mainline, foreignamount FROM transactionline WHERE transaction = {order} ORDER BY id"
    )
    assert [(line["id"], line["mainline"], line["foreignamount"]) for line in lines] == [
        ("0", "T", "15"), ("1", "F", "-2.5"), ("2", "F", "-5"), ("3", "F", "-7.5"),
    ]  # fmt: skip


def test_invoices_post(client: Any, item: str) -> None:
    customer = client.create("customer", {"companyName": "Payer", "subsidiary": {"id": 1}})
    lines = {"items": [{"item": {"id": item}, "quantity": 2, "rate": 10}]}
    invoice = client.create("invoice", {"entity": {"id": customer}, "item": lines})
    posted = client.rows(
        f"SELECT SUM(amount) AS s, SUM(debit) AS d FROM transactionaccountingline WHERE transaction = {invoice}"
    )
    assert posted == [{"s": "0", "d": "20"}]


def test_keyed_lines(client: Any, order: str, item: str) -> None:
    address = f"/record/v1/salesOrder/{order}"
    change = {"item": {"items": [{"line": 2, "quantity": 7}, {"item": {"id": item}, "quantity": 9, "rate": 1}]}}
    client.send("PATCH", address, json=change)
    assert lines_of(client, order) == {1: 1, 2: 7, 3: 3, 4: 9}
    client.send("PATCH", f"{address}?replace=item", json={"item": {"items": [{"line": 3}, {"line": 4, "quantity": 5}]}})
    assert lines_of(client, order) == {3: 3, 4: 5}
    assert client.get(address)["total"] == 12.5
    client.send("PATCH", address, json={"item": None})
    assert lines_of(client, order) == {}


def test_rows_without_a_key_are_added_again(client: Any) -> None:
    employee = str(client.emulator.execute("SELECT max(id) FROM employee")[0][0])
    team = {"salesTeam": {"items": [{"employee": {"id": employee}, "contribution": 100}]}}
    customer = client.create("customer", {"companyName": "T", "subsidiary": {"id": 1}, **team})
    address = f"/record/v1/customer/{customer}"
    client.send("PATCH", address, json=team)
    assert client.get(f"{address}/salesTeam")["totalResults"] == 2
    client.send("PATCH", f"{address}?replace=salesTeam", json=team)
    assert client.get(f"{address}/salesTeam")["totalResults"] == 1


def test_addresses(client: Any) -> None:
    book = {
        "items": [{"label": "A", "addressBookAddress": {"addr1": "1 Rue", "city": "Paris", "country": {"id": "FR"}}}]
    }
    customer = client.create("customer", {"companyName": "Ad", "subsidiary": {"id": 1}, "addressBook": book})
    entry = client.get(f"/record/v1/customer/{customer}?expandSubResources=true")["addressBook"]["items"][0]
    assert entry["addressBookAddress"]["country"] == {"id": "FR", "refName": "France"}
    change = {"items": [{"internalId": entry["internalId"], "addressBookAddress": {"city": "Lyon"}}]}
    client.send("PATCH", f"/record/v1/customer/{customer}", json={"addressBook": change})
    entries = client.get(f"/record/v1/customer/{customer}?expandSubResources=true")["addressBook"]["items"]
    assert [each["addressBookAddress"]["addrText"] for each in entries] == ["1 Rue\nLyon"]


def test_journals_balance(client: Any, refusal: Any) -> None:
    def journal(credit: float) -> dict[str, Any]:
        lines = [{"account": {"id": 60}, "debit": 10.5}, {"account": {"id": 1}, "credit": credit}]
        return {"subsidiary": {"id": 1}, "line": {"items": lines}}

    assert refusal(client.send("POST", "/record/v1/journalEntry", json=journal(10))) == (400, "USER_ERROR")
    identifier = client.create("journalEntry", journal(10.5))
    rows = client.rows(
        f"SELECT account, amount FROM transactionaccountingline WHERE transaction = {identifier} ORDER BY amount"
    )
    assert rows == [{"account": "1", "amount": "-10.5"}, {"account": "60", "amount": "10.5"}]


def test_custom_records(client: Any) -> None:
    body = {"name": "Größe", "custrecord_amount": 0.00000001, "custrecord_region": {"refName": "South"},
            "custrecord_expires": "2027-01-31", "custrecord_terms": "a\nb"}  # fmt: skip
    identifier = client.create("customrecord_warranty", body)
    rows = client.rows(
        "SELECT name, custrecord_amount AS a, BUILTIN.DF(custrecord_region) AS r, custrecord_terms AS t, "
        "custrecord_expires AS e "
        f"FROM customrecord_warranty WHERE id = {identifier}"
    )
    assert rows == [{"name": "Größe", "a": "0.00000001", "r": "South", "t": "a\nb", "e": "1/31/2027"}]
