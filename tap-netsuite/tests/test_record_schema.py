"""Record bodies and their schemas: what the catalog says, and values made to fit it or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tap_netsuite.record_schema import body_fields, column_kinds, conformed, singer_schema, sublist_properties
from tap_netsuite.source import Kind

LINK = {"$ref": "/services/rest/record/v1/metadata-catalog/nsLink"}
REFERENCE = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "refName": {"type": "string"},
        "externalId": {"type": "string"},
        "links": {"type": "array", "items": LINK},
    },
}
CATALOG: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "companyName": {"type": "string", "title": "Company Name"},
        "creditLimit": {"type": "number", "format": "double"},
        "level": {"type": "integer", "format": "int64"},
        "isInactive": {"type": "boolean"},
        "dateCreated": {"type": "string", "format": "date-time"},
        "startDate": {"type": "string", "format": "date"},
        "stage": {
            "type": "object",
            "properties": {"id": {"type": "string", "enum": ["LEAD"]}, "refName": {"type": "string"}},
        },
        "currency": REFERENCE,
        "channels": {
            "type": "object",
            "properties": {
                "links": {"type": "array", "items": LINK},
                "totalResults": {"type": "integer"},
                "items": {"type": "array", "items": REFERENCE},
            },
        },
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        "other": {"$ref": "/services/rest/record/v1/metadata-catalog/transaction"},
        "item": {
            "type": "object",
            "properties": {
                "links": {"type": "array", "items": LINK},
                "totalResults": {"type": "integer"},
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"line": {"type": "integer"}, "custcol_size": {"type": "string"}},
                    },
                },
            },
        },
        "links": {"type": "array", "items": LINK},
    },
}
SCHEMA = singer_schema(CATALOG)
VALIDATOR = Draft7Validator(SCHEMA)

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.decimals(-9, 9, places=2), st.sampled_from(["", "5", "T", "x"])
)
BODIES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from([*CATALOG["properties"], "items", "line", "totalResults"]), inner, max_size=4),
    ),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    """Decimals as floats, which is what the validator takes for numbers."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


@given(st.dictionaries(st.sampled_from(list(CATALOG["properties"])), BODIES, max_size=6))
def test_a_body_fits_its_schema_or_is_refused(body: dict[str, Any]) -> None:
    try:
        record = conformed(body, SCHEMA)
    except ValueError:
        return
    VALIDATOR.validate(plain(record))


def test_values_take_the_types_of_the_schema_and_links_are_left_out() -> None:
    body = {
        "links": [{"rel": "self", "href": "x"}],
        "id": "7",
        "creditLimit": Decimal("10.10"),
        "dateCreated": "2024-05-02T11:31:00+02:00",
        "currency": {"links": [], "id": "1", "refName": "EUR"},
        "item": {"links": [], "totalResults": 1, "items": [{"links": [], "line": 1, "custcol_size": "L"}]},
        "new": {"links": [], "deep": [1]},
    }
    assert conformed(body, SCHEMA) == {
        "id": "7",
        "creditLimit": Decimal("10.10"),
        "dateCreated": "2024-05-02T09:31:00Z",
        "currency": {"id": "1", "refName": "EUR"},
        "item": {"totalResults": 1, "items": [{"line": 1, "custcol_size": "L"}]},
        "new": {"deep": [1]},
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"level": Decimal("1.5")}, "level holds '1.5', which is not a valid integer"),
        ({"item": {"items": [{"line": "one"}]}}, r"item.items\[0\].line holds 'one', which is not a valid integer"),
        ({"startDate": "1/2/2024"}, "startDate holds '1/2/2024', which is not a valid date"),
        ({"companyName": {"id": "1"}}, "companyName"),
        ({"currency": "1"}, "currency"),
    ],
)
def test_a_value_that_does_not_fit_is_named(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        conformed(body, SCHEMA)


def test_the_schema_takes_null_for_everything_and_leaves_enumerations_open() -> None:
    record = dict.fromkeys(SCHEMA["properties"]) | {"stage": {"id": "PROSPECT", "refName": None}}
    VALIDATOR.validate(record)
    assert "links" not in SCHEMA["properties"]
    assert SCHEMA["properties"]["other"] == {}


def test_columns_guessed_from_fields() -> None:
    assert column_kinds(CATALOG) == {
        "id": Kind.TEXT,
        "companyname": Kind.TEXT,
        "creditlimit": Kind.DECIMAL,
        "level": Kind.INTEGER,
        "isinactive": Kind.BOOLEAN,
        "datecreated": Kind.DATE_TIME,
        "startdate": Kind.DATE,
        "stage": Kind.TEXT,
        "currency": Kind.INTEGER,
        "channels": Kind.ID_LIST,
    }


def test_a_field_with_properties_needs_no_type() -> None:
    untyped = {name: {**schema} for name, schema in CATALOG["properties"].items()}
    for schema in untyped.values():
        if "properties" in schema:
            del schema["type"]
    catalog = {"properties": untyped}
    assert column_kinds(catalog) == column_kinds(CATALOG)
    assert singer_schema(catalog) == SCHEMA


def test_titles_and_descriptions_are_kept_as_plain_text() -> None:
    field = {"type": "string", "title": " Name ", "description": "<p>The <b>name</b> &amp; more</p>"}
    schema = singer_schema({"type": "object", "title": "Customer", "properties": {"name": field}})
    assert schema["title"] == "Customer"
    assert schema["properties"]["name"] == {
        "type": ["string", "null"],
        "title": "Name",
        "description": "The name & more",
    }
    assert body_fields({"properties": {"name": field}})["name"].labels["title"] == "Name"


def test_fields_with_display_values() -> None:
    fields = body_fields(CATALOG)
    assert {name for name, field in fields.items() if field.has_display_value} == {"stage", "currency", "channels"}


def test_fields_of_a_sublist() -> None:
    assert column_kinds(sublist_properties(CATALOG, "item")) == {"line": Kind.INTEGER, "custcol_size": Kind.TEXT}
    assert column_kinds(sublist_properties(CATALOG, "expense")) == {}
