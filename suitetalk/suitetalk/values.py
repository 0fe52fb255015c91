"""Values as NetSuite and Singer write them in text: times, dates in a user's format, choices of a multi-select."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from typing import Any

# The help centre does not say what stands between the ids of a multi-select in SuiteQL [section 5.3].
_BETWEEN_CHOICES = re.compile(r"[,;|\x05]")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_FORMATS = (
    *("M/D/YYYY", "D/M/YYYY", "D-Mon-YYYY", "D.M.YYYY", "D-MONTH-YYYY", "D MONTH, YYYY", "YYYY/M/D", "YYYY-M-D"),
    *("DD/MM/YYYY", "DD-Mon-YYYY", "DD.MM.YYYY", "DD-MONTH-YYYY", "DD MONTH, YYYY", "MM/DD/YYYY", "YYYY/MM/DD"),
    *("YYYY-MM-DD", "DD-MM-YYYY", "DD/MM/YY", "DD.MM.YY", "MM/DD/YY", "D/M/YY", "M/D/YY", "D.M.YY"),
)
_TOKENS = re.compile("YYYY|YY|MONTH|Mon|MM|M|DD|D")
_PATTERNS = {
    **dict.fromkeys(("YYYY", "YY"), r"(?P<year>\d{2,4})"),
    **dict.fromkeys(("MM", "M"), r"(?P<month>\d{1,2})"),
    **dict.fromkeys(("MONTH", "Mon"), r"(?P<name>[^\W\d_]{3,})\.?"),
    **dict.fromkeys(("DD", "D"), r"(?P<day>\d{1,2})"),
}
_TIME = r"(?: (?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: ?(?P<half>[ap])\.?m\.?)?)?"
_NOON = 12


def iso(moment: datetime) -> str:
    """Write an instant as ISO 8601 in UTC, such as `2024-05-02T09:31:00Z`; a fraction only where there is one.

    Raises:
        ValueError: in UTC it lies beyond the years 1 to 9999.
    """
    try:
        return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise ValueError(moment) from None


def instant(text: Any) -> datetime:
    """Read an instant from ISO 8601; one without a zone is taken to be in UTC.

    Raises:
        ValueError: it is not one.
    """
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def choices(text: str) -> list[str]:
    """Split the text of a multi-select, such as `12, 13`, into its ids or labels; blank ones are left out."""
    return [part for part in map(str.strip, _BETWEEN_CHOICES.split(text)) if part]


def date_formats(pairs: list[tuple[str, str]]) -> list[str]:
    """Return the date formats that turn each known date into what is shown."""
    known = []
    for shown, text in pairs:
        try:
            known.append((shown.lower(), date.fromisoformat(text)))
        except ValueError:
            continue
    return [name for name in _FORMATS if known and all(_shows(name, day, shown) for shown, day in known)]


def read_date(text: str, date_format: str) -> date:
    """Read a date, or a datetime where the text goes on with a time, both without a zone.

    Raises:
        ValueError: it is not of this format.
    """
    parts = _TOKENS.split(date_format), _TOKENS.findall(date_format)
    pattern = "".join(
        re.escape(between) + _PATTERNS.get(token, "") for between, token in zip(parts[0], [*parts[1], ""], strict=True)
    )
    found = re.fullmatch(pattern + _TIME, text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(text)
    named = found.groupdict()
    year = int(named["year"]) + (2000 if len(named["year"]) == len("YY") else 0)
    day = date(year, _month(named), int(named["day"]))
    if named["hour"] is None:
        return day
    hour, half = int(named["hour"]), (named["half"] or "").lower()
    hour = hour % _NOON + (_NOON if half == "p" else 0) if half else hour
    return datetime.combine(day, time(hour, int(named["minute"]), int(named["second"] or 0)))


def _month(named: Mapping[str, str]) -> int:
    if "month" in named:
        return int(named["month"])
    begun = named["name"].lower()[:3]
    found = [number for number, name in enumerate(_MONTHS, 1) if name.lower().startswith(begun)]
    if not found:
        raise ValueError(named["name"])
    return found[0]


def _shows(name: str, day: date, shown: str) -> bool:
    written = _written(name, day).lower()
    return shown == written or shown.startswith(f"{written} ")


def _written(name: str, day: date) -> str:
    month = _MONTHS[day.month - 1]
    parts = {
        "YYYY": f"{day.year:04}",
        "YY": f"{day.year % 100:02}",
        "MM": f"{day.month:02}",
        "M": str(day.month),
        "DD": f"{day.day:02}",
        "D": str(day.day),
        "MONTH": month,
        "Mon": month[:3],
    }
    return _TOKENS.sub(lambda token: parts[token[0]], name)
