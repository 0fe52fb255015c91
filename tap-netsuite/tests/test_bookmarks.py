"""From a value of the replication key to a bookmark and back to where the next run begins: no change is skipped."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk.timezone import PYTHON_TIME_FORMAT, earliest_local, to_utc
from tap_netsuite.source import instant

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31), timezones=st.just(timezone.utc))  # noqa: DTZ001 - zone follows
AROUND_CHANGES = [
    ("America/Los_Angeles", datetime(2026, 3, 8, 10, tzinfo=timezone.utc)),
    ("America/Los_Angeles", datetime(2026, 11, 1, 9, tzinfo=timezone.utc)),
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=timezone.utc)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=timezone.utc)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=timezone.utc)),
    ("Australia/Sydney", datetime(2026, 10, 3, 16, tzinfo=timezone.utc)),
]


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """An instant as SuiteQL shows it."""
    return moment.astimezone(zone).strftime(PYTHON_TIME_FORMAT)


def next_start(delivered: str, zone: ZoneInfo) -> str:
    """Where the next run reads from, when everything below this value has been passed on."""
    bookmark = datetime.fromisoformat(instant(delivered, zone).replace("Z", "+00:00"))
    return earliest_local(bookmark, zone).strftime(PYTHON_TIME_FORMAT)


@given(st.sampled_from(ZONES), INSTANTS)
def test_the_next_run_begins_no_later_than_the_bookmark(name: str, moment: datetime) -> None:
    zone = ZoneInfo(name)
    delivered = shown(moment.replace(microsecond=0), zone)
    assert next_start(delivered, zone) <= delivered


@given(st.sampled_from(ZONES), INSTANTS, st.integers(0, 3 * 3600))
def test_whatever_is_stamped_from_the_bookmark_on_is_read(name: str, moment: datetime, later: int) -> None:
    zone = ZoneInfo(name)
    bookmark = to_utc(datetime.strptime(shown(moment, zone), PYTHON_TIME_FORMAT), zone)  # noqa: DTZ007 - account time
    change = moment.replace(microsecond=0) + timedelta(seconds=later)
    assert earliest_local(bookmark, zone).strftime(PYTHON_TIME_FORMAT) <= shown(change, zone)


@pytest.mark.parametrize(("name", "changeover"), AROUND_CHANGES)
def test_around_both_changes_of_the_clock(name: str, changeover: datetime) -> None:
    zone = ZoneInfo(name)
    moments = [changeover + timedelta(minutes=minutes) for minutes in range(-180, 181, 5)]
    for moment in moments:
        start = next_start(shown(moment, zone), zone)
        assert start <= shown(moment, zone)
        assert all(start <= shown(later, zone) for later in moments if later >= moment)


@pytest.mark.parametrize("name", ["America/Los_Angeles", "Asia/Kolkata", "UTC"])
def test_away_from_the_changes_nothing_is_read_twice_but_the_second_itself(name: str) -> None:
    delivered = "2026-06-15 12:00:00"
    assert next_start(delivered, ZoneInfo(name)) == delivered
