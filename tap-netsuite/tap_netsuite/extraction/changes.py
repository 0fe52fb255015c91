"""Which rows have changed between two moments, as a SuiteQL condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from suitetalk.timezone import PYTHON_TIME_FORMAT, earliest_local
from tap_netsuite.extraction.source import both, literal
from tap_netsuite.values import Column, Kind


class Changes(Protocol):
    """Tells changed rows from others."""

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> str:
        """Return the condition for rows changed at `low` or later and before `high`, instants with a zone or None.

        With `unstamped` it includes the rows that NetSuite never stamped [section 5.10].
        """
        ...

    def unstamped(self) -> str:
        """Return the condition for rows of which it cannot be told when they changed; empty if there are none."""
        ...

    def newest(self, seen: str | None) -> str | None:
        """Return the latest stamp there is evidence of, given the latest among the rows that were read."""
        ...


class StampedChanges:
    """Rows by a stamp of their own.

    Whole seconds are compared, on the account's clock. A moment in the hour that this clock shows twice begins with
    the first showing, so that nothing stamped later is left out.
    """

    def __init__(self, stamp: Column, zone: Callable[[], ZoneInfo]) -> None:
        """Compare a column; the account's zone is asked for when it is needed."""
        self._column = Column(stamp.source, Kind.DATE_TIME)
        self._zone = zone

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> str:
        """Return the condition for rows stamped at `low` or later and before `high`; see `Changes`."""
        name = self._column.name
        stamped = both(
            f"{name} >= {self._moment(low)}" if low else "",
            f"{name} < {self._moment(high)}" if high else "",
        )
        if not unstamped:
            return stamped or f"{name} IS NOT NULL"
        return f"(({stamped}) OR {self.unstamped()})" if stamped else ""

    def unstamped(self) -> str:
        """Return the condition for rows without a stamp."""
        return f"{self._column.name} IS NULL"

    def newest(self, seen: str | None) -> str | None:
        """Return the latest stamp that was seen."""
        return seen

    def _moment(self, moment: datetime) -> str:
        local = earliest_local(moment, self._zone()).replace(microsecond=0)
        return literal(self._column, local.strftime(PYTHON_TIME_FORMAT))
