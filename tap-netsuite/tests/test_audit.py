"""What was emitted against what NetSuite counts: an error, a warning or nothing, and a record of it for each stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, command, read, run, selected

from netsuite_emulator import Emulator, Fault

NOTHING_SHOWN: Json = {"links": [], "items": [], "count": 0, "offset": 0, "hasMore": False, "totalResults": 3}


def audits(finished: Any) -> dict[str, Json]:
    return {record["stream"]: record for record in finished.records("_audit")}


def test_each_stream_has_a_record_of_what_was_emitted_and_counted(
    account: Emulator, config: Json, catalog: Json
) -> None:
    streams = ("currency", "customer", "inventorybalance", "record_currency", "transactionline")
    finished = read(config, selected(catalog, "_audit", *streams))
    assert finished.error is None
    assert finished.messages[-1] == {"type": "STATE", "value": finished.states[-2]}  # what older targets need
    found = audits(finished)
    assert found.keys() == set(streams)
    for stream in streams:
        (rows,) = account.execute(f"SELECT count(*) FROM {stream.removeprefix('record_')}")[0]
        assert found[stream]["rows_emitted"] == found[stream]["rows_counted"] == rows
        assert found[stream]["result"] == "complete"
        assert found[stream]["message"] is None
        assert found[stream]["run_started_at"] <= found[stream]["finished_at"]


@pytest.mark.slow
def test_without_the_stream_nothing_is_written_about_it(config: Json, catalog: Json) -> None:
    assert not audits(read(config, selected(catalog, "currency")))


@pytest.mark.slow
def test_rows_that_are_counted_and_never_shown(account: Emulator, config: Json, catalog: Json, tmp_path: Path) -> None:
    account.faults.add(Fault(effect="status", status=200, path="suiteql", body=NOTHING_SHOWN))
    chosen = selected(catalog, "_audit", "currency")
    strict = run(command(tmp_path, config, catalog=chosen))
    assert strict.exit_code == 1
    assert strict.sentence.startswith("Error: Stream currency: currency: ")
    assert audits(strict)["currency"]["result"] == "gap"

    lenient = run(command(tmp_path, {**config, "audit": "warn"}, catalog=chosen))
    assert lenient.exit_code == 0
    assert "NetSuite counts" in lenient.log
    assert audits(lenient)["currency"]["result"] == "gap"

    unaudited = read({**config, "audit": "off"}, chosen)
    assert audits(unaudited)["currency"]["result"] in ("not counted", "gap")


def test_a_stream_that_fails_keeps_no_other_from_being_read(
    account: Emulator, config: Json, catalog: Json, tmp_path: Path
) -> None:
    refusal = {"o:errorDetails": [{"detail": "Not yours.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}
    account.faults.add(Fault(effect="status", status=403, path="/record/v1/currency", body=refusal))
    chosen = selected(catalog, "_audit", "customer", "record_currency", "term")
    finished = run(command(tmp_path, config, catalog=chosen))
    assert finished.exit_code == 1
    assert finished.sentence.startswith("Error: Stream record_currency: ")
    assert {stream: audit["result"] for stream, audit in audits(finished).items()} == {
        "customer": "complete",
        "record_currency": "gap",
        "term": "complete",
    }
    assert finished.bookmark("customer")
    assert finished.messages[-1]["type"] == "STATE"


def test_all_that_failed_is_in_the_last_sentence(
    account: Emulator, config: Json, catalog: Json, tmp_path: Path
) -> None:
    for record_type in ("currency", "term"):
        body = {"o:errorDetails": [{"detail": f"No {record_type}.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}
        account.faults.add(Fault(effect="status", status=403, path=f"/record/v1/{record_type}", body=body))
    finished = run(command(tmp_path, config, catalog=selected(catalog, "record_currency", "record_term")))
    assert finished.exit_code == 1
    assert "2 streams could not be read" in finished.sentence
    assert "No currency" in finished.sentence
    assert "No term" in finished.sentence


def test_a_setting_that_is_none_of_the_three(config: Json) -> None:
    assert "`audit` is 'loud'; it must be one of error, warn, off" in str(read({**config, "audit": "loud"}).error)
