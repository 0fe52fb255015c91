"""An account of a shape that is written down: custom fields, records, lists, lengths and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Settings
from netsuite_emulator.company.record_types import build_company
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
        ("fields: {customer: 3}", "The fields of customer must be names with values"),
        ("fields: {customer: {custentity_x: {max: 3}}}", "customer.custentity_x is not there yet, so it needs a kind"),
        ("fields: {customer: {custentity_x: {type: text}}}", "customer.custentity_x cannot have 'type', only kind,"),
        ("fields: {customer: {phone: {max: long}}}", "max of customer.phone must be a whole number, not 'long'"),
        ("fields: {customer: {custentity_x: reference}}", "must say where it leads: write reference:customer"),
        (
            "records: {customrecord_a: {row: 5}}",
            "The record customrecord_a cannot have 'row', only fields, label and rows",
        ),
        ("records: {customrecord_a: {rows: many}}", "rows of customrecord_a must be a whole number, not 'many'"),
        ("records: {customrecord_a: {fields: [x]}}", "such as custrecord_serial: text"),
        ("lists: {tier: [a]}", "must have a name that begins with customlist_"),
        ("segments: {cseg_a: {tables: [customer]}}", "The segment cseg_a needs both values and tables"),
        ("hidden: vendor", "`hidden` must be a list of names, such as [vendor]"),
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


ACCOUNT = {
    "only": {
        "record_types": {
            "customer": {
                "table": "customer",
                "fields": {
                    "id": "text",
                    "companyName": {"kind": "text", "title": "Firm", "filterable": True},
                    "dunsNumber": "text",
                    "tier": {"kind": "integer", "max": 3},
                    "mood": {"kind": "choice", "choices": ["GOOD", "BAD"]},
                    "warehouse": "reference",
                    "contactRoles": {
                        "kind": "sublist",
                        "keys": ["contact"],
                        "fields": {"contact": "reference:contact", "email": "text", "giveAccess": "boolean"},
                    },
                    "taxRegistration": {
                        "kind": "sublist",
                        "keys": ["id"],
                        "fields": {"id": "integer", "taxNumber": "text", "since": "date"},
                    },
                    "notes": {"kind": "sublist", "fields": {"text": "text"}},
                    "profile": {
                        "kind": "subrecord",
                        "fields": {"motto": "text", "boss": "reference:employee", "paid": {"kind": "choice"}},
                    },
                },
            },
            "contact": {"table": "contact", "fields": {"id": "text", "entityId": "text"}},
            "employee": {"table": "employee", "fields": {"id": "text", "entityId": "text"}},
            "salesorder": {
                "table": "transaction",
                "fields": {
                    "id": "text",
                    "entity": "reference",
                    "item": {
                        "kind": "sublist",
                        "keys": ["line"],
                        "new_keys": ["orderLine"],
                        "fields": {
                            "line": "integer", "orderLine": "integer", "item": "reference", "quantity": "number",
                            "custcol_note": "text",
                            "inventoryDetail": {
                                "kind": "subrecord",
                                "fields": {
                                    "quantity": "number",
                                    "inventoryAssignment": {
                                        "kind": "sublist", "keys": ["internalId"],
                                        "fields": {"internalId": "integer", "binNumber": "text", "quantity": "number"},
                                    },
                                },
                            },
                        },
                    },
                },
            },
            "cashsale": {"table": "transaction", "fields": {"id": "text", "tranId": "text"}},
            "inventoryitem": {"table": "item", "fields": {"id": "text", "itemId": "text"}},
            "secret": {"table": "secret", "fields": None},
        },
        "tables": {
            "customer": {"columns": {"id": "integer", "companyname": "text", "tier": "integer"}, "keys": ["id"]},
            "contact": {"columns": {"id": "integer"}, "keys": ["id"]},
            "employee": {"columns": {"id": "integer"}, "keys": ["id"]},
            "transaction": {"columns": {"id": "integer", "type": "text"}, "keys": ["id"]},
            "transactionline": {"columns": {"uniquekey": "integer", "custcol_note": "text"}, "keys": ["uniquekey"]},
            "item": {"columns": {"id": "integer", "itemid": "text"}, "keys": ["id"]},
            "customertaxregistration": {
                "columns": {"customer": "integer", "id": "integer", "taxnumber": "text"}, "keys": ["id"],
            },
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def account_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shape of an account with much that the sample company lacks, as `suitetalk snapshot` writes it."""
    path = tmp_path_factory.mktemp("account") / "shape.json"
    path.write_text(json.dumps({"format": "netsuite-account", "version": 1, "facts": {}, "shape": ACCOUNT}))
    return path


