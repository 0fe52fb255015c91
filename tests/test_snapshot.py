"""The shape of an account: written down from one emulator, and taken on by another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Fault
from suitetalk import ConnectionSettings, NetSuite, RetryPolicy
from suitetalk.doctor.shape import snapshot
from tap_netsuite.tap import TapNetSuite

Factory = Callable[..., Emulator]
SHAPE = """
lists: {customlist_tier: [Gold, Silver]}
records:
  customrecord_machine:
    rows: 8
    fields:
      custrecord_of: reference:customer
      custrecord_tier: reference:customlist_tier
      custrecord_price: number
      custrecord_bought: date
fields:
  customer: {custentity_points: integer}
hidden: [vendor]
hidden_columns: [customer.fax]
"""


def written(emulator: Emulator, folder: Path, **options: Any) -> dict[str, Any]:
    settings = ConnectionSettings.from_mapping(emulator.connection)
    with NetSuite(settings, retry=RetryPolicy(attempts=2, first_wait=0.01)) as client:
        return snapshot(client, dict, folder / "shape.json.part", **options)


def schemas_of(emulator: Emulator) -> dict[str, Any]:
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        schemas = {name: client.metadata.json_schema(name) for name in client.metadata.record_types()}
    return {name: {**one, "x-ns-filterable": sorted(one["x-ns-filterable"])} for name, one in schemas.items()}


def discovered(emulator: Emulator) -> dict[str, Any]:
    config = {**emulator.connection, "catalog_cache_seconds": 0}
    catalog: dict[str, Any] = json.loads(json.dumps(TapNetSuite(config=config).catalog_dict))
    return {stream["tap_stream_id"]: stream for stream in catalog["streams"]}


@pytest.fixture
def account(netsuite_emulator_factory: Factory, tmp_path: Path) -> Emulator:
    """An account with records and fields of its own."""
    shape = tmp_path / "shape.yaml"
    shape.write_text(SHAPE)
    return netsuite_emulator_factory(shape=shape, switched_off=frozenset({"subscription", "nexus"}))


@pytest.mark.slow
def test_an_emulator_of_the_same_shape_shows_the_same(
    netsuite_emulator_factory: Factory, account: Emulator, tmp_path: Path
) -> None:
    shape = written(account, tmp_path)
    file = tmp_path / "shape.json"
    file.write_text(json.dumps(shape))
    other = netsuite_emulator_factory(shape=file, table_rows={"customrecord_machine": 8})
    assert schemas_of(other) == schemas_of(account)
    here, there = discovered(account), discovered(other)
    assert here.keys() == there.keys()
    assert {name for name in here if here[name] != there[name]} == set()
    assert not (tmp_path / "shape.json.part").exists()


@pytest.mark.slow
def test_what_was_found_before_an_interruption_is_not_asked_for_again(account: Emulator, tmp_path: Path) -> None:
    whole = written(account, tmp_path, counts=True)
    number = account.faults.add(Fault(effect="status", status=401, path="suiteql", nth=30, times=10_000))
    with pytest.raises(Exception, match=r"INVALID_LOGIN|refused"):
        written(account, tmp_path, counts=True)
    account.faults.remove(number)
    account.clear_requests()
    assert written(account, tmp_path, counts=True) == whole
    assert not [one for one in account.requests if "metadata-catalog/" in one.path]
    assert whole["shape"]["counts"]["customrecord_machine"] == 8


@pytest.mark.slow
def test_a_shape_holds_no_data(account: Emulator, tmp_path: Path) -> None:
    text = json.dumps(written(account, tmp_path))
    names = account.execute("SELECT companyname FROM customer UNION SELECT entityid FROM employee")
    assert not [name for (name,) in names if name and f'"{name}"' in text]
    assert "counts" not in json.loads(text)["shape"]
