"""The shape of an account: written down from one emulator, and taken on by another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Fault
from netsuite_emulator.likeness import like
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


# Sublists, subrecords and types that the sample company does not have.
LINES = {
    "customer": {
        "table": "customer",
        "fields": {
            "id": "text",
            "companyName": {"kind": "text", "filterable": True, "title": "Firm"},
            "mood": {"kind": "choice", "choices": ["GOOD", "BAD"]},
            "profile": {"kind": "subrecord", "fields": {"motto": "text", "boss": "reference:customer"}},
            "taxRegistration": {
                "kind": "sublist",
                "keys": ["id"],
                "fields": {"id": "integer", "taxNumber": "text", "since": "date"},
            },
            "roles": {
                "kind": "sublist",
                "keys": ["boss"],
                "fields": {"boss": "reference:customer", "active": "boolean"},
            },
        },
    },
    "itemfulfillment": {
        "table": "transaction",
        "fields": {
            "id": "text",
            "tranId": {"kind": "text", "read_only": True},
            "item": {
                "kind": "sublist",
                "keys": ["line"],
                "new_keys": ["orderLine"],
                "fields": {
                    "line": "integer",
                    "orderLine": "integer",
                    "custcol_note": "text",
                    "inventoryDetail": {
                        "kind": "subrecord",
                        "fields": {
                            "assignment": {
                                "kind": "sublist",
                                "keys": ["internalId"],
                                "fields": {"internalId": "integer"},
                            }
                        },
                    },
                },
            },
        },
    },
    "customrecord_wide": {
        "table": "customrecord_wide",
        "fields": {"id": "text", **{f"custrecord_w{number}": "number" for number in range(120)}},
    },
    "secret": {"table": "secret", "fields": None},
}
TABLES = {
    "customer": {"columns": {"id": "integer", "companyname": "text"}, "keys": ["id"]},
    "transaction": {"columns": {"id": "integer", "type": "text", "recordtype": "text"}, "keys": ["id"]},
    "transactionline": {
        "columns": {"uniquekey": "integer", "transaction": "integer", "custcol_note": "text"},
        "keys": ["uniquekey"],
    },
    "customrecord_wide": {
        "columns": {"id": "integer", **{f"custrecord_w{number}": "number" for number in range(120)}},
        "keys": ["id"],
    },
}


def written(emulator: Emulator, folder: Path, **options: Any) -> dict[str, Any]:
    settings = ConnectionSettings.from_mapping(emulator.connection)
    with NetSuite(settings, retry=RetryPolicy(attempts=6, first_wait=0.01)) as client:
        return snapshot(client, dict, folder / "shape.json.part", **options)


def schemas_of(emulator: Emulator) -> dict[str, Any]:
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        names = [name for name in client.metadata.record_types() if name != "secret"]
        schemas = {name: client.metadata.json_schema(name) for name in names}
    return {name: {**one, "x-ns-filterable": sorted(one["x-ns-filterable"])} for name, one in schemas.items()}


def listed(emulator: Emulator) -> list[str]:
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        return sorted(client.metadata.record_types())


def discovered(emulator: Emulator) -> dict[str, Any]:
    config = {**emulator.connection, "catalog_cache_seconds": 0}
    catalog: dict[str, Any] = json.loads(json.dumps(TapNetSuite(config=config).catalog_dict))
    return {stream["tap_stream_id"]: stream for stream in catalog["streams"]}


def snapshot_command(emulator: Emulator, folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start `suitetalk snapshot` in a folder."""
    variables = {f"NETSUITE_{name.upper()}": str(value) for name, value in emulator.connection.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "suitetalk.cli", "snapshot", *options],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **variables},
        stderr=subprocess.PIPE,
        text=True,
    )


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
    assert {name: (here[name], there[name]) for name in here if here[name] != there[name]} == {}
    assert not (tmp_path / "shape.json.part").exists()


