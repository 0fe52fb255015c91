"""Queries with keys: read in windows of these, however many rows; keys that are none are an error that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, read, selected

from netsuite_emulator import Emulator, Settings

LINES = "FROM transaction t JOIN transactionline l ON l.transaction = t.id"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=1)) as emulator:
        yield emulator


def run(emulator: Emulator, query: str, *keys: str, **more: Any) -> Run:
    own = {"name": "mine", "query": query, "primary_keys": list(keys), **more}
    config: Json = {**emulator.connection, "tables": ["currency"], "queries": [own]}
    return read(config, selected(discover(config), "_audit", "mine"))


@pytest.mark.slow
def test_more_rows_than_a_query_can_be_read_for(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(big_tables={"customrecord_big": 150_000}, concurrency_limit=10)
    finished = run(emulator, "SELECT 75000 - id AS countdown, name FROM customrecord_big WHERE id > ?", "countdown",
                   parameters=[0])  # fmt: skip
    assert finished.error is None
    came = [row["countdown"] for row in finished.records("mine")]
    stored = [countdown for (countdown,) in emulator.execute("SELECT 75000 - id FROM customrecord_big ORDER BY 1")]
    assert came == stored
    assert len(came) == 150_000
    assert min(came) < 0 < max(came)
    (audit,) = finished.records("_audit")
    assert (audit["rows_emitted"], audit["rows_counted"], audit["result"]) == (150_000, 150_000, "complete")
    assert emulator.highest_in_flight > 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "keys", "stored"),
    [
        (
            f"SELECT T.ID AS HEAD, l.uniquekey AS LINE, BUILTIN.DF(t.entity) AS who {LINES}",
            ("HEAD", "line"),
            "SELECT transaction, uniquekey FROM transactionline",
        ),
        (
            "SELECT id FROM customer UNION SELECT -id FROM customer UNION SELECT id FROM transaction",
            ("id",),
            "SELECT id FROM customer UNION SELECT -id FROM customer UNION SELECT id FROM transaction",
        ),
        (
            "SELECT NVL(entity, 0) AS who, MOD(id, 9) AS rest FROM transaction GROUP BY NVL(entity, 0), MOD(id, 9)",
            ("who", "rest"),
            "SELECT DISTINCT coalesce(entity, 0), mod(id, 9) FROM transaction",
        ),
    ],
    ids=["join", "union", "group by"],
)
def test_statements_of_all_kinds(emulator: Emulator, query: str, keys: tuple[str, ...], stored: str) -> None:
    finished = run(emulator, query, *keys)
    assert finished.error is None
    came = [tuple(row[key.lower()] for key in keys) for row in finished.records("mine")]
    assert len(came) > 1000
    assert came == sorted(emulator.execute(stored))


@pytest.mark.parametrize(
    "key", ["counter", "tranid"], ids=["a number in an order of its own", "text in an order of its own"]
)
def test_a_replication_key_that_is_no_time_and_orders_rows_otherwise(emulator: Emulator, key: str) -> None:
    query = "SELECT id, tranid, MOD(id * 7919, 100003) AS counter FROM transaction"
    finished = run(emulator, query, "id", replication_key=key)
    assert finished.error is None
    assert {row["id"] for row in finished.records("mine")} == {
        key for (key,) in emulator.execute("SELECT id FROM transaction")
    }


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("query", "keys", "words"),
    [
        ("SELECT MOD(id, 100) AS k FROM transaction", ("k",), "two rows with the same key: k does not identify a row"),
        (
            "SELECT uniquekey AS k FROM transactionline UNION ALL SELECT MAX(uniquekey) FROM transactionline",
            ("k",),
            "different keys: k does not identify a row",
        ),
        (
            "SELECT id AS k, 1 AS one FROM transaction UNION ALL SELECT MAX(id), 1 FROM transaction",
            ("k", "one"),
            "5769 rows with 5768 different keys: k and one do not identify a row",
        ),
        (
            "SELECT CASE WHEN id < 4000 THEN id END AS k, 1 AS one FROM transaction",
            ("k", "one"),
            "a row without k: k and one do not identify a row",
        ),
        ("SELECT 'x' || MOD(id, 100) AS k FROM transaction", ("k",), "two rows with the same key: k does not"),
        (
            "SELECT 'x' || id AS k FROM transaction UNION ALL SELECT 'x' || MAX(id) FROM transaction",
            ("k",),
            "two rows with the same key: k does not identify a row",
        ),
    ],
)
def test_keys_that_do_not_identify_a_row(emulator: Emulator, query: str, keys: tuple[str, ...], words: str) -> None:
    finished = run(emulator, query, *keys)
    assert words in str(finished.error)
    assert "change the primary_keys of the query" in str(finished.error)
    assert "SELECT" not in str(finished.error)
    (audit,) = finished.records("_audit")
    assert audit["result"] == "gap"
