"""Whole records through the record service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import Records


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


def test_a_record_deleted_after_the_list_is_left_out(
    emulator: Emulator, catalog: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, *others = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    get = Records.get

    def gone_by_then(self: Records, record_type: str, record_id: str, **options: Any) -> Any:
        if record_id == str(key):
            emulator.execute(f"DELETE FROM vendor WHERE id = {key}")
        return get(self, record_type, record_id, **options)

    monkeypatch.setattr(Records, "get", gone_by_then)
    run = read(emulator.connection, selected(catalog, "_audit", "record_vendor"))
    assert run.error is None
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)
    [proof] = run.records("_audit")
    assert (proof["result"], proof["rows_counted"]) == ("complete", len(others))


def test_a_record_that_is_listed_and_never_found_is_a_gap(emulator: Emulator, catalog: Json) -> None:
    key, *others = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    emulator.faults.add(Fault(effect="status", status=404, path=f"/vendor/{key}$"))
    run = read(emulator.connection, selected(catalog, "_audit", "record_vendor"))
    assert f"1 records of vendor could not be read, such as {key}" in str(run.error)
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)
    [proof] = run.records("_audit")
    assert proof["result"] == "gap"


@pytest.mark.slow
def test_a_value_that_does_not_fit_is_named_with_its_record(emulator: Emulator, catalog: Json) -> None:
    (key,) = emulator.execute("SELECT max(id) FROM vendor")[0]
    body = {"id": str(key), "isInactive": "perhaps"}
    emulator.faults.add(Fault(effect="status", status=200, path=f"/vendor/{key}$", body=body))
    run = records(emulator, catalog, "vendor")
    assert f"record {key}: isInactive holds 'perhaps', which is not a valid boolean" in str(run.error)


SILENCE = [
    pytest.param({"effect": "drop_before"}, id="a cut connection"),
    pytest.param({"effect": "cut_body"}, id="half an answer", marks=pytest.mark.slow),
    pytest.param({"effect": "bad_gateway"}, id="a gateway's page", marks=pytest.mark.slow),
    pytest.param({"effect": "unavailable"}, id="out of service", marks=pytest.mark.slow),
    pytest.param({"effect": "delay", "seconds": 5}, id="a time-out", marks=pytest.mark.slow),
    pytest.param({"effect": "status", "status": 200, "body": [1]}, id="something else", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("silence", SILENCE)
def test_a_record_without_any_answer_is_a_gap_like_a_refused_one(
    account: Emulator, catalog: Json, silence: Json
) -> None:
    first, *others = sorted(key for (key,) in account.execute("SELECT id FROM vendor"))
    account.faults.add(Fault(path=f"/vendor/{first}$", **silence))
    config = {**account.connection, "request_timeout": 3 if silence["effect"] == "delay" else 60}
    run = read(config, selected(catalog, "record_vendor", "currency"))
    account.faults.clear()
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)
    assert f"1 records of vendor could not be read, such as {first}: " in str(run.error)
    assert run.records("currency")
    again = read(account.connection, selected(catalog, "record_vendor"), run.state)
    assert {int(record["id"]) for record in again.records("record_vendor")} >= {first}


@pytest.mark.parametrize(
    ("stream", "path", "statement"),
    [
        pytest.param("record_vendor", "/record/v1/vendor$", None, id="list", marks=pytest.mark.slow),
        pytest.param("customer", None, "FROM customer", id="table"),
        pytest.param(
            "dataset_custdataset_customers",
            "custdataset_customers/result",
            None,
            id="dataset",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_stream_without_any_answer_keeps_no_other_from_coming(
    account: Emulator, catalog: Json, stream: str, path: str | None, statement: str | None
) -> None:
    config = {**account.connection, "datasets": ["custdataset_customers"], "tables": ["currency", "vendor", "customer"]}
    found = discover(config) if stream.startswith("dataset_") else catalog
    account.faults.add(Fault(effect="drop_before", path=path, statement=statement))
    run = read(config, selected(found, stream, "currency"))
    assert str(run.error).startswith(f"Stream {stream}: ")
    assert "the connection was cut" in str(run.error)
    assert run.records("currency")
    assert stream not in run.state["bookmarks"] or not run.state["bookmarks"][stream]


def test_where_nothing_is_answered_the_run_ends(account: Emulator, catalog: Json) -> None:
    account.faults.add(Fault(effect="drop_before", begins_at="/vendor/"))
    run = read(account.connection, selected(catalog, "record_vendor", "vendor"))
    assert str(run.error).startswith("Stream record_vendor: ")
    assert not run.records("vendor")
