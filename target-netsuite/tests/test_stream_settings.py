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
    ("load_method", "given", "operation", "mirror"),
    [
        ("append-only", {"external_id": "{id}"}, Operation.CREATE, False),
        ("upsert", {"external_id": "{id}"}, Operation.UPSERT, False),
        ("overwrite", {"external_id": "{id}"}, Operation.UPSERT, True),
        ("append-only", {"external_id": "{id}", "operation": "mirror"}, Operation.UPSERT, True),
        (None, {"match": {"column": "a", "field": "email"}}, Operation.UPSERT, False),
    ],
)
def test_the_load_method_decides_where_a_stream_does_not(
    load_method: Any, given: dict[str, Any], operation: Operation, *, mirror: bool
) -> None:
    settings = StreamSettings.from_mapping("s", {"record_type": "customer", **given}, load_method)
    assert (settings.operation, settings.mirror) == (operation, mirror)


@pytest.mark.parametrize(
    ("given", "named", "words"),
    [
        ([], "streams", "must be an object"),
        ({}, "streams", "is missing"),
        (None, "streams", "is missing"),
        ({"s": None}, "streams.s", "must be an object"),
        ({"s": {}}, "streams.s.record_type", "is missing"),
        ({"s": {"record_type": 7}}, "streams.s.record_type", "must be text"),
        ({"s": {"record_type": "../x"}}, "streams.s.record_type", "not a record type"),
        ({"s": {"record_type": "customer", "externalid": "x"}}, "streams.s.externalid", "is not known"),
        ({"s": {"record_type": "customer", "operation": "merge"}}, "streams.s.operation", "one of create, update"),
        ({"s": {"record_type": "customer", "operation": "upsert"}}, "streams.s.external_id", "upsert needs it"),
        ({"s": {"record_type": "customer", "operation": "update"}}, "streams.s.id_field", "update needs one"),
        ({"s": {"record_type": "customer", "operation": "delete"}}, "streams.s.id_field", "delete needs one"),
        ({"s": {"record_type": "customer", "external_id": "CRM"}}, "streams.s.external_id", "names no column"),
        ({"s": {"record_type": "customer", "fields": {}}}, "streams.s.fields", "object of column and field"),
        ({"s": {"record_type": "customer", "fields": ["a"]}}, "streams.s.fields", "must be an object such as"),
        ({"s": {"record_type": "customer", "fields": {"a": ""}}}, "streams.s.fields.a", "name of a field"),
        ({"s": {"record_type": "customer", "fields": {"a": "b..c"}}}, "streams.s.fields.a", "name of a field"),
        ({"s": {"record_type": "customer", "fields": {"a": 1}}}, "streams.s.fields.a", "must be text"),
        ({"s": {"record_type": "customer", "fields": {"a": "x", "b": "X"}}}, "streams.s.fields", "`x` more than once"),
        ({"s": {"record_type": "customer", "fields": {"a": "x.id", "b": "x"}}}, "streams.s.fields", "more than once"),
        ({"s": {"record_type": "customer", "operation": "mirror"}}, "streams.s.external_id", "mirror needs it"),
        ({"s": {"record_type": "customer", "operation": "inactivate"}}, "streams.s.id_field", "inactivate needs one"),
        ({"s": {"record_type": "customer", "match": {"column": "a"}}}, "streams.s.match.field", "is missing"),
        ({"s": {"record_type": "customer", "match": {"key": "a"}}}, "streams.s.match.key", "is not known"),
        ({"s": {"record_type": "customer", "match": "a"}}, "streams.s.match", "must be an object"),
        (
            {"s": {"record_type": "customer", "external_id": "{a}", "constants": {"external_id": 1}}},
            "streams.s.constants",
            "fills already",
        ),
        (
            {"s": {"record_type": "customer", "external_id": "{a}", "templates": {"externalId": "x{b}"}}},
            "streams.s.templates",
            "fills already",
        ),
        ({"s": {"record_type": "customer", "fields": {"a": "id"}}}, "streams.s.fields", "NetSuite assigns"),
        (
            {"s": {"record_type": "customer", "external_id": "{a}", "match": {"column": "a", "field": "email"}}},
            "streams.s.match",
            "both given",
        ),
        ({"s": {"record_type": "customer", "fields": {"a": "b[]"}}}, "streams.s.fields.a", "item.items[].quantity"),
        ({"s": {"record_type": "customer", "fields": {"a": "[].b"}}}, "streams.s.fields.a", "item.items[].quantity"),
        ({"s": {"record_type": "customer", "fields": {"a": "x[]y"}}}, "streams.s.fields.a", "item.items[].quantity"),
        ({"s": {"record_type": "customer", "constants": []}}, "streams.s.constants", "must be an object"),
        ({"s": {"record_type": "customer", "constants": {"": 1}}}, "streams.s.constants.", "name of a field"),
        (
            {"s": {"record_type": "customer", "fields": {"a": "memo"}, "constants": {"MEMO": 1}}},
            "streams.s.fields",
            "`memo` more than once",
        ),
        ({"s": {"record_type": "customer", "templates": {"memo": "{"}}}, "streams.s.templates.memo", "cannot be read"),
        ({"s": {"record_type": "customer", "templates": {"memo": ""}}}, "streams.s.templates.memo", "is empty"),
        ({"s": {"record_type": "customer", "templates": {"memo": 1}}}, "streams.s.templates.memo", "must be text"),
        ({"s": {"record_type": "customer", "references": {"x": {}}}}, "streams.s.references.x.record_type", "missing"),
        ({"s": {"record_type": "customer", "references": {"x": "y"}}}, "streams.s.references.x", "must be an object"),
        (
            {"s": {"record_type": "customer", "references": {"x": {"record_type": "item", "by": "a b"}}}},
            "streams.s.references.x.by",
            "internal_id, external_id or the name",
        ),
        (
            {"s": {"record_type": "customer", "references": {"x": {"record_type": "item", "template": "C"}}}},
            "streams.s.references.x.template",
            "CUST-{value}",
        ),
        ({"s": {"record_type": "customer", "sublists": {"item": []}}}, "streams.s.sublists.item", "must be an object"),
        (
            {"s": {"record_type": "customer", "sublists": {"item": {"mode": "add"}}}},
            "streams.s.sublists.item.mode",
            "append, merge, replace",
        ),
        (
            {"s": {"record_type": "customer", "sublists": {"item": {"keys": "line"}}}},
            "streams.s.sublists.item.keys",
            "must be a list such as",
        ),
        (
            {"s": {"record_type": "customer", "sublists": {"item": {"column": "a", "stream": "b"}}}},
            "streams.s.sublists.item.stream",
            "one of them",
        ),
        (
            {"s": {"record_type": "customer", "sublists": {"item": {"stream": "b"}}}},
            "streams.s.sublists.item.parent_key",
            "belong together",
        ),
        (
            {"s": {"record_type": "customer", "sublists": {"item": {"stream": "b", "parent_key": {"a": 1}}}}},
            "streams.s.sublists.item.parent_key.a",
            "must be text",
        ),
        (
            {"s": {"record_type": "customer", "sublists": {"item": {"fields": {"a": "quantity"}}}}},
            "streams.s.sublists.item.column",
            "which column",
        ),
        ({"s": {"record_type": "customer", "replace": "item"}}, "streams.s.replace", "must be a list such as"),
        ({"s": {"record_type": "customer", "skip_unchanged": "yes"}}, "streams.s.skip_unchanged", "true or false"),
        ({"s": {"record_type": "customer", "write_mode": "fast"}}, "streams.s.write_mode", "auto, batch, single"),
        ({"s": {"record_type": "customer", "unwritable": "x"}}, "streams.s.unwritable", "refuse, leave_out"),
        ({"s": {"record_type": "customer", "empty_text": "x"}}, "streams.s.empty_text", "null, absent, refuse"),
        ({"s": {"record_type": "customer", "lines_when_empty": "x"}}, "streams.s.lines_when_empty", "keep, remove"),
        (
            {"s": {"record_type": "so", "fields": {"a": "b"}, "constants": {"Item_s.items[].rate": 1}}},
            "streams.s.constants.Item_s.items[].rate",
            "no column of `fields` makes",
        ),
        (
            {
                "s": {
                    "record_type": "so",
                    "fields": {"a[]": "item[].rate"},
                    "sublists": {"ITEM": {"column": "lines"}},
                }
            },
            "streams.s.sublists.ITEM",
            "`fields` fills its lines too",
        ),
        ({"s": {"record_type": "customer", "delete_by": "hide"}}, "streams.s.delete_by", "delete, inactivate"),
        (
            {"s": {"record_type": "customer", "mirror_max_percent": 101}},
            "streams.s.mirror_max_percent",
            "from 0 to 100",
        ),
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
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"external_id": "X-{code}"}, "streams.s.external_id"),
        ({"id_field": "code"}, "streams.s.id_field"),
        ({"fields": {"code": "entityId"}}, "streams.s.fields"),
        ({"fields": {"code[].qty": "item[].quantity"}}, "streams.s.fields"),
        ({"operation_column": "code"}, "streams.s.operation_column"),
        ({"match": {"column": "code", "field": "email"}}, "streams.s.match"),
        ({"templates": {"memo": "{code}"}}, "streams.s.templates.memo"),
        ({"sublists": {"item": {"column": "code"}}}, "streams.s.sublists.item.column"),
    ],
)
def test_a_column_the_stream_does_not_have_is_named(given: dict[str, Any], named: str) -> None:
    settings = StreamSettings.from_mapping("s", {"record_type": "customer", **given})
    settings.check_columns(["code", "other"])
    settings.check_columns([])
    with pytest.raises(ConfigurationError, match=r"`code.*`, which.*it has id, name") as caught:
        settings.check_columns(["name", "id"])
    assert caught.value.setting == named
