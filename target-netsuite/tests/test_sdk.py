"""The SDK's own tests of targets, with a look at what they have written.

Two of the sixteen do not apply as they are. `record_missing_key_property` wants the run to end with
MissingKeyPropertiesError at the first record without its key, and this target reports such a record and goes on.
`schema_no_properties` wants to store objects of any shape, and NetSuite has no field for such; they are refused.

For the others each stream is given a mapping of its columns to fields of customers, since NetSuite's record types have
fields of their own, instead of taking what a stream brings; columns of arrays or of free objects are left out.
"""

from __future__ import annotations

import importlib.resources
from typing import Any

import pytest
from singer_sdk.testing import get_target_test_class, target_test_streams
from singer_sdk.testing.runners import TargetTestRunner

from netsuite_emulator import Emulator
from target_netsuite.errors import RecordsRefusedError
from target_netsuite.target import TargetNetSuite

_COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "test_array_data": ("{id}", {"id": "companyName"}),
    "ForecastingTypeToCategory": ("{Id}", {"Id": "companyName", "CreatedDate": "comments", "IsDeleted": "isInactive"}),
    "TestCamelcase": ("{Id}", {"clientName": "companyName"}),
    "test_duplicate_records": ("{id}", {"id": "companyName", "metric": "creditLimit"}),
    "test_strings": ("{id}", {"id": "companyName", "info": "comments"}),
    "test_no_pk": ("{id}", {"id": "companyName", "metric": "creditLimit"}),
    "test_optional_attributes": ("{id}", {"id": "companyName", "optional": "comments"}),
    "example_stream": ("{id}", {"name": "companyName", "email": "email"}),
    "test_record_before_schema": ("{id}", {"metric": "creditLimit"}),
    "test_record_missing_key_property": ("{id}", {"metric": "creditLimit"}),
    "record_missing_fields": ("{id}", {"id": "companyName", "optional": "comments"}),
    "test_schema_updates": ("{id}", {"id": "companyName", "a1": "creditLimit", "a2": "comments"}),
    "test:SpecialChars!in?attributes": ("{_id}", {"_id": "companyName"}),
    "test_invalid_schema": ("{id}", {"id": "companyName"}),
}


def _streams(prefix: str) -> dict[str, Any]:
    mapped = {
        stream: {"record_type": "customer", "external_id": f"{prefix}-{template}", "fields": fields}
        for stream, (template, fields) in _COLUMNS.items()
    }
    addresses = {"record_type": "customer", "fields": {"object_store": "comments"}}
    return {**mapped, "test_object_schema_with_properties": addresses, "test_object_schema_no_properties": addresses}


_TargetTests: Any = get_target_test_class(TargetNetSuite)


class TestTarget(_TargetTests):  # type: ignore[misc]  # the SDK builds its base while it runs
    """The SDK's tests."""

    @pytest.fixture
    def runner(self, emulator: Emulator, prefix: str) -> TargetTestRunner:
        return TargetTestRunner(TargetNetSuite, config={**emulator.connection, "streams": _streams(prefix)})

    @pytest.fixture(autouse=True)
    def _look(self, request: pytest.FixtureRequest, emulator: Emulator, prefix: str) -> Any:
        """After the test, compare what is in NetSuite."""
        yield
        expected = _WRITTEN.get(request.node.name.removeprefix("test_target_"))
        if expected is not None:
            columns, rows = expected
            found = emulator.execute(
                f"SELECT {columns} FROM customer WHERE externalid LIKE '{prefix}-%' ORDER BY CAST(id AS INTEGER)"
            )
            assert [tuple(str(value) for value in row) for row in found] == rows

    def test_target_record_missing_key_property(self, runner: TargetTestRunner) -> None:
        """The record is refused and the run goes on, where the SDK's test wants it to end."""
        _sync(runner, "record_missing_key_property")

    def test_target_schema_no_properties(self, runner: TargetTestRunner) -> None:
        """The records are refused, where the SDK's test wants a column of free objects to be stored."""
        _sync(runner, "schema_no_properties")


def _sync(runner: TargetTestRunner, name: str) -> None:
    runner.input_filepath = importlib.resources.files(target_test_streams) / f"{name}.singer"
    with pytest.raises(RecordsRefusedError):
        runner.sync_all()


_NOTES = [
    "simple string 2837", "απλή συμβολοσειρά", "简单的字串", "chaîne simple", 'quoted "string"',
    'various " \\ / \n escape sequences', "m", "ā", "ƙ", "Double quoting: \\u0000 \\u0041 \\u0001",
    "Control Characters in string: \u0000 A \u0001",
]  # fmt: skip
_WRITTEN: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "array_data": ("companyname", [("1",), ("2",), ("3",), ("4",)]),
    "camelcase": ("companyname", [("Gitter Windows Desktop App",), ("Gitter iOS App",)]),
    "duplicate_records": ("companyname, CAST(creditlimit AS INTEGER)", [("1", "100"), ("2", "20")]),
    "encoded_string_data": ("comments", [(note,) for note in _NOTES]),
    "no_primary_keys": ("companyname, CAST(creditlimit AS INTEGER)", [("1", "11"), ("2", "22"), ("3", "33")]),
    "optional_attributes": (
        "companyname, comments",
        [("1", "This is optional"), ("2", "None"), ("3", "Also optional"), ("4", "None")],
    ),
    "pk_updates": ("companyname, email", [("Alice", "alice@example.com"), ("Bob", "bob@example.com")]),
    "record_missing_fields": ("companyname, comments", [("1", "now you see me"), ("2", "None")]),
    "schema_updates": ("companyname, comments", [(str(n), f"string{n}") for n in range(1, 7)]),
    "special_chars_in_attributes": ("companyname", [("a2e98886",)]),
    "record_before_schema": ("companyname", []),
    "record_missing_key_property": ("companyname", []),
}
