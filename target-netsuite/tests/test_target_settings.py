"""The settings that are for all streams."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from suitetalk import ConfigurationError
from suitetalk.descriptions import json_values
from target_netsuite.settings import CONFIG_JSONSCHEMA, Settings
from target_netsuite.settings.target import ReportSettings
from target_netsuite.target import TargetNetSuite

_CONNECTION = {
    "account_id": "1234567",
    "client_id": "c",
    "certificate_id": "x",
    "private_key": "-----BEGIN PRIVATE KEY-----",
}


def _settings(**given: Any) -> Settings:
    streams = {
        "orders": {
            "record_type": "salesOrder",
            "external_id": "{id}",
            "sublists": {"item": {"stream": "lines", "parent_key": {"order_id": "id"}}},
        },
        "other": {"record_type": "customer", "write_mode": "single"},
    }
    return Settings.from_mapping({**_CONNECTION, "streams": streams, **given})


def test_what_is_not_said_is_safe() -> None:
    settings = _settings()
    assert (settings.dry_run, settings.journal, settings.write_mode) == (False, None, "auto")
    assert (settings.name_validation, settings.value_validation) == ("error", "error")
    assert settings.report == ReportSettings()
    assert settings.metadata_age == 3600


def test_streams_take_what_is_said_for_all_where_they_say_nothing() -> None:
    settings = _settings(write_mode="batch", load_method="append-only")
    assert [stream.write_mode for stream in settings.streams.values()] == ["batch", "single"]
    assert [stream.operation.value for stream in settings.streams.values()] == ["create", "create"]


def test_an_old_catalog_is_not_used_on_request() -> None:
    assert _settings(refresh_catalog=True).metadata_age == 0
    assert _settings(catalog_cache_seconds="60").metadata_age == 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dry_run", "perhaps"),
        ("validate_records", 1),
        ("journal", 5),
        ("rejects", []),
        ("receipts", {}),
        ("max_rejects", "many"),
        ("max_rejects", -1),
        ("max_rejects", "101%"),
        ("max_rejects", 1.5),
        ("max_rejects", True),
        ("write_mode", "bulk"),
        ("name_validation", "Error"),
        ("value_validation", "none"),
        ("load_method", "replace"),
        ("catalog_cache_seconds", -1),
        ("refresh_catalog", "yes"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _settings(**{name: value})
    assert caught.value.setting == name


@pytest.mark.parametrize("value", [50, "50", "5%"])
def test_the_schema_takes_either_form_of_it(value: Any) -> None:
    schema = CONFIG_JSONSCHEMA["properties"]["max_rejects"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(value)


def test_null_means_absent_even_in_the_entry_of_a_stream() -> None:
    entry = {"record_type": "customer", "external_id": None, "constants": {"email": None}}
    assert json_values(Settings, {"journal": None, "rejects": "", "streams": {"people": entry}}) == {
        "streams": {"people": {"record_type": "customer", "constants": {"email": None}}}
    }


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"stream_maps": 3}, "Setting `stream_maps` is 3; it has to be an object with a map for each stream."),
        ({"stream_maps": {"orders": True}}, "Setting `stream_maps` has true for orders; it has to be an object of"),
        ({"stream_maps": {"orders": {"id": 5}}}, "has for the stream orders 5 as id; it has to be text with"),
        ({"flattening_enabled": "x"}, 'Setting `flattening_enabled` is "x"; it has to be true or false.'),
    ],
)
def test_settings_of_the_sdk_are_checked_in_our_words(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        TargetNetSuite(config={**_CONNECTION, "streams": {"orders": {"record_type": "salesOrder"}}, **given})
    assert says in str(refused.value)
