"""Settings that name fields: what becomes of a run when there are no such fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator, Settings
from suitetalk import ConfigurationError

Listen = Callable[..., Run]

_PERSON = record("people", id=1, name="A", limit=5)


def _stream(prefix: str, **settings: Any) -> dict[str, Any]:
    plain = {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": {"name": "companyName"}}
    return {"people": {**plain, **settings}}


@pytest.mark.parametrize(
    ("settings", "named", "words"),
    [
        ({"fields": {"name": "compnyName"}}, "fields.name", "did you mean `companyName`?"),
        ({"fields": {"name": "lastModifiedDate"}}, "fields.name", "is read-only"),
        ({"fields": {"name": "addressBook.items[].labell"}}, "fields.name", "in `addressBook`"),
        ({"constants": {"subsidary": 1}}, "constants.subsidary", "which is not a field of customer"),
        ({"templates": {"memmo": "No {id}"}}, "templates.memmo", "which is not a field of customer"),
        ({"references": {"salesReps": {"record_type": "employee"}}}, "references.salesReps", "mean `salesRep`?"),
        ({"references": {"addressBook": {"record_type": "employee"}}}, "references.addressBook", "name the field in"),
        ({"sublists": {"email": {"column": "name"}}}, "sublists.email", "not a sublist"),
        (
            {"sublists": {"addressBook": {"column": "name", "keys": ["labell"]}}},
            "sublists.addressBook.keys", "did you mean `label`?",
        ),
        ({"required": ["emial"]}, "required", "did you mean `email`?"),
        ({"replace": ["adressBook"]}, "replace", "did you mean `addressBook`?"),
        ({"sublists": {"adressBook": {"column": "name"}}}, "sublists.adressBook", "did you mean `addressBook`?"),
        (
            {"sublists": {"addressBook": {"column": "name", "fields": {"x": "labell"}}}},
            "sublists.addressBook.fields.x", "did you mean `label`?",
        ),
        (
            {"sublists": {"addressBook": {"column": "name", "constants": {"labell": "x"}}}},
            "sublists.addressBook.constants.labell", "did you mean `label`?",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_names_no_field_ends_the_run_before_anything_is_written(
    emulator: Emulator, listen: Listen, prefix: str, settings: dict[str, Any], named: str, words: str
) -> None:
    run = listen(_stream(prefix, **settings), schema("people"), _PERSON, state(1))
    assert isinstance(run.error, ConfigurationError)
    assert str(run.error).startswith(f"Setting `streams.people.{named}` ")
    assert words in str(run.error)
    assert "?." not in str(run.error)
    assert (run.states, run.refused) == ([], [])
    assert {one.method for one in emulator.requests if "/auth/" not in one.path} == {"GET"}


@pytest.mark.parametrize(
    "settings",
    [
        {"references": {"custentity_interests.items[].id": {"record_type": "inventoryItem", "by": "itemId"}}},
        {"references": {"custentity_interests[].id": {"record_type": "inventoryItem", "by": "itemId"}}},
        {"references": {"salesRep.id": {"record_type": "employee"}}, "replace": ["addressBook.items[]"]},
        {
            "sublists": {
                "addressBook": {"column": "lines", "keys": ["label"], "fields": {"a": "addressBookAddress.addr1"}}
            }
        },
        {"fields": {"name": "COMPANY_NAME", "limit": "creditLimit"}, "required": ["addressBook[].label"]},
    ],
)
def test_settings_that_are_right_in_other_words_are_right(
    listen: Listen, prefix: str, settings: dict[str, Any]
) -> None:
    columns: dict[str, Any] = {name: {} for name in (*_PERSON["record"], "lines")}
    run = listen(_stream(prefix, **settings), schema("people", columns), _PERSON, state(1))
    assert (run.error, run.summary, run.states) == (None, {"people": {"created": 1}}, [1])


@pytest.mark.parametrize("column", ["external_id", "EXTERNALID", "externalId", "ID"])
def test_a_column_never_takes_the_place_of_the_external_id_that_a_record_is_found_by(
    emulator: Emulator, listen: Listen, prefix: str, column: str
) -> None:
    streams = _stream(prefix, fields=None, skip_unchanged=True)
    one = record("people", id=1, company_name="A", **{column: "7"})
    columns: dict[str, Any] = {name: {} for name in one["record"]}
    runs = [listen(streams, schema("people", columns), one) for _ in range(3)]
    assert [run.error for run in runs] == [None] * 3
    assert [run.summary["people"] for run in runs] == [{"created": 1}, {"unchanged": 1}, {"unchanged": 1}]
    assert emulator.execute(f"SELECT count(*) FROM customer WHERE externalid = '{prefix}-1'") == [(1,)]


def test_columns_that_may_be_left_out_and_names_that_netsuite_checks_end_nothing(listen: Listen, prefix: str) -> None:
    fields = {"name": "companyName", "limit": "creditLimitt"}
    left_out = listen(_stream(prefix, fields=fields, unwritable="leave_out"), schema("people"), _PERSON)
    assert (left_out.error, left_out.summary) == (None, {"people": {"created": 1}})
    ignored = listen(_stream(prefix, fields=fields), schema("people"), _PERSON, name_validation="ignore")
    assert (ignored.error, ignored.summary) == (None, {"people": {"updated": 1}})
    assert "NetSuite wrote" not in ignored.log
    warned = listen(_stream(prefix, fields=fields), schema("people"), _PERSON, name_validation="warning")
    assert (warned.error, warned.summary) == (None, {"people": {"updated": 1}})
    assert "NetSuite wrote customer without creditLimitt, which do" in warned.log


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{"name": "companyName", "limit": "creditLimit"}, None])
def test_a_field_that_is_younger_than_the_kept_catalog_is_found(
    listen: Listen, prefix: str, fields: dict[str, str] | None
) -> None:
    message = record("people", id=1, companyName="A", creditLimit=5) if fields is None else _PERSON
    columns: dict[str, Any] = {name: {} for name in message["record"]}
    with Emulator(Settings(scale=0.05, hidden_columns=frozenset({"customer.creditlimit"}))) as account:
        port = account.port
        early = listen(_stream(prefix), schema("people"), _PERSON, **account.connection)
    with Emulator(Settings(scale=0.05, port=port)) as account:
        streams = _stream(prefix, fields=fields, constants={"subsidiary": 1})
        run = listen(streams, schema("people", columns), message, **account.connection)
        limits = account.execute(f"SELECT creditlimit FROM customer WHERE externalid = '{prefix}-1'")
        catalog = [one for one in account.requests if one.path.endswith("/metadata-catalog/customer")]

    assert early.summary["people"].keys() <= {"created", "rejected", "refused"}
    assert (run.error, run.summary) == (None, {"people": {"created": 1}})
    assert [int(limit) for (limit,) in limits] == [5]
    assert len(catalog) == 1


@pytest.mark.parametrize(("name", "value", "meant"), [("dryrun", True, "dry_run"), ("reject", "x", "rejects")])
def test_a_misspelt_setting_writes_nothing(
    emulator: Emulator, listen: Listen, prefix: str, name: str, value: Any, meant: str
) -> None:
    streams = {"people": {"record_type": "customer", "external_id": prefix + "-{id}"}}

    run = listen(streams, schema("people"), record("people", id=1, companyName=prefix), **{name: value})

    assert run.sentence == f"Setting `{name}` does not exist; did you mean `{meant}`?"
    assert not emulator.requests


@pytest.mark.parametrize(("name", "value"), [("operation", "update"), ("skip_unchanged", True), ("replace", [])])
def test_a_setting_of_a_stream_in_the_wrong_place_writes_nothing(
    emulator: Emulator, listen: Listen, prefix: str, name: str, value: Any
) -> None:
    streams = {"people": {"record_type": "customer", "external_id": prefix + "-{id}"}}

    run = listen(streams, schema("people"), record("people", id=1, companyName=prefix), **{name: value})

    assert run.sentence == f"Setting `{name}` is one of a stream; move it into `streams.<name of the stream>`."
    assert not emulator.requests


@pytest.mark.parametrize("text", ["true", "1", "Yes", "false"])
def test_a_dry_run_that_a_variable_asks_for_is_not_a_real_one(
    emulator: Emulator, listen: Listen, prefix: str, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("TARGET_NETSUITE_DRY_RUN", text)
    streams = {"people": {"record_type": "customer", "external_id": prefix + "-{id}"}}
    records = schema("people"), record("people", id=1, companyName=prefix)

    run = listen(streams, *records)

    if text == "false":
        assert run.summary == {"people": {"created": 1}}
    else:
        assert not emulator.requests
        assert "TARGET_NETSUITE_DRY_RUN, which is not read with --config FILE" in run.sentence
    assert listen(streams, *records, dry_run=True).error is None  # as Meltano passes it on, in the file and as variable


def test_a_misspelt_variable_writes_nothing(
    emulator: Emulator, listen: Listen, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_NETSUITE_DRYRUN", "true")
    streams = {"people": {"record_type": "customer", "external_id": prefix + "-{id}"}}

    run = listen(streams, schema("people"), record("people", id=1, companyName=prefix))

    assert run.sentence.endswith("TARGET_NETSUITE_DRYRUN does not exist; did you mean `TARGET_NETSUITE_DRY_RUN`?")
    assert not emulator.requests


def test_other_names_are_a_warning_but_not_those_of_meltano_and_of_inherited_plugins(
    emulator: Emulator, listen: Listen, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_LOAD_SCHEMA", "EU_ACCOUNT_ID", "EU_DRY_RUN", "STREAMS_PEOPLE_RECORD_TYPE"):
        monkeypatch.setenv(f"TARGET_NETSUITE_{name}", "x")
    monkeypatch.setenv("TARGET_NETSUITE_RECEIPTS", "/dev/null")
    streams = {"people": {"record_type": "customer", "external_id": prefix + "-{id}"}}
    records = schema("people"), record("people", id=1, companyName=prefix)

    run = listen(streams, *records, default_target_schema="netsuite", _metadata={})

    assert run.summary["people"]["created"] == 1
    assert "Setting `default_target_schema` does not exist and has no effect." in run.log
    assert "TARGET_NETSUITE_RECEIPTS is set, but not read; add `--config=ENV`" in run.log
    assert all(name not in run.log for name in ("_metadata", "LOAD_SCHEMA", "EU_", "RECORD_TYPE"))
    assert emulator.requests


@pytest.mark.parametrize(
    ("later", "place"),
    [
        ({"record_type": "customre"}, "streams.orders.record_type"),
        ({"record_type": "customer", "fields": {"name": "compnyName"}}, "streams.orders.fields.name"),
        ({"record_type": "customer", "constants": {"nosuch": 1}}, "streams.orders.constants.nosuch"),
    ],
)
def test_settings_of_a_later_stream_are_checked_before_the_first_record(
    emulator: Emulator, listen: Listen, prefix: str, later: dict[str, Any], place: str
) -> None:
    streams = {"people": {"record_type": "customer", "external_id": prefix + "-{id}"}, "orders": later}

    run = listen(streams, schema("people"), record("people", id=1, companyName=prefix), schema("orders"))

    assert run.sentence.startswith(f"Setting `{place}` ")
    assert not [request for request in emulator.requests if request.method in ("POST", "PUT", "PATCH", "DELETE")
                and "/record/" in request.path]  # fmt: skip
