"""From SuiteQL's text to typed values: nothing is rounded, nothing is made up."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.contrib.msgspec import serialize_jsonl

from suitetalk.values import iso
from tap_netsuite.source import Column, Kind, converter, json_schema, kind_of

UTC = ZoneInfo("UTC")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def converted(kind: Kind, value: Any, zone: ZoneInfo = UTC) -> Any:
    return converter(kind, zone)(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_written_as_the_number_that_was_read(number: Decimal) -> None:
    line = bytes(serialize_jsonl({"amount": converted(Kind.DECIMAL, str(number))}))
    assert json.loads(line, parse_float=Decimal, parse_int=Decimal)["amount"] == number


@pytest.mark.parametrize(
    "text", [".5", "-.25", "1E-7", "1234567890123.45", "9007199254740993.13", "0", "-0", "1e30", "00012.50"]
)
def test_decimals_as_oracle_writes_them(text: str) -> None:
    line = bytes(serialize_jsonl({"amount": converted(Kind.DECIMAL, text)}))
    assert json.loads(line, parse_float=Decimal, parse_int=Decimal)["amount"] == Decimal(text)


@given(st.integers())
def test_integers_of_any_size(number: int) -> None:
    assert converted(Kind.INTEGER, str(number)) == number


@pytest.mark.parametrize(("text", "number"), [("5", 5), ("-5", -5), ("5.0", 5), ("1E3", 1000)])
def test_whole_numbers_however_they_are_written(text: str, number: int) -> None:
    assert converted(Kind.INTEGER, text) == number


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INTEGER, "5.5"),
        (Kind.INTEGER, Decimal("5.5")),
        (Kind.INTEGER, 5.5),
        (Kind.INTEGER, "1_000"),
        (Kind.INTEGER, "five"),
        (Kind.INTEGER, True),
        (Kind.INTEGER, "Infinity"),
        (Kind.DECIMAL, "NaN"),
        (Kind.DECIMAL, "-Infinity"),
        (Kind.DECIMAL, "1,5"),
        (Kind.DECIMAL, "1_000.5"),
        (Kind.DECIMAL, True),
        (Kind.BOOLEAN, "yes"),
        (Kind.BOOLEAN, 1),
        (Kind.BOOLEAN, ["T"]),
        (Kind.DATE, "5/28/2010"),
        (Kind.DATE, "2024-02-30 00:00:00"),
        (Kind.DATE_TIME, "28.05.2010"),
        (Kind.TEXT, {"id": "1"}),
        (Kind.ID_LIST, "1, two"),
        (Kind.ID_LIST, {"items": []}),
    ],
)
def test_what_is_no_value_of_the_kind_is_refused(kind: Kind, value: Any) -> None:
    with pytest.raises(ValueError):
        converted(kind, value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.BOOLEAN, "T", True),
        (Kind.BOOLEAN, "F", False),
        (Kind.BOOLEAN, True, True),
        (Kind.DATE, "2024-05-02 00:00:00", "2024-05-02"),
        (Kind.DATE, "2024-05-02", "2024-05-02"),
        (Kind.DATE_TIME, "2024-05-02 09:31:00", "2024-05-02T09:31:00Z"),
        (Kind.TEXT, " as it is ", " as it is "),
        (Kind.TEXT, Decimal("1.50"), "1.50"),
        (Kind.ID_LIST, "1, 22, -3", [1, 22, -3]),
        (Kind.ID_LIST, "7", [7]),
        (Kind.ID_LIST, "1,2", [1, 2]),
        (Kind.ID_LIST, "1\x052", [1, 2]),
        (Kind.ID_LIST, "1 | 2;3", [1, 2, 3]),
        (Kind.ID_LIST, ["1", 2], [1, 2]),
        (Kind.TEXT_LIST, "LEAD, CUSTOMER", ["LEAD", "CUSTOMER"]),
        (Kind.DISPLAY, "Net 30", "Net 30"),
    ],
)
def test_values_of_each_kind(kind: Kind, text: Any, value: Any) -> None:
    assert converted(kind, text) == value


@pytest.mark.parametrize("zone", [LOS_ANGELES, ZoneInfo("Asia/Tokyo")])
@pytest.mark.parametrize("text", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_times_that_have_no_utc_are_refused_and_not_a_crash(zone: ZoneInfo, text: str) -> None:
    try:
        converted(Kind.DATE_TIME, text, zone)
    except ValueError as error:
        assert text in str(error)  # noqa: PT017 - some of them are times


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_instants_read_back_as_what_they_were(moment: datetime) -> None:
    assert datetime.fromisoformat(iso(moment).replace("Z", "+00:00")) == moment


@pytest.mark.parametrize("kind", Kind)
def test_the_schema_of_a_kind_says_which_kind_it_is(kind: Kind) -> None:
    assert kind_of(json_schema(kind)) is kind
    assert "null" in json_schema(kind)["type"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer"}, Kind.INTEGER),
        ({"type": ["null", "number"]}, Kind.DECIMAL),
        ({"type": "string", "format": "date"}, Kind.DATE),
        ({"type": "string", "format": "email"}, Kind.TEXT),
        ({}, Kind.TEXT),
    ],
)
def test_kinds_that_a_catalog_may_ask_for(schema: dict[str, Any], kind: Kind) -> None:
    assert kind_of(schema) is kind


def test_times_are_formatted_by_netsuite() -> None:
    assert Column("trandate", Kind.DATE).selected == "TO_CHAR(trandate, 'YYYY-MM-DD HH24:MI:SS') AS trandate"
    assert "SYS_EXTRACT_UTC(created)" in Column("created", Kind.DATE_TIME, in_utc=True).selected
    assert Column("memo", Kind.TEXT).selected == "memo"


def test_display_values_are_asked_for_by_the_column_they_belong_to() -> None:
    assert Column("terms_display", Kind.DISPLAY).selected == "BUILTIN.DF(terms) AS terms_display"
