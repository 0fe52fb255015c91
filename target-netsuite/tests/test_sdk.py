"""The SDK's own tests of targets, with a look at what they have written.

Three of the sixteen do not apply as they are. `record_missing_key_property` wants the run to end with
MissingKeyPropertiesError at the first record without its key, and this target reports such a record and goes on.
`schema_no_properties` wants to store objects of any shape, and NetSuite has no field for such; they are refused.
`invalid_schema` wants a schema without `properties` to end the run, and some taps send such for tables they know
nothing of; their records are not validated.

For the others each stream is given a mapping of its columns to fields of a custom record, since NetSuite's record
types have fields of their own, instead of taking what a stream brings; columns of arrays or of free objects are left
out.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import get_target_test_class, target_test_streams
from singer_sdk.testing.runners import TargetTestRunner

from netsuite_emulator import Emulator
from target_netsuite.errors import RecordsRefusedError
from target_netsuite.target import TargetNetSuite

_NUMBER, _TEXT = "custrecord_amount", "custrecord_terms"
_NAMED = {"label": "name"}  # a column that a stream map makes of the id, since the name must not be empty
_COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "test_array_data": ("{id}", {**_NAMED, "id": _NUMBER}),
    "ForecastingTypeToCategory": ("{Id}", {"Id": "name", "CreatedDate": _TEXT, "IsDeleted": "isInactive"}),
    "TestCamelcase": ("{Id}", {"clientName": "name"}),
    "test_duplicate_records": ("{id}", {**_NAMED, "metric": _NUMBER}),
    "test_strings": ("{id}", {**_NAMED, "info": _TEXT}),
    "test_strings_in_objects": ("obj{id}", {**_NAMED}),
    "test_strings_in_arrays": ("arr{id}", {**_NAMED}),
    "test_no_pk": ("{id}", {**_NAMED, "metric": _NUMBER}),
    "test_optional_attributes": ("{id}", {**_NAMED, "id": _NUMBER, "optional": _TEXT}),
    "example_stream": ("{id}", {"name": "name", "email": _TEXT}),
    "test_record_before_schema": ("{id}", {"metric": _NUMBER}),
    "test_record_missing_key_property": ("{id}", {"metric": _NUMBER}),
    "record_missing_fields": ("{id}", {**_NAMED, "id": _NUMBER, "optional": _TEXT}),
    "test_schema_updates": ("{id}", {**_NAMED, "a1": _NUMBER, "a2": _TEXT}),
    "test:SpecialChars!in?attributes": ("{_id}", {"_id": "name"}),
    "test_invalid_schema": ("{id}", {"id": _NUMBER}),
}


def _streams(prefix: str) -> dict[str, Any]:
    mapped = {
        stream: {"record_type": "customrecord_warranty", "external_id": f"{prefix}-{template}", "fields": fields}
        for stream, (template, fields) in _COLUMNS.items()
    }
    objects = {"record_type": "customrecord_warranty", "fields": {"object_store": _TEXT}}
    return {**mapped, "test_object_schema_with_properties": objects, "test_object_schema_no_properties": objects}


_TargetTests: Any = get_target_test_class(TargetNetSuite)


class TestTarget(_TargetTests):  # type: ignore[misc]  # the SDK builds its base while it runs
    """The SDK's tests."""

    @pytest.fixture
    def runner(self, emulator: Emulator, prefix: str) -> Iterator[TargetTestRunner]:
        labels = {stream: {"label": "str(id)"} for stream, (_, fields) in _COLUMNS.items() if "label" in fields}
        settings = {"streams": _streams(prefix), "stream_maps": labels}
        made = TargetTestRunner(TargetNetSuite, config={**emulator.connection, **settings})
        yield made
        if made.input_filepath:
            made.target_input.close()

    @pytest.fixture(autouse=True)
    def _look(self, request: pytest.FixtureRequest, emulator: Emulator, prefix: str) -> Any:
        """After the test, compare what is in NetSuite."""
        yield
        expected = _WRITTEN.get(request.node.name.removeprefix("test_target_"))
        if expected is not None:
            columns, rows = expected
            found = emulator.execute(f"SELECT {columns} FROM customrecord_warranty WHERE externalid LIKE '{prefix}-%'")
            assert sorted(tuple(str(value) for value in row) for row in found) == sorted(rows)

    def test_target_record_missing_key_property(self, runner: TargetTestRunner) -> None:
        """The record is refused and the run goes on, where the SDK's test wants it to end."""
        _sync(runner, "record_missing_key_property")

    def test_target_schema_no_properties(self, runner: TargetTestRunner) -> None:
        """The records are refused, where the SDK's test wants a column of free objects to be stored."""
        _sync(runner, "schema_no_properties")

    def test_target_invalid_schema(self, runner: TargetTestRunner) -> None:
        """A schema without columns is taken, where the SDK's test wants it to end the run."""
        runner.input_filepath = importlib.resources.files(target_test_streams) / "invalid_schema.singer"
        runner.sync_all()


def _sync(runner: TargetTestRunner, name: str) -> None:
    runner.input_filepath = importlib.resources.files(target_test_streams) / f"{name}.singer"
    with pytest.raises(RecordsRefusedError):
        runner.sync_all()


_NOTES = [
    "simple string 2837", "απλή συμβολοσειρά", "简单的字串", "chaîne simple", 'quoted "string"',
    'various " \\ / \n escape sequences', "m", "ā", "ƙ", "Double quoting: \\u0000 \\u0041 \\u0001",
    "Control Characters in string: \u0000 A \u0001",
]  # fmt: skip
_AMOUNT = "CAST(custrecord_amount AS INTEGER)"
_WRITTEN: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "array_data": (_AMOUNT, [("1",), ("2",), ("3",), ("4",)]),
    "camelcase": ("name", [("Gitter Windows Desktop App",), ("Gitter iOS App",)]),
    "duplicate_records": (_AMOUNT, [("100",), ("20",)]),
    "encoded_string_data": (_TEXT, [*[(note,) for note in _NOTES], *[("None",)] * 17]),
    "no_primary_keys": (_AMOUNT, [("11",), ("22",), ("33",)]),
    "optional_attributes": (
        f"{_AMOUNT}, {_TEXT}",
        [("1", "This is optional"), ("2", "None"), ("3", "Also optional"), ("4", "None")],
    ),
    "pk_updates": (f"name, {_TEXT}", [("Alice", "alice@example.com"), ("Bob", "bob@example.com")]),
    "record_missing_fields": (f"{_AMOUNT}, {_TEXT}", [("1", "now you see me"), ("2", "None")]),
    "schema_updates": (f"{_AMOUNT}, {_TEXT}", [(str(100 + n), f"string{n}") for n in range(1, 7)]),
    "special_chars_in_attributes": ("name", [("a2e98886",)]),
    "record_before_schema": ("name", []),
    "record_missing_key_property": ("name", []),
}
