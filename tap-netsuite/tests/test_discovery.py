"""What discovery finds in accounts of several guises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.tap_runs import Json, QuickTap, discover, entry, metadata, names

from netsuite_emulator import Emulator, Fault
from suitetalk import ConfigurationError
from tap_netsuite.discovery.found import Status


def properties(catalog: Json, stream: str) -> Json:
    found: Json = entry(catalog, stream)["schema"]["properties"]
    return found


def test_tables_are_streams_with_keys_and_modification_columns(catalog: Json) -> None:
    found = {
        stream: (entry(catalog, stream)["key_properties"], entry(catalog, stream).get("replication_key"))
        for stream in (
            "transaction",
            "transactionline",
            "transactionaccountingline",
            "customrecord_warranty",
            "currency",
        )
    }
    assert found == {
        "transaction": (["id"], "lastmodifieddate"),
        "transactionline": (["uniquekey"], "linelastmodifieddate"),
        "transactionaccountingline": (["transaction", "transactionline", "accountingbook"], "lastmodifieddate"),
        "customrecord_warranty": (["id"], "lastmodified"),
        "currency": (["id"], None),
    }


def test_types_of_columns_custom_fields_included(catalog: Json) -> None:
    columns = properties(catalog, "transaction")
    assert columns["id"]["type"] == ["integer", "null"]
    assert columns["foreigntotal"]["type"] == ["number", "null"]
    assert columns["posting"]["type"] == ["boolean", "null"]
    assert columns["trandate"] == {"type": ["string", "null"], "format": "date", "title": "Tran date"}
    assert columns["lastmodifieddate"]["format"] == "date-time"
    assert any(name.startswith("custbody") for name in columns)
    assert any(name.startswith("custcol") for name in properties(catalog, "transactionline"))
    assert any(name.startswith("custrecord") for name in properties(catalog, "customrecord_warranty"))


def test_record_types_are_streams_nobody_selected(catalog: Json) -> None:
    records = [stream for stream in catalog["streams"] if stream["tap_stream_id"].startswith("record_")]
    assert {"record_salesorder", "record_customrecord_warranty"} <= {stream["tap_stream_id"] for stream in records}
    assert all(metadata(stream)["selected-by-default"] is False for stream in records)
    assert metadata(entry(catalog, "customer")).get("selected-by-default", True) is True
    assert "items" in properties(catalog, "record_salesorder")["item"]["properties"]


@pytest.mark.slow
def test_an_account_of_one_company_has_no_subsidiaries(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json
) -> None:
    found = discover(netsuite_emulator_factory(one_world=False).connection)
    assert "subsidiary" in names(catalog)
    assert "subsidiary" not in names(found)
    assert "subsidiary" not in properties(found, "employee")
    assert names(catalog) > names(found) >= {"transaction", "employee"}


def test_the_date_format_changes_nothing(netsuite_emulator_factory: Callable[..., Emulator], catalog: Json) -> None:
    emulator = netsuite_emulator_factory(date_format="DD MONTH, YYYY", time_zone="Asia/Tokyo")
    found = discover({**emulator.connection, "tables": ["customer", "transaction"]})
    assert [properties(found, stream["tap_stream_id"]) for stream in found["streams"]] == [
        properties(catalog, stream["tap_stream_id"]) for stream in found["streams"]
    ]


@pytest.mark.slow
def test_a_type_the_role_may_not_see_is_left_out(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json
) -> None:
    found = discover(netsuite_emulator_factory(hidden_record_types=frozenset({"vendor", "invoice"})).connection)
    assert names(catalog) - names(found) == {"vendor", "record_vendor", "record_invoice"}


def test_a_type_whose_schema_fails_keeps_its_table(account: Emulator, config: Json) -> None:
    account.faults.add(Fault(effect="status", status=404, path="metadata-catalog/customer$"))
    found = discover({**config, "tables": ["customer"]})
    assert names(found) == {"customer"}
    assert "companyname" in properties(found, "customer")


def test_tables_narrow_it_down(account: Emulator, config: Json) -> None:
    assert names(discover({**config, "tables": ["Customer", "transactionline", "customer"]})) >= {
        "customer",
        "transactionline",
        "record_customer",
        "record_invoice",
    }
    assert not any("vendor/" in request.path for request in account.requests)


def test_a_table_that_is_not_there_is_named(config: Json) -> None:
    with pytest.raises(ConfigurationError, match="`tables` names custommer, which cannot be read") as caught:
        discover({**config, "tables": ["customer", "custommer"]})
    assert caught.value.setting == "tables"
    assert str(caught.value).endswith("; did you mean customer?")


def test_all_tables_that_are_not_there_are_named_with_what_was_meant(config: Json) -> None:
    with pytest.raises(ConfigurationError) as caught:
        discover({**config, "tables": ["custommer", "currency", "xyzzy", "?nothing"]})
    assert "custommer, which cannot be read: unknown table or feature off; did you mean customer?" in str(caught.value)
    assert "xyzzy, which cannot be read" in str(caught.value)
    assert "nothing" not in str(caught.value)


@pytest.mark.slow
def test_a_table_that_need_not_be_there_and_the_tables_of_a_preset(config: Json) -> None:
    assert names(discover({**config, "tables": ["currency", "?nothing"]})) >= {"currency"}
    assert names(discover({**config, "tables": ["core"]})) >= {"transaction", "customer", "subsidiary", "vendor"}


def test_a_calculated_column_is_read_only_when_it_is_selected(config: Json) -> None:
    stream = entry(discover({**config, "tables": ["customer"]}), "customer")
    assert "oncredithold" in stream["schema"]["properties"]
    assert metadata(stream, "properties", "oncredithold")["selected-by-default"] is False


@pytest.mark.slow
def test_a_role_without_suiteql_is_told_what_is_missing(account: Emulator, config: Json) -> None:
    body = {
        "title": "Bad Request",
        "status": 400,
        "o:errorDetails": [{"detail": "Your current role does not have permission.", "o:errorCode": "USER_ERROR"}],
    }
    account.faults.add(Fault(effect="status", status=400, path="suiteql", body=body))
    with pytest.raises(ConfigurationError, match="the role needs SuiteAnalytics Workbook"):
        discover({**config, "tables": []})


@pytest.mark.slow
def test_custom_segments_are_asked_for_as_fields_and_as_tables(account: Emulator, config: Json) -> None:
    listed = {"items": [{"name": "department"}, {"name": "customrecord_cseg_region"}]}
    reference = {"id": {"type": "string"}, "refName": {"type": "string"}, "links": {"type": "array"}}
    schema = {"type": "object", "properties": {"cseg_region": {"type": "object", "properties": reference}}}
    account.faults.add(Fault(effect="status", status=200, path="metadata-catalog$", body=listed))
    account.faults.add(Fault(effect="status", status=200, path="metadata-catalog/", body=schema))
    discovery = QuickTap(config={**config, "catalog_cache_seconds": 0}).discovery
    told = {finding.name: finding for finding in discovery.findings}
    assert "cseg_region" in told["department"].left_out
    assert told["customrecord_cseg_region"].status is Status.RECORD_ONLY
    assert "record_customrecord_cseg_region" in {stream.name for stream in discovery.streams}


def test_an_empty_account_has_the_same_tables(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json
) -> None:
    emulator = netsuite_emulator_factory()
    for (table,) in emulator.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"):
        emulator.execute(f'DELETE FROM "{table}"')
    found = discover(emulator.connection)
    assert {"transaction", "customer", "transactionline", "customrecord_warranty"} <= names(found)
    assert names(found) <= names(catalog)
    assert properties(found, "customer")["lastmodifieddate"]["format"] == "date-time"
