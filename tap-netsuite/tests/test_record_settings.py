"""Settings of record streams: what is asked for, what comes, and the schema that says so."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import pytest
from tests.tap_runs import Json, QuickTap, Run, discover, entry, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import ConfigurationError
from tap_netsuite.settings import TapSettings

CONNECTION = {"account_id": "1234567", "client_id": "a", "certificate_id": "b", "private_key": "c"}


def records(config: Json, catalog: Json, record_type: str, **settings: Any) -> Run:
    given = {**config, "record_streams": {record_type: settings}}
    return read(given, selected(catalog, f"record_{record_type.lower()}"))


def test_fields_are_all_that_comes_and_all_the_schema_has(account: Emulator, config: Json, catalog: Json) -> None:
    run = records(config, catalog, "Vendor", fields=["companyname", "currency"])
    assert run.error is None
    assert set(run.schemas()["record_vendor"]["properties"]) == {"id", "companyName", "currency", "_sdc_deleted_at"}
    came = run.records("record_vendor")
    assert len(came) == account.execute("SELECT count(*) FROM vendor")[0][0]
    assert all(record.keys() <= {"id", "companyName", "currency", "_sdc_deleted_at"} for record in came)
    assert all(record["companyName"] for record in came)


@pytest.mark.slow
def test_only_sublists_that_are_expanded_come(config: Json, catalog: Json) -> None:
    run = records(config, catalog, "customer", expand=["addressbook"])
    assert run.error is None
    properties = run.schemas()["record_customer"]["properties"]
    assert "companyName" in properties
    embedded = {name for name, part in properties.items() if "items" in part.get("properties", {})}
    assert embedded == {"addressBook"}
    assert all("items" in record["addressBook"] for record in run.records("record_customer"))


@pytest.mark.slow
def test_fields_may_be_sublists(account: Emulator, config: Json, catalog: Json) -> None:
    run = records(config, catalog, "salesOrder", fields=["memo", "Item"])
    assert run.error is None
    came = run.records("record_salesorder")
    assert all(record.keys() <= {"id", "memo", "item", "_sdc_deleted_at"} for record in came)
    lines = account.execute(
        'SELECT count(*) FROM transactionline l JOIN "transaction" o ON o.id = l.transaction '
        "WHERE o.type = 'SalesOrd' AND l.mainline = 'F'"
    )
    assert sum(len(record["item"]["items"]) for record in came) == lines[0][0] > 0


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"fields": ["addressBook"]}, {"expand": ["addressBook"]}])
def test_lines_come_with_the_subrecords_in_them(
    account: Emulator, config: Json, catalog: Json, settings: dict[str, list[str]]
) -> None:
    run = records(config, catalog, "customer", q="isInactive IS false", **settings)
    assert run.error is None
    came = run.records("record_customer")
    assert all("salesTeam" not in record for record in came)
    addresses = [line["addressBookAddress"]["addr1"] for record in came for line in record["addressBook"]["items"]]
    assert len(addresses) > 10
    assert set(addresses) <= {row[0] for row in account.execute("SELECT addr1 FROM entityaddress")}


def test_a_filter_narrows_the_stream(account: Emulator, config: Json, catalog: Json) -> None:
    chosen = account.execute("SELECT id FROM customer ORDER BY id LIMIT 7")
    q = " OR ".join(f"id EQUAL {key}" for (key,) in chosen)
    run = records(config, catalog, "customer", q=q, fields=["companyName"])
    assert run.error is None
    assert [int(record["id"]) for record in run.records("record_customer")] == [key for (key,) in chosen]
    asked = [unquote_plus(request.query) for request in account.requests if request.path.endswith("/customer")]
    assert any(f"q=({q}) AND id " in question for question in asked)


def test_a_filter_that_netsuite_refuses_is_named(config: Json, catalog: Json) -> None:
    run = records(config, catalog, "vendor", q="nosuchfield IS true")
    assert "nosuchfield" in str(run.error)


@pytest.mark.slow
def test_simple_enumerations_are_text(config: Json, catalog: Json) -> None:
    run = records(config, catalog, "customer", simple_enums=True, fields=["emailPreference", "currency"])
    assert run.error is None
    properties = run.schemas()["record_customer"]["properties"]
    assert properties["emailPreference"] == {"type": ["string", "null"]}
    assert "object" in properties["currency"]["type"]
    values = [record.get("emailPreference") for record in run.records("record_customer")]
    assert {type(value) for value in values if value is not None} <= {str}


def test_discovery_follows_the_settings(config: Json, caplog: pytest.LogCaptureFixture) -> None:
    streams = {"vendor": {"fields": ["companyName"]}, "vender": {"q": "isInactive IS false"}}
    narrowed = entry(discover({**config, "tables": ["vendor"], "record_streams": streams}), "record_vendor")
    assert set(narrowed["schema"]["properties"]) == {"id", "companyName", "_sdc_deleted_at"}
    assert narrowed["replication_method"] == "FULL_TABLE"
    assert "record_streams.vender" in caplog.text
    whole = entry(discover({**config, "tables": ["vendor"]}), "record_vendor")
    assert whole["replication_key"] == "lastModifiedDate"
    assert whole["replication_method"] == "INCREMENTAL"


LOCKED = {
    "title": "Bad Request",
    "status": 400,
    "o:errorDetails": [{"detail": "This record has been locked by a workflow.", "o:errorCode": "USER_ERROR"}],
}


@pytest.mark.slow
@pytest.mark.parametrize("record_type", ["vendor", "salesorder"])
def test_a_locked_record_can_be_read_from_its_table(
    account: Emulator, config: Json, catalog: Json, record_type: str
) -> None:
    stream = f"record_{record_type}"
    everything = records(config, catalog, record_type).records(stream)
    whole = everything[3]
    account.faults.add(Fault(effect="status", status=400, path=f"/{record_type}/{whole['id']}$", body=LOCKED))
    run = records(config, catalog, record_type, fallback="suiteql")
    assert run.error is None
    assert run.schemas()[stream]["properties"]["_sdc_from_suiteql"] == {"type": ["boolean", "null"]}
    came = {record["id"]: record for record in run.records(stream)}
    assert came.keys() == {record["id"] for record in everything}
    found = came.pop(whole["id"])
    assert found.pop("_sdc_from_suiteql") is True
    assert not any("_sdc_from_suiteql" in record for record in came.values())
    assert found["currency"]["id"] == whole["currency"]["id"]
    assert found["lastModifiedDate"][:16] == whole["lastModifiedDate"][:16]
    assert found.keys() <= whole.keys()


def test_without_a_row_the_locked_record_stays_a_gap(account: Emulator, config: Json, catalog: Json) -> None:
    account.faults.add(Fault(effect="status", status=400, path="/vendor/[0-9]+$", times=1, body=LOCKED))
    account.faults.add(Fault(effect="status", status=400, path="/suiteql$", body=LOCKED))
    run = records(config, catalog, "vendor", fallback="suiteql")
    assert "1 records of vendor could not be read" in str(run.error)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (["vendor"], "must be an object such as"),
        ({"vendor": "all"}, "`record_streams.vendor` must be an object with q, fields"),
        ({"vendor": {"feilds": ["a"]}}, "record_streams.vendor.feilds"),
        ({"vendor": {"fields": "a"}}, "must be a list such as"),
        ({"vendor": {"q": 7}}, "record_streams.vendor.q"),
        ({"vendor": {"simple_enums": "yes"}}, "true or false"),
        ({"vendor": {"fallback": "soap"}}, "one of none, suiteql"),
        ({"vendor": {"reading": "single"}}, "`record_streams.vendor.reading` is not known"),
    ],
)
def test_wrong_settings_are_named(value: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        TapSettings.from_mapping({**CONNECTION, "record_streams": value})


def test_a_field_that_the_type_does_not_have_is_named(config: Json, catalog: Json) -> None:
    given = {**config, "record_streams": {"vendor": {"fields": ["companyNaem"]}}}
    with pytest.raises(ConfigurationError, match="companyNaem"):
        _ = QuickTap(config=given, catalog=selected(catalog, "record_vendor")).streams
