"""Transforming, acting on and attaching to records; forms and select options."""

from __future__ import annotations

from typing import Any

import pytest

FORM = "application/vnd.oracle.resource+json; type="


@pytest.fixture
def order(client: Any) -> str:
    item = str(client.emulator.execute("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")[0][0])
    customer = client.create("customer", {"companyName": "Buyer", "subsidiary": {"id": 1}})
    lines = [{"item": {"id": item}, "quantity": number, "rate": 2.5, "description": "d"} for number in (1, 2, 3)]
    body = {"entity": {"id": customer}, "item": {"items": lines}, "memo": "m", "custbody_gift": True, "externalId": "O"}
    return str(client.create("salesOrder", body))


def transform(client: Any, source: str, identifier: str, target: str, body: Any = None, query: str = "") -> Any:
    address = f"/record/v1/{source}/{identifier}/!transform/{target}{query}"
    answer = client.send("POST", address, json=body)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert f"/{target.lower()}/" in answer.headers["Location"]
    return client.get(f"{answer.headers['Location']}?expandSubResources=true")


def test_an_order_becomes_an_invoice_and_a_payment(client: Any, refusal: Any, order: str) -> None:
    invoice = transform(client, "salesOrder", order, "invoice")
    assert (invoice["total"], invoice["memo"], invoice["custbody_gift"]) == (15.0, "m", True)
    assert invoice["createdFrom"]["id"] == order
    assert [line["quantity"] for line in invoice["item"]["items"]] == [1, 2, 3]
    assert invoice["tranId"].startswith("INV")
    assert "externalId" not in invoice
    assert client.get(f"/record/v1/salesOrder/{order}")["status"]["id"] == "Billed"
    links = client.rows(f"SELECT nextdoc FROM nexttransactionlinelink WHERE previousdoc = {order}")
    assert links == [{"nextdoc": invoice["id"]}] * 3
    again = client.send("POST", f"/record/v1/salesOrder/{order}/!transform/invoice")
    assert refusal(again) == (400, "USER_ERROR")
    payment = transform(client, "invoice", invoice["id"], "customerPayment", {"memo": "paid"})
    assert (payment["total"], payment["memo"]) == (15.0, "paid")
    client.send("PATCH", f"/record/v1/customerPayment/{payment['id']}", json={"memo": "still"})
    assert client.get(f"/record/v1/customerPayment/{payment['id']}")["total"] == 15.0
    paid = client.get(f"/record/v1/invoice/{invoice['id']}")
    assert (paid["amountRemaining"], paid["amountPaid"], paid["status"]["id"]) == (0.0, 15.0, "Paid In Full")


def test_a_part_of_an_order_is_billed(client: Any, order: str) -> None:
    lines = {"items": [{"orderLine": 2, "quantity": 1}]}
    invoice = transform(client, "salesOrder", order, "invoice", {"item": lines, "memo": "part"}, "?replace=item")
    assert (invoice["total"], invoice["memo"]) == (2.5, "part")
    assert client.get(f"/record/v1/salesOrder/{order}")["status"]["id"] == "Pending Fulfillment"


def test_lines_are_changed_and_added_on_the_way(client: Any, order: str) -> None:
    item = client.get(f"/record/v1/salesOrder/{order}?expandSubResources=true")["item"]["items"][0]["item"]["id"]
    lines = {"items": [{"orderLine": 1, "quantity": 5}, {"item": {"id": item}, "quantity": 2, "rate": 10}]}
    invoice = transform(client, "salesOrder", order, "invoice", {"item": lines})
    assert [line["amount"] for line in invoice["item"]["items"]] == [12.5, 5.0, 7.5, 20.0]


def test_estimates_and_purchase_orders(client: Any) -> None:
    pending = "SELECT min(id) FROM \"transaction\" WHERE recordtype = '{}' AND status = '{}'"
    estimate = client.emulator.execute(pending.format("estimate", "A"))[0][0]
    order = transform(client, "estimate", estimate, "salesOrder")
    assert order["total"] == client.get(f"/record/v1/estimate/{estimate}")["total"]
    assert client.get(f"/record/v1/estimate/{estimate}")["status"]["id"] == "Processed"
    purchase = client.emulator.execute(pending.format("purchaseorder", "B"))[0][0]
    bill = transform(client, "purchaseOrder", purchase, "vendorBill")
    assert bill["total"] == client.get(f"/record/v1/purchaseOrder/{purchase}")["total"]


def test_transforms_that_are_not(client: Any, refusal: Any, order: str) -> None:
    def wrong(path: str, body: Any = None) -> tuple[int, str]:
        refused: tuple[int, str] = refusal(client.send("POST", f"/record/v1/{path}", json=body))
        return refused

    assert wrong(f"salesOrder/{order}/!transform/vendorBill") == (400, "USER_ERROR")
    assert wrong(f"salesOrder/{order}/!transform/nothing") == (404, "NONEXISTENT_ID")
    assert wrong("salesOrder/424242/!transform/invoice") == (404, "NONEXISTENT_ID")
    lines = {"items": [{"orderLine": 9, "quantity": 1}]}
    assert wrong(f"salesOrder/{order}/!transform/invoice", {"item": lines}) == (400, "USER_ERROR")
    assert wrong(f"salesOrder/{order}/!transform/invoice", []) == (400, "INVALID_CONTENT")
    assert wrong(f"salesOrder/{order}/!dance") == (404, "INVALID_REQUEST")
    assert refusal(client.send("GET", f"/record/v1/salesOrder/{order}/!transform/invoice")) == (405, "INVALID_METHOD")