@pytest.mark.slow
def test_lines_and_parts_that_only_the_account_has(netsuite_emulator_factory: Factory, tmp_path: Path) -> None:
    """In an account that answers no rows to more than a hundred columns, where one table has more."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    shape = {"only": {"record_types": LINES, "tables": TABLES}}
    first.write_text(json.dumps({"format": "netsuite-account", "version": 1, "shape": shape}))
    account = netsuite_emulator_factory(shape=first, column_cap=100)
    told: list[str] = []
    second.write_text(json.dumps(written(account, tmp_path, tell=told.append)))
    assert [words for words in told if "customrecord_wide: SELECT * shows none of its rows" in words]
    other = netsuite_emulator_factory(shape=second, column_cap=100)
    assert listed(other) == listed(account) == sorted(LINES)
    assert schemas_of(other) == schemas_of(account)
    here, there = discovered(account), discovered(other)
    assert len(here["customrecord_wide"]["schema"]["properties"]) > 120
    assert here == there


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_another_account_too(netsuite_emulator_factory: Factory, tmp_path: Path) -> None:
    """Without OneWorld, with another date format, time zone and features, and with the facts of the same file."""
    by_hand, file = tmp_path / "shape.yaml", tmp_path / "shape.json"
    by_hand.write_text(SHAPE)
    account = netsuite_emulator_factory(
        shape=by_hand,
        one_world=False,
        second_book=False,
        multiple_calendars=False,
        date_format="DD.MM.YYYY",
        time_zone="Europe/Berlin",
        deletion_table="deletedrecordinconnect",
        switched_off=frozenset({"job", "nexus"}),
    )
    with snapshot_command(account, tmp_path, "-o", str(file)) as process:
        told = process.communicate(timeout=300)[1]
    assert process.returncode == 0, told
    settings, _ = like(file)
    assert settings["date_format"] == "DD.MM.YYYY"
    assert settings["time_zone"] in ("Europe/Berlin", "Europe/Paris")  # nothing tells them apart
    other = netsuite_emulator_factory(**settings, shape=file, table_rows={"customrecord_machine": 8})
    assert schemas_of(other) == schemas_of(account)
    here, there = discovered(account), discovered(other)
    assert here.keys() == there.keys()
    assert {name: (here[name], there[name]) for name in here if here[name] != there[name]} == {}


@pytest.mark.slow
def test_the_command_goes_on_after_an_interruption(account: Emulator, tmp_path: Path) -> None:
    with snapshot_command(account, tmp_path, "--counts") as process:
        unfinished = tmp_path / "shape.json.part"
        while not unfinished.exists() or len(unfinished.read_text().splitlines()) < 20:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert not (tmp_path / "shape.json").exists()
    known = {name for line in unfinished.read_text().splitlines() for name in json.loads(line)}
    account.clear_requests()

    with snapshot_command(account, tmp_path, "--counts") as process:
        told = process.communicate(timeout=300)[1]

    assert process.returncode == 0, told
    assert "An earlier snapshot goes on" in told
    assert not unfinished.exists()
    asked = {request.path.rpartition("/")[2] for request in account.requests if "metadata-catalog/" in request.path}
    assert not asked & {name.removeprefix("type ") for name in known if name.startswith("type ")}
    shape = json.loads((tmp_path / "shape.json").read_text())["shape"]
    assert shape["counts"]["customrecord_machine"] == 8


@pytest.mark.slow
def test_what_was_found_before_an_interruption_is_not_asked_for_again(account: Emulator, tmp_path: Path) -> None:
    whole = written(account, tmp_path, counts=True)
    number = account.faults.add(Fault(effect="status", status=401, path="suiteql", nth=30, times=10_000))
    with pytest.raises(Exception, match=r"INVALID_LOGIN|refused"):
        written(account, tmp_path, counts=True)
    account.faults.remove(number)
    account.clear_requests()
    assert written(account, tmp_path, counts=True) == whole
    again = [one for one in account.requests if "metadata-catalog/" in one.path]
    assert len(again) <= account.highest_in_flight  # those that were under way when it ended
    assert whole["shape"]["counts"]["customrecord_machine"] == 8


@pytest.mark.slow
def test_a_shape_holds_no_data(account: Emulator, tmp_path: Path) -> None:
    text = json.dumps(written(account, tmp_path))
    names = account.execute("SELECT companyname FROM customer UNION SELECT entityid FROM employee")
    assert not [name for (name,) in names if name and f'"{name}"' in text]
    assert "counts" not in json.loads(text)["shape"]
