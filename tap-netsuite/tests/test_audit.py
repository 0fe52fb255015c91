"""What was emitted against what NetSuite counts: an error, a warning or nothing, and a record of it for each stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from tests.tap_runs import Json, command, read, run, selected

from netsuite_emulator import Churn, Emulator, Fault
from suitetalk import InvalidRequestError, Page, SuiteQL
from tap_netsuite.account import CountsTogether
from tap_netsuite.source import Column, Kind, Source

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


FULL, CHANGED, TEXT_KEY = "currency", "customer", "accounttype"
PAGES = r"^SELECT (?!\d|COUNT)"
"""Statements that read rows, and do not count them."""


@pytest.mark.parametrize("stream", [FULL, CHANGED, TEXT_KEY])
def test_rows_that_an_answer_says_are_not_there_come_in_the_end(
    account: Emulator, config: Json, catalog: Json, stream: str
) -> None:
    account.faults.add(Fault(effect="fewer_rows", statement=rf"{PAGES}.*FROM {stream}\b", times=1))
    finished = read(config, selected(catalog, "_audit", stream))
    assert finished.error is None
    ids = {str(row[0]) for row in account.execute(f"SELECT id FROM {stream}")}
    assert {str(record["id"]) for record in finished.records(stream)} == ids
    assert audits(finished)[stream]["rows_counted"] == len(ids)
    assert audits(finished)[stream]["result"] == "complete"


@pytest.mark.parametrize("stream", [FULL, CHANGED, TEXT_KEY])
def test_rows_that_every_answer_says_are_not_there_are_a_gap(
    account: Emulator, config: Json, catalog: Json, stream: str
) -> None:
    account.faults.add(Fault(effect="fewer_rows", statement=rf"{PAGES}.*FROM {stream}\b"))
    chosen = selected(catalog, "_audit", stream, "term")
    strict = read(config, chosen)
    assert f"Stream {stream}: {stream}: " in str(strict.error)
    assert {name: audit["result"] for name, audit in audits(strict).items()} == {stream: "gap", "term": "complete"}
    bookmark = strict.state["bookmarks"].get(stream, {})
    assert not bookmark.keys() & {"replication_key_value", "reading"}
    assert not [message for message in strict.messages if message["type"] == "ACTIVATE_VERSION"][1:]  # but of term

    lenient = read({**config, "audit": "warn"}, chosen)
    assert lenient.error is None
    assert audits(lenient)[stream]["result"] == "gap"

    account.clear_requests()
    assert read({**config, "audit": "off"}, chosen).error is None
    assert not [request for request in account.requests if "COUNT(" in request.body]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_a_busy_account_raises_no_alarm(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, seed: int
) -> None:
    busy = netsuite_emulator_factory(scale=0.02)
    small = ("customer", "vendor", "department", "term")
    chosen = selected(catalog, "_audit", *small)
    for entry in chosen["streams"]:
        if entry["tap_stream_id"] in small and seed % 2:
            entry["replication_method"] = "FULL_TABLE"
    for table in small[:3]:
        busy.churning.start(Churn(table=table, every=1, inserts=2, updates=2, deletes=1, seed=seed))
    state = None
    for _ in range(2):
        finished = read(busy.connection, chosen, state)
        assert finished.error is None
        assert {audit["result"] for audit in audits(finished).values()} == {"complete"}
        state = finished.state
    assert any("COUNT(" in request.body for request in busy.requests)


class Counted:
    """SuiteQL that counts: `n` of a table is the number in its name. Each statement takes a moment."""

    def __init__(self, refuses: str = "nothing") -> None:
        self.refused: set[str] = set()
        self.asked: list[str] = []
        self.refuses = refuses

    def within(self, seconds: float) -> Counted:
        assert seconds
        return self

    def page(self, statement: str, parameters: Any, *, limit: int) -> Page:
        self.asked.append(statement)
        time.sleep(0.02)
        if self.refuses in statement:
            raise InvalidRequestError("POST /query", 400, ())
        tables = [part.rpartition("FROM t")[2] for part in statement.split(" UNION ALL ")]
        assert len(tables) == limit
        assert list(parameters) == [int(each) for each in tables]
        return Page([{"place": str(place), "n": each} for place, each in enumerate(tables)], limit, has_more=False)


def counts_at_once(suiteql: Counted, numbers: range, expected: range = range(0)) -> list[int | None]:
    """Ask for the counts of tables in threads."""
    together = CountsTogether(cast("SuiteQL", suiteql), "tables")
    key = Column("id", Kind.INTEGER)
    sources = {n: Source(f"t{n}", (key,), (key,), parameters=(n,)) for n in (*numbers, *expected)}
    for n in expected:
        together.expect(sources[n], lambda: "")
    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(lambda n: together.count(sources[n], ""), numbers))


def test_counts_wait_for_each_other_and_go_together() -> None:
    suiteql = Counted()
    assert counts_at_once(suiteql, range(60)) == list(range(60))
    assert len(suiteql.asked) <= 30
    assert max(statement.count("COUNT(") for statement in suiteql.asked) <= 50


def test_counts_that_are_expected_go_with_the_first() -> None:
    suiteql = Counted()
    assert counts_at_once(suiteql, range(8), range(8)) == list(range(8))
    assert len(suiteql.asked) == 1


def test_an_expected_count_that_is_refused_spoils_no_other() -> None:
    suiteql = Counted("t99")
    assert counts_at_once(suiteql, range(8), range(99, 100)) == list(range(8))
    assert not suiteql.refused


def test_an_account_that_is_away_is_not_taken_for_one_that_refuses() -> None:
    suiteql = Counted("COUNT")
    assert counts_at_once(suiteql, range(8)) == [None] * 8
    assert not suiteql.refused
    assert len(suiteql.asked) == 2


def test_counts_that_are_refused_together_are_remembered() -> None:
    suiteql = Counted("UNION")
    assert counts_at_once(suiteql, range(8), range(8)).count(None) == 7
    assert suiteql.refused == {"counts of several tables in one statement"}
    assert len(suiteql.asked) == 3


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
