"""What a run does where NetSuite refuses one of its statements, or answers one with less than there is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from tests.tap_runs import Json, discover, read, selected

from netsuite_emulator import Emulator, Fault, Settings

TABLE = "transaction"
Factory = Callable[..., Emulator]
REFUSED_400 = {"effect": "unsupported"}
REFUSED_500 = {"effect": "status"}


@pytest.fixture(scope="module")
def found() -> Iterator[tuple[Emulator, Json]]:
    """An account that is only read, and its catalog."""
    with Emulator(Settings(scale=0.1)) as emulator:
        yield emulator, discover(emulator.connection)


@pytest.fixture
def netsuite(found: tuple[Emulator, Json]) -> Iterator[Emulator]:
    """The account without faults of other tests."""
    yield found[0]
    found[0].faults.clear()


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
    "a count of rows": r"COUNT\(\*\)",
    "any count": r"COUNT\(",
    "sums over gaps": r"SUM\(",
}


@pytest.mark.parametrize("refusal", [REFUSED_400, REFUSED_500], ids=["400", "500"])
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_each_statement_has_another_way(
    found: tuple[Emulator, Json], netsuite: Emulator, statement: str, refusal: Json
) -> None:
    netsuite.faults.add(Fault(statement=statement, **refusal))
    finished = read(netsuite.connection, selected(found[1], TABLE))
    assert finished.error is None
    assert {record["id"] for record in finished.records(TABLE)} == keys_of(netsuite, TABLE)
    assert finished.bookmark(TABLE)


@pytest.mark.slow
@pytest.mark.parametrize("refusal", [REFUSED_400, REFUSED_500], ids=["400", "500"])
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


def test_an_account_that_refuses_counts_says_so_once(
    found: tuple[Emulator, Json], netsuite: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    netsuite.faults.add(Fault(effect="unsupported", statement=r"COUNT\("))
    with caplog.at_level(logging.WARNING):
        finished = read(netsuite.connection, selected(found[1], TABLE, "transactionline", "customer"))
    assert finished.error is None
    assert sum("refuses COUNT(*)" in message for message in caplog.messages) <= 1


@pytest.mark.parametrize("effect", ["page_as_total", "no_more"])
@pytest.mark.parametrize("stream", [TABLE, "transactionline", "accounttype"])
def test_one_number_that_is_wrong_loses_nothing(
    found: tuple[Emulator, Json], netsuite: Emulator, effect: str, stream: str
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


@pytest.mark.parametrize("refusal", [REFUSED_400, REFUSED_500], ids=["400", "500"])
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
