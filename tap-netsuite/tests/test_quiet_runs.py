"""What a run costs in which nothing has changed, and what is remembered of an account from run to run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, names, read, selected

from netsuite_emulator import Emulator, Fault, Settings

Factory = Callable[..., Emulator]
FOR_ALL = 6
"""Requests that a quiet run may take besides one for each stream."""


@pytest.fixture(scope="module")
def found(catalog: Json) -> Iterator[tuple[Emulator, Json]]:
    """An account that is only read, and its catalog, which its size makes no difference to."""
    with Emulator(Settings(scale=0.02)) as emulator:
        yield emulator, catalog


@pytest.fixture
def netsuite(found: tuple[Emulator, Json]) -> Iterator[Emulator]:
    """The account without faults of other tests."""
    yield found[0]
    found[0].faults.clear()


def statements(emulator: Emulator) -> list[str]:
    return [json.loads(one.body)["q"] for one in emulator.requests if one.path.endswith("/suiteql")]


def run_again(emulator: Emulator, catalog: Json, before: Run, **settings: Any) -> Run:
    """Run once more from the state of a run, and leave in the log what only this run has asked."""
    emulator.clear_requests()
    finished = read({**emulator.connection, **settings}, catalog, before.state)
    assert finished.error is None
    return finished


def tables(catalog: Json) -> list[str]:
    return sorted(each for each in names(catalog) if not each.startswith(("record_", "deletedrecord", "systemnote")))


def change_facts(home: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Let what is remembered be otherwise than NetSuite is."""
    (path,) = [path for path in home.rglob("*.json") if b'"facts"' in path.read_bytes()]
    kept = json.loads(path.read_bytes())
    change(kept)
    path.write_text(json.dumps(kept))


@pytest.mark.slow
@pytest.mark.parametrize(
    "deletions",
    [
        pytest.param({}, id="log"),
        pytest.param({"seen_keys": "keys.sqlite"}, id="seen keys", marks=pytest.mark.slow),
    ],
)
def test_nothing_to_do_costs_a_request_for_each_stream_and_six_for_all(
    found: tuple[Emulator, Json], netsuite: Emulator, deletions: Json, tmp_path: Path
) -> None:
    settings = {name: str(tmp_path / file) for name, file in deletions.items()}
    chosen = tables(found[1])
    catalog = selected(found[1], *chosen)
    first = read({**netsuite.connection, **settings}, catalog)
    second = run_again(netsuite, catalog, first, **settings)  # which finds the log of deletions
    run_again(netsuite, catalog, second, **settings)
    assert len(netsuite.requests) <= len(chosen) + FOR_ALL, "\n".join(statements(netsuite))


@pytest.mark.slow
def test_wide_tables_without_changes_are_believed_together(
    netsuite_emulator_factory: Factory, found: tuple[Emulator, Json]
) -> None:
    emulator = netsuite_emulator_factory()
    wide = ("transaction", "customer", "item")
    catalog = selected(found[1], *wide)
    first = run_again(emulator, catalog, read(emulator.connection, catalog))
    for table in wide:
        emulator.execute(f"UPDATE {table} SET lastmodifieddate = TIMESTAMP '2001-01-01'")
    for table in ("transactionline SET line", "transactionaccountingline SET "):
        emulator.execute(f"UPDATE {table}lastmodifieddate = TIMESTAMP '2001-01-01'")
    quiet = run_again(emulator, catalog, first)
    assert [len(quiet.records(table)) for table in wide] == [0, 0, 0]
    assert len(emulator.requests) <= len(wide) + FOR_ALL
    assert not [each for each in statements(emulator) if "COUNT(" in each]


