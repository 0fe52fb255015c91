"""The account's time zone: found from what NetSuite says, and times that never lose a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripted_netsuite import ScriptedNetSuite, refused

from netsuite_emulator import Emulator, Fault
from suitetalk import ConfigurationError, ConnectionSettings, NetSuite, PermissionDeniedError, Records, RetryPolicy
from suitetalk.record_tables import table_of
from suitetalk.timezone import detect_zone, earliest_local, to_utc, zone_named

ZONES = st.sampled_from(
    ["America/Los_Angeles", "Europe/Paris", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "UTC"]
).map(ZoneInfo)
# Around the hour that clocks in the north show twice, and that of the south, to the minute.
TURNS = st.sampled_from([datetime(2024, 11, 3), datetime(2024, 10, 27), datetime(2024, 4, 6), datetime(2024, 3, 10)])  # noqa: DTZ001 - made UTC below
INSTANTS = st.builds(
    lambda turn, minutes: turn.replace(tzinfo=timezone.utc) + timedelta(minutes=minutes),
    TURNS,
    st.integers(-600, 1800),
)


def shown(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the account's clock shows, as NetSuite does: without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


@given(INSTANTS, ZONES)
def test_a_bookmark_is_never_behind_the_change_it_was_made_from(instant: datetime, zone: ZoneInfo) -> None:
    assert instant - timedelta(hours=1) <= to_utc(shown(instant, zone), zone) <= instant


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(hours=3)), ZONES)
def test_no_later_stamp_looks_earlier_than_the_bookmark(instant: datetime, later: timedelta, zone: ZoneInfo) -> None:
    assert earliest_local(instant, zone) <= shown(instant + later, zone)


def test_a_named_zone_must_exist() -> None:
    assert zone_named("Europe/Paris").key == "Europe/Paris"
    with pytest.raises(ConfigurationError, match="`account_timezone` is 'Mars'"):
        zone_named("Mars")


def found(emulator: Emulator) -> ZoneInfo:
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection), retry=RetryPolicy(first_wait=0.01)) as client:
        return detect_zone(client.suiteql, client.records).zone


def test_the_account_is_asked_in_statements_of_few_columns(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(column_cap=50)
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        assert detect_zone(client.suiteql, client.records).converts_to_utc


def test_the_zone_takes_six_requests(netsuite_emulator: Emulator) -> None:
    found(netsuite_emulator)

    asked = [request.path for request in netsuite_emulator.requests if "/auth/" not in request.path]
    assert sorted(path.split("/")[3] for path in asked) == ["query"] * 4 + ["record"] * 2


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["America/Los_Angeles", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata"])
def test_the_zone_is_found(netsuite_emulator_factory: Callable[..., Emulator], name: str) -> None:
    zone = found(netsuite_emulator_factory(time_zone=name))

    days = [datetime(2023, 1, 1, tzinfo=timezone.utc) + timedelta(days=day) for day in range(730)]
    assert [shown(day, zone) for day in days] == [shown(day, ZoneInfo(name)) for day in days]


@pytest.mark.parametrize("hours", [5, 24 * 90])
def test_a_record_that_changes_between_the_two_readings_is_no_witness(
    netsuite_emulator_factory: Callable[..., Emulator], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    emulator = netsuite_emulator_factory(time_zone="Europe/Paris")
    read, changed = Records.get, list[str]()

    def changed_first(records: Records, record_type: str, record_id: str) -> dict[str, Any]:
        if not changed:
            changed.append(record_id)
            later = f"lastmodifieddate + INTERVAL '{hours} hours'"
            emulator.execute(f"UPDATE {table_of(record_type)} SET lastmodifieddate = {later} WHERE id = {record_id}")
        return read(records, record_type, record_id)

    monkeypatch.setattr(Records, "get", changed_first)
    assert found(emulator).key == "Europe/Paris"


@pytest.mark.parametrize("silent", ["/record/v1/", "/suiteql"])
def test_one_witness_is_enough_and_none_names_the_setting(netsuite_emulator: Emulator, silent: str) -> None:
    body = {"o:errorDetails": [{"detail": "Your role lacks the permission.", "o:errorCode": "USER_ERROR"}]}
    netsuite_emulator.faults.add(Fault(effect="status", path=silent, status=400, body=body))

    if silent == "/suiteql":
        with pytest.raises(ConfigurationError, match="`account_timezone` is missing"):
            found(netsuite_emulator)
    else:
        assert found(netsuite_emulator).key == "America/Los_Angeles"


def test_a_server_that_fails_is_not_taken_for_a_missing_witness(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(401, "INVALID_LOGIN", "Invalid login attempt."))

    with pytest.raises(Exception, match="INVALID_LOGIN") as caught:
        detect_zone(client.suiteql, client.records)
    assert not isinstance(caught.value, (ConfigurationError, PermissionDeniedError))
