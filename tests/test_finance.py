"""From NetSuite to financial statements: after whatever happens, they equal NetSuite's own books to the cent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from netsuite_emulator import Emulator, Settings
from suitetalk import ConnectionSettings, NetSuite
from tests.pipelines import DBT, PROGRAMS, Dbt, Plugin, Tap, install, install_loader, postgres, running_warehouse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("finance"), pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parent.parent
RAW, VIEWS, STATEMENTS = "netsuite", "netsuite_current", "finance"
LOGGED: Mapping[str, Sequence[str]] = {
    "account": ["id"],
    "accountingbook": ["id"],
    "accountingperiod": ["id"],
    "accountingperiodfiscalcalendars": ["accountingperiod", "fiscalcalendar"],
    "accounttype": ["id"],
    "customrecord_warranty": ["id"],
    "fiscalcalendar": ["id"],
    "subsidiary": ["id"],
    "transaction": ["id"],
    "transactionaccountingline": ["transaction", "transactionline", "accountingbook"],
    "transactionline": ["uniquekey"],
}
"""Tables of which each run knows the deletions, because NetSuite logs them or because they are read in full."""
KEYS = {**LOGGED, "contact": ["id"], "department": ["id"]}
"""And those of which a whole reading knows them."""

BOOKS = """
SELECT g.accountingbook, l.subsidiary, t.postingperiod, g.account, sum(coalesce(g.debit, 0)), sum(coalesce(g.credit, 0))
FROM transactionaccountingline g JOIN transactionline l ON l.transaction = g.transaction AND l.id = g.transactionline
JOIN "transaction" t ON t.id = g.transaction WHERE g.posting = 'T' GROUP BY 1, 2, 3, 4
"""
TRIAL_BALANCE = f"""
SELECT accounting_book_id, subsidiary_id, accounting_period_id, account_id, debit, credit
FROM {STATEMENTS}.trial_balance WHERE debit <> 0 OR credit <> 0
"""
UNBALANCED = f"""
SELECT accounting_book_id, subsidiary_id, accounting_period_id FROM {STATEMENTS}.balance_sheet
GROUP BY 1, 2, 3 HAVING sum(CASE WHEN section = 'Assets' THEN amount ELSE -amount END) <> 0
"""


class Warehouse:
    """NetSuite, a pipeline into PostgreSQL, and dbt."""

    def __init__(self, emulator: Emulator, tap: Tap, loader: Plugin, dbt: Dbt, host: Path) -> None:
        self.emulator, self.tap, self.loader, self.dbt, self.host = emulator, tap, loader, dbt, host
        self.catalog = tap.catalog(list(KEYS))
        self.state: Path | None = None

    def load(self, *, whole: bool = False, kill: str = "", after: int = 0) -> None:
        """Run tap and loader, from the last state or from none.

        Args:
            whole: without a state, as a full refresh.
            kill: which of both to kill, with SIGKILL.
            after: how many records of `transactionline` have passed by then.
        """
        state = None if whole else self.state
        tap = subprocess.Popen(self.tap.command(catalog=self.catalog, state=state), stdout=subprocess.PIPE)
        states = self.tap.directory / "states.jsonl"
        with states.open("wb") as output:
            loader = subprocess.Popen(self.loader.command(), stdin=subprocess.PIPE, stdout=output)
        assert tap.stdout
        assert loader.stdin
        lines = 0
        for line in tap.stdout:
            if kill and lines == after:
                (tap if kill == "tap" else loader).kill()
                break
            loader.stdin.write(line)
            lines += line.startswith(b'{"type":"RECORD","stream":"transactionline"')
        else:
            assert not kill, "it ended before it was killed"
        tap.stdout.close()
        try:
            loader.stdin.close()
        except BrokenPipeError:
            assert kill == "loader"
        codes = tap.wait(), loader.wait()
        if not kill:
            assert codes == (0, 0)
        printed = states.read_text(encoding="utf-8").splitlines()
        if printed:
            self.state = self.tap.directory / "state.json"
            self.state.write_text(json.dumps(json.loads(printed[-1])), encoding="utf-8")
        elif whole:
            self.state = None

    def check(self, tables: Mapping[str, Sequence[str]]) -> None:
        """Build the statements, and compare with NetSuite's tables and books."""
        assert "ERROR=0" in self.dbt.build()
        for table, keys in tables.items():
            names = ", ".join(keys)
            there = self.emulator.execute(f'SELECT {names} FROM "{table}"')
            here = self.select(f'SELECT {names} FROM {VIEWS}."{table}"')
            assert sorted(map(_texts, here)) == sorted(map(_texts, there)), table
        assert sorted(self.select(TRIAL_BALANCE)) == sorted(
            row for row in self.emulator.execute(BOOKS) if row[-1] or row[-2]
        )
        assert self.select(UNBALANCED) == []

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(host=str(self.host), user="demo", dbname="postgres") as connection:
            return connection.execute(statement.encode()).fetchall()


