"""Rows as Python values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from netsuite_emulator import Emulator
from suitetalk import ConnectionFailedError, ConnectionSettings, InvalidArgumentError, NetSuite, SuiteQL
from suitetalk.values import read_date

ONE = "SELECT id, companyname, isinactive, datecreated FROM customer WHERE id = 1212"


@pytest.mark.parametrize("date_format", ["M/D/YYYY", "DD.MM.YYYY", "D-Mon-YYYY"])
def test_values_are_what_the_catalog_says(netsuite_emulator_factory: Callable[..., Emulator], date_format: str) -> None:
    emulator = netsuite_emulator_factory(date_format=date_format)
    emulator.execute("UPDATE customer SET datecreated = '2022-02-11 10:00:00', isinactive = 'T' WHERE id = 1212")
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as netsuite:
        (row,) = netsuite.suiteql.rows(ONE, typed=True)
        (star,) = netsuite.suiteql.rows("SELECT * FROM customer WHERE id = ?", ["1212"], typed=True)

    assert (row["id"], row["isinactive"]) == ("1212", True)
    assert isinstance(row["companyname"], str)
    assert str(row["datecreated"]).startswith("2022-02-11")
    assert {name: star[name] for name in row} == row


def test_numbers_that_are_computed(netsuite_emulator: Emulator) -> None:
    statement = "SELECT COUNT(*) AS n, SUM(foreigntotal) AS total, MAX(trandate) AS latest FROM transaction"
    with NetSuite(ConnectionSettings.from_mapping(netsuite_emulator.connection)) as netsuite:
        (row,) = netsuite.suiteql.rows(statement, typed=True)
        (plain,) = netsuite.suiteql.rows(statement)

    assert row["n"] == int(plain["n"])
    assert row["total"] == Decimal(plain["total"])
    assert isinstance(row["n"], int)
    assert isinstance(row["total"], Decimal)
    assert isinstance(row["latest"], date)


def test_a_value_that_is_not_what_the_catalog_says_is_refused(netsuite_emulator: Emulator) -> None:
    statement = "SELECT 'maybe' AS isinactive, isinactive AS yes FROM customer WHERE id = 1212"
    with NetSuite(ConnectionSettings.from_mapping(netsuite_emulator.connection)) as netsuite:
        (row,) = netsuite.suiteql.rows(statement, typed=True)
        read = netsuite._row_reader(ONE)
        with pytest.raises(ConnectionFailedError, match="The column isinactive holds 'perhaps'"):
            read({"isinactive": "perhaps"})

    assert row == {"isinactive": "maybe", "yes": False}


def test_typed_rows_need_a_catalog(netsuite_emulator: Emulator) -> None:
    with NetSuite(ConnectionSettings.from_mapping(netsuite_emulator.connection)) as netsuite:
        alone = SuiteQL(netsuite.transport)
        with pytest.raises(InvalidArgumentError, match="need the metadata catalog"):
            next(alone.rows(ONE, typed=True))


@pytest.mark.parametrize(
    ("text", "date_format", "value"),
    [
        ("2/11/2022", "M/D/YYYY", date(2022, 2, 11)),
        ("11.02.22", "DD.MM.YY", date(2022, 2, 11)),
        ("11-Feb-2022", "D-Mon-YYYY", date(2022, 2, 11)),
        ("11 FEBRUARY, 2022", "DD MONTH, YYYY", date(2022, 2, 11)),
        ("2022-02-11", "YYYY-MM-DD", date(2022, 2, 11)),
        ("2/11/2022 3:04 pm", "M/D/YYYY", datetime(2022, 2, 11, 15, 4)),  # noqa: DTZ001 - account time
        ("2/11/2022 12:04:05 am", "M/D/YYYY", datetime(2022, 2, 11, 0, 4, 5)),  # noqa: DTZ001 - account time
        ("11.02.2022 15:04", "DD.MM.YYYY", datetime(2022, 2, 11, 15, 4)),  # noqa: DTZ001 - account time
    ],
)
def test_dates_are_read_in_the_format_of_the_user(text: str, date_format: str, value: date) -> None:
    assert read_date(text, date_format) == value


@pytest.mark.parametrize("text", ["", "13/13/2022", "Feb 2022", "2/11/2022 25:00", "2022"])
def test_what_is_not_a_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_date(text, "M/D/YYYY")
