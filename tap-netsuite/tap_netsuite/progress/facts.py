"""What is known of a run while it goes on; gathered once for each portion of rows, looked at a few times a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from suitetalk import Traffic
from suitetalk.terminal.pace import Pace
from tap_netsuite.account import Account
from tap_netsuite.streams.audit import StreamAudit


@dataclass(frozen=True)
class Facts:
    """A run at one moment.

    Attributes:
        streams: streams to be read.
        streams_done: those that are over, whatever became of them.
        stream: the one that is being written; None before the first and between two.
        stream_rows: records of it that have been written.
        stream_left: rows of it still to come, by NetSuite's count; None when that has not been asked.
        rows: records written, of all streams.
        seconds: since the run began.
        in_flight: requests NetSuite has not answered yet.
        limit: requests that may be in flight.
        traffic: requests that were answered.
        rate: records in a second, of late.
        seconds_left: until the present stream is over; None when nothing is known of that.
    """

    streams: int
    streams_done: int
    stream: str | None
    stream_rows: int
    stream_left: int | None
    rows: int
    seconds: float
    in_flight: int
    limit: int
    traffic: Traffic
    rate: float
    seconds_left: float | None

    @property
    def rows_per_second(self) -> float:
        """Records in a second, from the beginning on."""
        return self.rows / max(self.seconds, 0.001)


class Progress:
    """Gathers the facts in the main thread. `facts` is for one other thread, or for the same one."""

    def __init__(self, account: Account, streams: Sequence[str]) -> None:
        """Begin a run over these streams."""
        self.audits: list[StreamAudit] = []
        self._account = account
        self._streams = len(streams)
        self._began = monotonic()
        self._pace = Pace()

    def begin(self, audit: StreamAudit) -> None:
        """Take note that a stream's turn has come; its rows are counted in its audit."""
        self.audits.append(audit)

    def facts(self) -> Facts:
        """Return what is known now."""
        latest = self.audits[-1] if self.audits else None
        present = latest if latest and latest.finished is None else None
        rows, seconds = sum(audit.emitted for audit in list(self.audits)), monotonic() - self._began
        self._pace.take(seconds, rows)
        return Facts(
            streams=max(self._streams, len(self.audits)),
            streams_done=len(self.audits) - (1 if present else 0),
            stream=present.stream if present else None,
            stream_rows=present.emitted if present else 0,
            stream_left=present.left if present else None,
            rows=rows,
            seconds=seconds,
            in_flight=self._account.governor.in_flight,
            limit=self._account.governor.limit,
            traffic=self._account.netsuite.transport.traffic,
            rate=self._pace.rate,
            seconds_left=self._seconds_left(present) if present else None,
        )

    def _seconds_left(self, present: StreamAudit) -> float | None:
        """Estimate only from a time in which nothing but this stream was written."""
        if present.left is None or not self._pace.rate or present.seconds < self._pace.span:
            return None
        return present.left / self._pace.rate
