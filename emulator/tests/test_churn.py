"""The company changes by itself while it is read."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from netsuite_emulator import Churn, Emulator, Settings

BIG = "customrecord_big"
KEYS = f"SELECT id FROM {BIG} ORDER BY id"


def keys_of(emulator: Emulator) -> set[int]:
    return {row[0] for row in emulator.execute(f"SELECT id FROM {BIG}")}


def read_all(client: Any) -> None:
    for offset in range(0, 5000, 1000):
        assert client.query(KEYS, path=f"?limit=1000&offset={offset}").status_code == 200


def test_the_list_of_changes_is_the_truth(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 5000})
    before = keys_of(client.emulator)
    client.emulator.churning.start(Churn(table=BIG, every=2, inserts=3, updates=2, deletes=4, column="name"))
    read_all(client)
    client.emulator.churning.stop()
    changes = client.emulator.churning.changes
    of = {action: [each.key for each in changes if each.action == action] for action in ("insert", "update", "delete")}
    assert {action: len(keys) for action, keys in of.items()} == {"insert": 6, "update": 4, "delete": 8}
    assert keys_of(client.emulator) == (before | set(of["insert"])) - set(of["delete"])
    kept = min(set(of["update"]) - set(of["delete"]))
    row = client.rows(f"SELECT name, lastmodified FROM {BIG} WHERE id = {kept} AND lastmodified > SYSDATE - 1/24")
    assert row[0]["name"].startswith("Changed ")
    gone = client.rows(f"SELECT recordid FROM deletedrecord WHERE scriptid = '{BIG}' ORDER BY recordid")
    assert [int(each["recordid"]) for each in gone] == sorted(of["delete"])


@pytest.mark.slow
def test_the_same_seed_makes_the_same_changes(client_of: Any) -> None:
    made = []
    for seed in (1, 1, 2):
        client = client_of(big_tables={BIG: 5000}, churn=Churn(table=BIG, every=1, times=3, seed=seed))
        read_all(client)
        made.append([(each.key, each.action) for each in client.emulator.churning.changes])
    assert len(made[0]) == 9
    assert made[0] == made[1] != made[2]


def test_lists_count_and_referred_records_stay(client_of: Any) -> None:
    client = client_of(churn=Churn(table="transaction", every=1, inserts=0, updates=0, deletes=2))
    client.get("/record/v1/invoice?limit=5")
    keys = [each.key for each in client.emulator.churning.changes]
    assert len(keys) == 2
    listed = ", ".join(map(str, keys))
    for table, column in (("transaction", "id"), ("transactionline", "transaction")):
        assert client.emulator.execute(f'SELECT 1 FROM "{table}" WHERE {column} IN ({listed})') == []


def test_the_control_end_point(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 5000})
    address = f"{client.emulator.url}/emulator/churn"
    assert requests.post(address, json={"table": BIG, "every": 1}, timeout=30).status_code == 200
    client.rows("SELECT id FROM currency")
    listing = requests.get(address, timeout=30).json()
    assert listing["churn"]["table"] == BIG
    assert [each["action"] for each in listing["changes"]] == ["insert", "update", "delete"]
    assert requests.delete(address, timeout=30).status_code == 200
    client.rows("SELECT id FROM term")
    assert requests.get(address, timeout=30).json() == {"churn": None, "changes": listing["changes"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"table": "nothing"},
        {"table": "entity"},
        {"table": "transactionline"},
        {"table": "customer", "column": "nothing"},
        {"table": "customer", "every": 0},
        {"every": 5},
    ],
)
def test_churn_that_cannot_be(client: Any, wrong: dict[str, Any]) -> None:
    answer = requests.post(f"{client.emulator.url}/emulator/churn", json=wrong, timeout=30)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Emulator(Settings(scale=0.02, churn=Churn(table="nothing")))
