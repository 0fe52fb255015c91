"""Values by the kinds of the catalog."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shapes import intent, mapping

from target_netsuite.errors import BAD_ENUM_VALUE, MISSING_KEY, WRONG_TYPE, InvalidRecordError
from target_netsuite.intents import Reference
from target_netsuite.mapping.values import BY_KIND, UnfitError, unchanged


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("text", "x", "x"),
        ("text", "", ""),
        ("text", 7, "7"),
        ("text", Decimal("1E+2"), "100"),
        ("text", Decimal("1.50"), "1.50"),
        ("integer", 7, 7),
        ("integer", " -12 ", -12),
        ("integer", Decimal("7.0"), 7),
        ("integer", "7.0", 7),
        ("number", Decimal("1234567890123456.7890"), Decimal("1234567890123456.7890")),
        ("number", "0.10", Decimal("0.10")),
        ("number", "12", 12),
        ("number", 1.5, 1.5),
        ("boolean", True, True),
        ("boolean", "T", True),
        ("boolean", "false", False),
        ("boolean", "Yes", True),
        ("boolean", "no", False),
        ("boolean", 1, True),
        ("boolean", Decimal(0), False),
        ("boolean", "0", False),
        ("date", "2026-07-21", "2026-07-21"),
        ("date", "2026-07-21T23:30:00-08:00", "2026-07-21"),
        ("date", "2026-07-21 00:00:00", "2026-07-21"),
        ("date", date(2026, 7, 21), "2026-07-21"),
        ("date-time", "2026-07-21T17:32:28.9+02:00", "2026-07-21T15:32:28Z"),
        ("date-time", "2026-07-21T17:32:28", "2026-07-21T17:32:28Z"),
        ("date-time", "2026-07-21", "2026-07-21T00:00:00Z"),
        ("date-time", date(2026, 7, 21), "2026-07-21T00:00:00Z"),
        ("date-time", datetime(2026, 7, 21, 1, tzinfo=timezone(timedelta(hours=2))), "2026-07-20T23:00:00Z"),
    ],
)
def test_values_take_the_form_of_their_kind(kind: str, value: Any, sent: Any) -> None:
    found = BY_KIND[kind](value)
    assert (found, type(found)) == (sent, type(sent))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", True),
        ("text", {"a": 1}),
        ("text", []),
        ("text", float("nan")),
        ("integer", "7.5"),
        ("integer", ""),
        ("integer", True),
        ("integer", Decimal("NaN")),
        ("number", "1,5"),
        ("number", "1_000"),
        ("number", "NaN"),
        ("number", "٣"),
        ("number", Decimal("Infinity")),
        ("number", False),
        ("number", "1e99999"),
        ("boolean", 2),
        ("boolean", "perhaps"),
        ("boolean", None),
        ("date", "21.07.2026"),
        ("date", "2026-13-01"),
        ("date", 20260721),
        ("date-time", "soon"),
        ("date-time", "2026-07-21T25:00:00Z"),
        ("date-time", "0001-01-01T00:00:00+14:00"),
        ("date-time", 5),
    ],
)
def test_values_that_do_not_fit_are_named(kind: str, value: Any) -> None:
    with pytest.raises(UnfitError) as caught:
        BY_KIND[kind](value)
    assert caught.value.code == WRONG_TYPE
    assert caught.value.problem.startswith("is ")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_numbers_keep_every_digit_also_as_text(value: Decimal) -> None:
    assert BY_KIND["number"](value) == value
    assert BY_KIND["number"](str(value)) == value


@given(st.integers(-60_000_000_000, 200_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_points_in_time_stay_what_they_are(seconds: int, offset: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    local = moment.astimezone(timezone(timedelta(minutes=offset)))
    assert BY_KIND["date-time"](local.isoformat()) == f"{moment.replace(tzinfo=None).isoformat()}Z"


def test_what_has_no_kind_is_sent_without_what_only_answers_have() -> None:
    document = {
        "links": [],
        "entity": {"links": [{"rel": "self"}], "id": "7", "refName": "Acme"},
        "status": {"refName": "Open"},
        "item": {"links": [], "items": [{"line": 1, "links": []}], "totalResults": 1, "count": 1, "hasMore": False},
        "count": 3,
    }
    assert unchanged(document) == {
        "entity": {"id": "7"},
        "status": {"refName": "Open"},
        "item": {"items": [{"line": 1}]},
        "count": 3,
    }


def _sent(column: str, value: Any, settings: dict[str, Any] | None = None, **more: Any) -> Any:
    return intent({**(settings or {}), "operation": "create"}, {column: value}, **more).body[column]


def _options(record_type: str, field: str) -> dict[str, str] | None:
    assert (record_type, field) == ("salesOrder", "orderStatus")
    return {"Pending Fulfillment": "B", "Closed": "H"}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("A", {"id": "A"}),
        ("pending_approval", {"id": "PENDING_APPROVAL"}),
        ("pending fulfillment", {"id": "B"}),
        ("Closed", {"id": "H"}),
        ("h", {"id": "H"}),
        ({"id": "X", "refName": "Whatever", "links": []}, {"id": "X"}),
        ({"refName": "Closed"}, {"refName": "Closed"}),
    ],
)
def test_enumerations_go_by_id_or_label(value: Any, sent: Any) -> None:
    assert _sent("orderStatus", value, options=_options) == sent


def test_a_choice_that_is_none_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidRecordError, match="did you mean 'closed'") as caught:
        _sent("orderStatus", "Cloosed", options=_options)
    assert (caught.value.column, caught.value.code) == ("orderStatus", BAD_ENUM_VALUE)
    assert "can be chosen (" in caught.value.problem
    assert _sent("orderStatus", "Cloosed", options=_options, check_values=False) == "Cloosed"


@pytest.mark.parametrize("options", [None, lambda *_: None])
def test_a_label_is_left_to_netsuite_where_labels_are_not_told(options: Any) -> None:
    assert _sent("orderStatus", "Closed", options=options) == {"refName": "Closed"}


def test_labels_are_asked_for_once_and_only_if_needed() -> None:
    asked: list[str] = []

    def options(record_type: str, field: str) -> dict[str, str]:
        asked.append(field)
        return {"Closed": "H"}

    orders = mapping({}, options=options)
    for number, value in enumerate(["A", "Closed", "closed", "H"], 1):
        orders.intent({"orderStatus": value}, number, {})
    assert asked == ["orderStatus"]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ([1, "2", Decimal(3)], ["1", "2", "3"]),
        ("1, 2,,3", ["1", "2", "3"]),
        ('["12", 13]', ["12", "13"]),
        (5, ["5"]),
        ({"items": [{"id": "1", "refName": "x", "links": []}], "count": 1}, ["1"]),
        ([], []),
    ],
)
def test_multi_selects_are_items_of_ids(value: Any, ids: list[str]) -> None:
    assert _sent("custbody_regions", value) == {"items": [{"id": identifier} for identifier in ids]}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (7, {"id": "7"}),
        ("7", {"id": "7"}),
        ({"id": 7, "refName": "x", "externalId": "E"}, {"id": "7"}),
        ({"externalId": "E"}, {"externalId": "E"}),
    ],
)
def test_a_bare_value_of_a_reference_is_its_id(value: Any, sent: Any) -> None:
    assert _sent("entity", value) == sent


@pytest.mark.parametrize("value", [True, 1.5, [1]])
def test_a_reference_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        _sent("entity", value)
    assert (caught.value.column, caught.value.code) == ("entity", WRONG_TYPE)


_BY_EXTERNAL_ID = {"record_type": "customer", "by": "external_id"}
_BY_NAME = {"record_type": "customer", "by": "entityId"}


@pytest.mark.parametrize(
    ("reference", "value", "sent"),
    [
        (_BY_EXTERNAL_ID, "C-7", Reference("customer", "externalId", "C-7")),
        (_BY_EXTERNAL_ID, {"id": "7", "externalId": "C-7"}, Reference("customer", "externalId", "C-7")),
        ({**_BY_EXTERNAL_ID, "template": "C-{value}"}, 7, Reference("customer", "externalId", "C-7")),
        (
            {**_BY_EXTERNAL_ID, "template": "C-{value}"},
            {"id": "7", "refName": "Acme", "links": []},
            Reference("customer", "externalId", "C-7"),
        ),
        (_BY_NAME, "O'Hara", Reference("customer", "entityId", "O'Hara")),
        (_BY_NAME, {"id": "7", "refName": "Acme"}, Reference("customer", "entityId", "Acme")),
        ({"by": "internal_id"}, 7, {"id": "7"}),
    ],
)
@pytest.mark.parametrize("path", ["entity", "entity.id"])
@pytest.mark.parametrize("known", [True, False])
def test_references_are_told_by_what_the_settings_say(
    reference: dict[str, str], value: Any, sent: Any, path: str, *, known: bool
) -> None:
    settings = {"references": {path: reference}}
    assert _sent("entity", value, settings, **({} if known else {"shape": None})) == sent


def test_a_document_without_the_external_id_that_is_needed_is_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidRecordError, match="`template`") as caught:
        _sent("entity", {"id": "7", "refName": "Acme"}, {"references": {"entity": _BY_EXTERNAL_ID}})
    assert (caught.value.column, caught.value.code) == ("entity", MISSING_KEY)


def test_a_multi_select_may_be_of_references() -> None:
    settings = {"references": {"custbody_regions": {"record_type": "classification", "by": "name"}}}
    assert _sent("custbody_regions", "East,West", settings) == {
        "items": [Reference("classification", "name", "East"), Reference("classification", "name", "West")]
    }
