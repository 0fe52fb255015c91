"""The user's own queries as streams."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.tap_runs import Json, discover, entry, read, selected

from netsuite_emulator import Emulator
from suitetalk import ConfigurationError


def with_query(config: Json, query: str, **more: Any) -> Json:
    return {**config, "tables": ["currency"], "queries": [{"name": "mine", "query": query, **more}]}


def types(config: Json) -> dict[str, str]:
    columns = entry(discover(config), "mine")["schema"]["properties"]
    return {name: schema.get("format") or schema["type"][0] for name, schema in columns.items()}


def rows(config: Json, state: Json | None = None) -> list[Json]:
    catalog = selected(discover(config), "mine")
    finished = read(config, catalog, state)
    assert finished.error is None
    return finished.records("mine")


def test_columns_from_tables_keep_their_types_and_computed_ones_are_text(config: Json) -> None:
    given = with_query(
        config,
        "SELECT t.id, t.trandate AS day, t.posting, BUILTIN.DF(t.entity) AS who, COUNT(*) AS n, "
        "SUM(t.foreigntotal) AS s "
        "FROM transaction t GROUP BY t.id, t.trandate, t.posting, BUILTIN.DF(t.entity)",
        primary_keys=["id"],
    )
    assert types(given) == {
        "id": "integer",
        "day": "date",
        "posting": "boolean",
        "who": "string",
        "n": "integer",
        "s": "number",
    }


def test_rows_of_a_query_are_those_of_the_account(account: Emulator, config: Json) -> None:
    given = with_query(config, "SELECT id, foreigntotal FROM transaction WHERE type = 'SalesOrd';", primary_keys=["id"])
    stored = account.execute("SELECT id, foreigntotal FROM transaction WHERE type = 'SalesOrd'")
    assert {row["id"]: row["foreigntotal"] for row in rows(given)} == {key: Decimal(total) for key, total in stored}


def test_a_query_of_all_columns(account: Emulator, config: Json) -> None:
    given = with_query(config, "SELECT * FROM currency", primary_keys=["id"])
    assert len(rows(given)) == account.execute("SELECT count(*) FROM currency")[0][0]
    assert {"id", "name", "symbol"} <= types(given).keys()


def test_columns_without_a_value_are_there_when_the_query_names_them(config: Json) -> None:
    given = with_query(config, "SELECT id, NULLIF(1, 1) AS nothing FROM currency", primary_keys=["id"])
    assert types(given)["nothing"] == "string"
    assert all(row["nothing"] is None for row in rows(given))


@pytest.mark.slow
@pytest.mark.parametrize("date_format", ["M/D/YYYY", "YYYY-MM-DD"])
def test_a_time_as_replication_key(netsuite_emulator_factory: Callable[..., Emulator], date_format: str) -> None:
    emulator = netsuite_emulator_factory(date_format=date_format)
    given = with_query(
        emulator.connection,
        "SELECT id, lastmodifieddate AS changed FROM customer WHERE isinactive = 'F'",
        primary_keys=["id"],
        replication_key="changed",
    )
    assert types(given)["changed"] == "date-time"
    catalog = selected(discover(given), "mine")
    first = read(given, catalog)
    assert first.error is None
    emulator.execute("UPDATE customer SET lastmodifieddate = lastmodifieddate + INTERVAL 1 DAY WHERE isinactive = 'F'")
    assert len(first.records("mine")) == emulator.execute("SELECT count(*) FROM customer WHERE isinactive = 'F'")[0][0]
    second = read(given, catalog, first.state)
    changed = [row["changed"] for row in second.records("mine")]
    assert changed
    assert min(changed) >= first.bookmark("mine")


@pytest.mark.parametrize(("expression", "kind"), [("id", int), ("id + 0.5", Decimal)])
def test_a_number_as_replication_key(config: Json, expression: str, kind: type) -> None:
    given = with_query(
        config, f"SELECT id, {expression} AS counter FROM customer", primary_keys=["id"], replication_key="counter"
    )
    catalog = selected(discover(given), "mine")
    first = read(given, catalog)
    assert first.error is None
    highest = max(row["counter"] for row in first.records("mine"))
    assert isinstance(highest, kind)
    second = read(given, catalog, first.state)
    assert [row["counter"] for row in second.records("mine")] == [highest]


def test_text_that_looks_almost_like_a_number_stays_text(config: Json) -> None:
    given = with_query(config, "SELECT '--' || id AS code FROM currency", primary_keys=["code"])
    assert types(given)["code"] == "string"


@pytest.mark.parametrize(
    ("query", "more", "words"),
    [
        ("SELECT nothing FROM customer", {}, "has a query mine that cannot be read: .*nothing"),
        ("SELECT id FROM customer", {"primary_keys": ["key"]}, "says key is a key of mine, which has no such column"),
        ("SELECT id FROM customer", {"replication_key": "when"}, "says when is a key of mine"),
        ("DELETE FROM customer", {}, "has a query mine that cannot be read"),
    ],
)
def test_a_bad_query_is_named(config: Json, query: str, more: Json, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        discover(with_query(config, query, **more))
    assert caught.value.setting == "queries"


def test_a_query_may_not_take_the_name_of_a_table(config: Json) -> None:
    given = {**config, "tables": ["currency"], "queries": [{"name": "currency", "query": "SELECT id FROM term"}]}
    with pytest.raises(ConfigurationError, match="currency"):
        discover(given)


def test_rows_without_a_value_in_their_primary_key_are_named_as_the_reason(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(scale=0.1)
    query = "SELECT CASE WHEN MOD(uniquekey, 7) = 0 THEN NULL ELSE uniquekey END AS chosen FROM transactionline"
    given = with_query(emulator.connection, query, primary_keys=["chosen"])
    finished = read(given, selected(discover(given), "mine"))
    assert re.search(r"mine has \d+ rows without a key: chosen does not identify a row", str(finished.error))


def test_columns_computed_from_columns_keep_what_these_hold(config: Json) -> None:
    given = with_query(
        config,
        "SELECT entity, MAX(trandate) AS newest, MIN(lastmodifieddate) AS oldest, MAX(id) AS highest, "
        "SUM(foreigntotal) / 3 AS third, COALESCE(MAX(duedate), MAX(trandate)) AS due, MAX(tranid) AS number "
        "FROM transaction GROUP BY entity",
    )
    assert types(given) == {
        "entity": "integer",
        "newest": "date",
        "oldest": "date-time",
        "highest": "integer",
        "third": "number",
        "due": "date",
        "number": "string",
    }
    assert rows(given)


def test_a_column_holds_what_it_holds_in_the_tables_of_the_statement(config: Json) -> None:
    assert types(with_query(config, "SELECT id FROM transaction")) == {"id": "integer"}
    assert types(with_query(config, "SELECT id, trantype FROM transactionstatus")) == {
        "id": "string",
        "trantype": "string",
    }


def test_a_star_has_the_columns_that_are_null_in_the_rows_one_looks_at(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory()
    emulator.execute("UPDATE customer SET fax = NULL")
    for query in ("SELECT * FROM customer", "SELECT c.*, c.id AS again FROM customer c"):
        assert {"id", "fax", "companyname"} <= types(with_query(emulator.connection, query, primary_keys=["id"])).keys()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT id FROM customer ORDER BY id OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY", "OFFSET, which NetSuite ignores"),
        ("SELECT t.id, l.id FROM transaction t JOIN transactionline l ON l.transaction = t.id", "two columns id"),
        ("SELECT t.*, l.* FROM currency t JOIN currency l ON l.id = t.id", "two columns .*; name its columns instead"),
        ('SELECT id, companyname AS "Company Name" FROM customer', "column named 'company name'; name it with letters"),
        ("SELECT * FROM (SELECT id FROM customer) q", r"\* of something that is not a table"),
    ],
)
def test_a_query_that_would_lose_rows_or_columns_is_refused(config: Json, query: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"has the query mine with .*{words}"):
        discover(with_query(config, query))
