"""Whole records through the record service."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.tap_runs import Json, Run, read, selected

from netsuite_emulator import Emulator, Fault


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory()


def records(emulator: Emulator, catalog: Json, record_type: str) -> Run:
    return read(emulator.connection, selected(catalog, f"record_{record_type}"))


def test_records_come_with_their_sublists(emulator: Emulator, catalog: Json) -> None:
    run = records(emulator, catalog, "salesorder")
    assert run.error is None
    orders = {int(record["id"]): record for record in run.records("record_salesorder")}
    lines = emulator.execute(
        "SELECT t.id, count(l.id) FROM transaction t LEFT JOIN transactionline l "
        "ON l.transaction = t.id AND l.mainline = 'F' AND l.item IS NOT NULL WHERE t.type = 'SalesOrd' GROUP BY t.id"
    )
    assert {key: len(record["item"]["items"]) for key, record in orders.items()} == dict(lines)
    assert all(record["item"]["totalResults"] == len(record["item"]["items"]) for record in orders.values())
    assert '"links"' not in "".join(run.lines)


def refused(message: str) -> Json:
    return {"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": message, "o:errorCode": "USER_ERROR"}]}


@pytest.mark.slow
def test_a_locked_record_keeps_no_other_from_coming_and_is_an_error_at_the_end(
    emulator: Emulator, catalog: Json
) -> None:
    first, *others = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    locked = refused("This record is locked by a workflow.")
    emulator.faults.add(Fault(effect="status", status=400, path=f"/vendor/{first}$", body=locked))
    run = records(emulator, catalog, "vendor")
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)
    assert "1 records of vendor could not be read" in str(run.error)
    assert "locked by a workflow" in str(run.error)
    assert f"/vendor/{first}" in str(run.error)


@pytest.mark.slow
def test_a_record_with_fewer_lines_than_counted_is_an_error_at_the_end(emulator: Emulator, catalog: Json) -> None:
    keys = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    body = {"id": str(keys[0]), "addressBook": {"items": [], "totalResults": 3}}
    emulator.faults.add(Fault(effect="status", status=200, path=f"/vendor/{keys[0]}$", body=body))
    run = records(emulator, catalog, "vendor")
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(keys[1:])
    assert "0 of the 3 lines" in str(run.error)


@pytest.mark.slow
def test_a_record_deleted_after_the_list_is_left_out(emulator: Emulator, catalog: Json) -> None:
    key, *others = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    emulator.faults.add(Fault(effect="status", status=404, path=f"/vendor/{key}$"))
    run = records(emulator, catalog, "vendor")
    assert run.error is None
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)


@pytest.mark.slow
def test_a_value_that_does_not_fit_is_named_with_its_record(emulator: Emulator, catalog: Json) -> None:
    (key,) = emulator.execute("SELECT max(id) FROM vendor")[0]
    body = {"id": str(key), "isInactive": "perhaps"}
    emulator.faults.add(Fault(effect="status", status=200, path=f"/vendor/{key}$", body=body))
    run = records(emulator, catalog, "vendor")
    assert f"record {key}: isInactive holds 'perhaps', which is not a valid boolean" in str(run.error)
