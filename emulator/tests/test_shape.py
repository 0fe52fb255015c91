"""An account of a shape that is written down: custom fields, records, lists, lengths and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Settings
from netsuite_emulator.settings import SettingsError

SHAPE = """
lists:
  customlist_tier: [Gold, Silver, Bronze]
segments:
  cseg_market: {values: [Home, Abroad], tables: [customer, transaction]}
records:
  customrecord_machine:
    label: Machine
    rows: 12
    fields:
      name: {required: true}
      custrecord_serial: {kind: text, max: 12, required: true}
      custrecord_of: reference:customer
      custrecord_parts: multi-select:item
      custrecord_tier: reference:customlist_tier
      custrecord_price: number
      custrecord_bought: date
      custrecord_checked: {kind: date-time, read_only: true}
      custrecord_runs: boolean
fields:
  customer:
    custentity_tier: reference:customlist_tier
    phone: {max: 8}
    email: {required: true}
hidden: [vendor]
hidden_columns: [customer.fax]
view_only: [employee]
"""


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shape") / "shape.yaml"
    path.write_text(SHAPE)
    return path


def test_what_is_written_down_is_there(client_of: Callable[..., Any], shaped: Path, refusal: Any) -> None:
    client = client_of(shape=shaped, table_rows={"customrecord_machine": 30})
    machines = client.rows("SELECT * FROM customrecord_machine ORDER BY id")
    assert len(machines) == 30
    assert all(len(machine["custrecord_serial"]) <= 12 for machine in machines)
    for column, table in (("of", "customer"), ("tier", "customlist_tier")):
        lost = f"SELECT id FROM customrecord_machine WHERE custrecord_{column} NOT IN (SELECT id FROM {table})"
        assert client.rows(lost) == []
    assert {len(machine.get("custrecord_parts", ", ").split(", ")) for machine in machines} == {2}
    assert client.rows("SELECT name FROM customlist_tier ORDER BY id")[0]["name"] == "Gold"
    assert client.rows("SELECT id FROM customer WHERE custentity_tier IS NOT NULL AND cseg_market IS NOT NULL")
    assert client.rows("SELECT id FROM transaction WHERE cseg_market = 2")
    names = {entry["name"] for entry in client.get("/record/v1/metadata-catalog")["items"]}
    assert {"customrecord_machine", "customlist_tier", "customrecord_cseg_market"} <= names
    assert "vendor" not in names
    machine = client.get("/record/v1/customrecord_machine/3")
    assert machine["custrecord_of"]["refName"]
    assert refusal(client.query("SELECT fax FROM customer")) == (400, "INVALID_PARAMETER")
    assert client.send("PATCH", "/record/v1/employee/-5", json={"title": "x"}).status_code in (400, 403)


def test_lengths_and_mandatory_fields_are_kept(client_of: Callable[..., Any], shaped: Path) -> None:
    client = client_of(shape=shaped)
    machine = {"name": "New", "custrecord_serial": "S-1", "custrecord_of": {"id": "1"}}
    del machine["custrecord_of"]
    number = client.create("customrecord_machine", machine)
    assert client.get(f"/record/v1/customrecord_machine/{number}")["custrecord_serial"] == "S-1"
    for body, words in (
        ({"name": "New"}, "custrecord_serial"),
        ({**machine, "custrecord_serial": "x" * 13}, "more than the maximum number ( 12 ) of characters"),
    ):
        answer = client.send("POST", "/record/v1/customrecord_machine", json=body)
        assert answer.status_code == 400
        assert words in answer.text
    customer = {"companyName": "C", "subsidiary": {"id": "1"}, "phone": "123456789", "email": "a@example.com"}
    assert "maximum number ( 8 )" in client.send("POST", "/record/v1/customer", json=customer).text
    assert client.send("POST", "/record/v1/customer", json={**customer, "phone": "1"}).status_code == 204
    assert client.send("POST", "/record/v1/customer", json={"companyName": "D"}).status_code == 400


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colours: [a]", "is not that of an account"),
        ("[", "is neither JSON nor YAML"),
        ("records: {machine: {}}", "must have a name that begins with customrecord_"),
        ("fields: {custmer: {x: text}}", "There is no table 'custmer'; did you mean customer?"),
        ("fields: {customer: {x: txt}}", "There is no kind of field in customer.x, which is 'txt'; did you mean text?"),
        ("fields: {customer: {x: reference:nothing}}", "There is no table 'nothing'"),
        ("lists: {customlist_a: 3}", "must be a list of its values"),
        ("fields: {entity: {custentity_x: text}}", "follows from others"),
        ("fields: {customer: 3}", "cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "shape.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        Emulator(Settings(shape=path))
    assert sentence in str(caught.value)


def test_standard_tables_get_rows_too(client_of: Callable[..., Any], shaped: Path) -> None:
    """Copies, each a record of its own; the books of a copied transaction balance as those of its model do."""
    client = client_of(shape=shaped, table_rows={"customer": 400, "Transaction": 1500})
    for table, rows in (("customer", 400), ("transaction", 1500)):
        assert client.rows(f"SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM {table}") == [
            {"n": str(rows), "ids": str(rows)}
        ]
    assert client.rows("SELECT COUNT(*) AS n FROM entity e JOIN customer c ON c.id = e.id")[0]["n"] == "400"
    lost = "SELECT l.transaction FROM transactionline l WHERE l.transaction NOT IN (SELECT id FROM transaction)"
    assert client.rows(lost) == []
    lines = client.rows("SELECT COUNT(*) AS n, COUNT(DISTINCT uniquekey) AS keys FROM transactionline")[0]
    assert lines["n"] == lines["keys"]
    (balance,) = client.rows("SELECT SUM(amount) AS left FROM transactionaccountingline WHERE posting = 'T'")
    assert float(balance.get("left", 0)) == 0
    last = client.rows("SELECT MAX(id) AS id FROM transaction WHERE type = 'CustInvc'")[0]["id"]
    invoice = client.get(f"/record/v1/invoice/{last}?expandSubResources=true")
    assert invoice["item"]["items"]
    customer = client.rows("SELECT MAX(id) AS id FROM customer WHERE custentity_tier = 1")[0]["id"]
    assert client.get(f"/record/v1/customer/{customer}")["custentity_tier"]["refName"] == "Gold"


def test_rows_that_cannot_be(shaped: Path) -> None:
    with pytest.raises(SettingsError, match="rows of the sample company"):
        Emulator(Settings(shape=shaped, table_rows={"customer": 1}))
    with pytest.raises(SettingsError, match="custmer"):
        Emulator(Settings(table_rows={"custmer": 1}))


def test_standard_fields_that_the_sample_lacks(client_of: Callable[..., Any], tmp_path: Path) -> None:
    """As `suitetalk snapshot` writes them: in records and in the catalog, in queries where there is such a column."""
    account = {
        "fields": {
            "customer": {"companyName": {"kind": "text"}, "dunsNumber": {"kind": "text"}, "tier": {"kind": "integer"}}
        },
        "only": {
            "record_types": {
                "customer": {"table": "customer", "fields": ["companyName", "dunsNumber", "id", "tier"], "sublists": []}
            },
            "tables": {
                "customer": {"columns": {"id": "integer", "companyname": "text", "tier": "integer"}, "keys": ["id"]}
            },
        },
    }
    path = tmp_path / "shape.json"
    path.write_text(json.dumps({"format": "netsuite-account", "version": 1, "facts": {}, "shape": account}))
    client = client_of(shape=path, one_world=False)
    listed = client.get("/record/v1/metadata-catalog/customer", headers={"Accept": "application/schema+json"})
    assert {"companyName", "dunsNumber", "tier"} <= set(listed["properties"])
    assert "email" not in listed["properties"]
    number = client.create("customer", {"companyName": "New", "dunsNumber": "15-048-3782"})
    assert client.get(f"/record/v1/customer/{number}")["dunsNumber"] == "15-048-3782"
    assert client.rows("SELECT tier FROM customer WHERE tier IS NOT NULL")
    assert client.query("SELECT dunsnumber FROM customer").status_code == 400
