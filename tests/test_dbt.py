"""The dbt package over tables as loaders write them: what lives, what stands in, and that the statements balance."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.pipelines import DBT, Dbt, install, postgres, running_warehouse

RAW, VIEWS, STATEMENTS = "raw", "views", "statements"
META = "_sdc_deleted_at timestamp, _sdc_batched_at timestamp default now()"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dbt"), pytest.mark.timeout(600)]

Select = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("dbt"), *DBT, f"duckdb=={duckdb.__version__}") / "dbt"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running_warehouse(tmp_path_factory.mktemp("warehouse")) as (_, host):
        yield host


@pytest.fixture
def execute(host: Path) -> Select:
    """Runs statements in a database whose schemas are empty."""

    def run(statements: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(host=str(host), user="demo", dbname="postgres") as connection:
            cursor = connection.execute(statements.encode())
            return cursor.fetchall() if cursor.description else []

    for schema in (RAW, VIEWS, STATEMENTS):
        run(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    return run


@pytest.fixture
def dbt(program: Path, host: Path, tmp_path: Path) -> Dbt:
    return Dbt(program, postgres(host), tmp_path, raw=RAW, views=VIEWS, statements=STATEMENTS)


def table(execute: Select, name: str, columns: str, *rows: str) -> None:
    """Make a table as a loader does; each row is its values in the columns' order."""
    names = ", ".join(column.split()[0] for column in columns.split(", "))
    execute(f"CREATE TABLE {RAW}.{name} ({columns}, {META})")
    for row in rows:
        execute(f"INSERT INTO {RAW}.{name} ({names}) VALUES ({row})")


def books(execute: Select) -> None:
    """Two periods in two fiscal years, two accounts of the balance sheet and two of income, and no OneWorld."""
    table(
        execute,
        "accountingperiod",
        "id bigint, periodname text, startdate date, enddate date, parent bigint, isyear bool, isquarter bool, "
        "isadjust bool",
        "1, 'FY 1', '2024-01-01', '2024-12-31', null, true, false, false",
        "2, 'FY 2', '2025-01-01', '2025-12-31', null, true, false, false",
        "3, 'Dec', '2024-12-01', '2024-12-31', 1, false, false, false",
        "4, 'Jan', '2025-01-01', '2025-01-31', 2, false, false, false",
    )
    table(
        execute,
        "account",
        "id bigint, acctnumber text, accountsearchdisplaynamecopy text, accttype text",
        "1, '1000', 'Cash', 'Bank'",
        "2, '4000', 'Sales', 'Income'",
        "3, '6000', 'Rent', 'Expense'",
        "4, '2000', 'Payable', 'AcctPay'",
    )
    table(execute, "accountingbook", "id bigint, name text", "1, 'Primary'")
    table(execute, "accounttype", "id text, longname text")
    moment = "_sdc_set_read_at timestamp"
    table(execute, "transaction", f"id bigint, type text, tranid text, trandate date, postingperiod bigint, {moment}")
    table(
        execute,
        "transactionline",
        f"uniquekey bigint, transaction bigint, id bigint, entity bigint, memo text, {moment}",
    )
    table(
        execute,
        "transactionaccountingline",
        "transaction bigint, transactionline bigint, accountingbook bigint, account bigint, posting boolean, "
        f"debit numeric, credit numeric, {moment}",
    )


