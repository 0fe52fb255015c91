"""Datasets, the system service, the file cabinet, and the OpenAPI form of the catalog."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from jsonschema import Draft6Validator

from netsuite_emulator import Dataset
from netsuite_emulator.settings import Settings, SettingsError

OPEN_API = {"Accept": "application/swagger+json"}


def test_datasets(client_of: Any, refusal: Any) -> None:
    saved = Dataset(id="custdataset_new", name="New", query="SELECT id, name, 1.5 AS Rate FROM currency ORDER BY id")
    client = client_of(datasets=(saved,))
    listed = client.get("/query/v1/dataset/")
    assert [(item["id"], item["name"]) for item in listed["items"]] == [("custdataset_new", "New")]
    result = client.get("/query/v1/dataset/custdataset_new/result?limit=2&offset=2")
    assert (result["count"], result["offset"]) == (2, 2)
    assert result["items"][0]["links"] == []
    assert result["items"][0]["rate"] == "1.5"
    assert {"next", "previous", "self"} <= {link["rel"] for link in result["links"]}
    assert refusal(client.send("GET", "/query/v1/dataset/unknown/result")) == (404, "NONEXISTENT_ID")
    assert refusal(client.send("POST", "/query/v1/dataset/")) == (405, "INVALID_METHOD")


def test_sample_datasets_run(reader: Any) -> None:
    for item in reader.get("/query/v1/dataset/")["items"]:
        assert reader.get(f"/query/v1/dataset/{item['id']}/result")["totalResults"] > 0


def test_system_service(client_of: Any, refusal: Any) -> None:
    client = client_of(concurrency_limit=10, integration_concurrency_limit=4, clock_offset=300)
    told = client.get("/system/v1/serverTime")["serverTime"]
    assert datetime.fromisoformat(told.replace("Z", "+00:00")) > datetime.now(timezone.utc)
    assert client.get("/system/v1/governanceLimits") == {
        "accountConcurrencyLimit": 10,
        "accountUnallocatedConcurrencyLimit": 6,
        "integrationConcurrencyLimit": 4,
        "integrationLimitType": "integrationSpecific",
    }
    assert refusal(client.send("POST", "/system/v1/serverTime")) == (405, "INVALID_METHOD")
    assert refusal(client.send("GET", "/system/v1/nothing")) == (404, "INVALID_REQUEST")
    with pytest.raises(SettingsError, match="below concurrency_limit"):
        Settings(integration_concurrency_limit=5)


def test_the_file_cabinet(client: Any, refusal: Any) -> None:
    def make(kind: str, **body: Any) -> str:
        answer = client.send("POST", f"/document/v1/{kind}", json=body)
        assert answer.status_code == 204, answer.text
        return str(answer.headers["Location"])

    folder = make("folder", name="Invoices")
    content = base64.b64encode(b"\x00\xff data").decode()
    number = folder.rpartition("/")[2]
    file = make("file", name="a.bin", folder={"id": number}, content=content, mediaType="application/pdf")
    described = client.get(file)
    assert (described["name"], described["size"], described["folder"]["id"]) == ("a.bin", 7, number)
    loaded = client.send("GET", f"{file}/content")
    assert (loaded.content, loaded.headers["Content-Type"]) == (b"\x00\xff data", "application/pdf")
    assert make("file", name="a.bin", folder={"id": number}, content="") == file
    make("file", name="b.txt", content=content)
    found = client.get("/document/v1/file", params={"q": f"folder EQUAL {number}"})
    assert [item["name"] for item in found["items"]] == ["a.bin"]
    assert client.get("/document/v1/file?limit=1")["hasMore"] is True
    customer = client.emulator.execute("SELECT min(id) FROM customer")[0][0]
    attached = client.send("POST", f"/record/v1/customer/{customer}/!attach/file/{file.rpartition('/')[2]}")
    assert attached.status_code == 204
    assert refusal(client.send("DELETE", folder)) == (400, "USER_ERROR")
    assert client.send("DELETE", file).status_code == 204
    assert refusal(client.send("GET", file)) == (404, "NONEXISTENT_ID")
    assert client.send("DELETE", folder, headers={"Prefer": "respond-async"}).status_code == 204


def test_files_that_are_refused(reader: Any, refusal: Any) -> None:
    large = base64.b64encode(bytes(10 * 1024 * 1024 + 1)).decode()
    bodies = [{}, {"name": "x"}, {"name": "x", "content": "?"}, {"name": "x", "content": "", "folder": {"id": 9}}]
    for body in bodies:
        assert refusal(reader.send("POST", "/document/v1/file", json=body)) == (400, "INVALID_CONTENT")
    answer = reader.send("POST", "/document/v1/file", json={"name": "x", "content": large})
    assert refusal(answer) == (400, "USER_ERROR")
    assert refusal(reader.send("PUT", "/document/v1/file/1")) == (405, "INVALID_METHOD")


def parts(document: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    yield place, document
    if isinstance(document, dict):
        for name, value in document.items():
            yield from parts(value, f"{place}/{name}")
    elif isinstance(document, list):
        for value in document:
            yield from parts(value, place)


@pytest.mark.parametrize("path", ["", "?select=salesOrder,customer", "/journalentry", "/customrecord_warranty"])
def test_open_api_documents_hold_together(reader: Any, path: str) -> None:
    document = reader.get(f"/record/v1/metadata-catalog{path}", headers=OPEN_API)
    assert re.fullmatch(r"3\.0\.\d", document["openapi"])
    schemas = document["components"]["schemas"]
    for place, part in parts(document):
        if isinstance(part, dict) and "$ref" in part:
            assert part["$ref"].removeprefix("#/components/schemas/") in schemas, place
        assert not place.endswith("/$schema")
    seen = []
    for address, item in document["paths"].items():
        named = {parameter["name"] for parameter in item.get("parameters", []) if parameter["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", address))
        for verb, operation in item.items():
            if verb != "parameters":
                seen.append(operation["operationId"])
                assert operation["responses"]
    assert len(seen) == len(set(seen))


def test_open_api_of_chosen_types(reader: Any) -> None:
    document = reader.get("/record/v1/metadata-catalog?select=salesOrder", headers=OPEN_API)
    assert set(document["paths"]) == {"/salesorder", "/salesorder/{id}", "/salesorder/{id}/!transform/invoice"}
    schemas = document["components"]["schemas"]
    assert {"salesOrder", "salesOrderCollection", "salesOrder-itemCollection", "salesOrder-itemElement"} <= set(schemas)
    assert "customer" not in schemas
    listing = document["paths"]["/salesorder"]["get"]
    assert {"q", "limit", "offset", "ids", "expandRecords", "expand"} <= {
        each["name"] for each in listing["parameters"]
    }
    assert listing["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith("nsError")


def test_json_schemas_are_schemas(reader: Any) -> None:
    for kind in ("customer", "salesorder", "customrecord_warranty"):
        schema = reader.get(f"/record/v1/metadata-catalog/{kind}", headers={"Accept": "application/schema+json"})
        Draft6Validator.check_schema(schema)
