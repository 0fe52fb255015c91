"""How far a run is, in words for a log and for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from suitetalk import Governor, Traffic
from suitetalk.terminal.pace import Pace
from suitetalk.terminal.words import counted, duration, number
from target_netsuite.reporting.report import Report


@dataclass(frozen=True)
class Facts:
    """A run at one moment.

    Attributes:
        read: records that have come.
        settled: those that were carried out or refused.
        refused: those that were refused.
        seconds: since the run began.
        rate: settled records in a second, of late.
        in_flight: requests NetSuite has not answered yet.
        limit: requests that may be in flight.
        traffic: requests that were answered.
    """

    read: int
    settled: int
    refused: int
    seconds: float
    rate: float
    in_flight: int
    limit: int
    traffic: Traffic

    def parts(self) -> list[str]:
        """Return what to show while the run goes on, the most important first."""
        parts = [f"{number(self.settled)} of {counted(self.read, 'record')} settled", f"{number(self.rate)} records/s"]
        parts.append(f"{self.in_flight}/{self.limit} requests")
        if self.refused:
            parts.append(f"{number(self.refused)} refused")
        if self.traffic.throttled:
            parts.append(f"throttled {number(self.traffic.throttled)}x")
        parts.append(f"{duration(self.seconds)} so far")
        return parts

    def sentence(self) -> str:
        """Return what to say in the log, and below the table at the end."""
        whole = number(self.settled / max(self.seconds, 0.001))
        return (
            f"{counted(self.read, 'record')} read, {number(self.settled)} settled, {number(self.refused)} refused, "
            f"{counted(self.traffic.total, 'request')}, {number(self.traffic.throttled)} throttled, "
            f"{self.seconds:.1f} seconds, {whole} records/s"
        )

    def fields(self) -> dict[str, object]:
        """Return the same for what reads logs."""
        return {
            "netsuite_records_read": self.read,
            "netsuite_records_settled": self.settled,
            "netsuite_records_refused": self.refused,
            "netsuite_seconds": round(self.seconds, 3),
            "netsuite_records_per_second": round(self.settled / max(self.seconds, 0.001), 1),
            "netsuite_requests": self.traffic.total,
            "netsuite_throttled": self.traffic.throttled,
            "netsuite_concurrency_limit": self.limit,
            "netsuite_requests_in_flight": self.in_flight,
        }


class Progress:
    """Gathers the facts; `facts` is for one thread."""

    def __init__(self, report: Report, governor: Governor, traffic: Callable[[], Traffic]) -> None:
        """Begin; `traffic` returns the requests that were answered so far."""
        self.report = report
        self._governor = governor
        self._traffic = traffic
        self._began = monotonic()
        self._pace = Pace()

    def facts(self) -> Facts:
        """Return what is known now."""
        seconds, settled = monotonic() - self._began, self.report.settled
        self._pace.take(seconds, settled)
        return Facts(
            read=self.report.read,
            settled=settled,
            refused=self.report.refused,
            seconds=seconds,
            rate=self._pace.rate,
            in_flight=self._governor.in_flight,
            limit=self._governor.limit,
            traffic=self._traffic(),
        )
