"""Records of one account, loaded into an emulator as the command and the tap write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator
from netsuite_emulator.options import SettingsError
from suitetalk import ConnectionSettings, NetSuite

Factory = Callable[..., Emulator]
TYPES = ("customer", "vendor", "invoice", "salesOrder", "journalEntry", "inventoryItem")
# What an account makes up itself whenever something is written.
MADE_UP = {"links", "internalId", "lastModifiedDate"}


def records_of(emulator: Emulator, *named: tuple[str, str], each: int = 2) -> dict[tuple[str, str], Any]:
    """Return some records of an account with all their parts, by type and id."""
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        names = list(named) or [
            (kind, str(item["id"])) for kind in TYPES for item in client.records.list(kind, limit=each).items
        ]
        return {(kind, number): client.records.get(kind, number, expand_sub_resources=True) for kind, number in names}


def plain(value: Any) -> Any:
    """Return a value without what an account makes up."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if name not in MADE_UP}
    if isinstance(value, list):
        lines = [{name: part for name, part in line.items() if name != "id"} for line in value]
        return [plain(line) for line in lines]
    return value


def test_records_in_any_order_are_those_of_the_account(
    netsuite_emulator: Emulator, netsuite_emulator_factory: Factory, tmp_path: Path
) -> None:
    """As `suitetalk get` prints them; what they refer to is in the file, or is made up by its name."""
    found = records_of(netsuite_emulator)
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(json.dumps(record, indent=2, default=float) for record in reversed(found.values())))

    other = netsuite_emulator_factory(seed=7, records=(("", file),))

    assert other.notes == []
    there = records_of(other, *found)
    for key, record in found.items():
        assert plain(there[key]) == plain(record), key
        assert there[key].get("lastModifiedDate") == record.get("lastModifiedDate")


def test_records_of_the_tap(netsuite_emulator_factory: Factory, tmp_path: Path) -> None:
    record = {
        "id": "77777",
        "companyName": "Strangers AG",
        "subsidiary": {"id": "1"},
        "salesRep": {"id": "99", "refName": "Ann"},
    }
    messages = [
        {"type": "SCHEMA", "stream": "record_customer", "schema": {}},
        {"type": "RECORD", "stream": "record_customer", "record": {**record, "custentity_unheard": 1}},
        {"type": "STATE", "value": {}},
    ]
    file = tmp_path / "messages.jsonl"
    file.write_text("".join(json.dumps(message) + "\n" for message in messages))
    bare = tmp_path / "record_vendor-20260101.jsonl"
    bare.write_text('{"id": "88888", "companyName": "Bare GmbH"}\n{"id": "88889"}\n')

    emulator = netsuite_emulator_factory(records=(("", file), ("", bare), ("employee", _one(tmp_path, "555", "Eve"))))

    assert emulator.notes == ["1 times customer, unknown property: custentity_unheard"]
    sql = "SELECT c.companyname, e.entityid FROM customer c JOIN employee e ON e.id = c.salesrep WHERE c.id = 77777"
    assert emulator.execute(sql) == [("Strangers AG", "Ann")]
    assert emulator.execute("SELECT count(*) FROM vendor WHERE id IN (88888, 88889)") == [(2,)]
    assert emulator.execute("SELECT firstname FROM employee WHERE id = 555") == [("Eve",)]


def _one(folder: Path, number: str, name: str) -> Path:
    path = folder / "some.json"
    path.write_text(json.dumps([{"id": number, "firstName": name, "lastName": "X"}]))
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"id": "1"', "line 1, is not JSON"),
        ('{"id": "1"}', "does not say which record type"),
        ('\n{"type": "RECORD", "stream": "customer", "record": {}}', "line 2, is of the stream customer"),
        ('{"type": "RECORD", "stream": "record_customrecord_x", "record": {"id": "1"}}', "customrecord_x"),
        ('{"type": "RECORD", "stream": "record_customer", "record": {}}', "no id that is a number"),
    ],
)
def test_what_cannot_be_loaded(netsuite_emulator_factory: Factory, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(text)

    with pytest.raises(SettingsError, match=words):
        netsuite_emulator_factory(records=(("", file),))
