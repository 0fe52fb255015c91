"""Record streams from one run to the next: changes, gaps, deletions, and runs that are killed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tap_runs import Json, Run, TapProcess, command, entry, read, selected

from netsuite_emulator import Emulator, Fault
from netsuite_emulator.records import filters

FULL = "FULL_TABLE"


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(scale=0.05)


def chosen(catalog: Json, record_type: str, method: str = "INCREMENTAL") -> Json:
    found = selected(catalog, f"record_{record_type}")
    entry(found, f"record_{record_type}")["replication_method"] = method
    return found


def ids(run: Run, record_type: str) -> list[int]:
    return [int(record["id"]) for record in run.records(f"record_{record_type}")]


def ids_in(emulator: Emulator, record_type: str) -> list[int]:
    return sorted(key for (key,) in emulator.execute(f"SELECT id FROM {record_type}"))


def test_the_next_run_reads_what_has_changed(emulator: Emulator, catalog: Json) -> None:
    first = read(emulator.connection, chosen(catalog, "customer"))
    assert first.error is None
    assert ids(first, "customer") == ids_in(emulator, "customer")
    bookmark = first.state["bookmarks"]["record_customer"]
    assert bookmark.keys() == {"replication_key", "replication_key_value", "deleted_up_to", "version", "version_rows"}

    changed = ids(first, "customer")[5]
    emulator.execute(f"UPDATE customer SET lastmodifieddate = current_timestamp::TIMESTAMP WHERE id = {changed}")
    second = read(emulator.connection, chosen(catalog, "customer"), first.state)
    assert second.error is None
    assert changed in ids(second, "customer")
    assert len(ids(second, "customer")) < len(ids(first, "customer")) / 2


def test_changed_records_and_those_without_a_stamp_come_apart_where_one_answer_has_not_both(
    emulator: Emulator, catalog: Json
) -> None:
    first = read(emulator.connection, chosen(catalog, "vendor"))
    changed = ids(first, "vendor")[0]
    emulator.execute(f"UPDATE vendor SET lastmodifieddate = current_timestamp::TIMESTAMP WHERE id = {changed}")
    refused = emulator.faults.add(Fault(effect="status", status=400, statement=r"\bOR lastmodifieddate IS NULL"))
    second = read(emulator.connection, chosen(catalog, "vendor"), first.state)
    emulator.faults.remove(refused)
    assert second.error is None
    assert changed in ids(second, "vendor")


def test_a_type_that_cannot_be_filtered_by_its_stamp_is_read_by_changes_too(emulator: Emulator, catalog: Json) -> None:
    first = read(emulator.connection, chosen(catalog, "employee"))
    assert ids(first, "employee") == ids_in(emulator, "employee")
    assert "replication_key_value" in first.state["bookmarks"]["record_employee"]


@pytest.mark.slow
@pytest.mark.parametrize("record_type", ["inventoryitem", "salesorder"])
def test_types_that_share_a_table_come_apart(emulator: Emulator, catalog: Json, record_type: str) -> None:
    by_change = read(emulator.connection, chosen(catalog, record_type))
    in_full = read(emulator.connection, chosen(catalog, record_type, FULL))
    assert by_change.error is in_full.error is None
    assert ids(by_change, record_type) == ids(in_full, record_type)
    assert ids(by_change, record_type)


def test_where_the_table_refuses_it_is_read_in_full(emulator: Emulator, catalog: Json) -> None:
    emulator.faults.add(Fault(effect="status", status=400, path="/suiteql$"))
    run = read({**emulator.connection, "account_timezone": "UTC"}, chosen(catalog, "vendor"))
    assert run.error is None
    assert ids(run, "vendor") == ids_in(emulator, "vendor")
    assert "replication_key_value" not in run.state.get("bookmarks", {}).get("record_vendor", {})


def test_a_gap_holds_the_bookmark_back(emulator: Emulator, catalog: Json) -> None:
    everything = ids_in(emulator, "vendor")
    number = emulator.faults.add(Fault(effect="status", status=400, path=f"/vendor/{everything[1]}$"))
    first = read(emulator.connection, chosen(catalog, "vendor"))
    assert first.error is not None
    assert ids(first, "vendor") == [key for key in everything if key != everything[1]]

    emulator.faults.remove(number)
    second = read(emulator.connection, chosen(catalog, "vendor"), first.state)
    assert second.error is None
    assert everything[1] in ids(second, "vendor")


@pytest.mark.slow
def test_a_full_reading_with_a_gap_begins_anew(emulator: Emulator, catalog: Json) -> None:
    everything = ids_in(emulator, "vendor")
    number = emulator.faults.add(Fault(effect="status", status=400, path=f"/vendor/{everything[-1]}$"))
    first = read(emulator.connection, chosen(catalog, "vendor", FULL))
    assert first.error is not None
    emulator.faults.remove(number)
    second = read(emulator.connection, chosen(catalog, "vendor", FULL), first.state)
    assert ids(second, "vendor") == everything
    third = read(emulator.connection, chosen(catalog, "vendor", FULL), second.state)
    assert ids(third, "vendor") == everything


@pytest.mark.slow
def test_an_account_that_cannot_filter_by_id_is_paged(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = netsuite_emulator_factory(scale=0.3)
    monkeypatch.setitem(filters._OPERATORS, "id", {})
    run = read(emulator.connection, chosen(catalog, "vendor", FULL))
    assert run.error is None
    assert ids(run, "vendor") == ids_in(emulator, "vendor")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["INCREMENTAL", FULL])
@pytest.mark.parametrize("after", [150, pytest.param(700, marks=pytest.mark.slow)])
def test_killed_and_run_again_everything_has_come(
    emulator: Emulator, catalog: Json, tmp_path: Path, method: str, after: int
) -> None:
    emulator.execute("DELETE FROM customrecord_site_visit")
    emulator.execute(
        "INSERT INTO customrecord_site_visit (id, name, lastmodified) SELECT range * 3 - 900, 'visit ' || range, "
        "TIMESTAMP '2024-01-01 00:00:00' + to_seconds(range // 5) FROM range(1, 1501)"
    )
    everything = set(ids_in(emulator, "customrecord_site_visit"))
    catalog = chosen(catalog, "customrecord_site_visit", method)
    with TapProcess(command(tmp_path, emulator.connection, catalog=catalog)) as process:
        lines = [process.line() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        first = process.finished("".join(lines))
    if not first.lines[-1].endswith("}"):
        first.lines.pop()
    passed_on = set(ids(first, "customrecord_site_visit"))
    assert passed_on < everything
    second = read(emulator.connection, catalog, first.state)
    assert second.error is None
    assert passed_on | set(ids(second, "customrecord_site_visit")) == everything
    if first.states:
        assert len(ids(second, "customrecord_site_visit")) < len(everything)


@pytest.mark.slow
def test_faults_keep_nothing_from_coming(emulator: Emulator, catalog: Json) -> None:
    for effect in ("too_many_requests", "unavailable", "cut_body", "drop_before", "expire_tokens"):
        emulator.faults.add(Fault(effect=effect, path="/record/v1/", probability=0.03, seed=len(effect)))
    run = read(emulator.connection, chosen(catalog, "salesorder"))
    assert run.error is None
    lines = dict(
        emulator.execute(
            "SELECT t.id, count(l.id) FROM transaction t LEFT JOIN transactionline l ON l.transaction = t.id "
            "AND l.mainline = 'F' AND l.item IS NOT NULL WHERE t.type = 'SalesOrd' GROUP BY t.id"
        )
    )
    came = {int(record["id"]): len(record["item"]["items"]) for record in run.records("record_salesorder")}
    assert came == lines