def entry(execute: Select, number: int, period: int, lines: Sequence[tuple[int, int, int, int]], read_at: str) -> None:
    """Write a transaction as a loader does: lines are (line, account, debit, credit); the header is replaced."""
    execute(f"DELETE FROM {RAW}.transaction WHERE id = {number}")
    execute(
        f"INSERT INTO {RAW}.transaction (id, type, tranid, trandate, postingperiod, _sdc_set_read_at) "
        f"VALUES ({number}, 'Journal', 'JE{number}', '2024-12-31', {period}, {read_at})"
    )
    for line, account, debit, credit in lines:
        execute(f"DELETE FROM {RAW}.transactionline WHERE uniquekey = {number * 10 + line}")
        execute(
            f"DELETE FROM {RAW}.transactionaccountingline WHERE transaction = {number} AND transactionline = {line}"
        )
        execute(
            f"INSERT INTO {RAW}.transactionline (uniquekey, transaction, id, _sdc_set_read_at) "
            f"VALUES ({number * 10 + line}, {number}, {line}, {read_at})"
        )
        if debit or credit:
            execute(
                f"INSERT INTO {RAW}.transactionaccountingline (transaction, transactionline, accountingbook, account, "
                f"posting, debit, credit, _sdc_set_read_at) VALUES ({number}, {line}, 1, {account}, true, "
                f"nullif({debit}, 0), nullif({credit}, 0), {read_at})"
            )


DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "warehouse.md"
FIRST, SECOND = "'2025-02-01 10:00'", "'2025-02-01 11:00'"


def test_a_line_that_a_later_reading_does_not_have_is_gone(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 60), (2, 2, 0, 40)], FIRST)
    entry(execute, 1, 3, [(0, 1, 60, 0), (1, 2, 0, 60)], SECOND)
    entry(execute, 2, 3, [(0, 1, 5, 0), (1, 2, 0, 5)], FIRST)

    dbt.build()

    assert execute(f"SELECT transaction, id FROM {VIEWS}.transactionline ORDER BY 1, 2") == [
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
    ]
    assert execute(f"SELECT sum(debit), sum(credit) FROM {VIEWS}.transactionaccountingline") == [(65, 65)]
    assert execute(f"SELECT count(*) FROM {RAW}.transactionline") == [(5,)]


def test_an_accounting_line_goes_with_its_line_when_nothing_is_booked_any_more(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)
    entry(execute, 1, 3, [(2, 1, 0, 0)], SECOND)

    dbt.build()

    assert execute(f"SELECT id FROM {VIEWS}.transactionline") == [(2,)]
    assert execute(f"SELECT count(*) FROM {VIEWS}.transactionaccountingline") == [(0,)]


def test_where_the_moment_of_reading_is_not_known_nothing_is_taken_away(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], "null")
    entry(execute, 1, 3, [(2, 1, 5, 0), (3, 2, 0, 5)], SECOND)

    dbt.build()

    assert execute(f"SELECT count(*) FROM {VIEWS}.transactionline") == [(4,)]


def test_what_is_marked_as_deleted_is_gone_with_its_lines(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)
    entry(execute, 2, 3, [(0, 1, 7, 0), (1, 2, 0, 7)], FIRST)
    execute(f"UPDATE {RAW}.transaction SET _sdc_deleted_at = now() WHERE id = 1")

    dbt.build()

    assert execute(f"SELECT DISTINCT transaction FROM {VIEWS}.transactionaccountingline") == [(2,)]
    assert execute(f"SELECT id FROM {VIEWS}.transaction") == [(2,)]


def test_lines_of_a_transaction_that_the_loader_removed_are_gone(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)
    entry(execute, 2, 3, [(0, 1, 7, 0), (1, 2, 0, 7)], FIRST)
    execute(f"DELETE FROM {RAW}.transaction WHERE id = 1")

    dbt.build()

    assert execute(f"SELECT sum(debit) FROM {STATEMENTS}.general_ledger") == [(7,)]
    lines = f"SELECT DISTINCT transaction FROM {VIEWS}.transactionline ORDER BY 1"
    assert execute(lines) == [(2,)]
    entry(execute, 3, 3, [(0, 1, 5, 0), (1, 2, 0, 5)], "null")
    entry(execute, 4, 3, [(0, 1, 5, 0), (1, 2, 0, 5)], SECOND)
    execute(f"DELETE FROM {RAW}.transaction WHERE id IN (3, 4)")
    assert execute(lines) == [(2,), (3,), (4,)]  # of unknown moment, and read before their headers


