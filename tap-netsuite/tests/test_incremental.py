"""Incremental reading: what a later run moves, and that no change is passed over."""

from __future__ import annotations

import copy
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, metadata, read, selected

from netsuite_emulator import Emulator, Fault

TABLE = "customer"


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(time_zone="UTC")


@pytest.fixture
def given(emulator: Emulator, catalog: Json) -> dict[str, Any]:
    """Arguments of `read`; every change counts at once."""
    config = {**emulator.connection, "lookback_seconds": 0, "account_timezone": "UTC"}
    return {"config": config, "catalog": selected(catalog, TABLE)}


def ids(run: Run, stream: str = TABLE) -> set[int]:
    assert run.error is None
    return {record["id"] for record in run.records(stream)}


def stored(emulator: Emulator, condition: str = "true") -> set[int]:
    return {key for (key,) in emulator.execute(f"SELECT id FROM {TABLE} WHERE {condition}")}


def test_a_second_run_moves_only_what_changed(emulator: Emulator, given: dict[str, Any]) -> None:
    first = read(**given)
    assert ids(first) == stored(emulator)
    newest = stored(emulator, f"lastmodifieddate = (SELECT max(lastmodifieddate) FROM {TABLE})")
    assert ids(read(**given, state=first.state)) == newest

    emulator.execute(
        f"UPDATE {TABLE} SET companyname = 'New', lastmodifieddate = timezone('UTC', now()) WHERE id % 7 = 0"
    )
    second = read(**given, state=first.state)
    assert ids(second) == stored(emulator, "id % 7 = 0") | newest
    assert second.bookmark(TABLE) > first.bookmark(TABLE)


def test_the_bookmark_is_no_later_than_the_run_less_the_look_back(emulator: Emulator, given: dict[str, Any]) -> None:
    emulator.execute(f"UPDATE {TABLE} SET lastmodifieddate = timezone('UTC', now()) + INTERVAL 1 DAY WHERE id % 2 = 0")
    given["config"]["lookback_seconds"] = 3600
    first = read(**given)
    bookmark = datetime.fromisoformat(first.bookmark(TABLE).replace("Z", "+00:00"))
    assert (datetime.now(timezone.utc) - bookmark).total_seconds() >= 3600
    assert ids(read(**given, state=first.state)) >= stored(emulator, "id % 2 = 0")


def test_rows_that_were_never_stamped_come_with_the_first_run(emulator: Emulator, given: dict[str, Any]) -> None:
    emulator.execute(f"UPDATE {TABLE} SET lastmodifieddate = NULL WHERE id % 3 = 0")
    first = read(**given)
    assert ids(first) == stored(emulator)
    assert len(first.records(TABLE)) == len(stored(emulator))


def test_only_rows_that_were_never_stamped(emulator: Emulator, given: dict[str, Any]) -> None:
    emulator.execute(f"UPDATE {TABLE} SET lastmodifieddate = NULL")
    assert ids(read(**given)) == stored(emulator)


def test_start_date_is_where_the_first_run_begins(emulator: Emulator, given: dict[str, Any]) -> None:
    (middle,) = emulator.execute(f"SELECT quantile_disc(lastmodifieddate, 0.5) FROM {TABLE}")[0]
    given["config"]["start_date"] = f"{middle:%Y-%m-%dT%H:%M:%SZ}"
    first = read(**given)
    alive = {record["id"] for record in first.records(TABLE) if record["_sdc_deleted_at"] is None}
    assert stored(emulator, f"lastmodifieddate >= TIMESTAMP '{middle}'") <= alive < stored(emulator)
    assert ids(first) - alive, "what NetSuite logged as deleted since then"
    assert len(ids(read(**given, state=first.state))) < len(ids(first))


def test_a_bookmark_wins_over_a_later_start_date(emulator: Emulator, given: dict[str, Any]) -> None:
    first = read(**given)
    emulator.execute(f"UPDATE {TABLE} SET lastmodifieddate = timezone('UTC', now()) WHERE id % 7 = 0")
    given["config"]["start_date"] = datetime.now(timezone.utc).isoformat()
    emulator.execute(f"UPDATE {TABLE} SET lastmodifieddate = timezone('UTC', now()) - INTERVAL 1 HOUR WHERE id % 7 = 1")
    assert stored(emulator, "id % 7 < 2") <= ids(read(**given, state=first.state))


