"""References and choices by what people call them: whole runs against NetSuite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator, Fault, Role
from target_netsuite.errors import StoppedError

Listen = Callable[..., Run]
_QUERY = "/services/rest/query/v1/suiteql"


def _orders(prefix: str, **reference: Any) -> dict[str, Any]:
    return {
        "orders": {
            "record_type": "salesOrder",
            "external_id": f"{prefix}-SO{{id}}",
            "fields": {"customer": "entity", "memo": "memo"},
            "references": {"entity": {"record_type": "customer", **reference}},
        }
    }


def _customers(prefix: str) -> dict[str, Any]:
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}"}}


def _add_customers(listen: Listen, prefix: str, *names: str) -> None:
    people = [record("people", id=number, companyName=name) for number, name in enumerate(names)]
    run = listen(_customers(prefix), schema("people"), *people)
    assert run.error is None


def _orders_of(emulator: Emulator, prefix: str) -> list[tuple[str, str]]:
    """Return external ids of orders and of their customers."""
    found: list[tuple[str, str]] = emulator.execute(
        "SELECT transaction.externalid, customer.externalid FROM transaction JOIN customer "
        f"ON customer.id = transaction.entity WHERE transaction.externalid LIKE '{prefix}-SO%' ORDER BY 1"
    )
    return found


def test_by_external_id_many_at_once(emulator: Emulator, listen: Listen, prefix: str) -> None:
    _add_customers(listen, prefix, "A", "B")
    emulator.clear_requests()
    orders = [record("orders", id=number, customer=str(number % 3)) for number in range(60)]
    run = listen(
        _orders(prefix, by="external_id", template=f"{prefix}-{{value}}"), schema("orders"), *orders, state("end")
    )
    assert run.states == ["end"]
    assert run.summary == {"orders": {"created": 40, "invalid": 20, "refused": 20}}
    assert {(line["code"], line["path"]) for line in run.refused} == {("REFERENCE_NOT_FOUND", "entity")}
    assert {line["key"]["id"] % 3 for line in run.refused} == {2}
    assert all(
        customer == f"{prefix}-{int(order.rpartition('SO')[2]) % 3}" for order, customer in _orders_of(emulator, prefix)
    )
    assert len(_orders_of(emulator, prefix)) == 40
    queries = [one for one in emulator.requests if one.path == _QUERY and "customer" in one.body.lower()]
    assert len(queries) <= 2


@pytest.mark.parametrize("name", ["{} O'Brien & Sons", '{} "Quoted" \\ Ltd', "{} Zoë 简单 100%_"])
def test_by_name_with_any_characters(emulator: Emulator, listen: Listen, prefix: str, name: str) -> None:
    name = name.format(prefix)
    _add_customers(listen, prefix, name, f"{prefix} other")
    run = listen(
        _orders(prefix, by="companyName"),
        schema("orders"),
        record("orders", id=1, customer=name),
        record("orders", id=2, customer=f"{name}'"),
    )
    assert [(line["key"], line["code"]) for line in run.refused] == [({"id": 2}, "REFERENCE_NOT_FOUND")]
    assert _orders_of(emulator, prefix) == [(f"{prefix}-SO1", f"{prefix}-0")]


def test_a_name_that_two_records_have_is_refused_with_their_ids(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    twice = {"people": {**_customers(prefix)["people"], "fields": {"name": "companyName", "number": "entityId"}}}
    run = listen(
        twice, schema("people"), *[record("people", id=n, name=f"{prefix} twin", number=f"{prefix}{n}") for n in (1, 2)]
    )
    assert run.error is None
    run = listen(_orders(prefix, by="companyName"), schema("orders"), record("orders", id=1, customer=f"{prefix} twin"))
    [line] = run.refused
    assert (line["stage"], line["code"], line["path"]) == ("invalid", "REFERENCE_AMBIGUOUS", "entity")
    ids = [str(row[0]) for row in emulator.execute(f"SELECT id FROM customer WHERE companyname = '{prefix} twin'")]
    assert all(internal_id in line["message"] for internal_id in ids)
    assert _orders_of(emulator, prefix) == []


@pytest.mark.slow
def test_what_comes_earlier_in_the_same_input_is_found(emulator: Emulator, listen: Listen, prefix: str) -> None:
    streams = {**_customers(prefix), **_orders(prefix, template=f"{prefix}-{{value}}")}
    messages = [
        message
        for number in range(25)
        for message in (
            record("people", id=number, companyName=f"{prefix} {number}"),
            record("orders", id=number, customer=number),
        )
    ]
    run = listen(streams, schema("people"), schema("orders"), *messages, state("end"))
    assert (run.refused, run.error, run.states) == ([], None, ["end"])
    assert run.summary == {"people": {"created": 25}, "orders": {"created": 25}}
    assert sorted(_orders_of(emulator, prefix)) == sorted((f"{prefix}-SO{n}", f"{prefix}-{n}") for n in range(25))


@pytest.mark.few(2)
@pytest.mark.parametrize("effect", ["too_many_requests", "unavailable", "bad_gateway", "drop_before"])
def test_a_look_up_that_fails_stops_the_run_and_never_means_that_there_is_none(
    emulator: Emulator, listen: Listen, prefix: str, effect: str
) -> None:
    _add_customers(listen, prefix, "A")
    emulator.faults.add(Fault(effect=effect, path="suiteql"))
    streams, one = _orders(prefix, template=f"{prefix}-{{value}}"), record("orders", id=1, customer="0")
    run = listen(streams, schema("orders"), one, state(1))
    assert isinstance(run.error, StoppedError)
    assert (run.refused, run.states, _orders_of(emulator, prefix)) == ([], [], [])
    emulator.faults.clear()
    emulator.faults.add(Fault(effect=effect, path="suiteql", times=2))
    run = listen(streams, schema("orders"), one, state(1))
    assert (run.error, run.states, run.summary) == (None, [1], {"orders": {"created": 1}})


def test_choices_by_their_label_or_id(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        _customers(prefix),
        schema("people"),
        record("people", id=1, companyName="A", emailPreference="Plain Text"),
        record("people", id=2, companyName="B", emailPreference="plain_text"),
        record("people", id=3, companyName="C", emailPreference={"id": "PLAIN_TEXT"}),
        record("people", id=4, companyName="D", emailPreference="Carrier pigeon"),
    )
    [line] = run.refused
    assert (line["key"], line["stage"], line["code"], line["path"]) == (
        {"id": 4}, "invalid", "BAD_ENUM_VALUE", "emailPreference",
    )  # fmt: skip
    found = emulator.execute(f"SELECT emailpreference FROM customer WHERE externalid LIKE '{prefix}-%'")
    assert found == [("PLAIN_TEXT",)] * 3
    assert run.summary == {"people": {"created": 3, "invalid": 1, "refused": 1}}


def test_a_role_without_suiteql_looks_up_one_by_one(
    netsuite_emulator_factory: Callable[..., Emulator], listen: Listen, prefix: str
) -> None:
    emulator = netsuite_emulator_factory(one_world=False, role=Role(analytics=False))
    streams = {**_customers(prefix), **_orders(prefix, template=f"{prefix}-{{value}}")}
    run = listen(
        streams,
        schema("people"),
        schema("orders"),
        *[record("people", id=number, companyName=f"{prefix} {number}") for number in range(12)],
        *[record("orders", id=number, customer=str(number)) for number in (3, 99)],
        state("end"),
        **emulator.connection,
    )
    assert run.states == ["end"]
    assert [(line["key"], line["code"]) for line in run.refused] == [({"id": 99}, "REFERENCE_NOT_FOUND")]
    assert run.summary["people"] == {"upserted": 12}
    assert _orders_of(emulator, prefix) == [(f"{prefix}-SO3", f"{prefix}-3")]
    assert run.log.count("SuiteAnalytics Workbook") >= 1