def test_the_documented_statement_gives_the_lines_of_the_view(dbt: Dbt, execute: Select) -> None:
    (statement,) = re.findall(r"```sql\n(select line\.\* from.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    books(execute)
    for number, read_at in ((1, FIRST), (2, FIRST), (3, FIRST), (4, "null"), (5, SECOND)):
        entry(execute, number, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], read_at)
    entry(execute, 3, 3, [(0, 1, 100, 0), (2, 2, 0, 100)], SECOND)
    execute(f"UPDATE {RAW}.transaction SET _sdc_deleted_at = now() WHERE id = 1")
    execute(f"DELETE FROM {RAW}.transaction WHERE id = 2")

    dbt.build()

    documented = execute(f"SELECT transaction, id FROM ({statement.replace('netsuite.', f'{RAW}.')}) AS living")
    assert sorted(documented) == [(3, 0), (3, 2), (4, 0), (4, 1), (5, 0), (5, 1)]
    assert sorted(execute(f"SELECT transaction, id FROM {VIEWS}.transactionline")) == sorted(documented)


def test_tables_that_postgresql_has_no_statistics_of_are_read_once(
    dbt: Dbt, execute: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As right after a first load: autovacuum has not come yet, and a bad guess reads the lines once for each line."""
    books(execute)
    for name in ("transaction", "transactionline", "transactionaccountingline"):
        execute(f"ALTER TABLE {RAW}.{name} SET (autovacuum_enabled = false)")
    execute(
        f"INSERT INTO {RAW}.transaction (id, type, tranid, trandate, postingperiod, _sdc_set_read_at) "
        f"SELECT n, 'Journal', 'JE' || n, '2024-12-31', 3, {FIRST} FROM generate_series(1, 20000) AS n"
    )
    execute(
        f"INSERT INTO {RAW}.transactionline (uniquekey, transaction, id, _sdc_set_read_at) "
        f"SELECT n * 10 + line, n, line, {FIRST} FROM generate_series(1, 20000) AS n, generate_series(1, 2) AS line"
    )
    execute(
        f"INSERT INTO {RAW}.transactionaccountingline "
        "(transaction, transactionline, accountingbook, account, posting, debit, credit, _sdc_set_read_at) "
        "SELECT transaction, id, 1, id, true, CASE id WHEN 1 THEN 5 END, CASE id WHEN 2 THEN 5 END, _sdc_set_read_at "
        f"FROM {RAW}.transactionline"
    )
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=120s")

    dbt.build()

    assert execute(f"SELECT count(*), sum(debit), sum(credit) FROM {STATEMENTS}.general_ledger") == [
        (40000, 100000, 100000)
    ]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="dbt 1.8 is older than this Python")
def test_the_oldest_dbt_that_is_promised_builds(host: Path, execute: Select, tmp_path: Path) -> None:
    oldest = install(tmp_path / "oldest", "dbt-core==1.8.9", "dbt-postgres==1.8.2") / "dbt"
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)

    Dbt(oldest, postgres(host), tmp_path, raw=RAW, views=VIEWS, statements=STATEMENTS).build()

    assert execute(f"SELECT sum(debit), sum(credit) FROM {STATEMENTS}.general_ledger") == [(100, 100)]


def test_duckdb_has_the_same_living_rows(program: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "warehouse.duckdb")

    def execute(statements: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(file) as connection:
            return connection.execute(statements).fetchall()

    execute(f"CREATE SCHEMA {RAW}")
    books(execute)
    for number in (1, 2, 3):
        entry(execute, number, 3, [(0, 1, 100, 0), (1, 2, 0, 60), (2, 2, 0, 40)], FIRST)
    entry(execute, 1, 3, [(0, 1, 60, 0), (1, 2, 0, 60)], SECOND)
    execute(f"UPDATE {RAW}.transaction SET _sdc_deleted_at = now() WHERE id = 2")
    execute(f"DELETE FROM {RAW}.transaction WHERE id = 3")

    Dbt(program, {"type": "duckdb", "path": file}, tmp_path, raw=RAW, views=VIEWS, statements=STATEMENTS).build()

    assert execute(f"SELECT transaction, id FROM {VIEWS}.transactionline ORDER BY id") == [(1, 0), (1, 1)]
    assert execute(f"SELECT account_name, debit, credit FROM {STATEMENTS}.general_ledger ORDER BY 1") == [
        ("Cash", 60, 0),
        ("Sales", 0, 60),
    ]
    assert execute(f"SELECT DISTINCT fiscal_year_start FROM {STATEMENTS}.reporting_periods ORDER BY 1") == [
        (date(2024, 1, 1),),
        (date(2025, 1, 1),),
    ]


def test_statements_of_two_years(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)  # sold for cash in the first year
    entry(execute, 2, 4, [(0, 3, 30, 0), (1, 4, 0, 30)], FIRST)  # rent owed in the second

    assert "ERROR=0" in dbt.build()

    names = "accounting_period_name, section, account_name, amount"
    assert sorted(execute(f"SELECT {names} FROM {STATEMENTS}.balance_sheet WHERE amount <> 0")) == [
        ("Dec", "Assets", "Cash", 100),
        ("Dec", "Equity", "Net Income", 100),
        ("Jan", "Assets", "Cash", 100),
        ("Jan", "Equity", "Net Income", -30),
        ("Jan", "Equity", "Retained Earnings", 100),
        ("Jan", "Liabilities", "Payable", 30),
    ]
    names = "accounting_period_name, account_name, amount"
    assert sorted(execute(f"SELECT {names} FROM {STATEMENTS}.income_statement WHERE amount <> 0")) == [
        ("Dec", "Sales", 100),
        ("Jan", "Rent", -30),
    ]


def test_calendars_that_share_a_year_begin_it_with_their_own_month(dbt: Dbt, execute: Select) -> None:
    books(execute)
    execute(
        f"INSERT INTO {RAW}.accountingperiod (id, periodname, startdate, enddate, isyear, isquarter, isadjust) VALUES "
        "(5, 'Apr', '2025-04-01', '2025-04-30', false, false, false), "
        "(6, 'Mar', '2026-03-01', '2026-03-31', false, false, false)"
    )
    table(execute, "fiscalcalendar", "id bigint, name text", "1, 'January'", "2, 'April'")
    table(
        execute,
        "accountingperiodfiscalcalendars",
        "accountingperiod bigint, fiscalcalendar bigint, parent bigint, fullname text",
        *("3, 1, 1, ''", "4, 1, 2, ''", "5, 1, 2, ''"),
        *("3, 2, 1, ''", "4, 2, 1, ''", "5, 2, 2, ''", "6, 2, 2, ''"),
    )
    table(
        execute,
        "subsidiary",
        "id bigint, name text, currency bigint, fiscalcalendar bigint, parent bigint",
        "1, 'Here', 1, 1, null",
        "2, 'There', 1, 2, null",
    )

    dbt.run("run", "--select", "reporting_periods")

    years = (
        f"SELECT subsidiary_id, accounting_period_name, to_char(fiscal_year_start, 'YYYY-MM') "
        f"FROM {STATEMENTS}.reporting_periods ORDER BY subsidiary_id, starts_on"
    )
    assert execute(years) == [
        (1, "Dec", "2024-01"),
        (1, "Jan", "2025-01"),
        (1, "Apr", "2025-01"),
        (1, "Mar", "2026-01"),
        (2, "Dec", "2024-12"),
        (2, "Jan", "2024-12"),
        (2, "Apr", "2025-04"),
        (2, "Mar", "2025-04"),
    ]


def test_books_that_do_not_balance_fail_the_build(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 99)], FIRST)

    done = dbt.run("build")

    assert done.returncode == 1
    assert "FAIL 1 debits_equal_credits" in done.stdout


def test_an_account_that_no_statement_has_fails_the_build(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)
    execute(f"UPDATE {RAW}.account SET accttype = 'Unheard'")

    done = dbt.run("build")

    assert done.returncode == 1
    assert "FAIL 2 every_account_has_a_section" in done.stdout


def test_statistical_accounts_are_in_no_statement_and_no_failure(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 100, 0), (1, 2, 0, 100)], FIRST)
    execute(f"INSERT INTO {RAW}.account (id, acctnumber, accttype) VALUES (9, '9000', 'Stat')")
    entry(execute, 2, 3, [(0, 9, 40, 0)], FIRST)

    dbt.build()

    assert execute(f"SELECT DISTINCT section FROM {STATEMENTS}.trial_balance WHERE account_id = 9") == [("Other",)]
    assert execute(f"SELECT count(*) FROM {STATEMENTS}.balance_sheet WHERE account_id = 9") == [(0,)]


def test_booleans_and_names_are_as_in_netsuite(dbt: Dbt, execute: Select) -> None:
    books(execute)
    columns = "id bigint, isinactive boolean, class text"
    table(execute, "customrecord_site", columns, "1, true, 'x'", "2, false, null", "3, null, null")

    dbt.build()

    assert execute(f"SELECT id, isinactive, class FROM {VIEWS}.customrecord_site ORDER BY id") == [
        (1, "T", "x"),
        (2, "F", None),
        (3, None, None),
    ]
    assert execute(f"SELECT count(*) FROM {VIEWS}.customrecord_site WHERE _fivetran_synced IS NOT NULL") == [(3,)]


def test_an_account_without_subsidiaries_and_calendars_has_one_of_each(dbt: Dbt, execute: Select) -> None:
    books(execute)
    entry(execute, 1, 3, [(0, 1, 1, 0), (1, 2, 0, 1)], FIRST)

    dbt.build()

    assert execute(f"SELECT id, parent, fiscalcalendar FROM {VIEWS}.subsidiary") == [(1, None, 1)]
    assert execute(f"SELECT DISTINCT subsidiary FROM {VIEWS}.transactionline") == [(1,)]
    assert execute(f"SELECT id FROM {VIEWS}.fiscalcalendar") == [(1,)]
    periods = f"{VIEWS}.accountingperiodfiscalcalendars"
    assert execute(f"SELECT fullname FROM {periods} WHERE accountingperiod = 3") == [("FY 1 : Dec",)]


def test_views_follow_the_tables(dbt: Dbt, execute: Select) -> None:
    books(execute)
    table(execute, "customrecord_site", "id bigint, kept text, dropped text", "1, 'a', null")
    dbt.build()
    dbt.run("run-operation", "drop_netsuite_views")
    execute(f"ALTER TABLE {RAW}.customrecord_site DROP COLUMN dropped, ADD COLUMN fresh text")
    execute(f"UPDATE {RAW}.customrecord_site SET fresh = 'b'")
    dbt.build()
    execute(f"ALTER TABLE {RAW}.customrecord_site ADD COLUMN later text")

    dbt.build()

    assert execute(f"SELECT kept, fresh, later FROM {VIEWS}.customrecord_site") == [("a", "b", None)]


def test_transactions_without_the_mark_of_deletions_are_warned_of(dbt: Dbt, execute: Select) -> None:
    books(execute)
    assert "so deleted transactions stay in the books" not in dbt.build()
    execute(f"DROP SCHEMA {VIEWS} CASCADE")
    execute(f"ALTER TABLE {RAW}.transaction DROP COLUMN _sdc_deleted_at")

    assert "so deleted transactions stay in the books" in dbt.build()


def test_a_schema_that_no_loader_wrote_is_named(dbt: Dbt, execute: Select) -> None:
    done = dbt.run("build")

    assert done.returncode
    assert f"The schema {RAW} has no tables of a loader; set the variable singer_schema" in done.stdout
