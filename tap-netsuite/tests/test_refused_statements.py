"""What a run does where NetSuite refuses one of its statements, or answers one with less than there is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.tap_runs import Json, discover, entry, read, selected
from tests.test_deletions import tombstones, unused
from tests.warehouse import delete

from netsuite_emulator import Emulator, Fault, Settings

TABLE = "transaction"
BIG = "customrecord_big"
Factory = Callable[..., Emulator]
REFUSED_400 = {"effect": "unsupported"}
REFUSED_500 = {"effect": "status"}
FAILURES: dict[str, Json] = {"400": REFUSED_400, "500": REFUSED_500, "time-out": {"effect": "timeout"}}


@pytest.fixture(scope="module")
def found(catalog: Json) -> Iterator[tuple[Emulator, Json]]:
    """An account that is only read, and its catalog."""
    with Emulator(Settings(scale=0.1, big_tables={BIG: 4500})) as emulator:
        emulator.execute(f"DELETE FROM {BIG} WHERE id % 7 = 0")  # gaps that rows could lie in
        big = entry(discover({**emulator.connection, "tables": [BIG]}), BIG)
        yield emulator, {"streams": [*catalog["streams"], big]}


@pytest.fixture
def netsuite(found: tuple[Emulator, Json]) -> Iterator[Emulator]:
    """The account without faults of other tests."""
    yield found[0]
    found[0].faults.clear()


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    """An account that rows are deleted from."""
    with Emulator(Settings(scale=0.1, time_zone="UTC")) as emulator:
        yield emulator


@pytest.fixture
def changing(account: Emulator) -> Iterator[Emulator]:
    yield account
    account.faults.clear()


def keys_of(emulator: Emulator, table: str, key: str = "id") -> set[int]:
    return {int(row[0]) for row in emulator.execute(f"SELECT {key} FROM {table}")}


def timeless(record: Json) -> Json:
    """Return a record without the moment it was read at."""
    return {name: value for name, value in record.items() if name != "_sdc_set_read_at"}


# Statements that a run sends for a table. Where one is refused, all rows come nevertheless, and the bookmark moves.
STATEMENTS = {
    "times in UTC": r"SYS_EXTRACT_UTC\(lastmodifieddate\)",
    "the sets of all three tables together": r"IN \(SELECT id .* OR .*IN \(SELECT transaction .* OR ",
    "the sets of accounting lines": r"FROM transactionaccountingline WHERE",
    "the newest stamp": r"MAX\(lastmodifieddate\)",
    "sums over gaps": r"SUM\(",
    "sums and counts of rows": r"SUM\(|COUNT\(\*\)",
    "sums and any count": r"(SUM|COUNT)\(",
    "times asked of the function": r"TO_TIMESTAMP",
    "stamps of records": r" AS stamp FROM",
}


def each_failure_of_each_statement() -> Iterator[Any]:
    """Each statement with one of the failures, in turn; with the other two it takes long."""
    for number, (statement, pattern) in enumerate(STATEMENTS.items()):
        for place, (failure, refusal) in enumerate(FAILURES.items()):
            marks = () if place == number % len(FAILURES) else pytest.mark.slow
            yield pytest.param(pattern, refusal, id=f"{statement}-{failure}", marks=marks)


@pytest.mark.parametrize(("statement", "refusal"), [*each_failure_of_each_statement()])
def test_each_statement_has_another_way(
    found: tuple[Emulator, Json], netsuite: Emulator, statement: str, refusal: Json
) -> None:
    netsuite.faults.add(Fault(statement=statement, **refusal))
    finished = read(netsuite.connection, selected(found[1], TABLE, BIG))
    assert finished.error is None
    for stream in (TABLE, BIG):
        assert {record["id"] for record in finished.records(stream)} == keys_of(netsuite, stream)
        assert finished.bookmark(stream)
    assert netsuite.faults.listing()[0]["struck"]


@pytest.mark.parametrize("failure", FAILURES)
def test_counts_of_several_streams_in_one_statement_are_tried_once(
    found: tuple[Emulator, Json], netsuite: Emulator, failure: str
) -> None:
    small = ("currency", "term", "department", "classification", "vendor")
    catalog = selected(found[1], *small)
    first = read(netsuite.connection, catalog)  # which shows that they are small
    netsuite.faults.add(Fault(statement=" UNION ALL ", **FAILURES[failure]))
    second = read(netsuite.connection, catalog, first.state)
    assert second.error is None
    assert all({record["id"] for record in first.records(each)} == keys_of(netsuite, each) for each in small)
    tried = netsuite.faults.listing()[0]["struck"]
    assert tried == {"400": 2, "500": 6, "time-out": 1}[failure]  # a refusal is believed when it comes again
    third = read(netsuite.connection, catalog, second.state)
    assert third.error is None
    assert netsuite.faults.listing()[0]["struck"] == (tried if failure != "time-out" else 2 * tried)


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("ways", ["ORA_HASH", "ORA_HASH|SUM", "ORA_HASH|SUM|COUNT"])
def test_rows_without_keys_are_compared_with_less_or_read_twice(
    found: tuple[Emulator, Json], netsuite: Emulator, ways: str, refusal: Json
) -> None:
    netsuite.faults.add(Fault(statement=rf"\b({ways})\(", **refusal))
    config = {**netsuite.connection, "queries": [{"name": "memos", "query": "SELECT memo FROM transactionline"}]}
    finished = read(config, selected(discover(config), "memos"))
    assert finished.error is None
    ((rows,),) = netsuite.execute("SELECT count(*) FROM transactionline")
    assert len(finished.records("memos")) == rows


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
def test_a_list_that_fails_is_read_from_the_table(
    found: tuple[Emulator, Json], netsuite: Emulator, refusal: Json
) -> None:
    given = {**refusal, "status": 403, "effect": "status"} if refusal == REFUSED_400 else refusal
    netsuite.faults.add(Fault(path=r"/record/v1/vendor$", **given))
    finished = read(netsuite.connection, selected(found[1], "record_vendor"))
    assert finished.error is None
    assert {int(record["id"]) for record in finished.records("record_vendor")} == keys_of(netsuite, "vendor")


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
def test_one_record_that_fails_is_a_gap_or_comes_from_the_table(
    found: tuple[Emulator, Json], netsuite: Emulator, refusal: Json
) -> None:
    first, *others = sorted(keys_of(netsuite, "vendor"))
    given = {"effect": "status", "status": 400, "code": "USER_ERROR"} if refusal == REFUSED_400 else refusal
    netsuite.faults.add(Fault(path=f"/vendor/{first}$", **given))
    catalog = selected(found[1], "record_vendor")
    finished = read(netsuite.connection, catalog)
    assert "1 records of vendor could not be read" in str(finished.error)
    assert {int(record["id"]) for record in finished.records("record_vendor")} == set(others)
    fallback = {"record_streams": {"vendor": {"fallback": "suiteql"}}}
    finished = read({**netsuite.connection, **fallback}, catalog)
    assert finished.error is None
    assert {int(record["id"]) for record in finished.records("record_vendor")} == {first, *others}


# Statements about deletions; where one fails, the deletion comes with the next run in which it does not.
DELETIONS = {
    "the columns of the log": r"SELECT \w+ FROM deletedrecord",
    "the entries of the log": r"FROM deletedrecord .*ORDER BY",
}


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("statement", DELETIONS.values(), ids=DELETIONS)
def test_deletions_that_cannot_be_asked_for_come_with_a_later_run(
    found: tuple[Emulator, Json], changing: Emulator, statement: str, refusal: Json
) -> None:
    (gone,) = unused(changing, "customer")
    catalog = selected(found[1], "customer")
    first = read(changing.connection, catalog)
    delete(changing, "customer", gone)
    time.sleep(1.1)  # the log has whole seconds; the next run begins in a later one
    changing.faults.add(Fault(statement=statement, **refusal))
    second = read(changing.connection, catalog, first.state)
    assert not tombstones(second, "customer")
    changing.faults.clear()
    third = read(changing.connection, catalog, second.state)
    assert gone in {record["id"] for record in tombstones(third, "customer")}


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
def test_keys_are_asked_for_in_smaller_parts_where_many_at_once_fail(
    found: tuple[Emulator, Json], changing: Emulator, refusal: Json
) -> None:
    gone = set(unused(changing, "customer", 5))
    catalog = selected(found[1], "customer")
    first = read(changing.connection, catalog)
    for each in gone:
        delete(changing, "customer", each)
    time.sleep(1.1)
    changing.faults.add(Fault(statement=r"IN \((\d+, ){2}", **refusal))
    second = read(changing.connection, catalog, first.state)
    assert gone <= {record["id"] for record in tombstones(second, "customer")}


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
def test_a_list_of_datasets_that_fails_keeps_named_ones_from_nothing(
    found: tuple[Emulator, Json], netsuite: Emulator, refusal: Json
) -> None:
    given = {**refusal, "status": 403, "effect": "status"} if refusal == REFUSED_400 else refusal
    netsuite.faults.add(Fault(path=r"/dataset/?$", **given))
    config = {**netsuite.connection, "tables": ["currency"], "datasets": ["custdataset_customers"]}
    finished = read(config, selected(discover(config), "dataset_custdataset_customers"))
    assert finished.error is None
    assert {int(row["id"]) for row in finished.records("dataset_custdataset_customers")} == keys_of(
        netsuite, "customer"
    )


def test_an_account_that_refuses_counts_says_so_once(
    found: tuple[Emulator, Json], netsuite: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    netsuite.faults.add(Fault(effect="unsupported", statement=r"(SUM|COUNT)\("))
    with caplog.at_level(logging.WARNING):
        finished = read(netsuite.connection, selected(found[1], TABLE, "transactionline", BIG))
    assert finished.error is None
    assert sum("refuses COUNT(*)" in message for message in caplog.messages) == 1


@pytest.mark.parametrize(
    ("stream", "effect"),
    [
        (TABLE, "no_more"),
        ("transactionline", "page_as_total"),
        ("accounttype", "page_as_total"),
        pytest.param(TABLE, "page_as_total", marks=pytest.mark.slow),
        pytest.param("transactionline", "no_more", marks=pytest.mark.slow),
        pytest.param("accounttype", "no_more", marks=pytest.mark.slow),
    ],
)
def test_one_number_that_is_wrong_loses_nothing(
    found: tuple[Emulator, Json], netsuite: Emulator, stream: str, effect: str
) -> None:
    whole = read(netsuite.connection, selected(found[1], stream)).records(stream)
    netsuite.faults.add(Fault(effect=effect, path="suiteql"))
    finished = read(netsuite.connection, selected(found[1], stream))
    assert finished.error is None
    assert {str(timeless(record)) for record in finished.records(stream)} == {str(timeless(each)) for each in whole}


@pytest.mark.parametrize("stream", [TABLE, "accounttype"])
def test_a_first_answer_without_rows_is_asked_for_again(
    found: tuple[Emulator, Json], netsuite: Emulator, stream: str
) -> None:
    whole = read(netsuite.connection, selected(found[1], stream)).records(stream)
    netsuite.faults.add(Fault(effect="no_rows", statement=rf"SELECT \w+, .*FROM {stream}\b", nth=1))
    assert len(read(netsuite.connection, selected(found[1], stream)).records(stream)) == len(whole)


@pytest.mark.slow
def test_columns_beyond_what_the_account_shows_are_read_in_parts(
    netsuite_emulator_factory: Factory, found: tuple[Emulator, Json]
) -> None:
    whole = read(found[0].connection, selected(found[1], TABLE)).records(TABLE)
    capped = netsuite_emulator_factory(scale=0.1, column_cap=40)
    finished = read(capped.connection, selected(found[1], TABLE))
    assert finished.error is None
    by_id = {record["id"]: timeless(record) for record in finished.records(TABLE)}
    assert by_id == {record["id"]: timeless(record) for record in whole}


@pytest.mark.slow
@pytest.mark.parametrize("refusal", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("stream", [TABLE, "transactionline"])
def test_where_sets_are_only_refused_together_each_table_goes_by_its_own_stamp(
    found: tuple[Emulator, Json],
    netsuite: Emulator,
    caplog: pytest.LogCaptureFixture,
    stream: str,
    refusal: Json,
) -> None:
    whole = read(netsuite.connection, selected(found[1], stream))
    netsuite.faults.add(Fault(statement=r"IN \(SELECT .* OR .*IN \(SELECT ", **refusal))
    with caplog.at_level(logging.WARNING):
        finished = read(netsuite.connection, selected(found[1], stream), whole.state)
    assert finished.error is None
    assert finished.records(stream)
    assert f"{stream}: NetSuite does not let its rows be asked for by changes of their transactions" in caplog.text
