"""Saved datasets as streams: whole or an error, no column lost, and what cannot be read is said."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, Run, command, discover, entry, metadata, names, read, run, selected

from netsuite_emulator import Churn, Dataset, Emulator, Fault
from suitetalk import ConfigurationError

LINES = Dataset(
    id="custdataset_lines",
    name="All Lines",
    query="SELECT uniquekey, transaction, foreignamount, memo, quantity FROM transactionline ORDER BY uniquekey",
)
MEMOS = Dataset(id="custdataset_memos", name="Memos", query="SELECT id, memo FROM transaction ORDER BY id")
NONE = Dataset(id="custdataset_none", name="None", query="SELECT id FROM customer WHERE id = 0")
KEYED: Json = {"id": LINES.id, "name": "lines", "primary_keys": ["UniqueKey"],
               "types": {"uniquekey": "integer", "ForeignAmount": "number"}}  # fmt: skip


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(scale=0.2, datasets=(LINES, MEMOS, NONE))


def settings(emulator: Emulator, *datasets: Any, **more: Any) -> Json:
    return {**emulator.connection, "tables": ["currency"], "datasets": list(datasets), **more}


def read_one(config: Json, stream: str, **more: Any) -> Run:
    return read({**config, **more}, selected(discover(config), "_audit", stream))


def result_pages(emulator: Emulator) -> int:
    return sum(request.path.endswith("/result") for request in emulator.requests)


def audit_of(finished: Run) -> tuple[Any, ...]:
    (audit,) = finished.records("_audit")
    return audit["rows_emitted"], audit["rows_counted"], audit["result"]


def test_rows_are_those_of_the_account(emulator: Emulator, tmp_path: Path) -> None:
    config = settings(emulator, KEYED)
    catalog = selected(discover(config), "lines")
    assert entry(catalog, "lines")["key_properties"] == ["uniquekey"]
    finished = run(command(tmp_path, config, catalog=catalog))
    assert finished.exit_code == 0, finished.log
    stored = emulator.execute("SELECT uniquekey, transaction, foreignamount, memo FROM transactionline")
    assert len(stored) > 3000
    assert Counter(
        (row["uniquekey"], row["transaction"], row["foreignamount"], row["memo"]) for row in finished.records("lines")
    ) == Counter((key, str(head), None if n is None else Decimal(n), memo or None) for key, head, n, memo in stored)


def test_names_ids_and_all_of_them(emulator: Emulator) -> None:
    catalog = discover(settings(emulator, "all lines", "*"))
    streams = {"dataset_custdataset_lines", "dataset_custdataset_memos", "dataset_custdataset_none"}
    assert names(catalog) >= streams
    said = {stream: metadata(entry(catalog, stream)) for stream in streams}
    assert {stream: each["netsuite.status"] for stream, each in said.items()} == {
        stream: "empty" if stream.endswith("none") else "readable" for stream in streams
    }
    assert said["dataset_custdataset_memos"]["netsuite.dataset"] == "custdataset_memos"
    assert said["dataset_custdataset_memos"]["netsuite.deletions"] == "not known"
    assert set(entry(catalog, "dataset_custdataset_memos")["schema"]["properties"]) == {"id", "memo"}


def test_rows_without_keys_are_read_twice_and_come_once(emulator: Emulator) -> None:
    config = settings(emulator, LINES.id)
    catalog = selected(discover(config), "_audit", "dataset_custdataset_lines")
    (rows,) = emulator.execute("SELECT count(*) FROM transactionline")[0]
    pages = -(-rows // 1000)
    emulator.clear_requests()
    finished = read(config, catalog)
    assert finished.error is None
    assert audit_of(finished) == (rows, rows, "complete")
    assert result_pages(emulator) == 1 + 2 * pages
    emulator.clear_requests()
    assert len(read({**config, "audit": "off"}, catalog).records("dataset_custdataset_lines")) == rows
    assert result_pages(emulator) == 1 + pages


def test_rows_with_keys_are_compared_with_a_second_reading(emulator: Emulator) -> None:
    config = settings(emulator, KEYED)
    catalog = selected(discover(config), "_audit", "lines")
    emulator.clear_requests()
    finished = read(config, catalog)
    (rows,) = emulator.execute("SELECT count(*) FROM transactionline")[0]
    assert audit_of(finished) == (rows, rows, "complete")
    assert result_pages(emulator) == 1 + 2 * -(-rows // 1000)


def test_one_page_is_one_answer(emulator: Emulator) -> None:
    config = settings(emulator, "None")
    catalog = selected(discover(config), "_audit", "dataset_custdataset_none")
    emulator.clear_requests()
    assert audit_of(read(config, catalog)) == (0, 0, "complete")
    assert result_pages(emulator) == 1


@pytest.mark.parametrize("keys", [{"primary_keys": ["id"]}, {}])
def test_rows_that_come_and_go_are_read_again(emulator: Emulator, caplog: pytest.LogCaptureFixture, keys: Json) -> None:
    config = settings(emulator, {"id": MEMOS.id, "name": "memos", **keys}, max_concurrency=1)
    catalog = selected(discover(config), "_audit", "memos")
    emulator.churning.start(Churn(table="transaction", every=3, inserts=3, updates=0, deletes=1, times=1))
    finished = read(config, catalog)
    assert finished.error is None
    assert emulator.churning.changes
    assert "memos changed while it was read; reading again" in caplog.text
    there = Counter((str(key), memo or None) for key, memo in emulator.execute("SELECT id, memo FROM transaction"))
    assert not there - Counter((row["id"], row["memo"]) for row in finished.records("memos"))
    assert audit_of(finished)[1:] == (there.total(), "complete")


def test_no_row_is_missing_where_one_goes_and_one_comes_between_two_pages(emulator: Emulator) -> None:
    config = settings(emulator, {"id": MEMOS.id, "name": "memos", "primary_keys": ["id"]}, max_concurrency=1)
    catalog = selected(discover(config), "_audit", "memos")
    ((before,),) = emulator.execute("SELECT count(*) FROM transaction")
    for seed in range(4):
        emulator.churning.start(
            Churn(table="transaction", every=2, inserts=1, updates=0, deletes=1, times=2, seed=seed)
        )
        finished = read(config, catalog)
        there = {str(key) for (key,) in emulator.execute("SELECT id FROM transaction")}
        assert len(there) == before
        assert finished.error is None
        assert not there - {row["id"] for row in finished.records("memos")}
        assert audit_of(finished)[2] == "complete"


def test_rows_that_never_stand_still_are_an_error(emulator: Emulator) -> None:
    config = settings(emulator, {"id": MEMOS.id, "name": "memos", "primary_keys": ["id"]})
    catalog = selected(discover(config), "_audit", "memos")
    emulator.churning.start(Churn(table="transaction", every=1, inserts=2, updates=0, deletes=1))
    finished = read(config, catalog)
    assert "during each of 3 readings, so rows may be missing; check that its primary_keys" in str(finished.error)
    assert audit_of(finished)[2] == "gap"
    assert read({**config, "audit": "warn"}, catalog).error is None


def test_values_that_change_between_two_readings_are_read_again(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    config = settings(emulator, {"id": MEMOS.id, "name": "memos"}, max_concurrency=1)
    catalog = selected(discover(config), "memos")
    changes = Churn(table="transaction", every=4, inserts=0, updates=5, deletes=0, column="memo", times=1)
    emulator.churning.start(changes)
    finished = read(config, catalog)
    assert finished.error is None
    assert "reading again" in caplog.text
    there = Counter((str(key), memo or None) for key, memo in emulator.execute("SELECT id, memo FROM transaction"))
    assert not there - Counter((row["id"], row["memo"]) for row in finished.records("memos"))


@pytest.mark.slow
def test_more_rows_than_can_be_read_are_an_error(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    big = Dataset(id="custdataset_big", name="Big", query="SELECT id, name FROM customrecord_big ORDER BY id")
    emulator = netsuite_emulator_factory(datasets=(big,), big_tables={"customrecord_big": 100_001})
    config = settings(emulator, {"id": big.id, "primary_keys": ["id"]})
    finished = read_one(config, "dataset_custdataset_big")
    assert "has 100001 rows and NetSuite lets only 100000 of a dataset be read; filter the dataset" in str(
        finished.error
    )
    emulator.execute("DELETE FROM customrecord_big WHERE id = (SELECT min(id) FROM customrecord_big)")
    assert audit_of(read_one(config, "dataset_custdataset_big")) == (100_000, 100_000, "complete")


def test_a_column_that_was_empty_is_not_lost(emulator: Emulator) -> None:
    emulator.execute("UPDATE transaction SET memo = NULL")
    config = settings(emulator, {"id": MEMOS.id, "name": "memos"})
    catalog = selected(discover(config), "memos")
    assert set(entry(catalog, "memos")["schema"]["properties"]) == {"id"}
    emulator.execute("UPDATE transaction SET memo = 'here' WHERE id = (SELECT max(id) - 1500 FROM transaction)")
    emulator.execute("UPDATE transaction SET memo = 'here' WHERE id = (SELECT max(id) FROM transaction)")
    finished = read({**config, "audit": "warn"}, catalog)
    assert "memos has a column memo that was empty or not there when it was discovered" in str(finished.error)
    named = settings(emulator, {"id": MEMOS.id, "name": "memos", "types": {"memo": "string"}})
    found = [row["memo"] for row in read_one(named, "memos").records("memos") if row["memo"]]
    assert set(found) == {"here"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"primary_keys": ["transaction"]}, "two rows with the same transaction, so `primary_keys` of the dataset do"),
        ({"primary_keys": ["quantity"]}, "has no quantity, one of `primary_keys` of the dataset; change them"),
        ({"types": {"memo": "integer"}}, "column memo holds .*, which is not a valid integer"),
    ],
)
def test_what_the_settings_say_wrongly_is_an_error(emulator: Emulator, given: Json, words: str) -> None:
    finished = read_one(settings(emulator, {"id": LINES.id, "name": "lines", **given}), "lines")
    assert re.search(words, str(finished.error))


def test_a_key_that_is_no_column_is_an_error(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="says number is a key of custdataset_lines, which has no such"):
        discover(settings(emulator, {"id": LINES.id, "primary_keys": ["number"]}))


def test_what_cannot_be_read_is_said(emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.add(Fault(effect="status", status=403, path=f"dataset/{MEMOS.id}", body={"status": 403}))
    config = settings(emulator, "nowhere", "Memos", KEYED)
    finished = run(command(tmp_path, config, "--discover"))
    assert finished.exit_code == 0
    assert (
        "dataset_nowhere: cannot be read: NetSuite knows no dataset nowhere, or the role may not see it" in finished.log
    )
    assert "dataset_custdataset_memos: not permitted: the role needs SuiteAnalytics Workbook" in finished.log
    finished = run(command(tmp_path, config))
    assert finished.exit_code == 0
    assert "dataset_nowhere is not read: cannot be read: NetSuite knows no dataset nowhere" in finished.log
    assert finished.records("lines")


def test_a_list_that_is_refused_keeps_named_ones_from_nothing(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    emulator.faults.add(Fault(effect="status", status=403, path="/dataset/$", body={"status": 403}))
    finished = read(settings(emulator, LINES.id, "*"))
    assert finished.error is None
    assert finished.records("dataset_custdataset_lines")
    assert "datasets is not read: not permitted: the role needs SuiteAnalytics Workbook" in caplog.text


def test_a_dataset_that_has_gone_is_an_error(emulator: Emulator) -> None:
    config = settings(emulator, KEYED)
    catalog = selected(discover(config), "lines")
    metadata(entry(catalog, "lines"))["netsuite.dataset"] = "custdataset_gone"
    assert "Stream lines: NetSuite refused GET /query/v1/dataset/custdataset_gone/result" in str(
        read(config, catalog).error
    )


def test_a_catalog_without_our_metadata_will_do(emulator: Emulator) -> None:
    config = settings(emulator, KEYED, "Memos")
    catalog = selected(discover(config), "lines", "dataset_custdataset_memos")
    for stream in catalog["streams"]:
        del metadata(stream)["netsuite.dataset"]
    finished = read(config, catalog)
    assert finished.error is None
    assert finished.records("lines")
    assert finished.records("dataset_custdataset_memos")


def test_rows_go_through_stream_maps(emulator: Emulator) -> None:
    config = settings(emulator, KEYED, stream_maps={"lines": {"twice": "uniquekey * 2"}})
    rows = read_one(config, "lines").records("lines")
    assert rows
    assert all(row["twice"] == 2 * row["uniquekey"] for row in rows)


def test_a_name_that_several_have_is_an_error(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    both = tuple(Dataset(id=f"custdataset_{n}", name="Mine", query="SELECT id FROM currency") for n in (1, 2))
    with pytest.raises(ConfigurationError, match="names mine, and so are called custdataset_1 and custdataset_2"):
        discover(settings(netsuite_emulator_factory(datasets=both), "mine"))


@pytest.mark.parametrize(
    ("datasets", "name"),
    [
        ("custdataset_a", "datasets"),
        ([1], "datasets[0]"),
        ([""], "datasets[0].id"),
        ([{"name": "a"}], "datasets[0].id"),
        ([{"id": "a", "name": "a b"}], "datasets[0].name"),
        ([{"id": "a", "name": "record_a"}], "datasets"),
        ([{"id": "a", "name": "mine"}], "datasets"),
        (["a", "A"], "datasets"),
        ([{"id": "a", "primary_keys": "id"}], "datasets[0].primary_keys"),
        ([{"id": "a", "types": ["id"]}], "datasets[0].types"),
        ([{"id": "a", "types": {"day": "date"}}], "datasets[0].types.day"),
        ([{"id": "*", "primary_keys": ["id"]}], "datasets[0]"),
    ],
)
def test_a_wrong_setting_is_named(config: Json, datasets: Any, name: str) -> None:
    queries = [{"name": "mine", "query": "SELECT id FROM currency"}]
    with pytest.raises(ConfigurationError) as caught:
        discover({**config, "tables": ["currency"], "queries": queries, "datasets": datasets})
    assert caught.value.setting == name
