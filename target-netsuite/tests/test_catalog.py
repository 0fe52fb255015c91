"""Record types and their choices as NetSuite tells them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from netsuite_emulator import Emulator, Fault
from suitetalk import ConnectionSettings, NetSuite
from target_netsuite.errors import BAD_ENUM_VALUE, InvalidRecordError, UnknownRecordTypeError
from target_netsuite.mapping.catalog import read_shape
from target_netsuite.mapping.record import RecordMapping
from target_netsuite.mapping.values import FormOptions
from target_netsuite.settings import StreamSettings


@pytest.fixture
def netsuite(emulator: Emulator) -> Iterator[NetSuite]:
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as connected:
        yield connected


@pytest.mark.parametrize("written", ["salesOrder", "SALES_ORDER", "salesorder"])
def test_a_record_type_is_found_however_it_is_spelled(netsuite: NetSuite, written: str) -> None:
    shape = read_shape(netsuite, written)
    assert shape
    assert shape.record_type in netsuite.metadata.record_types()
    assert shape.record_type.lower() == "salesorder"
    assert shape.sublists["item"].keys == ("line",)


def test_a_type_that_the_catalog_does_not_show_has_no_shape_and_is_warned_of(
    emulator: Emulator, netsuite: NetSuite, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.add(Fault(effect="status", status=404, path="/metadata-catalog/vendor$"))
    with caplog.at_level(logging.WARNING):
        assert read_shape(netsuite, "vendor") is None
    assert "record type vendor" in caplog.text


def test_a_misspelt_type_is_told_with_the_nearest_there_is(netsuite: NetSuite) -> None:
    with pytest.raises(UnknownRecordTypeError, match="did you mean 'salesorder'"):
        read_shape(netsuite, "sales_ordr")


def test_labels_lead_to_ids_and_what_is_no_choice_is_refused(netsuite: NetSuite) -> None:
    settings = StreamSettings.from_mapping("customers", {"record_type": "customer"})
    shape = read_shape(netsuite, "customer")
    customers = RecordMapping(settings, {}, shape, FormOptions(netsuite.records))

    assert customers.intent({"emailPreference": "plain text"}, 1, {}).body == {"emailPreference": {"id": "PLAIN_TEXT"}}
    with pytest.raises(InvalidRecordError) as caught:
        customers.intent({"emailPreference": "carrier pigeon"}, 2, {})
    assert caught.value.code == BAD_ENUM_VALUE


def test_a_field_that_offers_no_choice_has_no_labels(netsuite: NetSuite) -> None:
    assert FormOptions(netsuite.records)("customer", "email") is None


@pytest.mark.few(2)
@pytest.mark.parametrize("record_type", ["customer", "salesOrder", "customrecord_warranty"])
def test_whatever_was_read_can_be_mapped_with_what_cannot_be_written_left_out(
    netsuite: NetSuite, record_type: str
) -> None:
    settings: dict[str, Any] = {"record_type": record_type, "id_field": "id", "unwritable": "leave_out"}
    rows = RecordMapping(StreamSettings.from_mapping("s", settings), {}, read_shape(netsuite, record_type))
    for number, item in enumerate(netsuite.records.list(record_type, limit=20).items, 1):
        document = netsuite.records.get(record_type, item["id"], expand_sub_resources=True)
        found = rows.intent(document, number, {})
        assert found.internal_id == item["id"]
        netsuite.records.update(
            record_type, item["id"], {name: value for name, value in found.body.items() if name not in found.lines}
        )