def _texts(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(map(str, row))


class Accountant:
    """Works in NetSuite."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.netsuite = NetSuite(ConnectionSettings.from_mapping(emulator.connection))

    def invoices(self) -> list[str]:
        """Return the ids of invoices with several lines, in three subsidiaries or more."""
        rows = self.emulator.execute(
            "SELECT t.id FROM transactionline l JOIN \"transaction\" t ON t.id = l.transaction WHERE mainline = 'F' "
            "AND t.type = 'CustInvc' GROUP BY 1 HAVING count(*) > 2 ORDER BY 1"
        )
        return [str(row[0]) for row in rows]

    def enter(self, memo: str) -> None:
        """Enter an invoice of a subsidiary with two books, and a journal entry."""
        ((customer,),) = self.emulator.execute("SELECT min(id) FROM customer WHERE subsidiary = 2")
        ((item,),) = self.emulator.execute("SELECT min(id) FROM item")
        lines = [{"item": {"id": str(item)}, "quantity": 3, "rate": rate} for rate in (12.34, 0.07)]
        body = {"entity": {"id": str(customer)}, "currency": {"id": "4"}, "exchangeRate": 1.3571, "memo": memo}
        self.netsuite.records.create("invoice", {**body, "item": {"items": lines}})
        sides = [{"account": {"id": "60"}, "debit": 99.99}, {"account": {"id": "1"}, "credit": 99.99}]
        self.netsuite.records.create(
            "journalEntry", {"subsidiary": {"id": "1"}, "memo": memo, "line": {"items": sides}}
        )

    def change(self, invoice: str) -> None:
        body = {"memo": "corrected", "item": {"items": [{"line": 1, "rate": 4321.09}]}}
        self.netsuite.records.update("invoice", invoice, body)

    def shorten(self, invoice: str) -> None:
        """Take the last line away."""
        lines = self.netsuite.records.get("invoice", invoice, expand_sub_resources=True)["item"]["items"]
        kept = {"item": {"items": [{"line": line["line"]} for line in lines[:-1]]}}
        self.netsuite.records.update("invoice", invoice, kept, replace=["item"])

    def replace(self, invoice: str) -> None:
        """Put another line in the place of all lines."""
        ((item,),) = self.emulator.execute("SELECT max(id) FROM item")
        line = {"item": {"id": str(item)}, "quantity": 7, "rate": 1.11}
        self.netsuite.records.update("invoice", invoice, {"item": {"items": [line]}}, replace=["item"])

    def delete(self, kind: str, table: str, identifier: str | None = None) -> None:
        """Delete a record, the newest if none is named."""
        ((newest,),) = self.emulator.execute(f'SELECT max(id) FROM "{table}"')
        self.netsuite.records.delete(kind, identifier or str(newest))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.02)) as emulator:
        yield emulator


@pytest.fixture
def warehouse(tmp_path: Path, emulator: Emulator) -> Iterator[Warehouse]:
    tap = Tap(tmp_path / "tap", {**emulator.connection, "tables": list(KEYS)})
    program = install_loader(tmp_path / "loader-environment")
    dbt_program = install(tmp_path / "dbt-environment", *DBT) / "dbt"
    with running_warehouse(tmp_path) as (running, host):
        config = {
            "sqlalchemy_url": running.plugin_variables["TARGET_POSTGRES_SQLALCHEMY_URL"],
            "default_target_schema": RAW,
            "use_copy": True,
            "validate_records": False,
            "batch_size_rows": 100,
        }
        loader = Plugin(program, tmp_path / "loader", config)
        dbt = Dbt(dbt_program, postgres(host), tmp_path, raw=RAW, views=VIEWS, statements=STATEMENTS)
        yield Warehouse(emulator, tap, loader, dbt, host)


def test_the_books_are_right_whatever_happens(emulator: Emulator, warehouse: Warehouse) -> None:
    accountant = Accountant(emulator)
    invoices = accountant.invoices()
    accountant.netsuite.records.create("department", {"name": "Closing down"})

    warehouse.load()
    warehouse.check(KEYS)

    accountant.enter("new")
    accountant.change(invoices[0])
    accountant.delete("invoice", "transaction", invoices[1])
    warehouse.load()
    warehouse.check(LOGGED)

    accountant.shorten(invoices[2])
    accountant.replace(invoices[3])
    warehouse.load()
    warehouse.check(LOGGED)

    accountant.delete("contact", "contact")
    accountant.delete("department", "department")
    accountant.delete("customrecord_warranty", "customrecord_warranty")
    warehouse.load()
    warehouse.check(LOGGED)

    accountant.change(invoices[4])
    accountant.shorten(invoices[5])
    accountant.enter("during a bad day")
    warehouse.load(kill="tap", after=2)
    accountant.shorten(invoices[5])
    warehouse.load(kill="loader", after=1)
    warehouse.load()
    warehouse.check(LOGGED)

    accountant.delete("contact", "contact")
    warehouse.load(whole=True, kill="tap", after=150)
    accountant.shorten(invoices[6])
    warehouse.load()
    warehouse.check(KEYS)

    accountant.delete("contact", "contact")
    accountant.delete("invoice", "transaction", invoices[7])
    accountant.shorten(invoices[8])
    warehouse.load(whole=True)
    warehouse.check(KEYS)

    warehouse.load(whole=True)
    warehouse.check(KEYS)


class Project:
    """A Meltano project that was begun as the first lines of meltano.yml say, in the environment `emulator`."""

    def __init__(self, directory: Path, emulator: Emulator, variables: Mapping[str, str]) -> None:
        self._directory = directory
        shutil.copytree(ROOT / "dbt", directory / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
        text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
        assert "pip_url: -e ." in text
        (directory / "meltano.yml").write_text(
            text.replace("pip_url: -e .", f"pip_url: -e {ROOT.as_uri()}"), encoding="utf-8"
        )
        (directory / ".emulator").mkdir()
        (directory / ".emulator" / "private_key.pem").write_text(emulator.connection["private_key"], encoding="utf-8")
        foreign = ("DBT_", "MELTANO_", "NETSUITE_", "TAP_", "TARGET_", "WAREHOUSE_")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._environment |= {**variables, "TAP_NETSUITE_BASE_URL": emulator.url, "NETSUITE_TOKEN_STORE": "off"}
        self._environment |= {"MELTANO_CLI_DISABLE_VERSION_CHECK": "1", "NO_COLOR": "1"}

    def run(self, job: str) -> str:
        done = subprocess.run(
            [str(PROGRAMS / "meltano"), "run", job],
            cwd=self._directory,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-20000:]
        return done.stdout


def test_meltanos_job_makes_the_statements(emulator: Emulator, tmp_path: Path) -> None:
    accountant = Accountant(emulator)
    invoices = accountant.invoices()
    with running_warehouse(tmp_path) as (running, host):
        project = Project(tmp_path / "project", emulator, running.plugin_variables)

        def statements() -> list[tuple[Any, ...]]:
            with psycopg.connect(host=str(host), user="demo", dbname="postgres") as connection:
                return sorted(connection.execute(TRIAL_BALANCE.encode()).fetchall())

        def books() -> list[tuple[Any, ...]]:
            return sorted(row for row in emulator.execute(BOOKS) if row[-1] or row[-2])

        assert "ERROR=0" in project.run("finance")
        assert statements() == books() != []

        accountant.enter("new")
        accountant.shorten(invoices[0])
        accountant.delete("invoice", "transaction", invoices[1])
        asked = len(emulator.requests)
        project.run("finance")
        assert statements() == books()
        assert len(emulator.requests) - asked < asked, "the second run went on from the state of the first"
