"""The record service: paths, parameters, bodies, and lists that are whole or an error."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.scripted_netsuite import Received, Reply, ScriptedNetSuite

from suitetalk import ConnectionFailedError, IncompleteResultError, NetSuite, OutcomeUnknownError, Page, SuiteTalkError
from suitetalk.all_rows import LOOKS

RECORD = Reply(body={"id": "7"})
STRICT = "X-NetSuite-PropertyNameValidation"


def collection(ids: range | list[int], total: int, *, more: bool) -> Reply:
    items = [{"links": [], "id": str(number)} for number in ids]
    body = {"links": [], "items": items, "count": len(items), "offset": 0, "hasMore": more, "totalResults": total}
    return Reply(body=body)


def listing(total: int) -> Any:
    """Return a script that lists ids from 0, as NetSuite pages them."""

    def script(request: Received) -> Reply:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        end = min(offset + limit, total)
        return collection(range(offset, end), total, more=end < total)

    return script


def test_get_with_every_parameter(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(RECORD)
    client.records.get("customer", "7", expand_sub_resources=True, fields=["a", "b"], simple_enum_format=True)
    client.records.get("customer", "eid:A_1-b")

    first, second = netsuite.requests
    assert (first.method, first.path) == ("GET", "/services/rest/record/v1/customer/7")
    assert first.query == {"expandSubResources": "true", "fields": "a,b", "simpleEnumFormat": "true"}
    assert (second.path, second.query) == ("/services/rest/record/v1/customer/eid:A_1-b", {})


def test_numbers_are_exact(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body=b'{"id": "7", "creditLimit": 1000.10}'))

    assert client.records.get("customer", "7")["creditLimit"] == Decimal("1000.10")


@pytest.mark.parametrize(
    ("record_id", "path"),
    [("../2", "..%2F2"), ("a/b?c#d", "a%2Fb%3Fc%23d"), ("Ärger 1", "%C3%84rger%201"), ("%2e%2e", "%252e%252e")],
)
def test_an_id_cannot_leave_its_place_in_the_path(
    netsuite: ScriptedNetSuite, client: NetSuite, record_id: str, path: str
) -> None:
    netsuite.answers(RECORD)
    client.records.get("customer", record_id)

    assert netsuite.requests[0].path == f"/services/rest/record/v1/customer/{path}"


@pytest.mark.parametrize(
    ("record_type", "record_id"),
    [
        ("", "7"),
        ("..", "7"),
        ("customer", ""),
        ("customer", "."),
        ("customer", ".."),
        ("customer", "eid:"),
        ("customer", "eid:a b"),
        ("customer", "eid:RED|PO"),
        ("customer", "eid:../7"),
        ("customer", "eid:Ä"),
    ],
)
def test_what_addresses_no_record_is_refused_before_anything_is_sent(
    netsuite: ScriptedNetSuite, client: NetSuite, record_type: str, record_id: str
) -> None:
    with pytest.raises(SuiteTalkError):
        client.records.delete(record_type, record_id)

    assert netsuite.token_requests == []


def test_create(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(204, headers={"Location": "https://x.example/services/rest/record/v1/customer/5"}))

    assert client.records.create("customer", {"companyName": "Ä", "creditLimit": Decimal("1.10"), "memo": None}) == "5"
    (sent,) = netsuite.requests
    assert (sent.method, sent.path) == ("POST", "/services/rest/record/v1/customer")
    assert sent.body == '{"companyName":"Ä","creditLimit":1.10,"memo":null}'.encode()
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers[STRICT] == "error"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_create_takes_any_success(netsuite: ScriptedNetSuite, client: NetSuite, status: int) -> None:
    netsuite.answers(Reply(status, headers={"Location": "/services/rest/record/v1/customer/5"}))

    assert client.records.create("customer", {}) == "5"


def test_create_without_location(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(204))

    with pytest.raises(OutcomeUnknownError, match="look the record up"):
        client.records.create("customer", {})


def test_update_and_upsert_give_the_id_where_netsuite_does(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(
        Reply(204, headers={"Location": "https://x.example/services/rest/record/v1/customer/5"}), Reply(204)
    )
    assert client.records.update("customer", "eid:A-1", {}) == "5"
    assert client.records.upsert("customer", "A-1", {}) == ""


def test_update_upsert_and_delete(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(204))
    client.records.update("salesOrder", "7", {"memo": "x"}, replace=["item", "expense"])
    client.records.upsert("customer", "A-1", {"companyName": "A"})
    client.records.delete("customer", "eid:A-1")

    update, upsert, delete = netsuite.requests
    assert (update.method, update.path) == ("PATCH", "/services/rest/record/v1/salesOrder/7")
    assert update.query == {"replace": "item,expense"}
    assert (upsert.method, upsert.path) == ("PUT", "/services/rest/record/v1/customer/eid:A-1")
    assert update.headers[STRICT] == upsert.headers[STRICT] == "error"
    assert (delete.method, delete.path, delete.body) == ("DELETE", "/services/rest/record/v1/customer/eid:A-1", b"")


def test_a_list_with_a_filter(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(collection([3, 4], 9, more=True))
    query = 'companyName START_WITH "Ä & B + C = 100%" AND isInactive IS false'

    page = client.records.list("customer", q=query, limit=2, offset=2)
    assert page == Page([{"links": [], "id": "3"}, {"links": [], "id": "4"}], 9, has_more=True)
    assert netsuite.requests[0].query == {"limit": "2", "offset": "2", "q": query}


@pytest.mark.parametrize(
    ("limit", "offset", "kind"),
    [
        (0, 0, SuiteTalkError),
        (-1, 0, SuiteTalkError),
        (1001, 0, SuiteTalkError),
        (10, 5, SuiteTalkError),
        (10, -10, SuiteTalkError),
        (10, 10_000, IncompleteResultError),
        (1000, 1_000_000, IncompleteResultError),
    ],
)
def test_pages_that_cannot_be_had_are_not_asked_for(
    netsuite: ScriptedNetSuite, client: NetSuite, limit: int, offset: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        client.records.list("customer", limit=limit, offset=offset)
    with pytest.raises(kind):
        client.suiteql.page("SELECT id FROM customer", limit=limit, offset=offset)

    assert netsuite.requests == []


@pytest.mark.parametrize("total", [0, 1, 1000, 1001, 2500])
def test_all_ids(netsuite: ScriptedNetSuite, client: NetSuite, total: int) -> None:
    netsuite.script = listing(total)

    assert list(client.records.ids("customer", q="isInactive IS false")) == [str(number) for number in range(total)]
    assert all(request.query["q"] == "isInactive IS false" for request in netsuite.requests)


def test_ids_that_moved_to_the_next_page_come_once(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    moving = [collection(range(1000), 1001, more=True), collection([999, 1000, 1001], 1002, more=False)]
    netsuite.answers(*moving, *moving)

    assert len(list(client.records.ids("customer"))) == 1002


def test_a_record_that_slipped_between_two_pages_is_found_by_another_look(
    netsuite: ScriptedNetSuite, client: NetSuite
) -> None:
    ids = list(range(3000))

    def script(request: Received) -> Reply:
        offset = int(request.query["offset"])
        if offset == 1000 and 0 in ids:
            ids.remove(0)
            ids.append(3000)  # 1000 is on the first page now
        return collection(ids[offset : offset + 1000], 3000, more=offset < 2000)

    netsuite.script = script
    assert {*range(1, 3001)} <= set(map(int, client.records.ids("customer")))


def test_a_list_that_is_different_each_time_is_an_error(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    looks = iter(range(100))

    def script(request: Received) -> Reply:
        begin = int(request.query["offset"])
        return (
            collection(range(begin, begin + 1000 - 1), 1999, more=False)
            if begin
            else collection([5000 + next(looks) % 2, *range(999)], 1999, more=True)
        )

    netsuite.script = script
    with pytest.raises(IncompleteResultError, match="was different each of the 3 times"):
        list(client.records.ids("customer"))


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([collection(range(5), 7, more=False)], "delivered 5 of 7"),
        ([collection(range(5), 7, more=True)], "delivered 5 of 7"),
        ([collection([], 7, more=True)], "delivered 0 of 7"),
        ([collection(range(1000), 1003, more=True), collection([998, 999, 1000], 1003, more=False)], "only 1001"),
        ([collection(range(1000), 1002, more=True), collection([1001], 1001, more=False)], "shrank from 1002 to 1001"),
    ],
)
def test_a_list_that_is_not_whole_is_an_error(
    netsuite: ScriptedNetSuite, client: NetSuite, pages: list[Reply], words: str
) -> None:
    netsuite.answers(*pages * LOOKS)

    with pytest.raises(IncompleteResultError, match=words):
        list(client.records.ids("customer"))


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"7",
        {},
        {"items": None, "totalResults": 3},
        {"items": [7], "totalResults": 1},
        {"items": []},
        {"items": [], "totalResults": None},
        {"items": [], "totalResults": "many"},
        {"items": [], "totalResults": True},
        {"items": [], "totalResults": -1},
        {"items": [{"links": []}], "totalResults": 1},
    ],
)
def test_what_is_no_list_is_told(netsuite: ScriptedNetSuite, client: NetSuite, body: Any) -> None:
    netsuite.answers(Reply(body=body))

    with pytest.raises(ConnectionFailedError, match="check `base_url`"):
        list(client.records.ids("customer"))


def test_an_expanded_sublist_that_is_not_whole_is_an_error(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    whole = {"items": [{"line": 1}], "totalResults": 1}
    cut = {"items": [{"line": 1, "inventoryAssignment": {"items": [{}], "totalResults": 2}}], "totalResults": 1}
    netsuite.answers(Reply(body={"id": "7", "item": whole}), Reply(body={"id": "7", "item": cut}))

    assert client.records.get("salesOrder", "7", expand_sub_resources=True)["item"] == whole
    with pytest.raises(IncompleteResultError, match="1 of the 2 lines"):
        client.records.get("salesOrder", "7", expand_sub_resources=True)