@pytest.mark.slow
def test_a_cap_of_columns_that_is_new_hides_no_change(
    netsuite_emulator_factory: Factory, found: tuple[Emulator, Json]
) -> None:
    emulator = netsuite_emulator_factory()
    catalog = selected(found[1], "customer")
    first = read(emulator.connection, catalog)
    emulator.execute("UPDATE customer SET lastmodifieddate = now()::TIMESTAMP - INTERVAL '9 hours', phone = '1'")
    emulator.faults.add(Fault(effect="no_rows", statement=r"^SELECT ([^,]+, ){50}"))
    capped = run_again(emulator, catalog, first)
    assert {record["phone"] for record in capped.records("customer")} == {"1"}


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("time zone", {"name": "Asia/Tokyo", "converts_to_utc": True, "witness": "currency"}),
        pytest.param(
            "time zone", {"name": "Asia/Tokyo", "converts_to_utc": False, "witness": ""}, marks=pytest.mark.slow
        ),
        ("time zone", {"name": "Mars", "converts_to_utc": True, "witness": "currency"}),
        pytest.param(
            "time zone",
            {"name": "America/Los_Angeles", "converts_to_utc": True, "witness": "nothing"},
            marks=pytest.mark.slow,
        ),
        ("log of deletions", {"table": "deletedrecordinconnect", "record_id": "x", "date": "y", "types": ["z"]}),
        ("columns that come", {"columns": 900, "statement": "SELECT nothing FROM customer"}),
    ],
)
def test_what_is_remembered_and_wrong_changes_nothing(
    found: tuple[Emulator, Json], netsuite: Emulator, cache_home: Path, name: str, wrong: Json
) -> None:
    catalog = selected(found[1], "customer", "currency")
    first = read(netsuite.connection, catalog)
    right = run_again(netsuite, catalog, first)
    change_facts(cache_home, lambda kept: kept["facts"].update({name: [wrong, None]}))
    finished = run_again(netsuite, catalog, first)
    assert finished.records("customer") == right.records("customer")
    assert finished.bookmark("customer") == right.bookmark("customer")
    run_again(netsuite, catalog, first)
    assert len(netsuite.requests) <= 2 + FOR_ALL


@pytest.mark.parametrize("effect", ["unsupported", "status"])
def test_sets_of_transactions_that_are_refused_now(
    found: tuple[Emulator, Json], netsuite: Emulator, effect: str
) -> None:
    lines = ("transaction", "transactionline", "transactionaccountingline")
    catalog = selected(found[1], *lines)
    first = read(netsuite.connection, catalog)
    netsuite.faults.add(Fault(effect=effect, statement=r"IN \(SELECT .* OR .*IN \(SELECT "))
    finished = run_again(netsuite, catalog, first)
    assert all(finished.records(table) for table in lines)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "refused": [], "facts": {"a": 1}}']
)
def test_damaged_facts_are_as_good_as_none(
    found: tuple[Emulator, Json], netsuite: Emulator, cache_home: Path, damage: bytes
) -> None:
    catalog = selected(found[1], "customer")
    first = read(netsuite.connection, catalog)
    for path in cache_home.rglob("*.json"):
        path.write_bytes(damage)
    run_again(netsuite, catalog, first)


def test_nothing_is_kept_where_no_catalog_is(
    found: tuple[Emulator, Json], netsuite: Emulator, cache_home: Path
) -> None:
    catalog = selected(found[1], "currency")
    read({**netsuite.connection, "catalog_cache_seconds": 0}, catalog)
    assert [path for path in cache_home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("unstamped", [3, 1200])
def test_rows_without_a_stamp_come_with_the_changed_ones(netsuite_emulator_factory: Factory, unstamped: int) -> None:
    name = "customrecord_many"
    emulator = netsuite_emulator_factory(big_tables={name: 1300})
    emulator.execute(
        f"UPDATE {name} SET lastmodified = CASE WHEN place > {unstamped} "
        f"THEN TIMESTAMP '2020-01-01' + place * INTERVAL 1 MINUTE END "
        f"FROM (SELECT id AS one, row_number() OVER (ORDER BY id) AS place FROM {name}) WHERE id = one"
    )
    catalog = selected(discover({**emulator.connection, "tables": [name]}), name)
    first = read(emulator.connection, catalog)
    again = run_again(emulator, catalog, first)
    assert len(again.records(name)) == 1 + min(unstamped, 1000)
    pages = [each for each in statements(emulator) if f"FROM {name}" in each]
    assert len(pages) == (1 if unstamped < 1000 else 3)
