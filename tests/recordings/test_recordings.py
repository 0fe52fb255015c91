"""What public recordings of real accounts show, against the library, the tap and the target; values are our own."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from suitetalk import (
    ConnectionFailedError,
    ConnectionSettings,
    LoginRefusedError,
    NetSuite,
    NetSuiteError,
    RetryPolicy,
)
from suitetalk.account import Account
from suitetalk.auth import authorization_code
from suitetalk.auth.certificates import Certificates
from tap_netsuite.tap import TapNetSuite
from target_netsuite.target import TargetNetSuite
from tests.recordings.replay import Recordings

Json = dict[str, Any]
QUICK = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.01)
TYPES = ("customer", "salesorder", "journalentry", "inventoryitem", "customrecord_site")


class QuickTap(TapNetSuite):
    retry = QUICK


class QuickTarget(TargetNetSuite):
    retry = QUICK


@pytest.fixture(scope="module")
def key() -> str:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def recordings() -> Iterator[Recordings]:
    with Recordings() as running:
        yield running


@pytest.fixture
def config(recordings: Recordings, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Json:
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return {
        "account_id": "1234567_SB1",
        "base_url": recordings.address,
        "client_id": "the-client",
        "certificate_id": "the-certificate",
        "private_key": key,
    }


@pytest.fixture
def client(config: Json) -> Iterator[NetSuite]:
    with NetSuite(ConnectionSettings.from_mapping(config), retry=QUICK) as netsuite:
        yield netsuite


def test_a_list_has_links_to_the_pages_around_it_and_ids_in_no_order(client: NetSuite) -> None:
    pages = [client.records.list("salesOrder", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [[item["id"] for item in page.items] for page in pages] == [["412", "107"], ["108", "33"], ["501"]]
    assert [page.has_more for page in pages] == [True, True, False]
    assert {page.total for page in pages} == {5}


def test_a_record_with_and_without_its_sublists(client: NetSuite) -> None:
    plain, whole = (client.records.get("salesOrder", "412", expand_sub_resources=each) for each in (False, True))
    assert next(iter(plain)) == next(iter(whole)) == "links"
    assert "items" not in plain["item"]
    assert [line["line"] for line in whole["item"]["items"]] == [1]
    assert whole["status"] == {"id": "B", "refName": "Pending Fulfillment"}
    assert client.records.get("salesOrder", "107", expand_sub_resources=True)["item"]["items"] == []


def test_the_schemas_of_five_types(client: NetSuite) -> None:
    assert [name.lower() for name in client.metadata.record_types()] == sorted(TYPES)
    fields = {
        record_type: {field.name: field for field in client.metadata.fields(record_type)} for record_type in TYPES
    }
    assert fields["customer"]["custentity_flag"].custom
    assert fields["customer"]["terms"].kind == fields["customer"]["currency"].kind  # one has no type
    assert fields["salesorder"]["item"].keys == ("line",)
    assert fields["customer"]["stage"].choices == ("CUSTOMER", "LEAD", "PROSPECT")
    assert fields["customer"]["lastModifiedDate"].filterable


def test_one_type_of_the_catalog_is_an_object_and_no_list(client: NetSuite) -> None:
    with pytest.raises(ConnectionFailedError, match="something other than an OpenAPI document"):
        client.metadata.open_api(["customer"])


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda client: client.records.get("customer", "abc"), "INVALID_ID"),
        (lambda client: client.records.get("customer", "000"), "/services/rest/record/v1/customer/000"),
        (lambda client: client.records.get("customer", "a b"), "Spaces are not allowed in the URL"),
        (lambda client: client.records.list("customer", q="companyName IS 'Acme'"), "Invalid query filter syntax"),
        (lambda client: client.records.create("customer", {"companyName": "Twice"}), "This entity already exists"),
        (lambda client: client.records.create("customer", {"email": "Lacking"}), "Company Name, Primary Subsidiary"),
        (lambda client: client.suiteql.page("SELECT id FROM customer"), "Record was not found"),
    ],
)
def test_refusals_are_a_sentence(client: NetSuite, ask: Callable[[NetSuite], object], says: str) -> None:
    with pytest.raises(NetSuiteError) as refused:
        ask(client)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_dropped_fields_stand_in_a_header_so_they_are_refused_instead(client: NetSuite, recordings: Recordings) -> None:
    assert client.records.create("customer", {"companyName": "New", "nosuch": 1}) == "34"
    assert recordings.requests[-1].headers["X-NetSuite-PropertyNameValidation"] == "error"


@pytest.mark.parametrize("token", ["granted", "numbered"])
def test_token_answers(client: NetSuite, recordings: Recordings, token: str) -> None:
    recordings.token = token
    client.records.get("salesOrder", "412")
    assert recordings.requests[0].headers["Authorization"] == "Bearer an.access.token"


@pytest.mark.parametrize(("token", "says"), [("client", "invalid_client"), ("grant", "invalid_grant")])
def test_refused_tokens(client: NetSuite, recordings: Recordings, token: str, says: str) -> None:
    recordings.token = token
    with pytest.raises(LoginRefusedError, match=says):
        client.records.get("salesOrder", "412")


def test_a_consent_comes_back_to_a_plain_address_of_this_machine(config: Json, recordings: Recordings) -> None:
    login = {name: config[name] for name in ("account_id", "base_url", "client_id")}
    settings = ConnectionSettings.from_mapping(
        {
            **login,
            "auth_method": "authorization_code",
            "client_secret": "a-secret",
            "redirect_uri": "http://localhost:8080/callback",
        }
    )
    consent = authorization_code.begin(settings)
    answer = requests.get(consent.url, allow_redirects=False, timeout=60)
    assert answer.status_code == 302, "redirect_uri is the one that is registered"
    recordings.token = "consented"
    authorization_code.finish(consent, answer.headers["Location"])
    with NetSuite(settings, retry=QUICK) as netsuite:
        netsuite.records.get("salesOrder", "412")
    assert recordings.requests[-1].headers["Authorization"] == "Bearer an.access.token"


def test_a_certificate_is_revoked(client: NetSuite, recordings: Recordings) -> None:
    Certificates(client.transport, "the-client").revoke("old-certificate")
    assert recordings.requests[-1].path.endswith("/clients/the-client/certificates/old-certificate/revoke")


def test_a_job_and_its_result(client: NetSuite) -> None:
    job = client.jobs.submit("POST", "/record/v1/customer", body={"companyName": "In the background"})
    assert job.id == "71"
    assert client.jobs.wait(job.id).completed
    assert client.jobs.task_ids(job.id) == ["1"]
    assert client.jobs.task(job.id, "1").progress == "succeeded"
    assert client.jobs.result(job.id, "1").headers["Location"].endswith("/customer/34")


def test_the_host_of_a_test_drive_account_is_lower_case() -> None:
    assert "//tstdrv1234567.suitetalk." in Account.resolve("TSTDRV1234567", None, None).base_url


def test_the_tap_reads_each_type_and_says_which_record_is_locked(config: Json) -> None:
    config |= {"tables": [f"?{name}" for name in ("term", "customer", "transaction", "item", TYPES[-1])]}
    catalog = json.loads(QuickTap(config=config, setup_mapper=False).catalog_json_text)
    streams = [
        stream for stream in catalog["streams"] if stream["tap_stream_id"] in {f"record_{name}" for name in TYPES}
    ]
    assert len(streams) == len(TYPES)
    for stream in streams:
        next(each for each in stream["metadata"] if not each["breadcrumb"])["metadata"]["selected"] = True
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(output), pytest.raises(Exception, match="locked by a user defined workflow"):
        QuickTap(config={**config, "account_timezone": "UTC"}, catalog={"streams": streams}).sync_all()
    messages = [json.loads(line) for line in output.buffer.getvalue().splitlines()]
    found: dict[str, list[Json]] = {name: [] for name in TYPES}
    for message in messages:
        if message["type"] == "RECORD":
            found[message["stream"].removeprefix("record_")].append(message["record"])
    assert {name: [each["id"] for each in records] for name, records in found.items()} == {
        "customer": ["33"],
        "salesorder": ["107", "412"],
        "journalentry": ["9"],
        "inventoryitem": ["71"],
        "customrecord_site": ["1"],
    }
    (customer,) = found["customer"]
    assert customer["lastModifiedDate"] == "2024-05-02T09:31:00Z"
    assert customer["terms"] == {"id": "2", "refName": "Net 30"}
    assert customer["addressBook"]["items"][0]["addressBookAddress"]["country"] == {"id": "DE", "refName": "Germany"}
    assert [line["line"] for line in found["journalentry"][0]["line"]["items"]] == [0, 1]
    assert found["salesorder"][0]["item"]["items"] == []


def test_the_target_writes_and_refuses_with_netsuites_words(config: Json, caplog: pytest.LogCaptureFixture) -> None:
    streams = {"people": {"record_type": "customer", "operation": "create", "write_mode": "single"}}
    schema = {"properties": {name: {"type": "string"} for name in ("id", "companyName")}}
    messages: list[Json] = [{"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["id"]}]
    for number, name in enumerate(("New", "Twice", "Lacking")):
        values = {"id": str(number), "companyName": name}
        messages.append({"type": "RECORD", "stream": "people", "record": values})
    output = io.StringIO()
    with caplog.at_level(logging.INFO), redirect_stdout(output), pytest.raises(Exception, match="2 of 3 records"):
        QuickTarget(config={**config, "streams": streams}).listen(
            io.StringIO("".join(json.dumps(message) + "\n" for message in messages))
        )
    refused = [line for line in caplog.text.splitlines() if "REFUSED" in line]
    assert any("This entity already exists" in line for line in refused)
    assert any("Please enter value(s) for: Company Name, Primary Subsidiary" in line for line in refused)