def test_a_start_date_after_all_changes_leaves_no_bookmark(emulator: Emulator, given: dict[str, Any]) -> None:
    given["config"]["start_date"] = datetime.now(timezone.utc).isoformat()
    first = read(**given)
    assert (ids(first), first.bookmark(TABLE)) == (set(), None)
    del given["config"]["start_date"]
    assert ids(read(**given, state=first.state)) == stored(emulator)


def test_an_earlier_start_date_begins_an_unfinished_first_reading_again(
    emulator: Emulator, given: dict[str, Any]
) -> None:
    (middle,) = emulator.execute(f"SELECT quantile_disc(lastmodifieddate, 0.5) FROM {TABLE}")[0]
    given["config"]["start_date"] = f"{middle:%Y-%m-%dT%H:%M:%SZ}"
    first = read(**given)
    of = next(state["bookmarks"][TABLE] for state in first.states if "reading" in state["bookmarks"].get(TABLE, {}))
    assert of["reading"]["since"]
    given["config"]["start_date"] = "2000-01-01"
    again = read(**given, state={"bookmarks": {TABLE: of}}).records(TABLE)
    assert {each["id"] for each in again if not each["_sdc_deleted_at"]} == stored(emulator)


def test_a_start_date_at_the_beginning_of_the_calendar(emulator: Emulator, given: dict[str, Any]) -> None:
    given["config"]["start_date"] = "0001-01-01"
    assert {each["id"] for each in read(**given).records(TABLE) if not each["_sdc_deleted_at"]} == stored(emulator)


def test_three_thousand_rows_in_one_second(emulator: Emulator, given: dict[str, Any], catalog: Json) -> None:
    emulator.execute("DELETE FROM customrecord_site_visit")
    for begin, end, stamp in ((1, 50, "08:00:00"), (50, 3050, "09:00:00"), (3050, 3100, "10:00:00")):
        emulator.execute(
            "INSERT INTO customrecord_site_visit (id, name, lastmodified) "
            f"SELECT range, 'x', TIMESTAMP '2024-05-02 {stamp}' FROM range({begin}, {end})"
        )
    first = read(given["config"], selected(catalog, "customrecord_site_visit"))
    assert ids(first, "customrecord_site_visit") == set(range(1, 3100))
    assert first.bookmark("customrecord_site_visit") == "2024-05-02T10:00:00Z"


@pytest.mark.slow
def test_changes_during_a_run_come_with_it_or_with_the_next(
    emulator: Emulator, given: dict[str, Any], catalog: Json
) -> None:
    table = "transactionline"
    emulator.faults.add(Fault(effect="delay", seconds=0.05, path="suiteql"))
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            emulator.execute(
                f"UPDATE {table} SET memo = 'change {number}', linelastmodifieddate = timezone('UTC', now()) "
                f"WHERE uniquekey % 97 = {number % 97}"
            )
            time.sleep(0.02)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        first = read(given["config"], selected(catalog, table))
    finally:
        stop.set()
        thread.join()
    assert first.error is None
    second = read(given["config"], selected(catalog, table), first.state)
    came = {record["uniquekey"]: record["memo"] for run in (first, second) for record in run.records(table)}
    assert came == dict(emulator.execute(f"SELECT uniquekey, memo FROM {table}"))


