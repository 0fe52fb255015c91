"""From record to intent: the body."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shapes import intent, mapping, sublist

from suitetalk.metadata import fields_of
from target_netsuite.errors import (
    FIELD_FILLED_TWICE,
    MISSING_FIELD,
    MISSING_KEY,
    READ_ONLY_FIELD,
    UNKNOWN_FIELD,
    UNKNOWN_OPERATION,
    WRONG_TYPE,
    InvalidRecordError,
)
from target_netsuite.intents import Match, Operation
from target_netsuite.mapping.catalog import RecordShape
from target_netsuite.mapping.row import nested, without_nulls
from target_netsuite.settings.entries import clashing

_NAME = st.sampled_from(["a", "b", "c"])
_PATH = st.lists(_NAME, min_size=1, max_size=3).map(tuple)
_LEAF = st.one_of(st.none(), st.integers(), st.sampled_from(["", "x"]))
_UPSERT = {"external_id": "E-{id}"}


def _leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {place: leaf for name, inside in value.items() for place, leaf in _leaves(inside, (*path, name)).items()}


@given(st.dictionaries(_PATH, _LEAF, max_size=6).filter(lambda values: clashing(values) is None))
def test_nesting_keeps_every_value_and_clears_what_is_null_throughout(values: dict[tuple[str, ...], Any]) -> None:
    leaves = _leaves(nested(values)) if values else {}
    for path, value in values.items():
        kept = next(leaves[path[:depth]] for depth in range(1, len(path) + 1) if path[:depth] in leaves)
        assert kept == value
    for path, value in leaves.items():
        below = [other for place, other in values.items() if place[: len(path)] == path]
        assert below == [value] or (value is None and all(other is None for other in below))
    assert all(value is not None for value in _leaves(without_nulls(nested(values))).values())


@given(st.lists(_PATH, max_size=5))
def test_clashes_are_found_as_comparing_each_with_each_would(paths: list[tuple[str, ...]]) -> None:
    brute = any(
        one == other[: len(one)]
        for place, one in enumerate(paths)
        for index, other in enumerate(paths)
        if place != index
    )
    assert (clashing(paths) is not None) == brute


_FIELDS = {"m": "memo", "ref": "other_ref_num", "street": "billing_address.addr1", "town": "billingAddress.CITY"}
_COLUMNS = st.dictionaries(st.sampled_from([*_FIELDS, "unmapped"]), st.sampled_from([None, "x", "y"]))


@pytest.mark.parametrize("operation", ["create", "update", "upsert"])
@given(records=st.lists(_COLUMNS, min_size=1, max_size=4))
def test_null_clears_absent_leaves_alone_and_new_records_have_no_nulls(
    operation: str, records: list[dict[str, Any]]
) -> None:
    orders = mapping({**_UPSERT, "operation": operation, "fields": _FIELDS})
    for record in records:
        expected = {
            name: record[column] for column, name in (("m", "memo"), ("ref", "otherRefNum")) if column in record
        }
        address = {name: record[column] for column, name in (("street", "addr1"), ("town", "city")) if column in record}
        if address:
            expected["billingAddress"] = None if set(address.values()) == {None} else address
        if operation == "create":
            address = {name: value for name, value in address.items() if value is not None}
            expected = {name: value for name, value in expected.items() if value is not None and value != {}}
            expected |= {"billingAddress": address} if address else {}
            expected["externalId"] = "E-1"
        assert orders.intent({**record, "id": 1}, 1, {}).body == expected


def test_columns_find_their_fields_however_they_are_spelled() -> None:
    record = {
        "id": 7,
        "TRAN_ID": "S1",
        "tranDate": "2026-07-21T10:00:00Z",
        "EXCHANGERATE": Decimal("1.10"),
        "to_be_printed": "yes",
        "custbody_Regions": "1,2",
        "billing_address": {"ADDR1": "x", "country": "de", "links": []},
    }
    assert intent({"external_id": "E-{id}", "operation": "update"}, record).body == {
        "tranId": "S1",
        "tranDate": "2026-07-21",
        "exchangeRate": Decimal("1.10"),
        "toBePrinted": True,
        "custbody_regions": {"items": [{"id": "1"}, {"id": "2"}]},
        "billingAddress": {"addr1": "x", "country": {"id": "DE"}},
    }


def test_constants_and_templates_fill_fields_and_go_before_columns_of_the_same_name() -> None:
    settings = {
        **_UPSERT,
        "constants": {"sales_rep": 5, "orderStatus": "a", "billingAddress.country": "US"},
        "templates": {"memo": "{shop}: {number} (ü/{id})", "tran_id": "{gone}"},
    }
    record = {"id": 1, "shop": "A B", "number": Decimal("1.50"), "salesRep": 9}
    assert intent(settings, record).body == {
        "salesRep": {"id": "5"},
        "orderStatus": {"id": "A"},
        "billingAddress": {"country": {"id": "US"}},
        "memo": "A B: 1.50 (ü/1)",
    }


def test_a_template_of_nulls_clears_and_a_null_among_others_is_nothing() -> None:
    settings = {**_UPSERT, "fields": {"x": "tranId"}, "templates": {"memo": "{a}-{b}"}}
    assert intent(settings, {"id": 1, "a": None, "b": None}).body == {"memo": None}
    assert intent(settings, {"id": 1, "a": None, "b": True}).body == {"memo": "-true"}
    with pytest.raises(InvalidRecordError) as caught:
        intent(settings, {"id": 1, "a": {}, "b": 1})
    assert caught.value.code == WRONG_TYPE


@pytest.mark.parametrize(
    ("record", "path", "code", "words"),
    [
        ({"memmo": "x"}, "memmo", UNKNOWN_FIELD, "did you mean `memo`"),
        ({"total": 5}, "total", READ_ONLY_FIELD, "read-only"),
        ({"exchangeRate": "much"}, "exchangeRate", WRONG_TYPE, "'much'"),
        ({"memo": "a", "MEMO": "b"}, "memo", FIELD_FILLED_TWICE, "several columns"),
        ({"billingAddress": {"town": "x"}}, "billingAddress.town", UNKNOWN_FIELD, "in `billingAddress`"),
        ({"billingAddress": "x"}, "billingAddress", WRONG_TYPE, "object"),
        ({"item": {"items": [{}, {"quantty": 1}]}}, "item[1].quantty", UNKNOWN_FIELD, "`quantity`"),
        ({"item": [{"quantity": "x"}]}, "item[0].quantity", WRONG_TYPE, "number"),
        ({"item": [5]}, "item[0]", WRONG_TYPE, "object"),
        ({"item": 5}, "item", WRONG_TYPE, "array"),
        ({"item": [{"lineUniqueKey": 5}]}, "item[0].lineUniqueKey", READ_ONLY_FIELD, "read-only"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_code(
    record: dict[str, Any], path: str, code: str, words: str
) -> None:
    orders = mapping(_UPSERT)
    for number in (1, 2):  # the second time it is known already
        with pytest.raises(InvalidRecordError, match=words) as caught:
            orders.intent({"id": 1, **record}, number, {})
        assert (caught.value.column, caught.value.code) == (path, code)


def test_columns_that_cannot_be_written_are_left_out_on_request_and_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    orders = mapping({**_UPSERT, "unwritable": "leave_out"})
    record = {"id": 1, "total": 5, "nonsense": 1, "memo": "x", "item": [{"lineUniqueKey": 1, "quantity": 2}]}
    with caplog.at_level(logging.WARNING):
        bodies = [orders.intent(dict(record), number, {}).body for number in (1, 2)]
    assert bodies == [{"memo": "x", "item": {"items": [{"quantity": 2}]}}] * 2
    assert [message.getMessage() for message in caplog.records] == [
        "Columns of stream `orders` are left out, since they cannot be written: total, nonsense.",
        "Columns of stream `orders` in `item` are left out, since they cannot be written: lineUniqueKey.",
    ]


def test_names_and_values_are_left_to_netsuite_where_the_settings_say_so() -> None:
    assert intent(_UPSERT, {"id": 1, "nonsense": 1}, check_names=False).body == {"nonsense": 1}
    assert intent(_UPSERT, {"id": 1, "exchangeRate": "much"}, check_values=False).body == {"exchangeRate": "much"}


@pytest.mark.parametrize("missing", [{}, {"entity": None}, {"entity": 1, "item": [{"quantity": 1}]}])
def test_mandatory_fields_are_asked_for_where_a_record_may_be_created(missing: dict[str, Any]) -> None:
    settings = {**_UPSERT, "required": ["Entity", "item.items[].item"]}
    complete = {"id": 1, "entity": 1, "item": [{"item": 5}]}
    assert intent(settings, complete).body["entity"] == {"id": "1"}
    assert intent({**settings, "operation": "update"}, {"id": 1, **missing}).operation is Operation.UPDATE
    for operation in ("create", "upsert"):
        with pytest.raises(InvalidRecordError) as caught:
            intent({**settings, "operation": operation}, {"id": 1, **missing})
        assert caught.value.code == MISSING_FIELD


@pytest.mark.parametrize(
    ("said", "operation"),
    [
        (None, Operation.UPSERT),
        ("C", Operation.CREATE),
        ("insert", Operation.CREATE),
        (" u ", Operation.UPDATE),
        ("Delete", Operation.DELETE),
        ("inactivate", Operation.INACTIVATE),
    ],
)
def test_a_column_may_say_what_becomes_of_a_record(said: Any, operation: Operation) -> None:
    found = intent({**_UPSERT, "operation_column": "op"}, {"id": 1, "op": said, "memo": "x"})
    assert (found.operation, found.external_id) == (operation, "E-1")
    bodies = {
        Operation.CREATE: {"memo": "x", "externalId": "E-1"},
        Operation.DELETE: {},
        Operation.INACTIVATE: {"isInactive": True},
    }
    assert found.body == bodies.get(operation, {"memo": "x"})


@pytest.mark.parametrize("said", ["x", "", " "])
def test_a_column_that_says_nonsense_refuses_the_record(said: str) -> None:
    with pytest.raises(InvalidRecordError, match="use one of create, update") as caught:
        intent({**_UPSERT, "operation_column": "op"}, {"id": 1, "op": said})
    assert caught.value.code == UNKNOWN_OPERATION


@pytest.mark.parametrize("operation", ["create", "update", "upsert", "delete", "mirror"])
@pytest.mark.parametrize("by", ["delete", "inactivate"])
def test_a_deletion_mark_goes_before_all_else(operation: str, by: str) -> None:
    settings = {**_UPSERT, "operation": operation, "operation_column": "op", "delete_by": by}
    found = intent(settings, {"id": "7", "op": "c", "_sdc_deleted_at": "2026-01-01T00:00:00Z", "nonsense": 1})
    assert (found.operation.value, found.external_id) == (by, "E-7")


def test_a_deletion_mark_without_a_way_to_say_which_record_is_refused() -> None:
    with pytest.raises(InvalidRecordError, match="id_field") as caught:
        intent({}, {"id": "7", "_sdc_deleted_at": "2026-01-01T00:00:00Z"})
    assert caught.value.code == MISSING_KEY


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_match_value_with_nothing_in_it_is_refused(value: str | None) -> None:
    settings = {"match": {"column": "mail", "field": "email"}, "fields": {"mail": "email"}}
    with pytest.raises(InvalidRecordError, match="`mail` is empty, and the setting `match` needs it") as caught:
        intent(settings, {"id": "7", "mail": value})
    assert caught.value.code == MISSING_KEY


def test_records_are_found_by_internal_id_then_by_external_id_or_match() -> None:
    plain = {"id_field": "ns_id", "operation": "update", "fields": {"m": "memo"}}
    by_external_id = {**plain, "external_id": "E-{id}"}
    by_match = {**plain, "match": {"column": "number", "field": "tran_id"}}

    def found_by(given: dict[str, Any], **columns: Any) -> tuple[Any, Any, Any]:
        found = intent(given, {"id": 1, "number": "S1", **columns})
        return found.internal_id, found.external_id, found.match

    assert found_by(by_external_id, ns_id=107) == ("107", None, None)
    assert found_by(by_external_id, ns_id=None) == (None, "E-1", None)
    assert found_by({**by_external_id, "operation": "upsert"}, ns_id=107) == ("107", "E-1", None)
    assert found_by({**by_external_id, "operation": "create"}, ns_id=107) == (None, "E-1", None)
    assert found_by(by_match, ns_id=107) == ("107", None, None)
    assert found_by(by_match, ns_id=None) == (None, None, Match("tranId", "S1"))
    assert found_by({**by_match, "operation": "create"}, ns_id=107, number=None) == (None, None, None)
    with pytest.raises(InvalidRecordError, match="`number` is empty"):
        found_by(by_match, number="")


def test_what_an_upsert_creates_can_be_found_again_by_its_match() -> None:
    settings = {"match": {"column": "number", "field": "tranId"}, "fields": {"m": "memo"}}
    assert intent(settings, {"number": 5, "m": "x"}).body == {"memo": "x", "tranId": "5"}
    assert intent({**settings, "operation": "update"}, {"number": 5, "m": "x"}).body == {"memo": "x"}


@pytest.mark.parametrize("value", [None, "", "eid:7", "7/item", "7?x=1"])
def test_an_internal_id_that_is_none_refuses_the_record(value: Any) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        intent({"id_field": "ns_id"}, {"ns_id": value})
    assert caught.value.column == "ns_id"


def test_without_the_catalog_records_go_as_they_are_but_for_dates_and_what_only_answers_have() -> None:
    schema = {"properties": {"moment": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}}}
    record = {
        "id": 1,
        "ns_id": "107",
        "moment": "2026-07-21T17:32:28.9+02:00",
        "text": "2026-07-21T17:32:28+02:00",
        "amount": Decimal("1234567890123456.7890"),
        "entity": {"id": "7", "refName": "Acme", "links": []},
        "item": {"items": [{"line": 1, "quantity": 3}], "totalResults": 1},
        "salesRep.id": 5,
        "_sdc_extracted_at": "x",
    }
    assert intent({"id_field": "ns_id"}, record, None, schema=schema).body == {
        "moment": "2026-07-21T15:32:28Z",
        "text": "2026-07-21T17:32:28+02:00",
        "amount": Decimal("1234567890123456.7890"),
        "entity": {"id": "7"},
        "item": {"items": [{"line": 1, "quantity": 3}]},
        "salesRep": {"id": 5},
    }
    with pytest.raises(InvalidRecordError, match="NaN"):
        intent({"id_field": "ns_id"}, {"ns_id": 1, "amount": Decimal("NaN")}, None)


def test_what_was_read_from_netsuite_can_be_written_back() -> None:
    link: dict[str, Any] = {"links": [{"rel": "self", "href": "https://x"}]}
    document = {
        **link,
        "id": "12",
        "entity": {**link, "id": "7", "refName": "Acme"},
        "orderStatus": {"id": "B", "refName": "Pending Fulfillment"},
        "custbody_regions": {**link, "items": [{**link, "id": "1", "refName": "East"}], "count": 1, "hasMore": False},
        "billingAddress": {**link, "addr1": "x", "country": {"id": "US", "refName": "United States"}},
        "salesTeam": link,
        "item": {
            **link,
            "items": [{**link, "id": 1, "line": 1, "item": {**link, "id": "5", "refName": "Cup"}, "quantity": 2}],
            "totalResults": 1,
        },
    }
    found = intent(_UPSERT, document)
    assert found.body == {
        "entity": {"id": "7"},
        "orderStatus": {"id": "B"},
        "custbody_regions": {"items": [{"id": "1"}]},
        "billingAddress": {"addr1": "x", "country": {"id": "US"}},
        "item": {"items": [{"line": 1, "item": {"id": "5"}, "quantity": 2}]},
    }
    assert found.payload is document


@pytest.mark.parametrize(
    ("keys", "settings", "sent"),
    [
        ([], {}, [{"contribution": 5}]),
        (["internalId"], {}, [{"contribution": 5}]),
        (["id"], {}, [{"id": 7, "contribution": 5}]),
        ([], {"sublists": {"salesTeam": {"keys": ["id"]}}}, [{"id": 7, "contribution": 5}]),
    ],
)
def test_the_id_of_a_line_is_its_own_unless_it_is_the_key(
    keys: list[str], settings: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    number = {"type": "number"}
    team = sublist(keys, id={"type": "integer"}, contribution=number)
    shape = RecordShape("salesOrder", fields_of({"type": "object", "properties": {"salesTeam": team}}))
    record = {"id": 1, "salesTeam": {"items": [{"id": 7, "contribution": 5}]}}
    assert intent({**_UPSERT, **settings}, record, shape).body == {"salesTeam": {"items": sent}}
