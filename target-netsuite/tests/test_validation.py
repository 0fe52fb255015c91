"""Records against their schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from target_netsuite.errors import InvalidRecordError
from target_netsuite.validation import PlainTypes, RecordValidation, checkable

_SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "amount": {"type": "number", "multipleOf": Decimal("0.01")},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"item": {"type": "string"}}}},
    },
}


@pytest.mark.parametrize(
    "record", [{"id": 1}, {"id": Decimal("7.0"), "amount": Decimal("0.10")}, {"id": 2, "other": None}]
)
def test_what_matches_passes(record: dict[str, Any]) -> None:
    RecordValidation("s", _SCHEMA, ["id"]).check(record)


@pytest.mark.parametrize(
    ("record", "column", "words"),
    [
        ({}, "id", "'id' is a required property"),
        ({"id": "x"}, "id", "'x' is not of type 'integer'"),
        ({"id": True}, "id", "not of type"),
        ({"id": Decimal("1.5")}, "id", "1.5 is not of type 'integer'"),
        ({"id": 1, "amount": Decimal("0.001")}, "amount", "0.001 is not a multiple of 0.01"),
        ({"id": 1, "lines": [{"item": "a"}, {"item": 2}]}, "lines.1.item", "2 is not of type 'string'"),
        ({"id": "x" * 1000}, "id", "…"),
    ],
)
def test_what_does_not_match_is_named(record: dict[str, Any], column: str, words: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        RecordValidation("s", _SCHEMA, ["id"]).check(record)
    assert caught.value.column == column
    assert words in caught.value.problem
    assert len(caught.value.problem) < 400


def test_a_missing_key_is_named_with_or_without_the_schema() -> None:
    validation = RecordValidation("s", _SCHEMA, ["id", "region"], by_schema=False)
    validation.check({"id": "not checked"})
    with pytest.raises(InvalidRecordError, match="`region` is missing"):
        validation.check_keys({"id": 1})
    with pytest.raises(InvalidRecordError, match="`region` is empty"):
        validation.check_keys({"id": 1, "region": ""})
    validation.check_keys({"id": 1, "region": None})


def _refused(part: Any, value: Any, **others: Any) -> bool:
    """Tell whether a value of a column is refused; the sentence about what is not checked is not looked at."""
    validation = RecordValidation("s", {"properties": {"a": part, **others}}, [])
    try:
        validation.check({"a": value})
    except InvalidRecordError:
        return True
    return False


@pytest.mark.parametrize(
    ("part", "good", "bad"),
    [
        ({"type": "number", "maximum": 10, "exclusiveMaximum": True}, Decimal("9.99"), 10),
        ({"type": "number", "maximum": 10, "exclusiveMaximum": False}, 10, Decimal("10.01")),
        ({"type": "number", "exclusiveMaximum": 10}, Decimal("9.99"), 10),
        ({"minimum": -10, "exclusiveMinimum": True, "maximum": 10, "exclusiveMaximum": 5}, Decimal("-9.9"), -10),
        ({"minimum": -10, "exclusiveMinimum": True, "maximum": 10, "exclusiveMaximum": 5}, 4, 5),
        ({"multipleOf": Decimal("0.01")}, Decimal("12.30"), Decimal("12.301")),
        ({"multipleOf": Decimal("0.01")}, 12.3, 12.301),
        ({"multipleOf": Decimal("1e-38")}, Decimal("12345.67"), Decimal("1e-39")),
        ({"multipleOf": Decimal("1e-38")}, 123456789012345678901234567890, Decimal("NaN")),
        ({"multipleOf": 2}, 10**400, 10**400 + 1),
        ({"multipleOf": 2}, Decimal("1e400"), 1.5),
        ({"items": [{"type": "integer"}], "additionalItems": False}, [1], [1, 2]),
        ({"items": [], "additionalItems": {"type": "integer"}}, [1], ["x"]),
        ({"dependencies": {"x": ["y"], "y": {"required": ["z"]}}}, {"x": 1, "y": 1, "z": 1}, {"x": 1}),
        ({"dependencies": {"x": ["y"], "y": {"required": ["z"]}}}, {"z": 1}, {"y": 1}),
        ({"id": "#a", "$schema": "http://json-schema.org/draft-04/schema#", "type": "string"}, "x", 1),
        ({"type": ["null", "string"], "maxLength": Decimal("3.0"), "pattern": None}, "abc", "abcd"),
        (
            {"properties": {"exclusiveMaximum": {"type": "boolean"}}},
            {"exclusiveMaximum": True},
            {"exclusiveMaximum": 1},
        ),
    ],
)
def test_each_keyword_is_taken_by_the_form_it_has(part: dict[str, Any], good: Any, bad: Any) -> None:
    assert checkable({"properties": {"a": part}})[1] == []
    assert (_refused(part, good), _refused(part, bad)) == (False, True)


@pytest.mark.parametrize(
    ("part", "left_out", "bad"),
    [
        ({"type": ["date-time", "null"], "maxLength": 3}, "type", "long"),
        ({"type": "any", "enum": ["a"]}, "type", "b"),
        ({"type": ["string", "null"], "required": True}, "required", 1),
        ({"type": "string", "pattern": "^\\p{L}+$"}, "pattern", 1),
        ({"patternProperties": {"\\p{L}": {"type": "integer"}}, "additionalProperties": False, "minProperties": 1},
         "patternProperties, additionalProperties", {}),
        ({"$ref": "#/definitions/nope", "type": "string"}, "$ref", 1),
        ({"$ref": "http://example.com/schema.json", "type": "string"}, "$ref", 1),
        ({"type": "string", "maxLength": "10"}, "maxLength", 1),
        ({"anyOf": [{"type": "date-time"}, {"type": "null"}], "maxLength": 1}, "anyOf.0.type", "xx"),
        ({"oneOf": [{"type": "date-time"}, {"type": "null"}], "maxLength": 1}, "oneOf", "xx"),
        ({"not": {"type": "date-time"}, "maxLength": 1}, "not", "xx"),
        ({"properties": {"x": 5, "y": {"type": "string"}}}, "properties.x", {"x": 1, "y": 2}),
        ({"properties": {"properties": {"type": "odd", "maxLength": 1}}}, "properties.properties.type",
         {"properties": "xx"}),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_left_out_and_nothing_else(part: dict[str, Any], left_out: str, bad: Any) -> None:
    kept, places = checkable({"properties": {"a": part}})
    assert places == [f"properties.a.{place}" for place in sorted(left_out.split(", "))]
    assert checkable(kept) == (kept, [])
    assert _refused(part, bad)


def test_a_definition_that_cannot_be_checked_goes_with_all_that_refers_to_it() -> None:
    schema = {
        "definitions": {"when": {"type": "date-time"}, "name": {"type": "string"}},
        "properties": {
            "a": {"oneOf": [{"$ref": "#/definitions/when"}, {"type": "null"}]},
            "b": {"$ref": "#/definitions/name"},
        },
    }
    kept, places = checkable(schema)
    assert places == ["definitions.when", "properties.a.oneOf"]
    assert kept["properties"] == {"a": {}, "b": {"$ref": "#/definitions/name"}}


def test_what_is_not_checked_is_said_in_a_sentence() -> None:
    said: list[str] = []
    odd = {name: {"type": "odd"} for name in "abcdefg"}
    RecordValidation("s", {"properties": odd}, [], warn=said.append)
    RecordValidation("s", {"properties": odd}, [], by_schema=False, warn=said.append).check({"a": 1})
    loop = {"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}
    looped = RecordValidation("s", loop, [], warn=said.append)
    looped.check({"a": 1})
    looped.check({"a": 1})
    assert len(said) == 2
    assert "stream `s`" in said[0]
    assert said[0].endswith("`properties.e.type`, ….")
    assert "refers to itself" in said[1]


_KINDS = st.sampled_from(["string", "integer", "number", "boolean", "null", "object", "array"])
_PARTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"type": st.one_of(_KINDS, st.lists(_KINDS, min_size=1, max_size=3, unique=True))}),
    st.just({}),
    st.just({"type": "string", "format": "date"}),
    st.just({"type": "string", "enum": ["a"]}),
    st.just({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
)
_SCHEMAS = st.fixed_dictionaries(
    {"properties": st.dictionaries(st.sampled_from("abc"), _PARTS)},
    optional={
        "type": st.sampled_from(["object", ["object"], ["null", "object"], "array"]),
        "required": st.lists(st.sampled_from("abc"), unique=True),
        "additionalProperties": st.booleans(),
        "maxProperties": st.integers(0, 2),
    },
)
_VALUES: st.SearchStrategy[Any] = st.sampled_from(["a", "b", 1, True, None, 1.5, {}, [], {"x": 1}])


@given(schema=_SCHEMAS, record=st.dictionaries(st.sampled_from("abcd"), _VALUES))
def test_what_is_taken_for_matching_by_its_types_matches(schema: dict[str, Any], record: dict[str, Any]) -> None:
    if PlainTypes(schema).match(record):
        assert Draft202012Validator(schema).is_valid(record)


def test_records_of_plain_columns_need_no_validator() -> None:
    columns = {"id": {"type": "integer"}, "name": {"type": ["null", "string"], "description": "Its name."}}
    schema = {"type": "object", "properties": columns, "required": ["id"]}
    assert PlainTypes(schema).match({"id": 1, "name": None, "other": 5})
