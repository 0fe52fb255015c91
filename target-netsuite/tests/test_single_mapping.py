"""From record to write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.errors import InvalidRecordError
from target_netsuite.intents import Operation
from target_netsuite.mapping.nesting import nested
from target_netsuite.settings import StreamSettings
from target_netsuite.settings.paths import clashing
from target_netsuite.single_mapping import RecordMapping, Write

_NAME = st.sampled_from(["a", "b", "c"])
_PATH = st.lists(_NAME, min_size=1, max_size=3).map(tuple)
_LEAF = st.one_of(st.none(), st.integers(), st.text(max_size=3))


def _write(settings: dict[str, Any], record: dict[str, Any], schema: dict[str, Any] | None = None) -> Write:
    stream = StreamSettings.from_mapping("customers", {"record_type": "customer", **settings})
    return RecordMapping(stream, schema or {"properties": {}}).write(record)


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


@given(st.lists(_PATH, max_size=5))
def test_clashes_are_found_as_comparing_each_with_each_would(paths: list[tuple[str, ...]]) -> None:
    brute = any(
        one == other[: len(one)]
        for place, one in enumerate(paths)
        for index, other in enumerate(paths)
        if place != index
    )
    assert (clashing(paths) is not None) == brute


def test_columns_go_where_fields_says_and_no_other_goes() -> None:
    write = _write(
        {"external_id": "CRM-{id}", "fields": {"name": "companyName", "owner": "salesRep.id", "gone": "phone"}},
        {"id": 7, "name": "Acme", "owner": "12", "secret": "x"},
    )
    assert write == Write(Operation.UPSERT, "customer", "CRM-7", body={"companyName": "Acme", "salesRep": {"id": "12"}})


def test_without_fields_all_columns_go_but_those_that_are_none_of_the_record() -> None:
    record = {"id": 7, "ns_id": "107", "email": "a@b.c", "_sdc_extracted_at": "x", "_sdc_deleted_at": None}
    write = _write({"id_field": "ns_id"}, record)
    assert write == Write(Operation.UPDATE, "customer", internal_id="107", body={"email": "a@b.c"})


def test_null_clears_on_update_and_says_nothing_on_create() -> None:
    fields = {"email": "email", "currency": "currency.id"}
    record = {"id": "1", "email": None, "currency": None}
    updated = _write({"external_id": "{id}", "operation": "update", "fields": fields}, record)
    created = _write({"external_id": "{id}", "operation": "create", "fields": fields}, record)
    assert updated.body == {"email": None, "currency": None}
    assert created.body == {"externalId": "1"}


def test_a_create_without_template_has_no_external_id() -> None:
    assert _write({}, {"companyName": "Acme"}) == Write(Operation.CREATE, "customer", body={"companyName": "Acme"})


def test_a_column_named_external_id_gives_way_to_the_template() -> None:
    assert _write({"external_id": "X-{externalId}"}, {"externalId": "7", "email": "e"}).body == {"email": "e"}


@pytest.mark.parametrize("operation", ["create", "update", "upsert", "delete"])
def test_a_deletion_mark_deletes_whatever_the_stream_does(operation: str) -> None:
    record = {"id": "7", "_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    write = _write({"external_id": "CRM-{id}", "operation": operation}, record)
    assert (write.operation, write.address, write.body) == (Operation.DELETE, "eid:CRM-7", {})


def test_a_deletion_mark_without_a_way_to_say_which_record_is_refused() -> None:
    with pytest.raises(InvalidRecordError, match="id_field"):
        _write({}, {"id": "7", "_sdc_deleted_at": "2026-01-01T00:00:00Z"})


def test_the_internal_id_goes_before_the_external_one_where_there_is_one() -> None:
    settings = {"external_id": "CRM-{id}", "id_field": "ns_id", "operation": "update"}
    assert _write(settings, {"id": "7", "ns_id": 107}).address == "107"
    assert _write(settings, {"id": "7", "ns_id": None}).address == "eid:CRM-7"


@pytest.mark.parametrize("value", [None, "", "eid:7", "7/item", "7?x=1"])
def test_an_internal_id_that_is_none_refuses_the_record(value: Any) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        _write({"id_field": "ns_id"}, {"ns_id": value})
    assert caught.value.column == "ns_id"


def test_columns_that_fill_one_field_refuse_the_record() -> None:
    with pytest.raises(InvalidRecordError, match="email"):
        _write({}, {"email": "a", "eMail": "b"})


def test_values_go_as_they_are_but_for_dates() -> None:
    schema = {
        "properties": {
            "day": {"type": ["null", "string"], "format": "date"},
            "moment": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        }
    }
    record = {
        "day": "2026-07-21",
        "moment": "2026-07-21T17:32:28.9+02:00",
        "amount": Decimal("1234567890123456.7890"),
        "big": 123456789012345678901234567890,
        "flag": False,
        "item": {"items": [{"line": 1, "quantity": 3}]},
        "text": "2026-07-21T17:32:28+02:00",
    }
    assert _write({}, record, schema).body == {**record, "moment": "2026-07-21T15:32:28Z"}


@pytest.mark.parametrize(
    ("form", "given_text", "sent"),
    [
        ("date-time", "2026-07-21T17:32:28", "2026-07-21T17:32:28Z"),
        ("date-time", "2026-07-21T17:32:28Z", "2026-07-21T17:32:28Z"),
        ("date-time", "2026-07-21 17:32:28.1-08:00", "2026-07-22T01:32:28Z"),
        ("date-time", "2026-07-21", "2026-07-21T00:00:00Z"),
        ("date", "2026-07-21", "2026-07-21"),
    ],
)
def test_dates_and_points_in_time_take_netsuites_form(form: str, given_text: str, sent: str) -> None:
    schema = {"properties": {"when": {"type": "string", "format": form}}}
    assert _write({}, {"when": given_text}, schema).body == {"when": sent}


@pytest.mark.parametrize("form", ["date", "date-time"])
@pytest.mark.parametrize("text", ["", "soon", "21.07.2026", "2026-13-01", "2026-07-21T25:00:00Z"])
def test_a_date_that_cannot_be_read_refuses_the_record(form: str, text: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        _write({}, {"when": text}, {"properties": {"when": {"type": "string", "format": form}}})
    assert caught.value.column == "when"


def test_a_moment_beyond_the_calendar_refuses_the_record() -> None:
    schema = {"properties": {"when": {"type": "string", "format": "date-time"}}}
    with pytest.raises(InvalidRecordError, match="calendar"):
        _write({}, {"when": "0001-01-01T00:00:00+14:00"}, schema)


def test_a_number_that_json_has_no_form_for_refuses_the_record() -> None:
    with pytest.raises(InvalidRecordError, match="nan"):
        _write({}, {"amount": float("nan")})
