"""From record to intent: lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shapes import intent, mapping

from target_netsuite.errors import UNKNOWN_FIELD, WRONG_TYPE, InvalidRecordError
from target_netsuite.intents import LineRule, Reference

_UPSERT = {"external_id": "E-{id}"}
_LINE = st.fixed_dictionaries(
    {}, optional={"qty": st.integers(), "text": st.sampled_from([None, "x"]), "other": st.none()}
)


@given(st.lists(st.none() | st.lists(_LINE, max_size=3), min_size=1, max_size=4))
def test_lines_of_a_document_are_built_as_by_hand(documents: list[list[dict[str, Any]] | None]) -> None:
    fields = {"lines[].qty": "item.items[].quantity", "lines[].text": "item[].description", "title": "memo"}
    orders = mapping({**_UPSERT, "fields": fields})
    for lines in documents:
        names = {"qty": "quantity", "text": "description"}
        built = [{names[name]: value for name, value in line.items() if name in names} for line in lines or ()]
        built = [line for line in built if any(value is not None for value in line.values())]
        expected = {"memo": "t", **({"item": {"items": built}} if built else {})}
        assert orders.intent({"id": 1, "title": "t", "lines": lines}, 1, {}).body == expected


def test_lines_may_be_spread_over_several_arrays_and_lie_deep() -> None:
    fields = {
        "quantities": "item.items[].quantity",
        "details.lines[].sku": "item.items[].item",
        "details.lines[].lots[].number": "item[].inventoryDetail.inventoryAssignment[].receiptInventoryNumber",
    }
    record = {
        "id": 1,
        "quantities": [1, 2],
        "details": {"lines": [{"sku": "5", "lots": [{"number": 9}, {"number": 10}]}, {"sku": "6"}]},
    }
    lots = [{"receiptInventoryNumber": "9"}, {"receiptInventoryNumber": "10"}]
    assert intent({**_UPSERT, "fields": fields}, record).body == {
        "item": {
            "items": [
                {
                    "quantity": 1,
                    "item": {"id": "5"},
                    "inventoryDetail": {"inventoryAssignment": {"items": lots}},
                },
                {"quantity": 2, "item": {"id": "6"}},
            ]
        }
    }


@pytest.mark.parametrize(
    ("record", "path", "words"),
    [
        ({"qty": [1], "sku": ["5", "6"]}, "sku", "fill the same lines"),
        ({"qty": "x"}, "qty", "number"),
        ({"qty": 1, "sku": ["5", "6"]}, "sku", "has 2 elements, and `qty` has 1 element; both fill the same lines"),
        ({"qty": [1, "x"]}, "qty[1]", "number"),
    ],
)
def test_arrays_that_make_no_lines_refuse_the_record(record: dict[str, Any], path: str, words: str) -> None:
    fields = {"qty": "item.items[].quantity", "sku": "item.items[].item"}
    with pytest.raises(InvalidRecordError, match=words) as caught:
        intent({**_UPSERT, "fields": fields}, {"id": 1, **record})
    assert (caught.value.column, caught.value.code) == (path, WRONG_TYPE)


_SUBLIST = {
    "fields": {"sku": "item", "n": "quantity", "on": "custcolDay"},
    "constants": {"rate": "1.5"},
    "templates": {"description": "{sku} x {n}"},
    "references": {"item": {"record_type": "inventoryItem", "by": "external_id", "template": "SKU-{value}"}},
}
_SENT = {
    "items": [
        {
            "item": Reference("inventoryItem", "externalId", "SKU-5"),
            "quantity": 2,
            "custcol_day": "2026-07-21",
            "rate": 1.5,
            "description": "5 x 2",
        }
    ]
}


def test_a_column_has_the_lines_of_a_sublist() -> None:
    settings = {**_UPSERT, "sublists": {"ITEM": {"column": "positions", **_SUBLIST}}}
    row = {"sku": "5", "n": 2, "on": "2026-07-21", "unmapped": 1}
    found = intent(settings, {"id": 1, "memo": "x", "positions": [row]})
    assert found.body == {"memo": "x", "item": _SENT}
    assert found.lines == {"item": LineRule("merge", ("line",))}
    with pytest.raises(InvalidRecordError) as caught:
        intent(settings, {"id": 1, "positions": [{**row, "n": "x"}]})
    assert caught.value.column == "positions[0].n"


def test_rows_of_a_child_stream_are_lines_of_a_sublist() -> None:
    child = {"stream": "order_lines", "parent_key": {"order_id": "id"}}
    row = {"order_id": 1, "sku": "5", "n": 2, "on": "2026-07-21"}
    settings = {**_UPSERT, "sublists": {"item": {**child, **_SUBLIST}}}
    assert intent(settings, {"id": 1}, rows={"item": [row]}).body == {"item": _SENT}
    own_names = {**_UPSERT, "sublists": {"item": child}}
    found = intent(own_names, {"id": 1}, rows={"item": [{"order_id": 1, "Quantity": "2"}]})
    assert found.body == {"item": {"items": [{"quantity": 2}]}}
    assert intent(own_names, {"id": 1}).body == {}


@pytest.mark.parametrize("in_lines", [{"references": {"item": {"record_type": "item", "by": "itemId"}}}, {}])
def test_references_and_constants_reach_into_lines_of_a_document(in_lines: dict[str, Any]) -> None:
    settings: dict[str, Any] = {**_UPSERT, "constants": {"item.items[].rate": 2}}
    if in_lines:
        settings["sublists"] = {"item": in_lines}
    else:
        settings["references"] = {"item.items[].item.id": {"record_type": "item", "by": "itemId"}}
    found = intent(settings, {"id": 1, "item": [{"item": {"id": "5", "refName": "Cup"}}]})
    assert found.body == {"item": {"items": [{"item": Reference("item", "itemId", "Cup"), "rate": 2}]}}


@pytest.mark.parametrize(
    ("settings", "item", "team"),
    [
        ({}, LineRule("merge", ("line",)), LineRule("append")),
        ({"replace": ["Item", "memo"]}, LineRule("replace", ("line",)), LineRule("append")),
        ({"sublists": {"item": {"mode": "append"}}}, LineRule("append", ("line",)), LineRule("append")),
        (
            {"sublists": {"item": {"keys": ["ITEM", "rate"]}, "salesTeam": {"keys": ["employee"]}}},
            LineRule("merge", ("item", "rate")),
            LineRule("merge", ("employee",)),
        ),
    ],
)
def test_rules_of_lines_follow_from_the_settings_and_the_catalogs_keys(
    settings: dict[str, Any], item: LineRule, team: LineRule
) -> None:
    found = intent({**_UPSERT, **settings}, {"id": 1, "item": [{"line": 1}], "salesTeam": [{"employee": 5}]})
    assert found.lines == {"item": item, "salesTeam": team}
    assert found.replace == (("memo",) if "replace" in settings else ())


def test_without_the_catalog_rules_follow_from_the_settings_alone() -> None:
    settings = {**_UPSERT, "sublists": {"item": {"keys": ["line"]}, "other": {"mode": "replace"}}}
    found = intent(settings, {"id": 1, "item": [{"line": 1}], "more": {"items": []}}, None)
    assert found.body == {"item": {"items": [{"line": 1}]}, "more": {"items": []}}
    assert found.lines == {"item": LineRule("merge", ("line",))}


@pytest.mark.parametrize("lines", [None, [], {"items": []}])
def test_no_lines_empty_a_sublist_that_is_replaced_and_leave_others_alone(lines: Any) -> None:
    record = {"id": 1, "item": lines}
    assert intent(_UPSERT, record).body == {}
    assert intent({**_UPSERT, "replace": ["item"]}, record).body == {"item": {"items": []}}


@pytest.mark.parametrize(
    "settings",
    [
        {"fields": {"lines[].n": "itemm.items[].quantity"}},
        {"fields": {"lines[].n": "item.items[].quantty"}},
        {"sublists": {"items": {"column": "lines"}}},
    ],
)
def test_lines_of_what_is_no_sublist_or_no_field_refuse_the_record(settings: dict[str, Any]) -> None:
    orders = mapping({**_UPSERT, **settings})
    with pytest.raises(InvalidRecordError, match=r"did you mean `(item|quantity)`") as caught:
        orders.intent({"id": 1, "lines": [{"n": 1}]}, 1, {})
    assert caught.value.code == UNKNOWN_FIELD


def test_what_the_catalog_does_not_tell_of_goes_as_it_is() -> None:
    settings = {**_UPSERT, "fields": {"book": "accounting_book.items[].id", "country": "billingAddress.country.id"}}
    assert intent(settings, {"id": 1, "book": [5], "country": "US"}).body == {
        "accountingBook": {"items": [{"id": 5}]},
        "billingAddress": {"country": {"id": "US"}},
    }
    assert intent(_UPSERT, {"id": 1, "accountingBook": {"any": 1}}).body == {"accountingBook": {"any": 1}}


def test_a_setting_that_fills_what_is_no_field_refuses_the_records() -> None:
    with pytest.raises(InvalidRecordError) as caught:
        intent({**_UPSERT, "constants": {"item.items[].colour": 1}}, {"id": 1, "item": [{}]})
    assert caught.value.code == UNKNOWN_FIELD


@pytest.mark.parametrize("columns", [("lines[].sku",), ("lines[].sku", "counts")])
def test_arrays_that_are_null_empty_a_sublist_that_is_replaced_and_leave_others_alone(columns: tuple[str, ...]) -> None:
    targets = dict(zip(columns, ("item[].item", "item[].quantity"), strict=False))
    settings = {**_UPSERT, "fields": {"memo": "memo", **targets}}
    record = {"id": 1, "memo": "m", "lines": None, "counts": None}
    assert intent(settings, record).body == {"memo": "m"}
    assert intent({**settings, "replace": ["item"]}, record).body == {"memo": "m", "item": {"items": []}}
    assert intent({**settings, "replace": ["item"]}, {"id": 1, "memo": "m"}).body == {"memo": "m"}


@pytest.mark.parametrize("nothing", [{"items": None}, {"items": []}, {"items": [None]}, '{"items": null}', "[null]"])
def test_a_sublist_without_lines_is_null(nothing: Any) -> None:
    record = {"id": 1, "memo": "m", "item": nothing}
    assert intent(_UPSERT, record).body == {"memo": "m"}
    assert intent({**_UPSERT, "replace": ["item"]}, record).body == {"memo": "m", "item": {"items": []}}


def test_a_null_element_makes_no_line() -> None:
    settings = {**_UPSERT, "fields": {"lines[].count": "item[].quantity", "texts": "item[].description"}}
    record: dict[str, Any] = {
        "id": 1,
        "lines": [{"count": 1}, None, {"count": 3}, None],
        "texts": [None, None, "c", "d"],
    }
    assert intent(settings, record).body["item"]["items"] == [
        {"quantity": 1, "description": None},
        {"quantity": 3, "description": "c"},
        {"description": "d"},
    ]
    settings = {**_UPSERT, "sublists": {"item": {"column": "lines", "fields": {"count": "quantity"}}}}
    del record["texts"]
    assert intent(settings, record).body == {"item": {"items": [{"quantity": 1}, {"quantity": 3}]}}
