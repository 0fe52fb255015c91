"""Booleans, multi-selects and display values as they are wanted, from NetSuite to RECORD lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.tap_runs import Json, discover, entry, read, selected

from netsuite_emulator import Emulator
from suitetalk import ConfigurationError
from suitetalk.descriptions import read as checked_settings
from tap_netsuite.settings import DiscoverySettings


def read_table(config: Json, table: str, **settings: Any) -> tuple[Json, list[Json]]:
    """Return the properties and the records of a table."""
    catalog = discover({**config, "tables": [table], **settings})
    finished = read({**config, **settings}, selected(catalog, table))
    assert finished.error is None
    schema = finished.schemas()[table]
    for record in finished.records(table):
        Draft7Validator(schema).validate(plain(record))
    return entry(catalog, table)["schema"]["properties"], finished.records(table)


def plain(record: Json) -> Json:
    """Decimals as floats, which is what the validator takes for numbers."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in record.items()}


def stored(account: Emulator, table: str, column: str) -> dict[int, Any]:
    return dict(account.execute(f"SELECT id, {column} FROM {table}"))


def test_booleans_are_real_by_default_and_raw_on_request(account: Emulator, config: Json) -> None:
    truth = stored(account, "currency", "isinactive")
    real, records = read_table(config, "currency")
    assert real["isinactive"]["type"] == ["boolean", "null"]
    assert {record["id"]: record["isinactive"] for record in records} == {
        row: None if flag is None else flag == "T" for row, flag in truth.items()
    }
    raw, records = read_table(config, "currency", booleans="raw")
    assert raw["isinactive"]["type"] == ["string", "null"]
    assert {record["id"]: record["isinactive"] for record in records} == truth


def test_booleans_of_queries_are_as_wanted_too(config: Json) -> None:
    queries = [{"name": "mine", "query": "SELECT id, isinactive FROM currency", "primary_keys": ["id"]}]
    catalog = discover({**config, "tables": ["currency"], "queries": queries, "booleans": "raw"})
    records = read({**config, "queries": queries}, selected(catalog, "mine")).records("mine")
    assert {record["isinactive"] for record in records} <= {"T", "F"}


@pytest.mark.slow
def test_multi_selects_are_arrays_by_default_and_raw_on_request(account: Emulator, config: Json) -> None:
    truth = stored(account, "transaction", "custbody_regions")
    assert any(text and "," in text for text in truth.values())
    lists, records = read_table(config, "transaction")
    assert lists["custbody_regions"]["type"] == ["array", "null"]
    assert lists["custbody_regions"]["items"] == {"type": "integer"}
    assert {record["id"]: record["custbody_regions"] for record in records} == {
        row: None if text is None else [int(part) for part in text.split(",")] for row, text in truth.items()
    }
    raw, records = read_table(config, "transaction", multi_selects="raw")
    assert raw["custbody_regions"]["type"] == ["string", "null"]
    assert {record["id"]: record["custbody_regions"] for record in records} == truth


def test_standard_multi_selects_are_known_as_such(config: Json) -> None:
    columns, records = read_table(config, "department")
    assert columns["subsidiary"]["items"] == {"type": "integer"}
    assert all(record["subsidiary"] is None or record["subsidiary"][0] for record in records)


def test_display_values_of_a_column(account: Emulator, config: Json) -> None:
    names = stored(account, "currency", "name")
    columns, records = read_table(config, "customer", display_values=["Customer.currency"])
    assert [name for name in columns if name.endswith("_display")] == ["currency_display"]
    assert columns["currency_display"]["type"] == ["string", "null"]
    assert records
    assert all(record["currency_display"] == names.get(record["currency"]) for record in records)


@pytest.mark.slow
def test_display_values_of_all_references_of_a_table(config: Json) -> None:
    columns, records = read_table(config, "transaction", display_values=["transaction.*"])
    shown = {name.removesuffix("_display") for name in columns if name.endswith("_display")}
    assert {"entity", "currency", "status", "type"} <= shown
    assert not shown & {"id", "trandate", "memo", "foreigntotal", "posting"}
    assert any(record["entity_display"] for record in records)
    assert any(record["status_display"] for record in records)


def test_other_tables_have_no_display_values(config: Json) -> None:
    columns, _ = read_table(config, "currency", display_values=["customer.*"])
    assert not [name for name in columns if name.endswith("_display")]


def test_a_display_value_that_is_refused_is_left_out(config: Json) -> None:
    columns, _ = read_table(config, "currency", display_values=["currency.nonsense"])
    assert "nonsense_display" not in columns
    assert "name" in columns


@pytest.mark.slow
def test_ids_are_numbers_in_all_tables_and_text_in_whole_records(config: Json) -> None:
    catalog = discover(
        {**config, "tables": ["transaction", "transactionline", "customrecord_warranty", "customlist_size"]}
    )
    for stream, columns in {
        "transaction": ("id", "entity", "createdby"),
        "transactionline": ("id", "transaction", "uniquekey", "item"),
        "customrecord_warranty": ("id", "owner"),
        "customlist_size": ("id",),
    }.items():
        properties = entry(catalog, stream)["schema"]["properties"]
        assert {properties[column]["type"][0] for column in columns} == {"integer"}, stream
    whole = entry(catalog, "record_customrecord_warranty")["schema"]["properties"]
    assert whole["id"]["type"] == ["string", "null"]


def test_titles_come_from_the_catalog(config: Json) -> None:
    columns, _ = read_table(config, "customer")
    assert columns["companyname"]["title"] == "Company name"


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        ({"booleans": "yes"}, "booleans"),
        ({"multi_selects": "json"}, "multi_selects"),
        ({"display_values": "customer.terms"}, "display_values"),
        ({"display_values": ["customer"]}, "display_values[0]"),
        ({"display_values": ["customer.terms; DROP"]}, "display_values[0]"),
        ({"catalog_cache_seconds": -1}, "catalog_cache_seconds"),
        ({"catalog_cache_seconds": True}, "catalog_cache_seconds"),
        ({"refresh_catalog": "maybe"}, "refresh_catalog"),
    ],
)
def test_settings_that_are_wrong_are_named(config: Json, setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_settings(DiscoverySettings, config)
    assert caught.value.setting == setting


def test_settings_from_the_environment_are_text() -> None:
    checked = checked_settings(
        DiscoverySettings, {"catalog_cache_seconds": "60", "refresh_catalog": "true", "booleans": ""}
    )
    assert checked == DiscoverySettings(catalog_cache_seconds=60, refresh_catalog=True)
