"""What becomes of records by operation, and in which order: whole runs against NetSuite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator, Fault

Listen = Callable[..., Run]


def _stream(prefix: str, **settings: Any) -> dict[str, Any]:
    return {
        "people": {
            "record_type": "customer",
            "external_id": f"{prefix}-{{id}}",
            "fields": {"name": "companyName", "mail": "email"},
            **settings,
        }
    }


def _rows(emulator: Emulator, prefix: str, columns: str = "companyname") -> list[tuple[Any, ...]]:
    return emulator.execute(f"SELECT {columns} FROM customer WHERE externalid LIKE '{prefix}-%' ORDER BY externalid")


def _internal_id(emulator: Emulator, external_id: str) -> int:
    [(internal_id,)] = emulator.execute(f"SELECT id FROM customer WHERE externalid = '{external_id}'")
    return int(internal_id)


def test_a_column_says_what_becomes_of_each_record(emulator: Emulator, listen: Listen, prefix: str) -> None:
    listen(_stream(prefix), schema("people"), *[record("people", id=n, name=f"Old {n}") for n in (1, 2, 3, 4)])
    run = listen(
        _stream(prefix, operation_column="op", operation="update"),
        schema("people"),
        record("people", id=1, name="New 1", op="U"),
        record("people", id=2, op="d"),
        record("people", id=3, op="Inactivate"),
        record("people", id=4, name="New 4", op=None),
        record("people", id=5, name="New 5", op="I"),
        record("people", id=6, name="New 6", op="upsert"),
        record("people", id=7, name="New 7", op="merge"),
        state(1),
    )
    assert [(line["key"], line["code"]) for line in run.refused] == [({"id": 7}, "UNKNOWN_OPERATION")]
    assert run.states == [1]
    assert run.summary == {
        "people": {"created": 2, "updated": 2, "deleted": 1, "inactivated": 1, "invalid": 1, "refused": 1}
    }
    assert _rows(emulator, prefix, "companyname, isinactive") == [
        ("New 1", "F"), ("Old 3", "T"), ("New 4", "F"), ("New 5", "F"), ("New 6", "F"),
    ]  # fmt: skip


def test_inactivating_leaves_the_record_there_and_repeats_without_effect(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    listen(_stream(prefix), schema("people"), record("people", id=1, name="A"))
    streams = _stream(prefix, operation="inactivate")
    messages = [schema("people"), record("people", id=1), record("people", id=2)]
    assert listen(streams, *messages).summary == {"people": {"inactivated": 1, "deleted": 1, "already_gone": 1}}
    assert _rows(emulator, prefix, "companyname, isinactive") == [("A", "T")]
    assert listen(streams, *messages).summary == {"people": {"unchanged": 1, "deleted": 1, "already_gone": 1}}


def test_a_deletion_mark_inactivates_where_the_stream_says_so(emulator: Emulator, listen: Listen, prefix: str) -> None:
    listen(_stream(prefix), schema("people"), record("people", id=1, name="A"))
    run = listen(
        _stream(prefix, delete_by="inactivate"),
        schema("people"),
        record("people", id=1, _sdc_deleted_at="2026-01-01T00:00:00Z"),
    )
    assert (run.error, run.summary) == (None, {"people": {"inactivated": 1}})
    assert _rows(emulator, prefix, "isinactive") == [("T",)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["{} Ltd", "{} O'Brien & Söhne", '{} "quoted" \\ %_'])
def test_records_are_found_by_a_field(emulator: Emulator, listen: Listen, prefix: str, name: str) -> None:
    name = name.format(prefix)
    streams = {
        "people": {
            "record_type": "customer",
            "match": {"column": "name", "field": "companyName"},
            "fields": {"phone": "phone"},
            "operation_column": "op",
        }
    }

    def run(**columns: Any) -> Run:
        return listen(streams, schema("people", keys=("name",)), record("people", name=name, **columns))

    quoted = name.replace("'", "''")
    phones = f"SELECT phone FROM customer WHERE companyname = '{quoted}'"
    assert [line["code"] for line in run(phone="555 0", op="update").refused] == ["RECORD_NOT_FOUND"]
    assert run(phone="555 1").summary == {"people": {"created": 1}}
    assert run(phone="555 2").summary == {"people": {"updated": 1}}
    assert emulator.execute(phones) == [("555 2",)]
    listen(
        {"more": {"record_type": "customer"}},
        schema("more", keys=()),
        record("more", companyName=name, entityId=prefix),
    )
    [refusal] = run(phone="555 3").refused
    assert (refusal["code"], refusal["stage"]) == ("RECORD_AMBIGUOUS", "invalid")
    assert sorted(emulator.execute(phones), key=str) == [("555 2",), (None,)]
    emulator.execute(f"DELETE FROM customer WHERE entityid = '{prefix}'")
    assert run(op="delete").summary == {"people": {"deleted": 1}}
    assert emulator.execute(phones) == []


@pytest.mark.parametrize(
    ("load_method", "again", "names"),
    [
        ("append-only", {"unchanged": 1, "invalid": 1, "refused": 1}, ["Old 1", "Old 2"]),
        ("upsert", {"created": 1, "updated": 1}, ["New 1", "Old 2", "New 3"]),
        ("overwrite", {"created": 1, "updated": 1, "deleted": 1}, ["New 1", "New 3"]),
    ],
)
def test_load_methods(
    emulator: Emulator, listen: Listen, prefix: str, load_method: str, again: dict[str, int], names: list[str]
) -> None:
    streams = _stream(prefix, mirror_max_percent=50)
    first = [schema("people"), record("people", id=1, name="Old 1"), record("people", id=2, name="Old 2")]
    assert listen(streams, *first, load_method=load_method).summary == {"people": {"created": 2}}
    other, kept = (2, "Old") if load_method == "append-only" else (3, "New")
    second = [
        schema("people"),
        record("people", id=1, name="New 1"),
        record("people", id=other, name=f"{kept} {other}"),
        state(1),
    ]
    run = listen(streams, *second, load_method=load_method)
    assert run.summary == {"people": again}
    assert [name for (name,) in _rows(emulator, prefix)] == names
    if load_method == "append-only":
        assert {line["code"] for line in run.refused} == {"EXTERNAL_ID_EXISTS"}


@pytest.mark.parametrize("write_mode", ["auto", "batch", "single"])
def test_a_key_that_comes_several_times_is_carried_out_in_its_order(
    emulator: Emulator, listen: Listen, prefix: str, write_mode: str
) -> None:
    people = [
        record("people", id=number, name=f"{turn} of {number}") for turn in ("First", "Second", "Third")
        for number in range(12)
    ]  # fmt: skip
    run = listen(_stream(prefix), schema("people"), *people, state("end"), write_mode=write_mode)
    assert (run.error, run.states) == (None, ["end"])
    assert run.summary == {"people": {"created": 12, "updated": 24}}
    assert {name for (name,) in _rows(emulator, prefix)} == {f"Third of {number}" for number in range(12)}


@pytest.mark.parametrize("write_mode", ["auto", "batch", "single"])
def test_create_update_and_delete_of_one_key_in_one_input(
    emulator: Emulator, listen: Listen, prefix: str, write_mode: str
) -> None:
    turns = [("create", "Made"), ("update", "Changed"), ("delete", None), ("create", "Again"), ("update", "Changed")]
    people = [
        record("people", id=number, op=operation, **({"name": f"{name} {number}"} if name else {}))
        for operation, name in turns
        for number in range(10)
    ]
    odd = [record("people", id=number, op="delete") for number in range(10) if number % 2]
    run = listen(
        _stream(prefix, operation_column="op"), schema("people"), *people, *odd, state("end"), write_mode=write_mode
    )
    assert (run.error, run.states) == (None, ["end"])
    assert run.summary == {"people": {"created": 20, "updated": 20, "deleted": 15}}
    assert {name for (name,) in _rows(emulator, prefix)} == {f"Changed {number}" for number in range(0, 10, 2)}


def test_records_that_are_as_they_should_be_are_not_sent_on_request(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    people = [record("people", id=number, name=f"No {number}", mail=None) for number in range(20)]
    streams = _stream(prefix, skip_unchanged=True)
    assert listen(streams, schema("people"), *people).summary == {"people": {"created": 20}}
    emulator.clear_requests()
    people[7]["record"]["mail"] = "seven@example.com"
    run = listen(streams, schema("people"), *people, state(1))
    assert (run.summary, run.states) == ({"people": {"updated": 1, "unchanged": 19}}, [1])
    assert len([one for one in emulator.requests if one.method in ("PUT", "PATCH") and one.status < 300]) == 1
    assert emulator.execute(f"SELECT email FROM customer WHERE externalid = '{prefix}-7'") == [("seven@example.com",)]
    assert _internal_id(emulator, f"{prefix}-7")


@pytest.mark.parametrize("operation", ["update", "upsert", "delete"])
@pytest.mark.parametrize("waits", [True, False])
def test_match_finds_what_an_earlier_stream_wrote_or_changed(
    emulator: Emulator, listen: Listen, prefix: str, operation: str, *, waits: bool
) -> None:
    people = {"record_type": "customer", "external_id": f"{prefix}-{{id}}"}
    streams = {
        "people": {**people, "references": {"parent": {"record_type": "customer", "by": "external_id"}}},
        "phones": {
            "record_type": "customer",
            "match": {"column": "mail", "field": "email"},
            "fields": {"phone": "phone"},
            "operation": operation,
        },
    }
    listen({"people": people}, schema("people"), record("people", id=0, companyName="No 0", email=f"old{prefix}@x.com"))
    parent = {"parent": f"{prefix}-99"} if waits else {}  # who comes at the end of the input
    run = listen(
        streams,
        schema("people"),
        schema("phones", keys=("mail",)),
        *(
            record("people", id=number, companyName=f"No {number}", email=f"{number}{prefix}@x.com", **parent)
            for number in range(4)
        ),
        *(record("phones", mail=f"{number}{prefix}@x.com", phone=f"555 000{number}") for number in range(4)),
        record("people", id=99, companyName="Parent"),
        state(1),
    )
    assert (run.error, run.states) == (None, [1])
    found = emulator.execute(f"SELECT phone FROM customer WHERE email LIKE '%{prefix}@x.com' ORDER BY email")
    assert found == ([] if operation == "delete" else [(f"555 000{number}",) for number in range(4)])


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("case", "there", "names", "codes"),
    [
        ("refuse", [], ["First"], ["DIFFERS_IN_CASE"]),
        ("ignore", [], ["Second"], []),
        ("exact", [], ["First", "Second"], []),
        ("refuse", ["JANE", "Jane"], ["First", "Second"], []),
        ("ignore", ["JANE", "Jane"], ["First", "Second"], []),
        ("ignore", ["JANE", "jANE"], ["First", "jANE"], ["RECORD_AMBIGUOUS"]),
        ("ignore", ["jANE"], ["Second"], []),
    ],
)
@pytest.mark.parametrize("suiteql", [True, False])
def test_match_and_upper_and_lower_case(  # noqa: PLR0917 - each is one thing that varies
    emulator: Emulator, listen: Listen, prefix: str, case: str, there: list[str], names: list[str], codes: list[str],
    *, suiteql: bool,
) -> None:  # fmt: skip
    match = {"column": "mail", "field": "email", "case": case}
    streams = {"people": {"record_type": "customer", "match": match, "fields": {"name": "companyName"}}}
    listen(
        {"there": {"record_type": "customer", "operation": "create"}},
        schema("there", keys=()),
        *(record("there", companyName=one, email=f"{one}@{prefix}.com") for one in there),
    )
    if not suiteql:
        detail = {"detail": "Invalid search query. Search error occurred: Record 'customer' was not found."}
        body = {"o:errorDetails": [{**detail, "o:errorCode": "INVALID_PARAMETER"}]}
        emulator.faults.add(Fault(effect="status", status=400, body=body, path="suiteql", times=10_000))
    run = listen(
        streams,
        schema("people", keys=("mail",)),
        record("people", mail=f"JANE@{prefix}.com", name="First"),
        record("people", mail=f"Jane@{prefix}.com", name="Second"),
        max_rejects=1,
    )
    found = emulator.execute(f"SELECT companyname FROM customer WHERE email LIKE '%@{prefix}.com' ORDER BY 1")
    assert [line["code"] for line in run.refused] == codes
    assert (run.error, [name for (name,) in found]) == (None, names)
    assert all("`case`" in line["advice"] for line in run.refused if line["code"] == "DIFFERS_IN_CASE")