def test_a_changed_replication_key_begins_again_and_says_so(
    emulator: Emulator, given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    first = read(**given)
    other = copy.deepcopy(given["catalog"])
    other["streams"][0]["replication_key"] = "datecreated"
    metadata(other["streams"][0])["replication-key"] = "datecreated"
    second = read(given["config"], other, first.state)
    assert ids(second) == stored(emulator)
    assert second.state["bookmarks"][TABLE]["replication_key"] == "datecreated"
    said = "customer: the state's bookmark is of the replication key lastmodifieddate, and the stream is read by datec"
    assert sum(message.startswith(said) for message in caplog.messages) == 1


@pytest.mark.parametrize("place", ["stream", "metadata"])
def test_full_table_in_the_catalog_reads_everything_each_time(
    emulator: Emulator, given: dict[str, Any], place: str
) -> None:
    entry = given["catalog"]["streams"][0]
    if place == "stream":
        entry["replication_method"] = "FULL_TABLE"
    else:
        metadata(entry)["replication-method"] = "FULL_TABLE"
    first = read(**given)
    assert ids(first) == ids(read(**given, state=first.state)) == stored(emulator)


def test_a_bookmark_that_a_reading_in_full_gives_up_is_said(
    emulator: Emulator, given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    first = read(**given)
    given["catalog"]["streams"][0]["replication_method"] = "FULL_TABLE"
    metadata(given["catalog"]["streams"][0])["replication-method"] = "FULL_TABLE"
    second = read(**given, state=first.state)
    assert ids(second) == stored(emulator)
    assert second.bookmark(TABLE) is None
    assert "the stream is read in full now, so all rows come again, and the bookmark is given up" in caplog.text


def test_deselected_columns_are_not_asked_for(emulator: Emulator, given: dict[str, Any]) -> None:
    for name in ("comments", "email", "id", "lastmodifieddate"):
        metadata(given["catalog"]["streams"][0], "properties", name)["selected"] = False
    emulator.clear_requests()
    run = read(**given)
    assert run.error is None
    assert all({"comments", "email"}.isdisjoint(record) for record in run.records(TABLE))
    asked = [request.body for request in emulator.requests if "FROM customer" in request.body]
    assert asked
    assert not any(re.search(r"\b(comments|email)\b", body) for body in asked)


def test_a_stream_that_is_up_to_date_says_nothing_new(emulator: Emulator, given: dict[str, Any]) -> None:
    emulator.execute(f"DELETE FROM {TABLE}")
    state: Json = {
        "bookmarks": {TABLE: {"replication_key": "lastmodifieddate", "replication_key_value": "2026-01-01T00:00:00Z"}}
    }
    run = read(**given, state=state)
    assert run.error is None
    assert run.bookmark(TABLE) == "2026-01-01T00:00:00Z"


def test_a_bookmark_that_is_no_time_is_a_sentence(given: dict[str, Any]) -> None:
    state: Json = {"bookmarks": {TABLE: {"replication_key": "lastmodifieddate", "replication_key_value": "soon"}}}
    run = read(**given, state=state)
    assert "soon" in str(run.error)
    assert TABLE in str(run.error)


def test_rows_that_are_never_stamped_come_each_time(emulator: Emulator, given: dict[str, Any]) -> None:
    emulator.execute(f"UPDATE {TABLE} SET lastmodifieddate = NULL WHERE id % 5 = 0")
    first = read(**given)
    assert ids(first) == stored(emulator)
    assert ids(read(**given, state=first.state)) >= stored(emulator, "id % 5 = 0")


def test_where_many_are_never_stamped_they_are_spoken_of(
    emulator: Emulator, given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    emulator.execute(
        f"INSERT INTO {TABLE} (id, companyname) SELECT 1000000 + range, 'Never ' || range FROM range(1500)"
    )
    first = read(**given)
    assert ids(first) == stored(emulator)
    caplog.clear()
    assert read(**given, state=first.state).error is None
    assert "whether 1500 rows changed is unknown" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("new_columns", ["read", "warn"])
def test_the_values_of_a_new_column_come_although_no_row_has_changed(
    netsuite_emulator_factory: Callable[..., Emulator], new_columns: str
) -> None:
    emulator = netsuite_emulator_factory(scale=0.05)
    emulator.execute("UPDATE customer SET fax = NULL")
    emulator.execute("UPDATE customer SET fax = '555 0100', lastmodifieddate = TIMESTAMP '2020-01-01' WHERE id = 1212")
    config = {**emulator.connection, "tables": ["customer"], "new_columns": new_columns}
    catalog = selected(discover(config), "customer")
    without = copy.deepcopy(catalog)
    del without["streams"][0]["schema"]["properties"]["fax"]
    first = read(config, without)
    second = read(config, catalog, first.state)
    assert second.error is None
    assert [row["id"] for row in second.records("customer") if row["fax"]] == ([1212] if new_columns == "read" else [])
    assert not any(row["fax"] for row in read(config, catalog, second.state).records("customer"))
