"""Tables and queries without a key, of more than a page: complete while they stand still, and never silently less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, read, selected

from netsuite_emulator import Churn, Emulator, Fault

TABLE = "inventorybalance"
ROWS = 4500
EVERYTHING = Counter(dict.fromkeys(range(ROWS // 3), 3))
REFUSAL = {"o:errorDetails": [{"detail": "Invalid or unsupported search.", "o:errorCode": "INVALID_PARAMETER"}]}


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    emulator = netsuite_emulator_factory()
    emulator.execute(f"DELETE FROM {TABLE}")
    emulator.execute(
        f"INSERT INTO {TABLE} (item, location, quantityonhand) "
        f"SELECT range // 3, 1, (range // 3) % 7 FROM range({ROWS})"  # each row three times
    )
    return emulator


@pytest.fixture
def given(emulator: Emulator) -> dict[str, Any]:
    catalog = discover({**emulator.connection, "tables": [TABLE]})
    return {"config": emulator.connection, "catalog": selected(catalog, "_audit", TABLE)}


def came(finished: Run) -> Counter[int]:
    return Counter(record["item"] for record in finished.records(TABLE))


def test_rows_that_are_alike_come_as_often_as_they_are_there(given: dict[str, Any]) -> None:
    finished = read(**given)
    assert finished.error is None
    assert came(finished) == EVERYTHING
    (audit,) = finished.records("_audit")
    assert (audit["rows_emitted"], audit["rows_counted"], audit["result"]) == (ROWS, ROWS, "complete")


@pytest.mark.parametrize("refusals", [1, 2, 3])
def test_where_a_kind_of_fingerprint_is_refused_another_guards(
    emulator: Emulator, given: dict[str, Any], refusals: int
) -> None:
    emulator.faults.add(Fault(effect="status", status=400, path="suiteql", nth=2, times=refusals, body=REFUSAL))
    finished = read(**given)
    assert finished.error is None
    assert came(finished) == EVERYTHING


def test_other_rows_than_netsuite_counts_are_an_error(emulator: Emulator, given: dict[str, Any]) -> None:
    more = {"items": [{"n": str(ROWS + 1)}], "count": 1, "hasMore": False, "offset": 0, "totalResults": 1}
    emulator.faults.add(Fault(effect="status", status=200, path="suiteql", statement="ORA_HASH", body=more))
    assert "rows may be missing" in str(read(**given).error)


def query_given(emulator: Emulator) -> dict[str, Any]:
    config: Json = {
        **emulator.connection,
        "tables": ["currency"],
        "queries": [{"name": "memos", "query": "SELECT memo, foreigntotal AS amount FROM transaction"}],
    }
    return {"config": config, "catalog": selected(discover(config), "memos")}


@pytest.mark.slow
def test_rows_that_change_between_two_pages_are_read_again(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = netsuite_emulator_factory(scale=1)
    given = query_given(emulator)
    emulator.churning.start(
        Churn(table="transaction", every=4, inserts=0, updates=1, deletes=0, column="memo", times=1)
    )
    finished = read(**given)
    assert emulator.churning.changes
    assert finished.error is None
    assert "changed while it was read; reading again" in caplog.text
    there = Counter(emulator.execute("SELECT memo, foreigntotal FROM transaction"))
    assert not there - Counter((record["memo"], record["amount"]) for record in finished.records("memos"))


def test_rows_that_never_stand_still_are_an_error(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(scale=1)
    given = query_given(emulator)
    emulator.churning.start(Churn(table="transaction", every=2, inserts=0, updates=3, deletes=0, column="memo"))
    assert "changed during each of 3 readings" in str(read(**given).error)
    given["config"]["audit"] = "warn"
    assert read(**given).error is None
