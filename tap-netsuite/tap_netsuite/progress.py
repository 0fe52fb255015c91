"""What is known of a run, and who is shown it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import monotonic
from typing import Any, TextIO

from singer_sdk import metrics

from suitetalk import IncompleteResultError, Traffic
from suitetalk import terminal as live
from suitetalk.report import Ending, RunReport, Table, Watch
from suitetalk.terminal import Pace, Ticker, counted, duration, is_there_a_person, number, text_table
from suitetalk.values import iso
from tap_netsuite.account import Account

_LEAST_SECONDS = 0.1
logger = logging.getLogger(__name__)
_INTERVAL = 60.0  # seconds; as the SDK's counters
_FIRST_ERROR = 400
_ENDPOINT = "/services/rest"
_HEAD = ("Stream", "Method", "Rows", "Counted", "Result", "Seconds", "Rows/s")
_TO_THE_RIGHT = ("Rows", "Counted", "Seconds", "Rows/s")
_COLOURS = {"complete": "32", "not counted": "33", "not finished": "33", "gap": "31", "failed": "31"}
_LEVEL_VARIABLES = ("TAP_NETSUITE_LOGLEVEL", "LOGLEVEL")
_REPORT_HEAD = (
    "Stream", "Proof", "Rows", "Counted by NetSuite", "Seconds", "Rows/s", "Method", "Deletions", "What went wrong",
)  # fmt: skip
_NUMBERS = ("Rows", "Counted by NetSuite", "Seconds", "Rows/s")
_NOT_BEGUN = "not begun"
_KINDS = {
    "complete": "good", "not counted": "warn", "not finished": "warn", _NOT_BEGUN: "warn", "gap": "bad",
    "failed": "bad",
}  # fmt: skip


@dataclass
class StreamAudit:
    """What is known of one stream of a run.

    Attributes:
        stream: its name.
        started: when the run began.
        replication_method: how it was read.
        emitted: records written.
        counted: rows that NetSuite counts; None when it was not asked, or has not answered yet.
        has_gap: whether some of these did not come; rows that came twice would hide them in the counts.
        error: why it could not be read, or not in full.
        deletions: how what is gone from NetSuite was passed on, empty while that is not known.
        left: rows still to come, as far as NetSuite has counted them; None when it has not.
        began: when its turn came to be written, on the clock that `seconds` is measured with.
        finished: when it was over, likewise; None before.
    """

    stream: str
    started: datetime
    replication_method: str
    emitted: int = 0
    counted: int | None = None
    has_gap: bool = False
    error: Exception | None = None
    left: int | None = None
    deletions: str = ""
    began: float = field(default_factory=monotonic)
    finished: float | None = None

    @property
    def result(self) -> str:
        """How it ended: complete, gap, failed, or not counted; not finished, as long as it has not."""
        if self.error:
            return "gap" if isinstance(self.error.__cause__, IncompleteResultError) else "failed"
        if self.finished is None:
            return "not finished"
        if self.counted is None:
            return "not counted"
        return "gap" if self.has_gap or self.counted > self.emitted else "complete"

    @property
    def seconds(self) -> float:
        """How long it has been written; what was read before its turn came takes next to no time."""
        return (self.finished or monotonic()) - self.began

    @property
    def rows_per_second(self) -> float | None:
        """Records written in a second; None where it took too little time to say."""
        return self.emitted / self.seconds if self.seconds >= _LEAST_SECONDS else None

    def record(self) -> dict[str, Any]:
        """Return it as a record of the stream `_audit`."""
        return {
            "stream": self.stream,
            "run_started_at": iso(self.started),
            "finished_at": iso(datetime.now(timezone.utc)),
            "replication_method": self.replication_method,
            "rows_emitted": self.emitted,
            "rows_counted": self.counted,
            "result": self.result,
            "deletions": self.deletions or None,
            "message": str(self.error) if self.error else None,
        }


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
        self.names = tuple(streams)
        self._account = account
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
            streams=max(len(self.names), len(self.audits)),
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


@contextmanager
def in_a_log(progress: Progress, interval: float = _INTERVAL) -> Iterator[None]:
    """Log how far a run is, every few seconds and at its end, however it ends."""
    requests = _RequestMetrics()

    def log_progress() -> None:
        facts = progress.facts()
        logger.info("Progress: %s", _sentence(facts), extra=_fields(facts))
        requests.log(facts.traffic)

    try:
        with Ticker(log_progress, interval):
            yield
    finally:
        facts = progress.facts()
        if facts.stream:
            log_stream(progress.audits[-1])
        requests.log(facts.traffic)
        logger.info("End of the run: %s", _sentence(facts), extra=_fields(facts))


def log_stream(audit: StreamAudit) -> None:
    """Log what became of a stream."""
    counted_by_netsuite = "was not asked" if audit.counted is None else f"counts {audit.counted}"
    if audit.counted is not None and audit.finished is None:
        counted_by_netsuite = f"has been asked about {audit.counted} of them"
    logger.log(
        logging.INFO if audit.result in ("complete", "not counted") else logging.WARNING,
        "%s: %d records read, NetSuite %s: %s, after %.1f seconds",
        audit.stream,
        audit.emitted,
        counted_by_netsuite,
        audit.result,
        audit.seconds,
        extra={
            "stream_name": audit.stream,
            "netsuite_replication_method": audit.replication_method,
            "netsuite_rows_emitted": audit.emitted,
            "netsuite_rows_counted": audit.counted,
            "netsuite_result": audit.result,
            "netsuite_seconds": round(audit.seconds, 3),
            "netsuite_rows_per_second": audit.rows_per_second and round(audit.rows_per_second, 1),
        },
    )


def _sentence(facts: Facts) -> str:
    traffic = facts.traffic
    parts = [f"{facts.streams_done} of {counted(facts.streams, 'stream')}", counted(facts.rows, "row")]
    if facts.stream:
        left = "" if facts.stream_left is None else f" of {number(facts.stream_rows + facts.stream_left)}"
        parts.append(f"{facts.stream} at {number(facts.stream_rows)}{left}")
        parts.append(f"{number(facts.rate)} rows/s of late")
        parts.append(f"{facts.in_flight} of {facts.limit} requests in flight")
    if facts.seconds_left is not None:
        parts.append(f"about {duration(facts.seconds_left)} left of this stream")
    parts.append(f"{counted(traffic.total, 'request')}, {number(traffic.throttled)} throttled")
    parts.append(f"{facts.seconds:.1f} seconds")
    return ", ".join(parts)


def _fields(facts: Facts) -> dict[str, object]:
    fields: dict[str, object] = {
        "streams": facts.streams,
        "streams_done": facts.streams_done,
        "rows": facts.rows,
        "seconds": round(facts.seconds, 3),
        "rows_per_second": round(facts.rows_per_second, 1),
        "requests": facts.traffic.total,
        "throttled": facts.traffic.throttled,
        "concurrency_limit": facts.limit,
        "requests_in_flight": facts.in_flight,
    }
    if facts.stream:
        fields["stream_rows"] = facts.stream_rows
        fields["stream_rows_left"] = facts.stream_left
        fields["seconds_left"] = None if facts.seconds_left is None else round(facts.seconds_left)
        fields["rows_per_second_of_late"] = round(facts.rate, 1)
    prefixed = {f"netsuite_{name}": value for name, value in fields.items()}
    return {**prefixed, "stream_name": facts.stream} if facts.stream else prefixed


class _RequestMetrics:
    """Singer's metrics of the requests of a run, by HTTP status; streams share them, so none is named.

    One request brings a thousand rows, and a metric for each would be most of the log.
    """

    def __init__(self) -> None:
        self._logged = Traffic({}, {})

    def log(self, traffic: Traffic) -> None:
        """Log how many were answered since the last time, and how many seconds one took on average."""
        for status, so_far in traffic.requests.items():
            requests = so_far - self._logged.requests.get(status, 0)
            if not requests:
                continue
            seconds = traffic.seconds[status] - self._logged.seconds.get(status, 0.0)
            _log_metric("counter", metrics.Metric.HTTP_REQUEST_COUNT, requests, status)
            _log_metric("timer", metrics.Metric.HTTP_REQUEST_DURATION, seconds / requests, status)
        self._logged = traffic


def _log_metric(kind: str, metric: metrics.Metric, value: float, http_status: int) -> None:
    is_answer = 0 < http_status < _FIRST_ERROR
    tags = {
        metrics.Tag.ENDPOINT.value: _ENDPOINT,
        metrics.Tag.HTTP_STATUS_CODE.value: http_status,
        metrics.Tag.STATUS.value: (metrics.Status.SUCCEEDED if is_answer else metrics.Status.FAILED).value,
    }
    metrics.log(metrics.get_metrics_logger(), metrics.Point(kind, metric, value, tags))


def write_summary(audits: Sequence[StreamAudit], facts: Facts, output: TextIO) -> None:
    """Write what became of each stream whose turn came, and of the run; nothing if there was none."""
    if not audits:
        return
    rows = [_row(audit) for audit in audits]
    output.writelines(f"{line}\n" for line in text_table(_HEAD, rows, _TO_THE_RIGHT, _COLOURS))
    output.write(f"{_totals(facts)}\n")
    output.flush()


def _row(audit: StreamAudit) -> tuple[str, ...]:
    return (
        audit.stream,
        audit.replication_method,
        number(audit.emitted),
        "-" if audit.counted is None else number(audit.counted),
        audit.result,
        f"{audit.seconds:.1f}",
        "-" if audit.rows_per_second is None else number(audit.rows_per_second),
    )


def _totals(facts: Facts) -> str:
    traffic = facts.traffic
    return (
        f"{facts.streams_done} of {counted(facts.streams, 'stream')}, {counted(facts.rows, 'row')}, "
        f"{counted(traffic.total, 'request')}, {number(traffic.throttled)} throttled, "
        f"{facts.seconds:.1f} seconds, {number(facts.rows_per_second)} rows/s"
    )


@contextmanager
def at_a_terminal(progress: Progress) -> Iterator[None]:
    """Show how far a run is, below the log, and a table at its end, however it ends."""
    try:
        with live.at_a_terminal(lambda: line_parts(progress.facts()), _LEVEL_VARIABLES):
            yield
    finally:
        write_summary(progress.audits, progress.facts(), sys.stderr)


def line_parts(facts: Facts) -> list[str]:
    """Return what the live line says; the most important comes first, and what finds no room is left out."""
    parts = [f"{facts.streams_done}/{facts.streams} streams"]
    if facts.stream:
        of = "" if facts.stream_left is None else f" of {number(facts.stream_rows + facts.stream_left)}"
        parts.append(f"{facts.stream} {number(facts.stream_rows)}{of}")
    parts.append(f"{number(facts.rate)} rows/s")
    if facts.seconds_left is not None:
        whole = facts.streams_done + 1 == facts.streams
        parts.append(f"{duration(facts.seconds_left)} left{'' if whole else ' of this stream'}")
    parts.append(f"{facts.in_flight}/{facts.limit} requests")
    if facts.traffic.throttled:
        parts.append(f"throttled {number(facts.traffic.throttled)}x")
    parts.append(f"{number(facts.rows)} rows in all")
    parts.append(f"{duration(facts.seconds)} so far")
    return parts


def run_report(progress: Progress | None, watch: Watch, ending: Ending) -> RunReport:
    """Return what the report of a run says; `progress` is None while nobody knows which streams there are."""
    audits = list(progress.audits) if progress else []
    begun = {audit.stream for audit in audits}
    rows = [_report_row(audit) for audit in audits]
    waiting = [name for name in progress.names if name not in begun] if progress else []
    rows += [(name, _NOT_BEGUN, *["-"] * 6, "") for name in waiting]
    chart = watch.chart()
    figures = [
        ("streams", f"{number(sum(audit.finished is not None for audit in audits))} of {number(len(rows))}"),
        ("rows", number(sum(audit.emitted for audit in audits))),
        ("requests", number(sum(moment.answered for moment in chart.moments))),
        ("429", number(sum(moment.blocked for moment in chart.moments))),
        ("took", duration(watch.seconds)),
    ]
    note = (
        "Proof compares the rows that were written with NetSuite's own count: a gap means that rows are missing, and "
        "not counted that NetSuite was not asked or gave no count."
    )
    streams = Table(
        "Streams",
        _REPORT_HEAD,
        rows,
        _NUMBERS,
        _KINDS,
        below=_REPORT_HEAD[-1],
        note=note,
        empty="The run ended before any stream was known.",
    )
    return RunReport("tap-netsuite", watch.started, ending, figures, [streams, chart, watch.slowest()])


def _report_row(audit: StreamAudit) -> tuple[str, ...]:
    stream, method, rows, counted_rows, result, seconds, rate = _row(audit)
    return (
        stream, result, rows, counted_rows, seconds, rate, method, audit.deletions or "-", str(audit.error or ""),
    )  # fmt: skip


def shown(progress: Progress) -> AbstractContextManager[None]:
    """Show a run while the block goes on: at a terminal to a person, else in the log."""
    return at_a_terminal(progress) if is_there_a_person() else in_a_log(progress)
