"""The account's time: its clock, its time zone, and how it writes and reads dates."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

__all__ = ["DATE_FORMATS", "AccountCalendar", "Clock"]


# NetSuite's preference "Date Format" by its names; values are the Java pattern its error messages use.
DATE_FORMATS = {
    "M/D/YYYY": "M/d/yyyy",
    "MM/DD/YYYY": "MM/dd/yyyy",
    "M/D/YY": "M/d/yy",
    "MM/DD/YY": "MM/dd/yy",
    "D/M/YYYY": "d/M/yyyy",
    "DD/MM/YYYY": "dd/MM/yyyy",
    "D/M/YY": "d/M/yy",
    "DD/MM/YY": "dd/MM/yy",
    "D.M.YYYY": "d.M.yyyy",
    "DD.MM.YYYY": "dd.MM.yyyy",
    "DD.MM.YY": "dd.MM.yy",
    "D.M.YY": "d.M.yy",
    "DD-MM-YYYY": "dd-MM-yyyy",
    "D-MON-YYYY": "d-MMM-yyyy",
    "DD-MON-YYYY": "dd-MMM-yyyy",
    "D-MONTH-YYYY": "d-MMMM-yyyy",
    "DD-MONTH-YYYY": "dd-MMMM-yyyy",
    "D MONTH, YYYY": "d MMMM, yyyy",
    "DD MONTH, YYYY": "dd MMMM, yyyy",
    "YYYY-MM-DD": "yyyy-MM-dd",
    "YYYY-M-D": "yyyy-M-d",
    "YYYY/MM/DD": "yyyy/MM/dd",
    "YYYY/M/D": "yyyy/M/d",
}
# Not those of the locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PATTERNS = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short>\d{2})",
    "MMMM": r"(?P<name>[A-Za-z]+)",
    "MMM": r"(?P<name>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{1,2})",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{1,2})",
    "d": r"(?P<day>\d{1,2})",
}
_TOKEN = re.compile(r"yyyy|yy|MMMM|MMM|MM|M|dd|d")


@dataclass(frozen=True)
class AccountCalendar:
    """The account's date format and time zone."""

    date_format: str
    time_zone: str

    @property
    def java_format(self) -> str:
        """The format as NetSuite's messages name it, for instance `dd/MM/yy` [airbytehq/airbyte#21965]."""
        return DATE_FORMATS[self.date_format.upper()]

    def strftime_format(self) -> str:
        """The format for DuckDB's `strftime`."""
        parts = {
            "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d",
        }  # fmt: skip
        return _TOKEN.sub(lambda match: parts[match.group()], self.java_format)

    def parse_date(self, text: str) -> date:
        """Read a day in the account's format.

        Raises:
            ValueError: the text is not a day in this format.
        """
        pattern = "".join(
            _PATTERNS[piece] if piece in _PATTERNS else re.escape(piece)
            for piece in re.split(f"({_TOKEN.pattern})", self.java_format)
        )
        match = re.fullmatch(pattern, text.strip())
        if match is None:
            raise ValueError(text)
        found = match.groupdict()
        year = int(found["year"]) if found.get("year") else 2000 + int(found["short"])
        return date(year, self._month(found), int(found["day"]))

    @staticmethod
    def _month(found: dict[str, str]) -> int:
        if found.get("month"):
            return int(found["month"])
        for number, name in enumerate(_MONTHS, 1):
            if found["name"].lower() in (name.lower(), name[:3].lower()):
                return number
        raise ValueError(found["name"])

    def now(self) -> datetime:
        """The account's wall clock, to the second, without a zone."""
        return datetime.now(ZoneInfo(self.time_zone)).replace(tzinfo=None, microsecond=0)

    def to_utc(self, value: datetime) -> datetime:
        """A wall clock time of the account as UTC, without a zone."""
        return value.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(timezone.utc).replace(tzinfo=None)

    def from_utc(self, value: datetime) -> datetime:
        """A moment (UTC when it has no zone) as the account's wall clock, without a zone."""
        moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return moment.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)


class Clock:
    """Safe to use from several threads.

    `now` is the hour as the account believes it to be: what callers sign is judged by it. `age` is what tokens, codes,
    lock-outs and jobs grow old by; it can be put forward without harm to what callers sign.
    """

    def __init__(self, offset: float = 0.0) -> None:
        """`offset` is how many seconds the account's clock is ahead of this machine's."""
        self._offset = offset
        self._advanced = 0.0
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def age(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic() + self._advanced

    def advance(self, seconds: float) -> None:
        """Let everything that was handed out grow older.

        Raises:
            ValueError: time does not go back.
        """
        if seconds < 0:
            raise ValueError("Time does not go back.")
        with self._moved:
            self._advanced += seconds
            self._moved.notify_all()

    def wait_until(self, age: float, ended: threading.Event) -> bool:
        """Wait for an age, or for the end of the emulator; False in the latter case."""
        with self._moved:
            while not ended.is_set() and self.age() < age:
                self._moved.wait(age - self.age())
        return not ended.is_set()

    def wake(self) -> None:
        """Let those that wait look at their event again."""
        with self._moved:
            self._moved.notify_all()
