"""Reading and listing records over HTTP."""

from __future__ import annotations

import re
from datetime import timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest


def first_id(client: Any, record_type: str) -> str:
    return str(client.get(f"/record/v1/{record_type}?limit=1")["items"][0]["id"])


def test_a_record_looks_like_netsuite_s(client: Any) -> None:
    identifier = first_id(client, "customer")
    client.emulator.execute(
        "UPDATE customer SET email = NULL, lastmodifieddate = '2024-07-01 14:00:59', creditlimit = 5.25, "
        "isinactive = 'T' WHERE id = ?",
        [int(identifier)],
    )
    answer = client.send("GET", f"/record/v1/Customer/{identifier}?fields=")
    record = answer.json()
    assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=singular; charset=UTF-8"
    assert record["id"] == identifier
    assert record["links"][0]["href"].endswith(f"/record/v1/customer/{identifier}?fields=")
    assert "email" not in record
    assert record["lastModifiedDate"] == "2024-07-01T21:00:00Z"
    assert record["creditLimit"] == 5.25
    assert record["isInactive"] is True
    assert record["creditHoldOverride"] == {"id": "AUTO", "refName": "Auto"}
    assert set(record["currency"]) == {"links", "id", "refName"}
    assert re.search(r"/record/v1/currency/\d$", record["currency"]["links"][0]["href"])
    assert set(record["addressBook"]) == {"links"}


def test_options_of_get(client: Any) -> None:
    identifier = first_id(client, "customer")
    some = client.get(f"/record/v1/customer/{identifier}?fields=entityId,currency")
    assert set(some) == {"links", "id", "entityId", "currency"}
    bare = client.get(f"/record/v1/customer/{identifier}?simpleEnumFormat=true")
    assert bare["creditHoldOverride"] == "AUTO"


def test_sublists_and_subrecords(client: Any) -> None:
    order = first_id(client, "salesOrder")
    whole = client.get(f"/record/v1/salesOrder/{order}?expandSubResources=true")
    lines = whole["item"]
    assert set(lines) == {"links", "items", "totalResults"}
    assert len(lines["items"]) == lines["totalResults"]
    line = lines["items"][0]
    assert isinstance(line["line"], int)
    assert line["links"][0]["href"].endswith(f"/salesorder/{order}/item/{line['line']}")
    assert line["quantity"] > 0
    assert whole["total"] == pytest.approx(sum(each["amount"] for each in lines["items"]))
    assert client.get(f"/record/v1/salesOrder/{order}/item/{line['line']}") == line
    listed = client.get(f"/record/v1/salesOrder/{order}/item")
    assert [set(item) for item in listed["items"]] == [{"links"}] * lines["totalResults"]
    assert client.get(f"/record/v1/salesOrder/{order}/entity")["id"] == whole["entity"]["id"]
    book = client.emulator.execute(
        "SELECT entity, internalid FROM entityaddressbook b JOIN customer c ON c.id = b.entity LIMIT 1"
    )
    address = client.get(f"/record/v1/customer/{book[0][0]}/addressBook/{book[0][1]}/addressBookAddress")
    assert set(address["country"]) == {"id", "refName"}
    assert client.send("GET", f"/record/v1/salesOrder/{order}/item/999").status_code == 404
    assert client.send("DELETE", f"/record/v1/salesOrder/{order}/item/1").status_code == 405


def test_records_and_suiteql_agree(client: Any) -> None:
    """Every field of some invoices, compared with the columns it is made of."""
    zone = ZoneInfo("America/Los_Angeles")
    for (identifier,) in client.emulator.execute(
        "SELECT id FROM transaction WHERE type = 'CustInvc' ORDER BY id LIMIT 5"
    ):
        record = client.get(f"/record/v1/invoice/{identifier}")
        row = client.rows(
            "SELECT tranid, trandate, foreigntotal, entity, BUILTIN.DF(entity) AS name, memo, "
            f"TO_CHAR(trandate, 'YYYY-MM-DD') AS day FROM transaction WHERE id = {identifier}"
        )[0]
        assert record["tranId"] == row["tranid"]
        assert record["tranDate"] == row["day"]
        assert record["entity"]["id"] == row["entity"]
        assert record["entity"]["refName"] == row["name"]
        assert record.get("memo") == row.get("memo")
        assert record["total"] == pytest.approx(float(row["foreigntotal"]))
        stored = client.emulator.execute("SELECT lastmodifieddate FROM transaction WHERE id = ?", [identifier])[0][0]
        utc = stored.replace(tzinfo=zone).astimezone(timezone.utc)
        assert record["lastModifiedDate"] == f"{utc:%Y-%m-%dT%H:%M}:00Z"