def test_a_transform_as_a_job(client: Any, order: str) -> None:
    address = f"/record/v1/salesOrder/{order}/!transform/invoice"
    answer = client.send("POST", address, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202


def test_actions(client: Any, refusal: Any, order: str) -> None:
    client.emulator.execute(f"UPDATE \"transaction\" SET status = 'A', approvalstatus = '1' WHERE id = {order}")
    address = f"/record/v1/salesOrder/{order}"
    assert refusal(client.send("POST", f"{address}/!transform/invoice")) == (400, "USER_ERROR")
    answer = client.send("POST", f"{address}/@approve")
    assert (answer.status_code, answer.json()["result"]) == (200, True)
    assert client.get(address)["status"]["id"] == "Pending Fulfillment"
    refused = client.send("POST", f"{address}/@confirm")
    assert refusal(refused) == (400, "USER_ERROR")
    assert refused.headers["Content-Type"] == "application/vnd.oracle.resource; type=error"
    assert refused.json()["o:errorCode"] == "USER_ERROR"
    assert refused.json()["detail"] == refused.json()["o:errorDetails"][0]["detail"]
    assert refusal(client.send("POST", f"{address}/@fly")) == (400, "USER_ERROR")


def test_attach_and_detach(client: Any, refusal: Any) -> None:
    contact = client.emulator.execute("SELECT min(id) FROM contact")[0][0]
    customer = client.emulator.execute("SELECT min(id) FROM customer")[0][0]
    client.emulator.execute(f"UPDATE contact SET externalid = 'C1' WHERE id = {contact}")
    address = f"/record/v1/customer/{customer}"
    for body in (None, {"role": {"id": "-10"}}):
        answer = client.send("POST", f"{address}/!attach/contact/eid:C1", json=body)
        assert (answer.status_code, answer.content) == (204, b"")
    stored = client.emulator.execute("SELECT recordtype, record, attached, role FROM attachment")
    assert stored == [("customer", customer, contact, "-10")]
    assert client.send("POST", f"{address}/!detach/contact/{contact}").status_code == 204
    assert refusal(client.send("POST", f"{address}/!detach/contact/{contact}")) == (400, "USER_ERROR")
    assert refusal(client.send("POST", f"{address}/!attach/employee/1")) == (400, "USER_ERROR")
    assert refusal(client.send("POST", f"{address}/!attach/file/398")) == (404, "NONEXISTENT_ID")
    assert refusal(client.send("POST", f"{address}/!attach/contact/{contact}", json=[])) == (400, "INVALID_CONTENT")


def test_forms_show_defaults_and_save_nothing(client: Any, order: str) -> None:
    before = client.emulator.execute('SELECT count(*) FROM "transaction"')
    entity = client.get(f"/record/v1/salesOrder/{order}")["entity"]["id"]
    answer = client.send(
        "POST", "/record/v1/salesOrder", json={"entity": {"id": entity}}, headers={"Accept": f"{FORM}create-form"}
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{FORM}create-form")
    form = answer.json()
    assert form["currency"]["id"] == "1"
    assert "tranDate" in form
    assert "id" not in form
    address = f"/record/v1/salesOrder/{order}?fields=memo"
    edited = client.send("PATCH", address, json={"memo": "edited"}, headers={"Accept": f"{FORM}edit-form"})
    assert edited.json()["memo"] == "edited"
    assert client.get(f"/record/v1/salesOrder/{order}")["memo"] == "m"
    assert client.emulator.execute('SELECT count(*) FROM "transaction"') == before
    for kind in ("salesOrder", "customer", "journalEntry"):
        empty = client.send("POST", f"/record/v1/{kind}", headers={"Accept": f"{FORM}create-form"})
        assert empty.status_code == 200, empty.text


def test_select_options(reader: Any, refusal: Any) -> None:
    accept = {"Accept": f"{FORM}select-options"}

    def options(fields: str, **query: str) -> Any:
        answer = reader.send("POST", "/record/v1/salesOrder", params={"fields": fields, **query}, headers=accept)
        assert answer.status_code == 200, answer.text
        return answer.json()

    methods = options("paymentMethod")["paymentMethod"]["_selectOptions"]
    assert {"links", "items", "count", "offset", "hasMore", "totalResults"} == set(methods)
    assert {"id": "3", "refName": "Visa"} in methods["items"]
    nested = options("item.price,currency", q='START_WITH "B",IS Euro', limit="1")
    assert nested["item"]["price"]["_selectOptions"]["count"] <= 1
    assert nested["currency"]["_selectOptions"]["totalResults"] <= 1
    assert [
        each["refName"] for each in options("paymentMethod", q="CONTAIN is")["paymentMethod"]["_selectOptions"]["items"]
    ] == ["Visa"]
    for query in ({"fields": "memo"}, {"fields": "nothing.more"}, {}, {"fields": "currency", "q": "LIKE x"}):
        answer = reader.send("POST", "/record/v1/salesOrder", params=query, headers=accept)
        assert refusal(answer) == (400, "INVALID_PARAMETER")
    found = reader.emulator.execute("SELECT min(id) FROM customer")[0][0]
    answer = reader.send("PATCH", f"/record/v1/customer/{found}", params={"fields": "currency"}, headers=accept)
    assert answer.json()["currency"]["_selectOptions"]["count"] > 1
