"""Transform, actions, attach and detach, forms, select options, and how bodies are validated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.scripted_netsuite import CUT, Reply, ScriptedNetSuite, refused

from suitetalk import ConnectionFailedError, InvalidRequestError, NetSuite, OutcomeUnknownError, SuiteTalkError

DONE = Reply(204, headers={"Location": "https://x.example/services/rest/record/v1/invoice/77"})
ROOT = "/services/rest/record/v1"
ACCEPT = "application/vnd.oracle.resource+json; type="
NAMES, VALUES = "X-NetSuite-PropertyNameValidation", "X-NetSuite-PropertyValueValidation"


def test_transform(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(DONE)

    assert client.records.transform("salesOrder", "eid:SO-3", "invoice", {"memo": "x"}) == "77"
    assert client.records.transform("salesOrder", "3", "invoice") == "77"
    first, second = netsuite.requests
    assert (first.method, first.path) == ("POST", f"{ROOT}/salesOrder/eid:SO-3/!transform/invoice")
    assert (first.json(), first.headers[NAMES]) == ({"memo": "x"}, "error")
    assert second.body == b""


def test_actions(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body={"links": [], "result": True}))

    for name in ("confirm", "@confirm"):
        assert client.records.action("x", "1", name, {"a": 1})["result"] is True
    assert {request.path for request in netsuite.requests} == {f"{ROOT}/x/1/@confirm"}
    error = {"status": 400, "detail": "Not now.", "o:errorCode": "USER_ERROR", "o:errorDetails": [{"detail": "No."}]}
    netsuite.answers(Reply(400, error))
    with pytest.raises(InvalidRequestError, match=r"USER_ERROR\): No"):
        client.records.action("x", "1", "confirm")


def test_attach_and_detach(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(204))

    client.records.attach("customer", "660", "contact", "eid:C-1", role="-10")
    client.records.attach("customer", "660", "file", "398")
    client.records.detach("customer", "660", "file", "398")
    assert [request.path.removeprefix(ROOT) for request in netsuite.requests] == [
        "/customer/660/!attach/contact/eid:C-1",
        "/customer/660/!attach/file/398",
        "/customer/660/!detach/file/398",
    ]
    assert netsuite.requests[0].json() == {"role": {"id": "-10"}}
    assert netsuite.requests[1].body == b""


NOT_REPEATED: dict[str, Callable[[NetSuite], object]] = {
    "transform": lambda client: client.records.transform("salesOrder", "1", "invoice"),
    "action": lambda client: client.records.action("x", "1", "confirm"),
    "attach": lambda client: client.records.attach("customer", "1", "contact", "2"),
    "detach": lambda client: client.records.detach("customer", "1", "contact", "2"),
}


@pytest.mark.parametrize("call", NOT_REPEATED.values(), ids=NOT_REPEATED)
def test_what_may_have_been_carried_out_is_not_sent_again(
    netsuite: ScriptedNetSuite, client: NetSuite, call: Callable[[NetSuite], object]
) -> None:
    netsuite.answers(CUT, DONE)

    with pytest.raises(OutcomeUnknownError):
        call(client)
    assert len(netsuite.requests) == 1


@pytest.mark.parametrize("body", [b"<html>", b"7"])
def test_an_action_without_a_readable_result_may_have_been_carried_out(
    netsuite: ScriptedNetSuite, client: NetSuite, body: bytes
) -> None:
    netsuite.answers(Reply(body=body))

    with pytest.raises(OutcomeUnknownError):
        client.records.action("x", "1", "confirm")


ADDRESS_NOTHING: dict[str, Callable[[NetSuite], object]] = {
    "transform into nothing": lambda client: client.records.transform("salesOrder", "1", ".."),
    "transform nothing": lambda client: client.records.transform("salesOrder", "", "invoice"),
    "no action": lambda client: client.records.action("x", "1", "@"),
    "attach nothing": lambda client: client.records.attach("customer", "1", "", "2"),
    "attach without an id": lambda client: client.records.attach("customer", "1", "contact", "."),
    "a form of nothing": lambda client: client.records.create_form(".."),
}


@pytest.mark.parametrize("call", ADDRESS_NOTHING.values(), ids=ADDRESS_NOTHING)
def test_what_addresses_nothing_is_refused_before_anything_is_sent(
    netsuite: ScriptedNetSuite, client: NetSuite, call: Callable[[NetSuite], object]
) -> None:
    with pytest.raises(SuiteTalkError):
        call(client)
    assert netsuite.requests == []


def test_forms(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(CUT, Reply(body={"entity": {"id": "7"}}))

    assert client.records.create_form("invoice", {"a": 1}, expand=["item"]) == {"entity": {"id": "7"}}
    assert client.records.edit_form("invoice", "3", expand_sub_resources=True, fields=["a", "b"])
    _, new, old = netsuite.requests
    assert (new.method, new.path, new.query) == ("POST", f"{ROOT}/invoice", {"expand": "item"})
    assert (new.headers["Accept"], new.json()) == (f"{ACCEPT}create-form", {"a": 1})
    assert (old.method, old.path) == ("PATCH", f"{ROOT}/invoice/3")
    assert old.query == {"expandSubResources": "true", "fields": "a,b"}
    assert (old.headers["Accept"], old.json()) == (f"{ACCEPT}edit-form", {})


OPTIONS = {"items": [{"id": "1", "refName": "A"}], "count": 1, "offset": 0, "hasMore": False, "totalResults": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"terms": {"_selectOptions": OPTIONS}},
        {"links": [], "line": {"terms": {"_selectOptions": OPTIONS}}},
        {"line.terms": {"_selectOptions": OPTIONS}},
    ],
)
def test_select_options(netsuite: ScriptedNetSuite, client: NetSuite, body: Any) -> None:
    netsuite.answers(Reply(body=body))

    page = client.records.select_options("journalEntry", "line.terms", q="CONTAIN A", limit=10, offset=20)
    assert (page.items, page.total, page.has_more) == ([{"id": "1", "refName": "A"}], 1, False)
    client.records.select_options("journalEntry", "terms", record_id="3", body={"a": 1})
    new, old = netsuite.requests
    assert (new.method, new.path) == ("POST", f"{ROOT}/journalEntry")
    assert new.query == {"fields": "line.terms", "limit": "10", "offset": "20", "q": "CONTAIN A"}
    assert new.headers["Accept"] == f"{ACCEPT}select-options"
    assert (old.method, old.path, old.json()) == ("PATCH", f"{ROOT}/journalEntry/3", {"a": 1})


@pytest.mark.parametrize("body", [{}, [], {"terms": {"_selectOptions": {}}}, {"terms": {"id": "1"}}])
def test_an_answer_without_options_is_told(netsuite: ScriptedNetSuite, client: NetSuite, body: Any) -> None:
    netsuite.answers(Reply(body=body))

    with pytest.raises(ConnectionFailedError, match="check `base_url`"):
        client.records.select_options("journalEntry", "terms")


def test_validation_can_be_chosen(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(DONE)

    client.records.create("invoice", {})
    client.records.create("invoice", {}, name_validation="warning", value_validation="ignore")
    client.records.update("invoice", "1", {}, name_validation="ignore")
    client.records.upsert("invoice", "A", {}, value_validation="warning")
    chosen = [(request.headers[NAMES], request.headers[VALUES]) for request in netsuite.requests]
    assert chosen == [("error", None), ("warning", "ignore"), ("ignore", None), ("error", "warning")]


def test_what_netsuite_leaves_out_is_a_warning_said_once(
    netsuite: ScriptedNetSuite, client: NetSuite, caplog: pytest.LogCaptureFixture
) -> None:
    netsuite.answers(Reply(204, headers={**DONE.headers, "x-netsuite-propertyvalidation": "memoo,custbody_gone"}))

    client.records.create("invoice", {"memoo": "x"}, name_validation="warning")
    client.records.update("invoice", "77", {"memoo": "x"}, name_validation="warning")
    client.records.upsert("customer", "A", {"memoo": "x"}, name_validation="warning")
    client.records.transform("salesOrder", "3", "vendorBill", {"memoo": "x"}, name_validation="warning")
    assert [" ".join(record.getMessage().split()[:6]) for record in caplog.records] == [
        f"NetSuite wrote {record_type} without memoo, custbody_gone,"
        for record_type in ("invoice", "customer", "vendorBill")
    ]


def test_update_can_empty_selected_fields(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(204))

    client.records.update("customer", "1", {"phone": "1"}, replace=["phone", "fax"], replace_selected_fields=True)
    assert netsuite.requests[0].query == {"replaceSelectedFields": "true", "replace": "phone,fax"}


def test_a_refused_form_is_told(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(400, "INVALID_CONTENT", "No.", errorPath="a"))

    with pytest.raises(InvalidRequestError, match="at a"):
        client.records.create_form("invoice", {"a": 1})
