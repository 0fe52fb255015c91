"""Records against their schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from target_netsuite.errors import InvalidRecordError, MessageError
from target_netsuite.messages import PlainTypes, RecordValidation

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


def test_a_schema_that_is_none_ends_the_run() -> None:
    with pytest.raises(MessageError, match=r"stream `s` is not a JSON Schema: .* at \$\.properties"):
        RecordValidation("s", {"properties": {"id": {"type": "number-ish"}}}, [])


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
