"""Times and multi-selects in text."""

from datetime import datetime, timedelta, timezone

import pytest

from suitetalk.values import choices, instant, iso


@pytest.mark.parametrize("text", ["12,13", "12, 13", "12;13", "12|13", "12\x0513", " 12 ,, 13 ", "12 ; 13;"])
def test_a_multi_select_is_split_at_every_separator_that_was_seen(text: str) -> None:
    assert choices(text) == ["12", "13"]


def test_blanks_hold_no_choice() -> None:
    assert choices(" , ") == []


def test_an_instant_without_a_zone_is_in_utc() -> None:
    assert instant("2024-05-02T09:31:00") == instant("2024-05-02T09:31:00Z") == instant("2024-05-02T11:31:00+02:00")


def test_an_instant_is_written_in_utc() -> None:
    zone = timezone(timedelta(hours=2))
    assert iso(datetime(2024, 5, 2, 11, 31, tzinfo=zone)) == "2024-05-02T09:31:00Z"
    assert iso(datetime(2024, 5, 2, 11, 31, 0, 500_000, tzinfo=zone)) == "2024-05-02T09:31:00.500000Z"


def test_what_lies_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="0001-01-01"):
        iso(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))
