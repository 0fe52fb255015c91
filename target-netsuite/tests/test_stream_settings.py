"""The setting `streams`."""

from __future__ import annotations

from typing import Any

import pytest

from suitetalk import ConfigurationError
from target_netsuite.intents import Operation
from target_netsuite.settings import StreamSettings, parse_streams


@pytest.mark.parametrize(
    ("given", "operation"),
    [
        ({}, Operation.CREATE),
        ({"id_field": "ns_id"}, Operation.UPDATE),
        ({"external_id": "X-{id}"}, Operation.UPSERT),
        ({"external_id": "X-{id}", "id_field": "ns_id"}, Operation.UPSERT),
        ({"external_id": "X-{id}", "operation": "create"}, Operation.CREATE),
        ({"id_field": "ns_id", "operation": "delete"}, Operation.DELETE),
    ],
)
def test_the_operation_follows_from_what_is_known(given: dict[str, Any], operation: Operation) -> None:
    assert StreamSettings.from_mapping("s", {"record_type": "customer", **given}).operation is operation


@pytest.mark.parametrize(
    ("given", "named", "words"),
    [
        ([], "streams", "must be an object"),
        ({}, "streams", "is missing"),
        (None, "streams", "is missing"),
        ({"s": None}, "streams.s", "must be an object"),
        ({"s": {}}, "streams.s.record_type", "is missing"),
        ({"s": {"record_type": 7}}, "streams.s.record_type", "must be text"),
        ({"s": {"record_type": "../x"}}, "streams.s.record_type", "no record type"),
        ({"s": {"record_type": "customer", "externalid": "x"}}, "streams.s.externalid", "is not known"),
        ({"s": {"record_type": "customer", "operation": "merge"}}, "streams.s.operation", "one of create, update"),
        ({"s": {"record_type": "customer", "operation": "upsert"}}, "streams.s.external_id", "upsert needs it"),
        ({"s": {"record_type": "customer", "operation": "update"}}, "streams.s.id_field", "update needs one"),
        ({"s": {"record_type": "customer", "operation": "delete"}}, "streams.s.id_field", "delete needs one"),
        ({"s": {"record_type": "customer", "external_id": "CRM"}}, "streams.s.external_id", "names no column"),
        ({"s": {"record_type": "customer", "fields": {}}}, "streams.s.fields", "object of column and field"),
        ({"s": {"record_type": "customer", "fields": ["a"]}}, "streams.s.fields", "object of column and field"),
        ({"s": {"record_type": "customer", "fields": {"a": ""}}}, "streams.s.fields.a", "name of a field"),
        ({"s": {"record_type": "customer", "fields": {"a": "b..c"}}}, "streams.s.fields.a", "name of a field"),
        ({"s": {"record_type": "customer", "fields": {"a": 1}}}, "streams.s.fields.a", "name of a field"),
        ({"s": {"record_type": "customer", "fields": {"a": "x", "b": "X"}}}, "streams.s.fields", "`x` more than once"),
        ({"s": {"record_type": "customer", "fields": {"a": "x.id", "b": "x"}}}, "streams.s.fields", "more than once"),
        (
            {"s": {"record_type": "customer", "external_id": "{a}", "fields": {"a": "externalId"}}},
            "streams.s.fields",
            "`external_id` fills already",
        ),
    ],
)
def test_what_is_wrong_is_named(given: Any, named: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_streams(given)
    assert caught.value.setting == named
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"external_id": "X-{code}"}, "streams.s.external_id"),
        ({"id_field": "code"}, "streams.s.id_field"),
        ({"fields": {"code": "entityId"}}, "streams.s.fields"),
    ],
)
def test_a_column_the_stream_does_not_have_is_named(given: dict[str, Any], named: str) -> None:
    settings = StreamSettings.from_mapping("s", {"record_type": "customer", **given})
    settings.check_columns(["code", "other"])
    settings.check_columns([])
    with pytest.raises(ConfigurationError, match=r"`code`.*it has id, name") as caught:
        settings.check_columns(["name", "id"])
    assert caught.value.setting == named