def test_standard_fields_that_the_sample_lacks(client_of: Callable[..., Any], account_file: Path, refusal: Any) -> None:
    """In records and in the catalog; in queries where there is such a column."""
    client = client_of(shape=account_file, one_world=False)
    listed = client.get("/record/v1/metadata-catalog/customer", headers={"Accept": "application/schema+json"})
    assert {"companyName", "dunsNumber", "tier"} <= set(listed["properties"])
    assert "email" not in listed["properties"]
    assert listed["properties"]["companyName"]["title"] == "Firm"
    assert listed["properties"]["mood"]["properties"]["id"]["enum"] == ["GOOD", "BAD"]
    assert listed["x-ns-filterable"] == ["companyName"]
    new = {"companyName": "New", "dunsNumber": "15-048-3782", "mood": {"id": "BAD"}, "warehouse": {"id": "77"}}
    number = client.create("customer", new)
    customer = client.get(f"/record/v1/customer/{number}")
    assert customer["dunsNumber"] == "15-048-3782"
    assert customer["mood"] == {"id": "BAD", "refName": "BAD"}
    assert customer["warehouse"]["id"] == "77"
    assert client.send("POST", "/record/v1/customer", json={**new, "mood": {"id": "UGLY"}}).status_code == 400
    assert client.rows("SELECT tier FROM customer WHERE tier IS NOT NULL")
    assert client.query("SELECT dunsnumber FROM customer").status_code == 400


def test_sublists_that_the_sample_lacks(client_of: Callable[..., Any], account_file: Path) -> None:
    client = client_of(shape=account_file, one_world=False)
    schema = client.get("/record/v1/metadata-catalog/customer", headers={"Accept": "application/schema+json"})
    lines = schema["properties"]["contactRoles"]["properties"]["items"]["items"]
    assert lines["x-ns-sublistkey"] == {"present": True, "value": {"new": ["contact"], "existing": ["contact"]}}
    assert {"contact", "email", "giveAccess"} <= set(lines["properties"])

    first = client.rows("SELECT MIN(id) AS id FROM customer")[0]["id"]
    there = client.get(f"/record/v1/customer/{first}?expandSubResources=true")["taxRegistration"]  # generated
    assert len(there["items"]) == 2
    assert len({line["id"] for line in there["items"]}) == 2
    (role,) = client.get(f"/record/v1/customer/{first}/contactRoles?expandSubResources=true")["items"]
    assert role["contact"]["refName"]

    people = [one["id"] for one in client.rows("SELECT id FROM contact ORDER BY id")[:3]]
    body = {
        "companyName": "Lines",
        "contactRoles": {"items": [{"contact": {"id": people[0]}, "email": "a@example.com"}]},
    }
    body["taxRegistration"] = {"items": [{"taxNumber": "T-1", "since": "2026-01-31"}, {"taxNumber": "T-2"}]}
    body["notes"] = {"items": [{"text": "one"}]}
    place = f"/record/v1/customer/{client.create('customer', body)}"
    listed = client.get(f"{place}/taxRegistration")
    assert listed["totalResults"] == 2
    key = listed["items"][0]["links"][0]["href"].rpartition("/")[2]
    assert client.get(f"{place}/taxRegistration/{key}")["since"] == "2026-01-31"
    assert client.get(f"{place}/contactRoles/{people[0]}")["email"] == "a@example.com"
    assert "items" not in client.get(place)["contactRoles"]

    change = {
        "contactRoles": {"items": [{"contact": {"id": people[0]}, "giveAccess": True}, {"contact": {"id": people[1]}}]}
    }
    change["taxRegistration"] = {"items": [{"id": int(key), "taxNumber": "T-9"}]}
    change["notes"] = {"items": [{"text": "two"}]}
    assert client.send("PATCH", place, json=change).status_code == 204
    after = client.get(f"{place}?expandSubResources=true")
    assert [(one["contact"]["id"], one.get("email"), one["giveAccess"]) for one in after["contactRoles"]["items"]] == [
        (people[0], "a@example.com", True),
        (people[1], None, False),
    ]
    assert [one["taxNumber"] for one in after["taxRegistration"]["items"]] == ["T-9", "T-2"]
    assert [one["text"] for one in after["notes"]["items"]] == ["one", "two"]
    replaced = {"taxRegistration": {"items": [{"taxNumber": "T-3"}]}}
    assert client.send("PATCH", f"{place}?replace=taxRegistration", json=replaced).status_code == 204
    assert [one["taxNumber"] for one in client.get(f"{place}/taxRegistration?expandSubResources=true")["items"]] == [
        "T-3"
    ]
    owner = place.rpartition("/")[2]
    assert client.rows(f"SELECT taxnumber FROM customertaxregistration WHERE customer = {owner}") == [
        {"taxnumber": "T-3"}
    ]
    assert client.send("DELETE", place).status_code == 204
    assert client.rows(f"SELECT taxnumber FROM customertaxregistration WHERE customer = {owner}") == []


