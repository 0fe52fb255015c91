"""Big tables and many record types, made on request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Settings

BIG = "customrecord_big"


def test_a_big_table_is_a_custom_record_type(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 12_000}, date_format="YYYY-MM-DD")
    facts = client.rows(f"SELECT COUNT(*) AS n, COUNT(DISTINCT lastmodified) AS stamps, MAX(id) AS top FROM {BIG}")[0]
    assert (facts["n"], facts["stamps"]) == ("12000", "4")
    assert int(facts["top"]) > 20_000
    assert client.rows(f"SELECT id FROM {BIG} WHERE lastmodified IS NULL")
    row = client.rows(f"SELECT * FROM {BIG} WHERE id = 9")[0]
    assert (row["name"], row["custrecord_day"], row["custrecord_amount"]) == ("Record 9", "2023-01-10", "2.79")
    assert len(client.emulator.company.tables[BIG].columns) == 20
    assert client.get(f"/record/v1/{BIG}/9")["custrecord_title"] == 'Title of "9"'
    assert client.get(f"/record/v1/{BIG}?limit=1")["totalResults"] == 12_000
    schema = client.get(f"/record/v1/metadata-catalog/{BIG}", headers={"Accept": "application/schema+json"})
    assert schema["properties"]["custrecord_balance"]["type"] == "number"
    made = client.create(BIG, {"name": "Added", "custrecord_day": "2026-01-02"})
    assert client.rows(f"SELECT name FROM {BIG} WHERE id = {made}") == [{"name": "Added"}]


def test_dense_ids(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 500}, dense_ids=True)
    assert client.rows(f"SELECT MIN(id) AS a, MAX(id) AS b, COUNT(*) AS n FROM {BIG}") == [
        {"a": "1", "b": "500", "n": "500"}
    ]


def test_many_record_types(client_of: Any) -> None:
    client = client_of(custom_record_types=30)
    listed = {entry["name"] for entry in client.get("/record/v1/metadata-catalog")["items"]}
    assert {f"customrecord_type_{number}" for number in range(1, 31)} <= listed
    assert client.rows("SELECT COUNT(*) AS n FROM customrecord_type_30") == [{"n": "5"}]
    assert client.get("/record/v1/customrecord_type_7/2")["custrecord_value"] == 1.25


def test_a_data_file_keeps_them(tmp_path: Path) -> None:
    settings = Settings(scale=0.02, data_file=tmp_path / "company.duckdb", big_tables={BIG: 100})
    with Emulator(settings) as emulator:
        emulator.execute(f"DELETE FROM {BIG} WHERE id > 20")
        left = emulator.execute(f"SELECT count(*) FROM {BIG}")
    with Emulator(settings) as emulator:
        assert emulator.execute(f"SELECT count(*) FROM {BIG}") == left


@pytest.mark.parametrize(
    "wrong",
    [
        {"big_tables": {"customer": 5}},
        {"big_tables": {"customrecord_warranty": 5}},
        {"big_tables": {BIG: -1}},
        {"custom_record_types": -1},
        {"hidden_columns": frozenset({"customer.nothing"})},
        {"switched_off": frozenset({"nothing"})},
        {"deletion_table": "deletions"},
        {"locked_records": frozenset({"salesorder"})},
    ],
)
def test_what_cannot_be_made_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Emulator(Settings(scale=0.02, **wrong))