def test_external_ids_work_wherever_ids_do(client: Any) -> None:
    client.emulator.execute("UPDATE customer SET externalid = 'EXT_1' WHERE id = (SELECT min(id) FROM customer)")
    record = client.get("/record/v1/customer/eid:EXT_1")
    assert record["externalId"] == "EXT_1"
    assert client.get("/record/v1/customer/eid:EXT_1/addressBook")["offset"] == 0


@pytest.mark.parametrize("path", ["/record/v1/customer/999999", "/record/v1/customer/eid:no",
                                  "/record/v1/nonsense/1", "/record/v1/nonsense"])  # fmt: skip
def test_what_is_not_there(reader: Any, refusal: Any, path: str) -> None:
    assert refusal(reader.send("GET", path)) == (404, "NONEXISTENT_ID")


def test_verbs(reader: Any, refusal: Any) -> None:
    assert refusal(reader.send("DELETE", "/record/v1/customer")) == (405, "INVALID_METHOD")
    assert refusal(reader.send("PUT", "/record/v1/customer/1", json={})) == (405, "INVALID_METHOD")
    assert refusal(reader.send("POST", "/record/v1/customer/1", json={})) == (405, "INVALID_METHOD")


def test_hidden_types(client_of: Any, refusal: Any) -> None:
    client = client_of(hidden_record_types=frozenset({"vendor"}))
    assert refusal(client.send("GET", "/record/v1/vendor/1")) == (403, "INSUFFICIENT_PERMISSION")
    names = {item["name"] for item in client.get("/record/v1/metadata-catalog")["items"]}
    assert "vendor" not in names
    assert "customer" in names


def test_listing_gives_every_id_once(reader: Any) -> None:
    seen: list[str] = []
    address = "/record/v1/contact?limit=20"
    while address:
        page = reader.get(address)
        seen += [item["id"] for item in page["items"]]
        assert all(set(item) == {"links", "id"} for item in page["items"])
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        assert page["hasMore"] is bool(following)
        address = following[0] if following else ""
    truth = [str(row[0]) for row in reader.emulator.execute("SELECT id FROM contact ORDER BY id")]
    assert sorted(seen, key=int) == truth
    assert seen != truth


@pytest.mark.parametrize(
    ("condition", "sql"),
    [
        ("isInactive IS false AND creditlimit GREATER 100", "isinactive = 'F' AND creditlimit > 100"),
        ('companyName CONTAIN "o"', "companyname ILIKE '%o%'"),
        ("companyname START_WITH Red", "companyname ILIKE 'red%'"),
        ("email EMPTY", "email IS NULL"),
        ("email EMPTY_NOT AND (id LESS 1500 OR id GREATER 2000)", "email IS NOT NULL AND (id < 1500 OR id > 2000)"),
        ("currency ANY_OF [2, 4]", "currency IN (2, 4)"),
        ("id BETWEEN [1200, 1500]", "id BETWEEN 1200 AND 1500"),
        ('dateCreated ON_OR_AFTER "1/1/2024"', "datecreated >= '2024-01-01'"),
        ('datecreated BEFORE "12/31/2023"', "datecreated < '2023-12-31'"),
        ('lastModifiedDate AFTER "3/15/2025"', "lastmodifieddate >= '2025-03-16'"),
        ("creditLimit GREATER_OR_EQUAL_NOT 100", "creditlimit < 100 OR creditlimit IS NULL"),
        ("email ENDWITH example.com", "email LIKE '%example.com'"),
    ],
)
def test_filters(reader: Any, condition: str, sql: str) -> None:
    page = reader.get("/record/v1/customer", params={"q": condition})
    truth = reader.emulator.execute(f"SELECT id FROM customer WHERE {sql}")
    assert {item["id"] for item in page["items"]} == {str(row[0]) for row in truth}
    assert page["totalResults"] == len(truth)


