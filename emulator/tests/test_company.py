"""The sample company."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Settings


@pytest.fixture
def emulator(netsuite_emulator_factory: Any) -> Emulator:
    made: Emulator = netsuite_emulator_factory(scale=0.3)
    return made


def value(emulator: Emulator, sql: str) -> Any:
    return emulator.execute(sql)[0][0]


@pytest.mark.slow
def test_the_same_seed_makes_the_same_company(netsuite_emulator_factory: Any) -> None:
    sql = "SELECT md5(string_agg(t::VARCHAR, '' ORDER BY id)) FROM transaction t"
    sums = [value(netsuite_emulator_factory(seed=seed), sql) for seed in (1, 1, 2)]
    assert sums[0] == sums[1] != sums[2]


def test_it_is_as_awkward_as_a_real_one(emulator: Emulator) -> None:
    ties = "SELECT max(n) FROM (SELECT count(*) AS n FROM transaction GROUP BY lastmodifieddate)"
    assert value(emulator, ties) > 100
    assert value(emulator, "SELECT max(id) - min(id) + 1 - count(*) FROM transaction") > 1000
    assert value(emulator, "SELECT count(*) FROM employee WHERE id < 0") == 1
    assert value(emulator, "SELECT count(*) FROM deletedrecord WHERE recordtypeid = -30") > 10
    for awkward in ("'%''%'", "'%' || chr(10) || '%'", "'%é%'", "'%☕%'", "'%\"%'"):
        found = f"SELECT count(*) FROM transaction WHERE memo LIKE {awkward}"
        names = f"SELECT count(*) FROM customer WHERE altname LIKE {awkward} OR comments LIKE {awkward}"
        assert value(emulator, found) + value(emulator, names) > 0
    assert value(emulator, "SELECT count(*) FROM transactionaccountingline WHERE lastmodifieddate IS NULL") > 0
    assert value(emulator, "SELECT count(*) FROM transaction WHERE custbody_score <> round(custbody_score, 6)") > 0


def test_it_hangs_together(emulator: Emulator) -> None:
    company = emulator.company
    for table in company.tables.values():
        for column in table.columns:
            if column.kind == "reference" and column.target in company.tables:
                target = company.tables[column.target]
                lost = (
                    f'SELECT count(*) FROM "{table.name}" WHERE "{column.name}" IS NOT NULL AND "{column.name}" '
                    f'NOT IN (SELECT "{target.key[0]}" FROM "{target.name}")'
                )
                assert value(emulator, lost) == 0, f"{table.name}.{column.name}"
        if table.name != "inventorybalance":
            keys = ", ".join(f'"{name}"' for name in table.key)
            if table.name not in ("transactionstatus", "deletedrecord"):
                twice = f'SELECT count(*) FROM (SELECT 1 FROM "{table.name}" GROUP BY {keys} HAVING count(*) > 1)'
                assert value(emulator, twice) == 0, table.name


def test_books_balance(emulator: Emulator) -> None:
    unbalanced = (
        "SELECT count(*) FROM (SELECT sum(foreignamount) AS s FROM transactionline l JOIN transaction t "
        "ON t.id = l.transaction WHERE t.type <> 'CustPymt' GROUP BY l.transaction HAVING s <> 0)"
    )
    assert value(emulator, unbalanced) == 0


def test_account_types_are_on_their_side_of_the_balance_sheet(reader: Any) -> None:
    sides = {row["id"]: (row["balancesheet"], row["left"]) for row in reader.rows("SELECT * FROM accounttype")}
    assert sides["Bank"] == sides["DeferExpense"] == ("T", "T")
    assert sides["AcctPay"] == sides["LongTermLiab"] == sides["DeferRevenue"] == sides["Equity"] == ("T", "F")
    assert sides["COGS"] == sides["OthExpense"] == ("F", "T")
    assert sides["Income"] == sides["NonPosting"] == ("F", "F")


def test_deleted_ids_are_gone(emulator: Emulator) -> None:
    alive = "SELECT count(*) FROM deletedrecord d JOIN transaction t ON t.id = d.recordid WHERE d.recordtypeid = -30"
    assert value(emulator, alive) == 0


def test_a_data_file_is_kept(tmp_path: Path) -> None:
    settings = Settings(scale=0.02, data_file=tmp_path / "company.duckdb")
    with Emulator(settings) as emulator:
        emulator.execute("UPDATE currency SET name = 'Doubloon' WHERE id = 1")
    with Emulator(settings) as emulator:
        assert value(emulator, "SELECT name FROM currency WHERE id = 1") == "Doubloon"


NEW_TABLES = {
    "accountingbooksubsidiaries": ("accountingbook", "subsidiary", "status"),
    "accountingperiodfiscalcalendars": ("accountingperiod", "fiscalcalendar", "parent", "fullname"),
    "customersubsidiaryrelationship": ("id", "entity", "subsidiary", "isprimarysub", "primarycurrency"),
    "fiscalcalendar": ("id", "name", "fiscalmonth", "isdefault"),
    "locationmainaddress": ("nkey", "addr1", "city", "country", "addrtext"),
    "nexus": ("id", "country", "state", "description"),
    "vendorcategory": ("id", "name", "istaxagency"),
    "vendorsubsidiaryrelationship": ("id", "entity", "subsidiary", "isprimarysub"),
}


@pytest.mark.parametrize("table", NEW_TABLES)
def test_tables_that_follow_from_others(reader: Any, table: str) -> None:
    rows = reader.rows(f"SELECT {', '.join(NEW_TABLES[table])} FROM {table}")
    assert rows
    assert {name for row in rows for name in row} == set(NEW_TABLES[table])


def test_periods_have_a_parent_in_each_calendar(reader: Any) -> None:
    query = (
        "SELECT f.fiscalcalendar, p.periodname, y.periodname AS year FROM accountingperiodfiscalcalendars f "
        "JOIN accountingperiod p ON p.id = f.accountingperiod JOIN accountingperiod y ON y.id = f.parent "
        "WHERE p.periodname IN ('Q1 2024', 'Q2 2024') ORDER BY f.fiscalcalendar, p.id"
    )
    assert [(row["periodname"], row["year"]) for row in reader.rows(query)] == [
        ("Q1 2024", "FY 2024"), ("Q2 2024", "FY 2024"), ("Q1 2024", "FY 2023"), ("Q2 2024", "FY 2024"),
    ]  # fmt: skip


def test_a_new_customer_is_related_to_its_subsidiary(client: Any) -> None:
    made = client.create("customer", {"companyName": "Related", "subsidiary": {"id": "2"}})
    rows = client.rows(f"SELECT subsidiary FROM customersubsidiaryrelationship WHERE entity = {made}")
    assert rows == [{"subsidiary": "2"}]
    assert client.send("DELETE", f"/record/v1/customer/{made}").status_code == 204


def test_tables_of_features_that_are_off(client_of: Any) -> None:
    client = client_of(multiple_calendars=False, second_book=False, one_world=False)
    for table in ("fiscalcalendar", "accountingperiodfiscalcalendars", "accountingbooksubsidiaries"):
        assert "Invalid search type" in client.query(f"SELECT * FROM {table}").text
    assert client.rows("SELECT id FROM accountingbook") == [{"id": "1"}]
    assert "Invalid search type" in client.query("SELECT * FROM vendorsubsidiaryrelationship").text


@pytest.mark.parametrize(
    "query",
    [
        "SELECT isadjustmentonly, contingentrevenuehandling, twosteprevenueallocation FROM accountingbook",
        "SELECT approver, expenselimit FROM employee",
        "SELECT project FROM entity WHERE type = 'Job'",
        "SELECT dropdownstate FROM entityaddress",
        "SELECT gainlossaccount, intercoexpenseaccount, intercoincomeaccount, deferralaccount FROM item",
        "SELECT defaultbillingaddress, defaultshippingaddress, parent FROM job",
        "SELECT taxregoverride, taxdetailsoverride, taxpointdateoverride, intercoadj FROM transaction",
        "SELECT fiscalcalendar FROM subsidiary",
    ],
)
def test_columns_that_finance_models_select(reader: Any, query: str) -> None:
    assert reader.rows(query)
