"""From flat rows to lines: single values, several columns of one line, empty cells, arrays as text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shapes import intent

from target_netsuite.errors import FIELD_FILLED_TWICE, MISSING_KEY, WRONG_TYPE, InvalidRecordError
from target_netsuite.intents import Reference

_UPSERT = {"external_id": "E-{id}"}
_FLAT = {
    **_UPSERT,
    "fields": {"sku": "item[].item", "n": "item[].quantity", "text": "item[].description", "on": "item[].custcol_day"},
    "replace": ["item"],
}
_LOT = "item[].inventoryDetail.inventoryAssignment[]"


def _body(settings: dict[str, Any], **columns: Any) -> Any:
    return intent(settings, {"id": 1, **columns}).body


def test_single_values_are_a_line_of_one() -> None:
    assert _body(_FLAT, sku="5", n="2", text="x", on="2026-07-21") == {
        "item": {"items": [{"item": {"id": "5"}, "quantity": 2, "description": "x", "custcol_day": "2026-07-21"}]}
    }


def test_empty_cells_beside_others_clear_their_fields() -> None:
    assert _body(_FLAT, sku="5", n="", text="", on=None) == {
        "item": {"items": [{"item": {"id": "5"}, "quantity": None, "description": "", "custcol_day": None}]}
    }


@pytest.mark.parametrize("cell", [None, "", " "])
def test_a_flat_row_without_a_line_leaves_the_sublist_alone_unless_a_setting_says_otherwise(cell: Any) -> None:
    row = {"sku": cell, "n": None, "text": "", "on": cell}
    assert _body(_FLAT, **row) == {}
    assert _body({**_FLAT, "lines_when_empty": "remove"}, **row) == {"item": {"items": []}}
    assert _body({**_FLAT, "replace": [], "lines_when_empty": "remove"}, **row) == {}


def test_a_column_that_is_an_array_empties_a_replaced_sublist() -> None:
    settings = {**_UPSERT, "fields": {"skus": "item[].item"}, "replace": ["item"]}
    arrays = {"properties": {"skus": {"anyOf": [{"type": "array"}, {"type": "null"}]}}}
    assert intent(settings, {"id": 1, "skus": None}, schema=arrays).body == {"item": {"items": []}}
    assert _body(settings, skus=[]) == {"item": {"items": []}}
    marked = {**settings, "fields": {"skus[]": "item[].item"}}
    assert _body(marked, skus=None) == _body(marked, skus="") == {"item": {"items": []}}
    assert _body({**marked, "empty_text": "absent"}, skus="") == {}
    with pytest.raises(InvalidRecordError, match="`skus` is '', which is not an array"):
        _body({**marked, "empty_text": "refuse"}, skus="")


def test_several_arrays_fill_one_subrecord_of_a_line() -> None:
    settings = {
        **_UPSERT,
        "fields": {"numbers[]": f"{_LOT}.receiptInventoryNumber", "lots[].n": f"{_LOT}.quantity", "sku": "item[].item"},
    }
    with pytest.raises(InvalidRecordError, match="fill the same lines"):
        _body(settings, sku="5", numbers=["A", "B"], lots=[{"n": 1}, {"n": 2}])
    (line,) = _body(settings, sku="5", numbers=["A"], lots=[{"n": 1}])["item"]["items"]
    lots = {"items": [{"receiptInventoryNumber": "A", "quantity": 1}]}
    assert line == {"item": {"id": "5"}, "inventoryDetail": {"inventoryAssignment": lots}}


def test_what_lies_in_a_column_that_is_not_an_object_is_refused() -> None:
    settings = {**_UPSERT, "fields": {"address.city": "billingAddress.city"}}
    assert _body(settings, address='{"city": "Köln"}') == _body(settings, address={"city": "Köln"})
    for address in ("Köln", ["Köln"], 5):
        with pytest.raises(InvalidRecordError, match="which is not an object") as caught:
            _body(settings, address=address)
        assert caught.value.column == "address"


def test_an_array_may_come_as_json_text() -> None:
    settings = {**_UPSERT, "fields": {"lines[].sku": "item[].item", "lines[].n": "item[].quantity"}}
    expected = {"item": {"items": [{"item": {"id": "5"}, "quantity": 2}, {"item": {"id": "6"}, "quantity": 3}]}}
    text = '[{"sku": "5", "n": "2"}, {"sku": 6, "n": 3}]'
    assert _body(settings, lines=text) == expected
    assert (
        _body({**_UPSERT, "fields": {"s": "item[].item", "n": "item[].quantity"}}, s='["5", 6]', n="[2, 3]") == expected
    )
    names = {"sku": "item", "n": "quantity"}
    assert _body({**_UPSERT, "sublists": {"item": {"column": "lines", "fields": names}}}, lines=text) == expected
    assert _body(settings, lines={"sku": "5", "n": 2}) == {"item": {"items": expected["item"]["items"][:1]}}
    with pytest.raises(InvalidRecordError, match=r"`lines` is '\[\{', which is not an array"):
        _body(settings, lines="[{")


@pytest.mark.parametrize("line", [{}, {"sku": None}, {"sku": "", "n": " "}, None])
def test_a_line_with_nothing_in_it_is_none(line: Any) -> None:
    fields = {"lines[].sku": "item[].item", "lines[].n": "item[].quantity"}
    settings = {**_UPSERT, "constants": {"item[].rate": 1}}
    by_fields = {**settings, "fields": fields}
    full = {"sku": "5", "n": 0}
    expected = {"item": {"items": [{"item": {"id": "5"}, "quantity": 0, "rate": 1}]}}
    assert _body(by_fields, lines=[line, full, line]) == expected
    in_sublists = {**settings, "sublists": {"item": {"column": "lines", "fields": {"sku": "item", "n": "quantity"}}}}
    assert _body(in_sublists, lines=[line, full, line]) == expected


def test_templates_of_a_line_are_made_of_its_columns_or_else_of_the_row() -> None:
    settings = {**_UPSERT, "templates": {"item[].description": "{name}: {sku}"}}
    flat = {**settings, "fields": {"sku": "item[].item"}}
    assert _body(flat, sku="5", name="Cup")["item"]["items"] == [{"item": {"id": "5"}, "description": "Cup: 5"}]
    assert _body(flat, sku="", name="Cup") == {}
    lines = {**settings, "fields": {"lines[].sku": "item[].item"}}
    found = _body(lines, lines=[{"sku": "5", "name": "Own"}, {"sku": "6"}], name="Cup")["item"]["items"]
    assert [line["description"] for line in found] == ["Own: 5", "Cup: 6"]


def test_two_columns_of_one_field_of_a_line_are_refused() -> None:
    with pytest.raises(InvalidRecordError) as caught:
        _body({**_UPSERT, "fields": {"a": "item[].custcolDay", "b[]": "item[].custcol_day"}}, a="2026-07-21", b=[])
    assert caught.value.code == FIELD_FILLED_TWICE
    with pytest.raises(InvalidRecordError) as caught:
        _body({**_UPSERT, "sublists": {"item": {"column": "lines"}}}, lines=[{"item": 5}], Item=[{"item": 6}])
    assert caught.value.code == FIELD_FILLED_TWICE


def test_what_is_inside_an_array_fills_a_multi_select() -> None:
    settings = {**_UPSERT, "fields": {"tags[].code": "custbody_regions"}}
    assert _body(settings, tags=[{"id": 1, "code": "7"}, {"code": 8}]) == {
        "custbody_regions": {"items": [{"id": "7"}, {"id": "8"}]}
    }
    with pytest.raises(InvalidRecordError, match="`tags`"):
        _body({**_UPSERT, "fields": {"tags[].code": "memo"}}, tags=[{"code": "7"}])


_KINDS = {
    "entity": "which is not an id",
    "priority": "which is not a number",
    "toBePrinted": "boolean",
    "tranDate": "date",
    "startsAt": "date-time",
    "orderStatus": "no choice named ''",
    "custbody_regions": "list of ids",
    "billingAddress": "object",
    "salesRep.id": "id",
}


@pytest.mark.parametrize(("field", "words"), _KINDS.items())
def test_empty_text_is_nothing_but_to_text(field: str, words: str) -> None:
    settings = {**_UPSERT, "fields": {"c": field, "memo": "memo"}}
    name = field.partition(".")[0]
    for empty in ("", " "):
        assert _body(settings, c=empty, memo="") == {name: None, "memo": ""}
        assert _body({**settings, "empty_text": "absent"}, c=empty, memo="") == {"memo": ""}
    with pytest.raises(InvalidRecordError, match=words) as caught:
        _body({**settings, "empty_text": "refuse"}, c="", memo="")
    assert (caught.value.column, caught.value.code) == ("c", WRONG_TYPE)


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("name", "`c` is '', and there is no term named ''"),
        ("itemId", "there is no term whose itemId is ''"),
        ("external_id", "there is no term with the external id ''"),
        ("internal_id", "there is no term with the id ''"),
    ],
)
def test_a_message_says_what_empty_text_was_looked_for_as(by: str, words: str) -> None:
    reference = {"record_type": "term", "by": by, "template": "T-{value}"}
    settings = {**_UPSERT, "fields": {"c": "entity"}, "references": {"entity": reference}}
    assert _body(settings, c="") == {"entity": None}
    with pytest.raises(InvalidRecordError, match=words):
        _body({**settings, "empty_text": "refuse"}, c="")
    sent = (
        {"id": "T-7"} if by == "internal_id" else Reference("term", "externalId" if by == "external_id" else by, "T-7")
    )
    assert _body(settings, c="7") == {"entity": sent}


def test_the_key_of_a_line_is_not_empty_text() -> None:
    lines = {"column": "lines", "keys": ["item"]}
    with pytest.raises(InvalidRecordError) as caught:
        _body({**_UPSERT, "sublists": {"item": lines}}, lines=[{"item": "", "quantity": 1}])
    assert (caught.value.column, caught.value.code) == ("lines[0].item", MISSING_KEY)


def test_a_template_of_nothing_is_empty() -> None:
    settings = {**_UPSERT, "fields": {"n": "priority"}, "templates": {"memo": "{first} {last}"}}
    assert _body(settings, n=1, first="", last=None) == {"priority": 1, "memo": ""}
    assert _body(settings, n=1, first=None, last=None) == {"priority": 1, "memo": None}
    assert _body(settings, n=1, first="", last="X") == {"priority": 1, "memo": " X"}


@pytest.mark.parametrize("number", ["1,000.50", "1.000,50", "1'000", "1\u00a0000", "12,5", "-1,234"])
def test_a_number_as_people_write_it_is_refused_with_a_sentence(number: str) -> None:
    with pytest.raises(InvalidRecordError, match="has a thousands separator or a decimal comma"):
        _body({**_UPSERT, "fields": {"c": "exchangeRate"}}, c=number)


_TEXT_FIELDS = (
    "memo",
    "billingAddress.addr1",
    "billingAddress.city",
    "item[].description",
    f"{_LOT}.receiptInventoryNumber",
)
_COLUMNS = ("c{}", "a{}[]", "a{}", "d.c{}", "l[].c{}", "m.items[].d.c{}", "l[].n[].c{}", "l[].b{}[]")


def _filled(draw: st.DrawFn, row: dict[str, Any], path: str) -> set[str]:
    """Put values into a row where a path leads, each of them another one, and return them."""
    name, _, rest = path.partition(".")
    if rest.startswith("items[]"):
        name, rest = f"{name}[]", rest.partition(".")[2]
    is_array, name = name.endswith("[]") or (name.startswith("a") and not rest), name.removesuffix("[]")
    if not rest:
        values = [f"{name}-{draw(st.integers(0, 10**9))}" for _ in range(draw(st.integers(0, 2)) if is_array else 1)]
        row[name] = values if is_array else values[0]
        return set(values)
    if is_array:
        array = row.setdefault(name, [{} for _ in range(draw(st.integers(0, 2)))])
        return {value for inner in array for value in _filled(draw, inner, rest)}
    return _filled(draw, row.setdefault(name, {}), rest)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, Any]]:
    if isinstance(value, dict):
        return {leaf for name, inner in value.items() for leaf in _leaves(inner, (*path, name))}
    if isinstance(value, list):
        return {leaf for inner in value for leaf in _leaves(inner, path)}
    return {(".".join(name for name in path if name != "items"), value)}


@given(
    st.dictionaries(st.sampled_from(_TEXT_FIELDS), st.sampled_from(_COLUMNS), min_size=1),
    st.data(),
)
def test_each_value_is_in_its_field_or_a_column_is_named(mapped: dict[str, str], data: st.DataObject) -> None:
    fields = {column.format(_TEXT_FIELDS.index(name)): name for name, column in mapped.items()}
    row: dict[str, Any] = {}
    wanted = {
        (name.replace("[]", ""), value) for column, name in fields.items() for value in data.draw(_values(row, column))
    }
    try:
        body = _body({**_UPSERT, "fields": fields}, **row)
    except InvalidRecordError as error:
        assert error.column.partition(".")[0].partition("[")[0] in row  # noqa: PT017 - either is right
    else:
        assert _leaves(body) >= wanted


@st.composite
def _values(draw: st.DrawFn, row: dict[str, Any], column: str) -> set[str]:
    return _filled(draw, row, column)
