"""Data through both plugins and a warehouse, as plain processes: complete, resumed after a kill, and back again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from demo.warehouse import SCHEMA, Warehouse
from netsuite_emulator import Emulator, Settings
from tests.pipelines import PROGRAMS, Pipe, Plugin, Tap, install_loader, running_warehouse

pytestmark = pytest.mark.slow

KEYS = {"customer": "id", "transaction": "id", "transactionline": "uniquekey"}


@pytest.fixture(scope="session")
def loader_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_loader(tmp_path_factory.mktemp("loader") / "venv")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.1, latency=0.02)) as emulator:
        yield emulator


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with running_warehouse(tmp_path) as (warehouse, _):
        yield warehouse


@pytest.fixture
def tap(tmp_path: Path, emulator: Emulator) -> Tap:
    return Tap(tmp_path / "tap", {**emulator.connection, "tables": list(KEYS)})


@pytest.fixture
def loader(tmp_path: Path, warehouse: Warehouse, loader_program: Path) -> Plugin:
    config = {
        "sqlalchemy_url": warehouse.plugin_variables["TARGET_POSTGRES_SQLALCHEMY_URL"],
        "default_target_schema": SCHEMA,
        "load_method": "upsert",
        "batch_size_rows": 100,
        "validate_records": False,
    }
    return Plugin(loader_program, tmp_path / "loader", config)


def assert_all_arrived(emulator: Emulator, warehouse: Warehouse) -> None:
    for table, key in KEYS.items():
        stored = emulator.execute(f'SELECT {key} FROM "{table}"')
        arrived = warehouse.select(sql.SQL(f"SELECT {key} FROM {{}}"), table)
        assert sorted(int(row[0]) for row in arrived) == sorted(int(row[0]) for row in stored), table


def wait_for_rows(warehouse: Warehouse, table: str) -> None:
    patience = time.monotonic() + 120
    while table not in warehouse.tables() or not warehouse.count(table):
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_everything_arrives_and_the_next_run_moves_what_changed(
    emulator: Emulator, warehouse: Warehouse, tap: Tap, loader: Plugin
) -> None:
    catalog = tap.catalog(list(KEYS))
    first = Pipe(tap.command(catalog=catalog), loader.command())
    assert first.wait() == (0, 0)
    assert_all_arrived(emulator, warehouse)

    moment = warehouse.now()
    ((changed,),) = emulator.execute("SELECT min(id) FROM customer")
    emulator.execute(
        "UPDATE customer SET phone = '0', lastmodifieddate = '2026-10-01 12:00:00' WHERE id = ?", [changed]
    )
    second = Pipe(tap.command(catalog=catalog, state=first.state_file(tap.directory)), loader.command())
    assert second.wait() == (0, 0)

    assert_all_arrived(emulator, warehouse)
    statement = sql.SQL("SELECT id, phone FROM {} WHERE _sdc_batched_at > %s")
    moved = {int(row[0]): row[1] for row in warehouse.select(statement, "customer", moment)}
    assert moved[changed] == "0"
    assert len(moved) < warehouse.count("customer") / 10


def test_a_run_whose_tap_was_killed_is_continued(
    emulator: Emulator, warehouse: Warehouse, tap: Tap, loader: Plugin
) -> None:
    catalog = tap.catalog(list(KEYS))
    first = Pipe(tap.command(catalog=catalog), loader.command())
    wait_for_rows(warehouse, "transaction")
    first.source.kill()
    assert first.wait() == (-9, 0)

    second = Pipe(tap.command(catalog=catalog, state=first.state_file(tap.directory)), loader.command())
    assert second.wait() == (0, 0)

    assert_all_arrived(emulator, warehouse)


def test_a_run_whose_loader_was_killed_is_done_again(
    emulator: Emulator, warehouse: Warehouse, tap: Tap, loader: Plugin
) -> None:
    catalog = tap.catalog(list(KEYS))
    first = Pipe(tap.command(catalog=catalog), loader.command())
    wait_for_rows(warehouse, "transaction")
    first.sink.kill()
    source, sink = first.wait()
    assert source != 0
    assert sink == -9

    second = Pipe(tap.command(catalog=catalog, state=first.state_file(tap.directory)), loader.command())
    assert second.wait() == (0, 0)

    assert_all_arrived(emulator, warehouse)


def test_records_travel_from_one_account_to_another(tmp_path: Path, emulator: Emulator) -> None:
    # NetSuite takes no second customer of the same name.
    query = "SELECT id, companyname || ' ' || id AS companyname, email FROM customer WHERE isperson = 'F' AND id < 800"
    queries = [{"name": "companies", "query": query, "primary_keys": ["id"]}]
    tap = Tap(tmp_path / "tap", {**emulator.connection, "tables": ["customer"], "queries": queries})
    with Emulator(Settings(scale=0.05, one_world=False, account_id="7654321")) as other:
        streams = {
            "companies": {
                "record_type": "customer",
                "operation": "upsert",
                "external_id": "A-{id}",
                "fields": {"companyname": "companyName", "email": "email"},
            }
        }
        target = Plugin(PROGRAMS / "target-netsuite", tmp_path / "target", {**other.connection, "streams": streams})
        catalog = tap.catalog(["companies"])
        for _ in range(2):  # the second time it must update, not create once more
            pipe = Pipe(tap.command(catalog=catalog), target.command())
            assert pipe.wait() == (0, 0)

        written = other.execute(
            "SELECT externalid, companyname, email FROM customer WHERE externalid LIKE 'A-%' ORDER BY externalid"
        )

    stored = emulator.execute(
        "SELECT 'A-' || id, companyname || ' ' || id, email FROM customer WHERE isperson = 'F' AND id < 800 ORDER BY 1"
    )
    assert written == stored
    assert len(stored) > 10
