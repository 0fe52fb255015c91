"""Deletions: from NetSuite's log, from lines that went away, and from keys that are compared."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.stand_in import StandIn, standing_in
from tests.tap_runs import Json, Run, metadata, read, selected
from tests.warehouse import KEYS, NOW, SETS, Warehouse, delete, delete_line, note_deletion, stored, touch

from netsuite_emulator import Emulator
from suitetalk import IncompleteResultError, Page
from tap_netsuite.deletions.deletions import Existence
from tap_netsuite.source import Column, Kind

CUSTOMER = "customer"


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(time_zone="UTC")


@pytest.fixture
def config(emulator: Emulator, tmp_path: Path) -> dict[str, Any]:
    return {
        **emulator.connection,
        "account_timezone": "UTC",
        "lookback_seconds": 0,
        "seen_keys": str(tmp_path / "k.db"),
    }


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


def without_store(config: Json) -> Json:
    return {name: value for name, value in config.items() if name != "seen_keys"}


def tombstones(run: Run, stream: str) -> list[Json]:
    assert run.error is None
    return [record for record in run.records(stream) if record.get("_sdc_deleted_at")]


def unused(emulator: Emulator, table: str, count: int = 1) -> list[int]:
    """Return ids of new records, which nothing refers to."""
    (highest,) = emulator.execute(f"SELECT max(id) FROM {table}")[0]
    ids = list(range(highest + 1, highest + 1 + count))
    for each in ids:
        emulator.execute(f"INSERT INTO {table} (id, lastmodifieddate) VALUES ({each}, TIMESTAMP '2024-01-01 00:00:00')")
    return ids


def some_lines(emulator: Emulator, count: int) -> list[int]:
    """Return lines of different transactions that have others besides."""
    rows = emulator.execute(
        "SELECT max(uniquekey) FROM transactionline GROUP BY transaction HAVING count(*) > 2 ORDER BY transaction"
    )
    return [key for (key,) in rows[:count]]


@pytest.mark.slow
def test_rows_that_are_there_say_so_and_logged_deletions_follow_with_the_key_only(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": without_store(config), "catalog": selected(catalog, CUSTOMER)}
    gone, back, kept = unused(emulator, CUSTOMER, 3)
    first = warehouse.load(read(**given))
    assert not tombstones(first, CUSTOMER)
    assert {record["_sdc_deleted_at"] for record in first.records(CUSTOMER)} == {None}
    assert first.schemas()[CUSTOMER]["properties"]["_sdc_deleted_at"]["format"] == "date-time"

    delete(emulator, CUSTOMER, gone)
    note_deletion(emulator, CUSTOMER, back)  # its id is there again
    note_deletion(emulator, "vendor", kept)
    time.sleep(1.1)  # the log has whole seconds; the next run begins in a later one
    second = warehouse.load(read(**given, state=warehouse.state))
    (record,) = tombstones(second, CUSTOMER)
    assert record.keys() == {"id", "_sdc_deleted_at"}
    assert record["id"] == gone
    assert warehouse.keys(CUSTOMER) == stored(emulator, CUSTOMER)

    assert not tombstones(read(**given, state=second.state), CUSTOMER)


def test_what_was_deleted_and_comes_again_is_alive(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": config, "catalog": selected(catalog, CUSTOMER)}
    (gone,) = unused(emulator, CUSTOMER)
    warehouse.load(read(**given))
    delete(emulator, CUSTOMER, gone)
    warehouse.load(read(**given, state=warehouse.state))
    assert (gone,) not in warehouse.keys(CUSTOMER)
    emulator.execute(f"INSERT INTO customer (id, lastmodifieddate) VALUES ({gone}, {NOW})")
    warehouse.load(read(**given, state=warehouse.state))
    assert (gone,) in warehouse.keys(CUSTOMER)


@pytest.mark.slow
def test_a_record_stream_and_the_tables_of_a_type_hear_of_its_deletion(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": config, "catalog": selected(catalog, CUSTOMER, "entity", "record_customer")}
    (gone,) = unused(emulator, CUSTOMER)
    warehouse.load(read(**given))
    delete(emulator, CUSTOMER, gone, record_type="Customer")
    second = warehouse.load(read(**given, state=warehouse.state))
    assert [record["id"] for record in tombstones(second, "record_customer")] == [str(gone)]
    assert [record["id"] for record in tombstones(second, "entity")] == [gone]
    assert [record["id"] for record in tombstones(second, CUSTOMER)] == [gone]


def test_deletions_between_a_killed_first_run_and_the_next_are_not_missed(
    emulator: Emulator, config: Json, catalog: Json
) -> None:
    given = {"config": without_store(config), "catalog": selected(catalog, CUSTOMER)}
    (gone,) = unused(emulator, CUSTOMER)
    first = read(**given)
    kinds = [message["type"] for message in first.messages]
    assert kinds.index("STATE") < kinds.index("RECORD")
    delete(emulator, CUSTOMER, gone)
    second = read(**given, state=first.states[0])  # killed after the first STATE, when rows were on their way already
    assert [record["id"] for record in tombstones(second, CUSTOMER)] == [gone]


def test_a_state_from_before_deletions_were_read_has_them_read_from_its_bookmark(
    emulator: Emulator, config: Json, catalog: Json
) -> None:
    given = {"config": without_store(config), "catalog": selected(catalog, CUSTOMER)}
    gone, earlier = unused(emulator, CUSTOMER, 2)
    state = read(**given).state
    del state["bookmarks"][CUSTOMER]["deleted_up_to"]
    emulator.execute(f"DELETE FROM {CUSTOMER} WHERE id = {earlier}")
    note_deletion(emulator, CUSTOMER, earlier, "TIMESTAMP '2001-01-01 00:00:01'")
    delete(emulator, CUSTOMER, gone)
    assert [record["id"] for record in tombstones(read(**given, state=state), CUSTOMER)] == [gone]


def test_thousands_of_deletions_in_one_second(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": config, "catalog": selected(catalog, CUSTOMER)}
    warehouse.load(read(**given))
    emulator.execute(
        "INSERT INTO deletedrecord (recordtypeid, scriptid, type, recordid, deleteddate) "
        f"SELECT -2, 'CUSTOMER', NULL, 5000000 + range, date_trunc('second', {NOW}) FROM range(2500)"
    )
    second = warehouse.load(read(**given, state=warehouse.state))
    assert {record["id"] for record in tombstones(second, CUSTOMER)} == set(range(5000000, 5002500))


def test_a_log_of_days_without_times_counts_the_whole_day(emulator: Emulator, config: Json, catalog: Json) -> None:
    given = {"config": without_store(config), "catalog": selected(catalog, CUSTOMER)}
    (gone,) = unused(emulator, CUSTOMER)
    emulator.execute("DELETE FROM deletedrecord")
    state = read(**given).state
    emulator.execute(f"DELETE FROM {CUSTOMER} WHERE id = {gone}")
    note_deletion(emulator, CUSTOMER, gone, f"date_trunc('day', {NOW})")
    assert [record["id"] for record in tombstones(read(**given, state=state), CUSTOMER)] == [gone]


def test_without_a_log_the_run_says_so_and_goes_on(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, caplog: pytest.LogCaptureFixture
) -> None:
    emulator = netsuite_emulator_factory(time_zone="UTC", hidden_record_types=frozenset({"deletedrecord"}))
    given = {"config": {**emulator.connection, "account_timezone": "UTC"}, "catalog": selected(catalog, CUSTOMER)}
    first = read(**given)
    before = first.state["bookmarks"][CUSTOMER]["deleted_up_to"]
    second = read(**given, state=first.state)
    assert second.error is None
    assert "Neither deletedrecord nor deletedrecordinconnect can be read" in caplog.text
    assert second.state["bookmarks"][CUSTOMER]["deleted_up_to"] == before  # for the day it can be read
    given["config"]["deletion_log"] = "deletedrecord"
    assert "deletion_log" in str(read(**given, state=first.state).error)
    given["config"]["deletion_log"] = "off"
    emulator.clear_requests()
    off = read(**given, state=first.state)
    assert off.error is None
    assert not any("deletedrecord" in request.body for request in emulator.requests)
    assert all("_sdc_deleted_at" not in record for record in off.records(CUSTOMER))


@pytest.mark.slow
def test_all_of_a_transaction_comes_when_any_part_of_it_has_changed(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": without_store(config), "catalog": selected(catalog, *SETS)}
    warehouse.load(read(**given))
    by_header, by_line, by_amount = [
        transaction
        for (transaction,) in emulator.execute(
            "SELECT transaction FROM transactionaccountingline GROUP BY 1 ORDER BY 1"
        )[:3]
    ]
    touch(emulator, by_header)
    emulator.execute(
        f"UPDATE transactionline SET linelastmodifieddate = {NOW} WHERE uniquekey = "
        f"(SELECT min(uniquekey) FROM transactionline WHERE transaction = {by_line})"
    )
    emulator.execute(
        f"UPDATE transactionaccountingline SET lastmodifieddate = {NOW}, amount = 5 WHERE transaction = {by_amount}"
    )
    changed = f"({by_header}, {by_line}, {by_amount})"
    second = warehouse.load(read(**given, state=warehouse.state))
    for stream in SETS:
        column = "id" if stream == "transaction" else "transaction"
        came = {tuple(record[name] for name in KEYS[stream]) for record in second.records(stream)}
        assert came >= stored(emulator, stream, f"{column} IN {changed}"), stream
        assert len(came) < len(stored(emulator, stream))
    third = read(**given, state=second.state)
    assert len(third.records("transactionline")) <= len(second.records("transactionline"))


@pytest.mark.slow
def test_old_accounting_lines_without_a_stamp_come_with_their_header(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    emulator.execute("UPDATE transactionaccountingline SET lastmodifieddate = NULL")
    given = {"config": without_store(config), "catalog": selected(catalog, *SETS)}
    warehouse.load(read(**given))
    assert warehouse.keys("transactionaccountingline") == stored(emulator, "transactionaccountingline")
    ((transaction,),) = emulator.execute("SELECT min(transaction) FROM transactionaccountingline")
    touch(emulator, transaction)
    second = read(**given, state=warehouse.state)
    came = {record["transaction"] for record in second.records("transactionaccountingline")}
    assert transaction in came
    assert len(second.records("transactionaccountingline")) < len(stored(emulator, "transactionaccountingline"))


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ("transactionaccountingline", "cannot see transactionaccountingline.lastmodifieddate"),
        ("transaction", "cannot see transaction.lastmodifieddate"),
    ],
)
def test_parts_that_the_role_cannot_see_are_left_out(
    netsuite_emulator_factory: Callable[..., Emulator],
    catalog: Json,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    hidden: str,
    said: str,
) -> None:
    emulator = netsuite_emulator_factory(time_zone="UTC", hidden_record_types=frozenset({hidden}))
    config = {
        **emulator.connection, "account_timezone": "UTC", "lookback_seconds": 0, "seen_keys": str(tmp_path / "k.db")
    }  # fmt: skip
    given = {"config": config, "catalog": selected(catalog, "transactionline")}
    warehouse = Warehouse()
    warehouse.load(read(**given))
    (key,) = some_lines(emulator, 1)
    ((transaction,),) = emulator.execute(f"SELECT transaction FROM transactionline WHERE uniquekey = {key}")
    delete_line(emulator, key)
    emulator.execute(f"UPDATE transactionline SET linelastmodifieddate = {NOW} WHERE transaction = {transaction}")
    second = warehouse.load(read(**given, state=warehouse.state))
    assert second.error is None
    assert said in caplog.text
    assert warehouse.keys("transactionline") == stored(emulator, "transactionline")


def test_lines_that_went_away_are_marked_deleted(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": config, "catalog": selected(catalog, *SETS)}
    warehouse.load(read(**given))
    lines = some_lines(emulator, 5)
    for key in lines:
        delete_line(emulator, key)
    ((unposted,),) = emulator.execute("SELECT max(transaction) FROM transactionaccountingline")
    emulator.execute(f"DELETE FROM transactionaccountingline WHERE transaction = {unposted}")
    touch(emulator, unposted)
    second = warehouse.load(read(**given, state=warehouse.state))
    assert sorted(record["uniquekey"] for record in tombstones(second, "transactionline")) == lines
    assert not tombstones(second, "transaction")
    for stream in SETS:
        assert warehouse.keys(stream) == stored(emulator, stream)
    third = read(**given, state=second.state)
    assert not any(tombstones(third, stream) for stream in SETS)


@pytest.mark.slow
def test_a_deleted_transaction_takes_its_lines_with_it(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": config, "catalog": selected(catalog, *SETS)}
    warehouse.load(read(**given))
    ((gone, kind),) = emulator.execute("SELECT id, recordtype FROM transaction ORDER BY id DESC LIMIT 1")
    delete(emulator, "transaction", gone, record_type=kind)
    second = warehouse.load(read(**given, state=warehouse.state))
    assert [record["id"] for record in tombstones(second, "transaction")] == [gone]
    for stream in SETS:
        assert warehouse.keys(stream) == stored(emulator, stream)


@pytest.mark.slow
def test_tombstones_that_no_state_followed_come_again(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {"config": config, "catalog": selected(catalog, "transactionline")}
    warehouse.load(read(**given))
    (key,) = some_lines(emulator, 1)
    delete_line(emulator, key)
    for _ in range(2):
        again = read(**given, state=warehouse.state)
        assert [record["uniquekey"] for record in tombstones(again, "transactionline")] == [key]
    assert not tombstones(read(**given, state=again.state), "transactionline")


def test_keys_are_compared_on_request_and_of_tables_read_in_full_anyway(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    config = {**config, "compare_keys": ["cust*"], "deletion_log": "off"}
    chosen = selected(catalog, CUSTOMER, "department", "vendor")
    given = {"config": config, "catalog": chosen}
    gone = {table: unused(emulator, table)[0] for table in (CUSTOMER, "vendor")}
    ((department,),) = emulator.execute("SELECT max(id) FROM department")
    warehouse.load(read(**given))
    for table, key in {**gone, "department": department}.items():
        emulator.execute(f"DELETE FROM {table} WHERE id = {key}")
    second = warehouse.load(read(**given, state=warehouse.state))
    assert [record["id"] for record in tombstones(second, CUSTOMER)] == [gone[CUSTOMER]]
    assert [record["id"] for record in tombstones(second, "department")] == [department]
    assert not tombstones(second, "vendor")  # not asked for


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0 and then nothing"])
def test_a_store_that_is_lost_or_no_store_is_begun_anew(
    emulator: Emulator,
    config: Json,
    catalog: Json,
    warehouse: Warehouse,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
) -> None:
    given = {"config": config, "catalog": selected(catalog, "transactionline")}
    warehouse.load(read(**given))
    lost, found = some_lines(emulator, 2)
    path = Path(config["seen_keys"])
    path.unlink()
    path.write_bytes(content)
    delete_line(emulator, lost)
    ((transaction,),) = emulator.execute(f"SELECT transaction FROM transactionline WHERE uniquekey = {found}")
    touch(emulator, transaction)
    second = warehouse.load(read(**given, state=warehouse.state))
    assert not tombstones(second, "transactionline")
    assert "does not know all that was read before" in caplog.text
    if content:
        assert path.with_name("k.db.unusable").read_bytes() == content
    delete_line(emulator, found)
    third = read(**given, state=warehouse.state)
    assert [record["uniquekey"] for record in tombstones(third, "transactionline")] == [found]


@pytest.mark.slow
def test_a_full_store_says_so_and_calls_nothing_deleted_that_is_there(
    emulator: Emulator,
    config: Json,
    catalog: Json,
    warehouse: Warehouse,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.execute(
        "INSERT INTO transactionline (uniquekey, transaction, id, linelastmodifieddate) "
        "SELECT 9000000 + range, 9000000 + range // 3, range % 3, TIMESTAMP '2024-01-01' FROM range(60000)"
    )
    given = {"config": {**config, "seen_keys_max_mb": 1}, "catalog": selected(catalog, "transactionline")}
    warehouse.load(read(**given))
    assert "no more keys are remembered" in caplog.text
    assert Path(config["seen_keys"]).stat().st_size < 2 * 1024 * 1024
    (known,) = some_lines(emulator, 1)
    delete_line(emulator, known)
    second = warehouse.load(read(**given, state=warehouse.state))
    assert [record["uniquekey"] for record in tombstones(second, "transactionline")] == [known]


def test_a_store_of_another_account_is_set_aside(emulator: Emulator, config: Json, catalog: Json) -> None:
    given = {"config": config, "catalog": selected(catalog, "department")}
    assert read(**given).error is None
    with sqlite3.connect(config["seen_keys"]) as database:
        database.execute("UPDATE facts SET value = '7654321' WHERE name = 'account'")
    database.close()
    assert read(**given).error is None
    assert Path(config["seen_keys"] + ".unusable").exists()


def test_a_store_that_cannot_be_written_ends_the_run_with_its_setting(
    config: Json, catalog: Json, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    given = {
        "config": {**config, "seen_keys": str(tmp_path / "file" / "k.db")},
        "catalog": selected(catalog, "department"),
    }
    assert "Setting `seen_keys`" in str(read(**given).error)


def test_a_deselected_property_leaves_everything_as_it_was(emulator: Emulator, config: Json, catalog: Json) -> None:
    chosen = selected(catalog, CUSTOMER)
    metadata(chosen["streams"][0], "properties", "_sdc_deleted_at")["selected"] = False
    run = read(config, chosen)
    assert run.error is None
    assert all("_sdc_deleted_at" not in record for record in run.records(CUSTOMER))
    assert "deleted_up_to" not in run.state["bookmarks"][CUSTOMER]


def test_the_sdks_own_path_tells_of_deletions_too(
    emulator: Emulator, config: Json, catalog: Json, warehouse: Warehouse
) -> None:
    given = {
        "config": {**config, "flattening_enabled": True, "flattening_max_depth": 0},
        "catalog": selected(catalog, CUSTOMER),
    }
    (gone,) = unused(emulator, CUSTOMER)
    warehouse.load(read(**given))
    delete(emulator, CUSTOMER, gone)
    warehouse.load(read(**given, state=warehouse.state))
    assert warehouse.keys(CUSTOMER) == stored(emulator, CUSTOMER)


@pytest.mark.slow
@pytest.mark.parametrize("table", ["deletedrecord", "deletedrecordinconnect"])
def test_either_log_is_read_on_its_own_clock(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, table: str
) -> None:
    stream = "customrecord_site_visit"
    emulator = netsuite_emulator_factory(time_zone="Asia/Kolkata", deletion_table=table)
    given = {"config": {**emulator.connection}, "catalog": selected(catalog, stream, f"record_{stream}")}
    warehouse = Warehouse()
    warehouse.load(read(**given))
    ((gone,),) = emulator.execute(f"SELECT max(id) FROM {stream}")
    emulator.delete(stream, gone)
    begun = datetime.now(timezone.utc)
    second = warehouse.load(read(**given, state=warehouse.state))
    (record,) = tombstones(second, stream)
    assert record["id"] == gone
    deleted_at = datetime.fromisoformat(record["_sdc_deleted_at"].replace("Z", "+00:00"))
    assert abs((begun - deleted_at).total_seconds()) < 120
    assert [record["id"] for record in tombstones(second, f"record_{stream}")] == [str(gone)]


class ShowsFewer(StandIn):
    """An account that leaves out a row of some answers, and says that these are all."""

    def __init__(self, ids: range, times: int) -> None:
        super().__init__("id INTEGER", [{"id": each} for each in ids], page_size=1000)
        self.times = times

    def page(self, statement: str, *, limit: int | None = None, offset: int = 0) -> Page:
        page = super().page(statement, limit=limit, offset=offset)
        if "COUNT" in statement or self.times <= 0:
            return page
        self.times -= 1
        return Page(page.items[1:], page.total - 1, page.has_more)


@pytest.mark.parametrize("times", [1, 9])
def test_a_key_that_an_answer_leaves_out_is_not_taken_for_deleted(times: int) -> None:
    with standing_in(ShowsFewer(range(5), times)) as account:
        existence = Existence(account.suiteql, "t", (Column("id", Kind.INTEGER),))
        keys = [(each,) for each in range(7)]
        if times == 1:
            assert existence.among(keys) == {(each,) for each in range(5)}
        else:
            with pytest.raises(IncompleteResultError, match="counts 1 more"):
                existence.among(keys)
