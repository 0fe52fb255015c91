"""A user's first ten minutes with each loader: load, change, delete, remove a line, refresh.

What arrived is read as docs/warehouse.md says: the last row of each key counts, unless it is marked as deleted or a
later reading of its transaction no longer has it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
import pytest
from psycopg.rows import dict_row

from netsuite_emulator import Emulator, Settings
from suitetalk import ConnectionSettings, NetSuite
from tests.pipelines import LOADER, Pipe, Plugin, Tap, install, running_warehouse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("loaders"), pytest.mark.timeout(600)]

CUSTOM = "customrecord_warranty"
KEYS: Mapping[str, Sequence[str]] = {
    CUSTOM: ["id"],
    "transaction": ["id"],
    "transactionline": ["uniquekey"],
    "transactionaccountingline": ["transaction", "transactionline", "accountingbook"],
}
VALUES = {
    CUSTOM: "custrecord_amount",
    "transaction": "foreigntotal",
    "transactionline": "foreignamount",
    "transactionaccountingline": "amount",
}
Row = Mapping[str, Any]
Contents = dict[tuple[str, ...], Decimal | None]


class Loader(Protocol):
    """A loader and how to look at what it wrote, in the order it came."""

    def command(self, directory: Path) -> list[str]: ...

    def rows(self, stream: str) -> list[Row]: ...


def living(loader: Loader, stream: str) -> Contents:
    """Return the living rows that arrived: a value by key."""
    newest = {_key(row, stream): row for row in loader.rows(stream)}
    rows = [row for row in newest.values() if not row.get("_sdc_deleted_at")]
    if stream.startswith("transaction"):
        of = "id" if stream == "transaction" else "transaction"
        last = {row[of]: _read_at(row) for row in sorted(rows, key=_read_at)}
        rows = [row for row in rows if _read_at(row) in {"", last[row[of]]}]
    if stream in {"transactionline", "transactionaccountingline"}:
        headers = {key[0] for key in living(loader, "transaction")}
        rows = [row for row in rows if str(row["transaction"]) in headers]
    return {_key(row, stream): _number(row[VALUES[stream]]) for row in rows}


def _key(row: Row, stream: str) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in KEYS[stream])


def _read_at(row: Row) -> str:
    return str(row["_sdc_set_read_at"] or "")


def _number(value: Any) -> Decimal | None:
    return None if value in {None, ""} else round(Decimal(str(value)), 2)


@dataclass
class Company:
    """A small NetSuite and what a user does in it."""

    emulator: Emulator
    tap: Tap
    catalog: Path
    state: Path | None = None
    states: list[Any] = field(default_factory=list)

    def load(self, loader: Loader, directory: Path, *, whole: bool = False) -> None:
        """Run the pipeline, from the last state or from none."""
        pipe = Pipe(
            self.tap.command(catalog=self.catalog, state=None if whole else self.state), loader.command(directory)
        )
        assert pipe.wait() == (0, 0)
        self.state = pipe.state_file(directory)
        assert self.state, "the loader printed no state"

    def contents(self, stream: str) -> Contents:
        """Return what NetSuite has: a value by key."""
        names = ", ".join(KEYS[stream])
        rows = self.emulator.execute(f'SELECT {names}, "{VALUES[stream]}" FROM "{stream}"')
        return {tuple(str(part) for part in row[:-1]): _number(row[-1]) for row in rows}

    def change(self) -> None:
        """Change a record and an invoice, take a line out of another, delete a record and an invoice."""
        ids = [str(row[0]) for row in self.emulator.execute(f"SELECT id FROM {CUSTOM} ORDER BY id LIMIT 2")]
        invoices = self.emulator.execute(
            "SELECT transaction FROM transactionline JOIN \"transaction\" t ON t.id = transaction WHERE mainline = 'F' "
            "AND t.type = 'CustInvc' GROUP BY 1 HAVING count(*) > 2 ORDER BY 1 LIMIT 3"
        )
        changed, shortened, deleted = (str(row[0]) for row in invoices)
        with NetSuite(ConnectionSettings.from_mapping(self.emulator.connection)) as netsuite:
            records = netsuite.records
            records.update(CUSTOM, ids[0], {"custrecord_amount": 4321})
            records.update("invoice", changed, {"item": {"items": [{"line": 1, "rate": 77.5}]}})
            kept = records.get("invoice", shortened, expand_sub_resources=True)["item"]["items"][:-1]
            lines = [{"line": line["line"]} for line in kept]
            records.update("invoice", shortened, {"item": {"items": lines}}, replace=["item"])
            records.delete(CUSTOM, ids[1])
            records.delete("invoice", deleted)
        self.deleted = ids[1]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with Emulator(Settings(scale=0.02)) as emulator:
        tap = Tap(tmp_path / "tap", {**emulator.connection, "tables": list(KEYS)})
        yield Company(emulator, tap, tap.catalog(list(KEYS)))


def spend_ten_minutes(company: Company, loader: Loader, directory: Path) -> None:
    """Do it all, and compare after each run."""
    for step in ("load", "change", "refresh"):
        if step == "change":
            company.change()
        company.load(loader, directory, whole=step != "change")
        for stream in KEYS:
            assert living(loader, stream) == company.contents(stream), (step, stream)


class Files:
    """target-jsonl and target-csv."""

    def __init__(self, program: Path, directory: Path, config: Mapping[str, Any]) -> None:
        self.plugin = Plugin(program, directory, config)
        self.output = directory / "output"
        self.output.mkdir()

    def command(self, _directory: Path) -> list[str]:
        return self.plugin.command()

    def rows(self, stream: str) -> list[Row]:
        rows: list[Row] = []
        for path in sorted(self.output.glob(f"{stream}-2*")) + sorted(self.output.glob(f"{stream}.*")):
            with path.open(encoding="utf-8", newline="") as lines:
                rows += list(csv.DictReader(lines)) if path.suffix == ".csv" else map(json.loads, lines)
        return rows


class Postgres:
    """target-postgres."""

    def __init__(self, program: Path, directory: Path, host: Path, **config: Any) -> None:
        address = f"postgresql+psycopg://demo:none@localhost/postgres?host={host}"
        settings = {"sqlalchemy_url": address, "default_target_schema": "netsuite", "use_copy": True}
        self.plugin = Plugin(program, directory, {**settings, "validate_records": False, **config})
        self.host = host

    def command(self, _directory: Path) -> list[str]:
        return self.plugin.command()

    def rows(self, stream: str) -> list[Row]:
        with psycopg.connect(host=str(self.host), user="demo", dbname="postgres", row_factory=dict_row) as connection:
            order = f'SELECT * FROM netsuite."{stream}" ORDER BY _sdc_batched_at'
            return list(connection.execute(order.encode()).fetchall())


class DuckDB:
    """target-duckdb."""

    def __init__(self, program: Path, directory: Path, **config: Any) -> None:
        self.path = directory / "warehouse.duckdb"
        settings = {"path": str(self.path), "default_target_schema": "netsuite"}
        self.plugin = Plugin(program, directory, {**settings, **config})

    def command(self, _directory: Path) -> list[str]:
        return self.plugin.command()

    def rows(self, stream: str) -> list[Row]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            cursor = connection.execute(f'SELECT * FROM netsuite."{stream}"')
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("postgres"), LOADER) / "target-postgres"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Path]:
    with running_warehouse(tmp_path) as (_, host):
        yield host


def test_target_postgres_marks_what_is_deleted(company: Company, tmp_path: Path, postgres: Path, host: Path) -> None:
    loader = Postgres(postgres, tmp_path / "loader", host)
    spend_ten_minutes(company, loader, tmp_path)
    (deleted,) = [row for row in loader.rows(CUSTOM) if str(row["id"]) == company.deleted]
    assert deleted["_sdc_deleted_at"]
    assert {value for name, value in deleted.items() if not name.startswith("_sdc_")} == {int(company.deleted), None}
    assert len(loader.rows(CUSTOM)) == len(company.contents(CUSTOM)) + 1


def test_target_postgres_removes_what_a_refresh_does_not_find(
    company: Company, tmp_path: Path, postgres: Path, host: Path
) -> None:
    loader = Postgres(postgres, tmp_path / "loader", host, hard_delete=True)
    spend_ten_minutes(company, loader, tmp_path)
    for stream in KEYS:
        assert len(loader.rows(stream)) == len(company.contents(stream)), stream


def test_target_postgres_takes_files(company: Company, tmp_path: Path, postgres: Path, host: Path) -> None:
    storage = {"root": (tmp_path / "files").as_uri(), "prefix": "rows-"}
    files = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": storage, "batch_size": 500}
    settings = json.loads(company.tap.config.read_text(encoding="utf-8"))
    company.tap = Tap(tmp_path / "tap-with-files", {**settings, "batch_config": files})
    (tmp_path / "files").mkdir()
    loader = Postgres(postgres, tmp_path / "loader", host)
    company.load(loader, tmp_path)
    for stream in KEYS:
        assert living(loader, stream) == company.contents(stream), stream
    assert len(list((tmp_path / "files").glob("rows-*.gz"))) >= len(KEYS)
    company.change()
    company.load(loader, tmp_path)
    for stream in KEYS:
        assert living(loader, stream) == company.contents(stream), stream


def test_target_postgres_appends_what_has_no_key(company: Company, tmp_path: Path, postgres: Path, host: Path) -> None:
    maps: Mapping[str, Any] = {stream: {"__key_properties__": []} for stream in KEYS}
    loader = Postgres(postgres, tmp_path / "loader", host, stream_maps=maps, activate_version=False)
    spend_ten_minutes(company, loader, tmp_path)
    *before, deleted = [row for row in loader.rows(CUSTOM) if str(row["id"]) == company.deleted]
    assert before
    assert all(row[VALUES[CUSTOM]] is not None for row in before), "the last values are kept"
    assert deleted["_sdc_deleted_at"]


def test_target_postgres_keeps_the_last_values(company: Company, tmp_path: Path, postgres: Path, host: Path) -> None:
    deletions = {"__source__": CUSTOM, "__filter__": "_sdc_deleted_at is not None", "__else__": None}
    maps = {
        CUSTOM: {"__filter__": "_sdc_deleted_at is None"},
        f"{CUSTOM}_deleted": {**deletions, "id": "id", "_sdc_deleted_at": "_sdc_deleted_at"},
    }
    loader = Postgres(postgres, tmp_path / "loader", host, stream_maps=maps)
    company.load(loader, tmp_path)
    before = {row["id"]: row[VALUES[CUSTOM]] for row in loader.rows(CUSTOM)}
    company.change()
    company.load(loader, tmp_path)
    after = {row["id"]: row[VALUES[CUSTOM]] for row in loader.rows(CUSTOM)}
    gone = [row["id"] for row in loader.rows(f"{CUSTOM}_deleted") if row["_sdc_deleted_at"]]
    assert company.deleted in map(str, gone)
    assert all(after[deleted] == before[deleted] for deleted in gone if deleted in before)


def test_target_jsonl_appends(company: Company, tmp_path: Path) -> None:
    program = install(tmp_path / "jsonl", "target-jsonl==0.1.4") / "target-jsonl"
    config = {"destination_path": str(tmp_path / "loader" / "output"), "do_timestamp_file": False}
    spend_ten_minutes(company, Files(program, tmp_path / "loader", config), tmp_path)


def test_target_csv_writes_a_file_for_each_run(company: Company, tmp_path: Path) -> None:
    program = install(tmp_path / "csv", "meltanolabs-target-csv==0.5.0") / "target-csv"
    output = tmp_path / "loader" / "output"
    scheme = "{stream_name}-{timestamp}.csv"
    config = {"output_path": str(output), "file_naming_scheme": scheme, "add_record_metadata": True}
    spend_ten_minutes(company, Files(program, tmp_path / "loader", config), tmp_path)
    assert len(list(output.glob(f"{CUSTOM}-*.csv"))) == 3


def test_target_csv_without_metadata_drops_the_mark_of_a_deletion(company: Company, tmp_path: Path) -> None:
    program = install(tmp_path / "csv", "meltanolabs-target-csv==0.5.0") / "target-csv"
    output = tmp_path / "loader" / "output"
    config = {"output_path": str(output), "file_naming_scheme": "{stream_name}-{timestamp}.csv"}
    loader = Files(program, tmp_path / "loader", config)
    company.load(loader, tmp_path)
    company.change()
    company.load(loader, tmp_path)
    *_, deleted = [row for row in loader.rows(CUSTOM) if row["id"] == company.deleted]
    assert set(deleted.values()) == {company.deleted, ""}
    assert "_sdc_deleted_at" not in deleted
    assert all(row["_sdc_set_read_at"] for row in loader.rows("transaction") if row["type"])


def test_target_postgres_without_metadata_does_not_start(
    company: Company, tmp_path: Path, postgres: Path, host: Path
) -> None:
    loader = Postgres(postgres, tmp_path / "loader", host, add_record_metadata=False)
    _, ended = Pipe(company.tap.command(catalog=company.catalog), loader.command(tmp_path)).wait()
    assert ended != 0


@pytest.mark.parametrize("hard_delete", [False, True])
def test_target_duckdb(company: Company, tmp_path: Path, *, hard_delete: bool) -> None:
    program = install(tmp_path / "duckdb", "target-duckdb==0.8.0", "duckdb<1.3") / "target-duckdb"
    loader = DuckDB(program, tmp_path / "loader", hard_delete=hard_delete)
    spend_ten_minutes(company, loader, tmp_path)
    found = [row for row in loader.rows(CUSTOM) if str(row["id"]) == company.deleted]
    assert len(found) == (0 if hard_delete else 1)
