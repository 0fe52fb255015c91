"""What is in NetSuite after a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator

Listen = Callable[..., Run]

_FIELDS = {"name": "companyName", "mail": "email", "note": "comments", "limit": "creditLimit", "closed": "dateClosed"}


def _stream(prefix: str, **settings: Any) -> dict[str, Any]:
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": _FIELDS, **settings}}


def _customers(emulator: Emulator, prefix: str, columns: str = "externalid, companyname") -> list[tuple[Any, ...]]:
    return emulator.execute(f"SELECT {columns} FROM customer WHERE externalid LIKE '{prefix}-%' ORDER BY externalid")


def _internal_id(emulator: Emulator, external_id: str) -> str:
    return str(emulator.execute(f"SELECT id FROM customer WHERE externalid = '{external_id}'")[0][0])


def test_upsert_creates_then_updates_and_state_passes_each_time(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    run = listen(
        _stream(prefix),
        schema("people"),
        record("people", id=1, name="Acme", mail="a@example.com"),
        state({"upto": 1}),
        record("people", id=2, name="Bolt"),
        record("people", id=1, name="Acme & Sons"),
        state({"upto": 2}),
    )
    assert (run.error, run.states) == (None, [{"upto": 1}, {"upto": 2}])
    assert run.summary == {"people": {"created": 2, "updated": 1}}
    assert _customers(emulator, prefix, "externalid, companyname, email") == [
        (f"{prefix}-1", "Acme & Sons", "a@example.com"),
        (f"{prefix}-2", "Bolt", None),
    ]


def test_create_writes_the_external_id_and_leaves_nulls_out(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        _stream(prefix, operation="create"), schema("people"), record("people", id="a", name="Acme", mail=None)
    )
    assert (run.error, run.summary) == (None, {"people": {"created": 1}})
    assert _customers(emulator, prefix) == [(f"{prefix}-a", "Acme")]


def test_create_without_template_makes_a_record_of_its_own(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        {"people": {"record_type": "customer"}},
        schema("people", keys=()),
        record("people", companyName=f"{prefix} Ltd", id=4711),
    )
    assert (run.error, run.summary) == (None, {"people": {"created": 1}})
    found = emulator.execute(f"SELECT id, externalid FROM customer WHERE companyname = '{prefix} Ltd'")
    assert len(found) == 1
    assert found[0] != (4711, None)


def test_update_by_internal_id_changes_that_record_and_null_clears(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    listen(_stream(prefix), schema("people"), record("people", id=1, name="Acme", mail="a@example.com", note="old"))
    internal_id = _internal_id(emulator, f"{prefix}-1")
    run = listen(
        {"people": {"record_type": "customer", "id_field": "ns_id", "fields": _FIELDS}},
        schema("people", keys=("ns_id",)),
        record("people", ns_id=int(internal_id), mail=None, note="new"),
    )
    assert (run.error, run.summary) == (None, {"people": {"updated": 1}})
    assert _customers(emulator, prefix, "companyname, email, comments") == [("Acme", None, "new")]


def test_update_by_external_id_does_not_create(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(_stream(prefix, operation="update"), schema("people"), record("people", id=1, name="Acme"))
    assert [(line["operation"], line["stage"], line["code"]) for line in run.refused] == [
        ("update", "invalid", "RECORD_NOT_FOUND")
    ]
    assert _customers(emulator, prefix) == []


def test_delete_removes_and_what_is_gone_counts_as_deleted(emulator: Emulator, listen: Listen, prefix: str) -> None:
    listen(_stream(prefix), schema("people"), record("people", id=1, name="A"), record("people", id=2, name="B"))
    run = listen(
        _stream(prefix, operation="delete"),
        schema("people"),
        record("people", id=1),
        record("people", id=1),
        record("people", id=3),
    )
    assert (run.error, run.summary) == (None, {"people": {"deleted": 3, "already_gone": 2}})
    assert _customers(emulator, prefix) == [(f"{prefix}-2", "B")]


@pytest.mark.parametrize("operation", ["create", "update", "upsert", "delete"])
def test_a_deletion_mark_deletes_whatever_the_stream_does(
    emulator: Emulator, listen: Listen, prefix: str, operation: str
) -> None:
    listen(_stream(prefix), schema("people"), record("people", id=1, name="Acme"))
    strict = {"id": {"type": "integer"}, "name": {"type": "string"}, "_sdc_deleted_at": {"type": ["null", "string"]}}
    message = schema("people", strict)
    message["schema"]["required"] = ["id", "name"]
    run = listen(
        _stream(prefix, operation=operation, fields={"name": "companyName"}),
        message,
        record("people", id=1, _sdc_deleted_at="2026-01-01T00:00:00Z"),
    )
    assert (run.error, run.summary) == (None, {"people": {"deleted": 1}})
    assert _customers(emulator, prefix) == []


@pytest.mark.parametrize("operation", ["create", "delete"])
def test_a_type_that_is_not_there_ends_the_run_before_anything_is_acknowledged(listen: Listen, operation: str) -> None:
    run = listen(
        {"people": {"record_type": "custmer", "id_field": "id", "operation": operation}},
        schema("people"),
        record("people", id=1),
        state(1),
    )
    assert "`streams.people.record_type` is 'custmer'" in run.sentence
    assert "did you mean 'customer'?" in run.sentence
    assert (run.states, run.refused) == ([], [])


def test_values_arrive_exactly(emulator: Emulator, listen: Listen, prefix: str) -> None:
    note = 'Zoë "quoted" \\ / \n\t 简单 \u2028 {braces} O\'Brien'
    run = listen(
        _stream(prefix),
        schema("people", {**{key: {} for key in ["id", *_FIELDS]}, "closed": {"type": "string", "format": "date"}}),
        '{"type": "RECORD", "stream": "people", "record": {"id": 1, "name": "A", "limit": 12345678.10, '
        f'"closed": "2026-02-28", "note": {json.dumps(note)}}}}}\n',
    )
    assert run.error is None
    [(found_note, limit, closed)] = _customers(emulator, prefix, "comments, creditlimit, dateclosed")
    assert found_note == note
    assert Decimal(str(limit)) == Decimal("12345678.10")
    assert date.fromisoformat(str(closed)[:10]) == date(2026, 2, 28)


def test_dotted_fields_and_sublists_reach_references_and_lines(emulator: Emulator, listen: Listen, prefix: str) -> None:
    [(customer,), *_] = emulator.execute("SELECT min(id) FROM customer")
    [(item,), *_] = emulator.execute("SELECT min(id) FROM item")
    run = listen(
        {
            "orders": {
                "record_type": "salesOrder",
                "external_id": f"{prefix}-{{id}}",
                "fields": {"customer": "entity.id", "lines": "item", "remark": "memo", "day": "tranDate"},
            }
        },
        schema("orders"),
        record(
            "orders",
            id=1,
            customer=str(customer),
            remark="from the shop",
            day="2026-03-01",
            lines={"items": [{"item": {"id": str(item)}, "quantity": 3, "rate": 2.5}]},
        ),
    )
    assert (run.refused, run.error) == ([], None)
    found = emulator.execute(f"SELECT id, entity, memo FROM transaction WHERE externalid = '{prefix}-1'")
    assert [(row[1], row[2]) for row in found] == [(customer, "from the shop")]
    counted = emulator.execute(
        f"SELECT count(*) FROM transactionline WHERE transaction = {found[0][0]} AND item = {item}"
    )
    assert counted == [(1,)]


def test_streams_interleave_and_a_schema_may_change_on_the_way(emulator: Emulator, listen: Listen, prefix: str) -> None:
    streams = {
        "people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": {"name": "companyName"}},
        "firms": {"record_type": "vendor", "external_id": f"{prefix}-{{id}}"},
    }
    run = listen(
        streams,
        schema("people", {"id": {"type": "integer"}, "name": {"type": "string"}}),
        schema("firms"),
        record("people", id=1, name="One"),
        record("firms", id=1, companyName="Firm"),
        state(1),
        schema("people", {"id": {"type": "string"}, "name": {"type": ["null", "string"]}}),
        record("people", id="two", name="Two"),
        record("firms", id=2, companyName="Firma"),
        schema("people", {"id": {"type": "string"}, "name": {"type": ["null", "string"]}}),
        record("people", id="three", name="Three"),
        {"type": "ACTIVATE_VERSION", "stream": "people", "version": 7},
        state(2),
    )
    assert (run.refused, run.error, run.states) == ([], None, [1, 2])
    assert run.summary == {"people": {"created": 3}, "firms": {"created": 2}}
    assert [row[1] for row in _customers(emulator, prefix)] == ["One", "Three", "Two"]
    assert "ACTIVATE_VERSION of stream `people` is ignored" in run.log
    vendors = emulator.execute(f"SELECT companyname FROM vendor WHERE externalid LIKE '{prefix}-%' ORDER BY externalid")
    assert vendors == [("Firm",), ("Firma",)]


def test_stream_maps_rename_filter_and_drop(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        {"clients": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": {"name": "companyName"}}},
        schema("people", {"id": {"type": "integer"}, "name": {"type": "string"}}),
        schema("secrets", {"id": {"type": "integer"}}),
        record("people", id=1, name="acme"),
        record("people", id=2, name="bolt"),
        record("people", id=3, name=None),
        record("secrets", id=1),
        state(1),
        stream_maps={
            "people": {"__alias__": "clients", "__filter__": "id != 2", "name": "name.upper()"},
            "secrets": None,
        },
    )
    assert run.states == [1]
    assert _customers(emulator, prefix) == [(f"{prefix}-1", "ACME")]
    assert [(line["key"], line["stage"]) for line in run.refused] == [({"id": 3}, "invalid")]
    assert "`stream_maps` cannot compute the column name of stream people" in run.refused[0]["message"]


def test_a_stream_map_may_compute_any_kind_of_value(emulator: Emulator, listen: Listen, prefix: str) -> None:
    fields = {
        "name": "companyName",
        "limit": "creditLimit",
        "places[].street": "addressBook[].addressBookAddress.addr1",
    }
    columns = {"id": {"type": "integer"}, **{name: {"type": "string"} for name in ("name", "limit", "street")}}
    run = listen(
        {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": fields}},
        schema("people", columns),
        record("people", id=1, name=f"{prefix} Acme", limit="12", street="1 Main St"),
        stream_maps={"people": {"places": "[dict(street=street)]", "limit": "int(limit) + 0.5"}},
    )
    assert (run.error, run.refused) == (None, [])
    [(number, limit)] = emulator.execute(f"SELECT id, creditlimit FROM customer WHERE externalid = '{prefix}-1'")
    assert float(limit) == 12.5
    assert emulator.execute(
        "SELECT a.addr1 FROM entityaddress a JOIN entityaddressbook b ON b.addressbookaddress = a.nkey "
        f"WHERE b.entity = {number}"
    ) == [("1 Main St",)]


def test_a_deletion_passes_stream_maps_with_its_key_alone(emulator: Emulator, listen: Listen, prefix: str) -> None:
    columns = {
        "id": {"type": "integer"},
        "name": {"type": ["null", "string"]},
        "_sdc_deleted_at": {"type": ["null", "string"]},
    }
    run = listen(
        {"clients": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": {"name": "companyName"}}},
        schema("people", columns),
        record("people", id=1, name="acme", _sdc_deleted_at=None),
        record("people", id=2, name="bolt", _sdc_deleted_at=None),
        record("people", id=1, _sdc_deleted_at="2026-01-01T00:00:00Z"),
        record("people", id=2, name="excluded", _sdc_deleted_at="2026-01-01T00:00:00Z"),  # the filter can tell
        stream_maps={
            "people": {"__alias__": "clients", "__filter__": "name.upper() != 'EXCLUDED'", "name": "name.upper()"}
        },
    )
    assert (run.error, run.refused) == (None, [])
    assert _customers(emulator, prefix) == [(f"{prefix}-2", "BOLT")]


def test_a_deletion_whose_mark_is_mapped_away_writes_nothing(emulator: Emulator, listen: Listen, prefix: str) -> None:
    columns = {
        "id": {"type": "integer"},
        "name": {"type": ["null", "string"]},
        "_sdc_deleted_at": {"type": ["null", "string"]},
    }
    run = listen(
        _stream(prefix, fields={"name": "companyName"}),
        schema("people", columns),
        record("people", id=1, name="Acme", _sdc_deleted_at=None),
        record("people", id=1, _sdc_deleted_at="2026-01-01T00:00:00Z"),
        stream_maps={"people": {"_sdc_deleted_at": None, "name": "name or 'nobody'"}},
    )
    assert (run.error, run.refused) == (None, [])
    assert _customers(emulator, prefix) == [(f"{prefix}-1", "Acme")]


def test_a_stream_map_that_fails_refuses_the_record_and_names_the_column(listen: Listen, prefix: str) -> None:
    run = listen(
        _stream(prefix, fields={"name": "companyName"}),
        schema("people", {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}}),
        record("people", id=1),
        stream_maps={"people": {"name": "name + '!'"}},
    )
    (refused,) = run.refused
    assert "cannot compute the column name of stream people with \"name + '!'\"" in refused["message"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"stream_maps": {"firms": {"__alias__": "people"}}}, "writes the streams people and firms under one name"),
        (
            {"flattening_enabled": True, "flattening_max_depth": 1},
            "gives two columns of the stream firms the name address__city",
        ),
    ],
)
def test_one_name_for_two_streams_or_columns_is_a_sentence(
    listen: Listen, prefix: str, settings: dict[str, Any], says: str
) -> None:
    address = {"type": "object", "properties": {"city": {"type": "string"}}}
    run = listen(
        {name: {"record_type": "customer", "external_id": f"{prefix}-{{id}}"} for name in ("people", "firms")},
        schema("people", {"id": {"type": "integer"}}),
        schema("firms", {"id": {"type": "integer"}, "address": address, "address__city": {"type": "string"}}),
        **settings,
    )
    assert says in str(run.error)


def test_state_keeps_its_numbers(listen: Listen) -> None:
    run = listen({"s": {"record_type": "customer"}}, '{"type": "STATE", "value": {"at": 1.10, "n": [1, null]}}\n')
    assert run.states == [{"at": 1.1, "n": [1, None]}]