@pytest.mark.parametrize(
    ("record_type", "condition", "code"),
    [
        ("customer", "companyName IS 'x'", "INVALID_PARAMETER"),
        ("customer", "companyName", "INVALID_PARAMETER"),
        ("customer", "companyName LIKE x", "INVALID_PARAMETER"),
        ("customer", "(id EQUAL 1", "INVALID_PARAMETER"),
        ("customer", "id EQUAL one", "INVALID_PARAMETER"),
        ("customer", "nonsense IS x", "NONEXISTENT_FIELD"),
        ("employee", 'lastModifiedDate AFTER "1/1/2024"', "NONEXISTENT_FIELD"),
        ("customer", 'dateCreated AFTER "2024-01-01"', "INVALID_PARAMETER"),
        ("customer", 'dateCreated AFTER "1/1/2024 10:00"', "INVALID_PARAMETER"),
    ],
)
def test_bad_filters(reader: Any, refusal: Any, record_type: str, condition: str, code: str) -> None:
    answer = reader.send("GET", f"/record/v1/{record_type}", params={"q": condition})
    assert refusal(answer) == (400, code)
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


def test_a_bad_date_names_format_and_zone(client_of: Any) -> None:
    client = client_of(date_format="DD/MM/YY")
    answer = client.send("GET", "/record/v1/customer", params={"q": 'dateCreated AFTER "2022-12-31"'})
    assert answer.json()["o:errorDetails"][0]["detail"] == (
        'Search error occurred: Parse of date/time "2022-12-31" failed with date format "dd/MM/yy" '
        "in time zone America/Los_Angeles"
    )


def test_the_catalog_tells_what_get_gives(reader: Any, refusal: Any) -> None:
    headers = {"Accept": "application/schema+json"}
    for record_type in ("customer", "salesOrder", "inventoryItem", "customrecord_warranty", "account"):
        schema = reader.get(f"/record/v1/metadata-catalog/{record_type}", headers=headers)
        record = reader.get(f"/record/v1/{record_type}/{first_id(reader, record_type)}?expandSubResources=true")
        assert set(record) <= set(schema["properties"])
    assert schema["properties"]["id"]["type"] == "string"
    warranty = reader.get("/record/v1/metadata-catalog/customrecord_warranty", headers=headers)
    assert warranty["x-ns-custom-record"] is True
    assert warranty["properties"]["custrecord_amount"]["x-ns-custom-field"] is True
    order = reader.get("/record/v1/metadata-catalog/salesorder", headers=headers)
    row = order["properties"]["item"]["properties"]["items"]["items"]
    assert row["x-ns-sublistkey"] == {"present": True, "value": {"new": ["line"], "existing": ["line"]}}
    chosen = reader.get("/record/v1/metadata-catalog/?select=customer,salesOrder")["items"]
    assert {item["name"] for item in chosen} == {"customer", "salesorder"}
    assert refusal(reader.send("GET", "/record/v1/metadata-catalog?select=customer,%20vendor")) == (
        400, "INVALID_REQUEST",
    )  # fmt: skip
    open_api = reader.get("/record/v1/metadata-catalog/customer", headers={"Accept": "application/swagger+json"})
    assert set(open_api["paths"]) == {"/customer", "/customer/{id}"}


def test_every_type_can_be_listed_and_read(reader: Any) -> None:
    for item in reader.get("/record/v1/metadata-catalog")["items"]:
        page = reader.get(f"/record/v1/{item['name']}?limit=2")
        for entry in page["items"]:
            reader.get(f"/record/v1/{item['name']}/{entry['id']}?expandSubResources=true")


def test_a_renamed_record_is_shown_by_its_new_name(client: Any) -> None:
    order = client.emulator.execute("SELECT min(id) FROM \"transaction\" WHERE recordtype = 'salesorder'")[0][0]
    entity = client.get(f"/record/v1/salesOrder/{order}")["entity"]
    client.emulator.execute(
        "UPDATE customer SET isperson = 'F', companyname = 'Renamed' WHERE id = ?", [int(entity["id"])]
    )
    again = client.get(f"/record/v1/salesOrder/{order}")["entity"]
    assert again["id"] == entity["id"]
    assert again["refName"].endswith(" Renamed")