def test_subrecords_that_the_sample_lacks(client_of: Callable[..., Any], account_file: Path) -> None:
    client = client_of(shape=account_file, one_world=False)
    boss = client.rows("SELECT id FROM employee")[0]["id"]
    body = {"companyName": "Parts", "profile": {"motto": "On", "boss": {"id": boss}, "paid": {"id": "YES"}}}
    place = f"/record/v1/customer/{client.create('customer', body)}"
    assert client.send("PATCH", place, json={"profile": {"motto": "Off"}}).status_code == 204
    profile = client.get(f"{place}/profile")
    assert (profile["motto"], profile["boss"]["id"], profile["paid"]["id"]) == ("Off", boss, "YES")
    assert client.send("PATCH", place, json={"profile": {"motto": 5}}).status_code == 400

    item = client.rows("SELECT id FROM item WHERE itemid IS NOT NULL")[0]["id"]
    detail = {"quantity": 2, "inventoryAssignment": {"items": [{"binNumber": "B-1", "quantity": 2}]}}
    line = {"item": {"id": item}, "quantity": 2, "custcol_note": "x", "inventoryDetail": detail}
    order = {"entity": {"id": place.rpartition("/")[2]}, "item": {"items": [line]}}
    whole = client.get(f"/record/v1/salesorder/{client.create('salesorder', order)}?expandSubResources=true")
    (found,) = whole["item"]["items"]
    assert found["custcol_note"] == "x"
    assert found["inventoryDetail"]["inventoryAssignment"]["items"][0]["binNumber"] == "B-1"
    assert client.rows("SELECT uniquekey FROM transactionline WHERE custcol_note = 'x'")


def test_types_that_the_sample_lacks(client_of: Callable[..., Any], account_file: Path, refusal: Any) -> None:
    client = client_of(shape=account_file, one_world=False)
    listed = client.get("/record/v1/cashsale")
    assert listed["totalResults"] == 10
    assert client.rows("SELECT COUNT(*) AS n FROM transaction WHERE type = 'CashSale'") == [{"n": "10"}]
    assert client.get("/record/v1/cashsale/" + listed["items"][0]["id"])["tranId"]
    names = {entry["name"] for entry in client.get("/record/v1/metadata-catalog")["items"]}
    assert {"cashsale", "secret"} <= names
    schema = client.send("GET", "/record/v1/metadata-catalog/secret", headers={"Accept": "application/schema+json"})
    assert refusal(schema) == (404, "NONEXISTENT_ID")


def test_the_command_says_which_lines_queries_do_not_show(account_file: Path) -> None:
    company = build_company(Settings(shape=account_file))
    assert company.lines_without_table() == ["customer.contactRoles", "customer.notes"]


def test_lines_come_with_their_records(account_file: Path) -> None:
    with pytest.raises(SettingsError, match="no table with rows to choose 'customertaxregistration'"):
        Emulator(Settings(shape=account_file, table_rows={"customertaxregistration": 5}))


def test_a_data_file_keeps_what_the_shape_brought(
    client_of: Callable[..., Any], account_file: Path, tmp_path: Path
) -> None:
    settings = Settings(shape=account_file, one_world=False, data_file=tmp_path / "company.db")
    counted = "SELECT (SELECT count(*) FROM customertaxregistration), (SELECT count(*) FROM transaction)"
    found = []
    for _ in range(2):
        emulator = Emulator(settings).start()
        found.append(emulator.execute(counted))
        emulator.stop()
    assert found[0] == found[1]
    assert found[0][0][0] > 0


def test_what_stands_beside_the_whole_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shape.json"
    shape = {**ACCOUNT, "fields": {"customer": {"custentity_x": "text"}}}
    path.write_text(json.dumps({"format": "netsuite-account", "version": 1, "shape": shape}))
    with pytest.raises(SettingsError, match="belong there"):
        Emulator(Settings(shape=path))
