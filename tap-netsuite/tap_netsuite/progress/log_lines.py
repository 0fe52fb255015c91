"""What a log says of a run: lines with extra fields for what reads logs, and Singer's metrics."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from singer_sdk import metrics

from suitetalk import Traffic
from suitetalk.terminal.ticker import Ticker
from suitetalk.terminal.words import counted, duration, number
from tap_netsuite.progress.facts import Facts, Progress
from tap_netsuite.streams.audit import StreamAudit

logger = logging.getLogger(__name__)

_INTERVAL = 60.0  # seconds; as the SDK's counters
_FIRST_ERROR = 400
_ENDPOINT = "/services/rest"


@contextmanager
def in_a_log(progress: Progress, interval: float = _INTERVAL) -> Iterator[None]:
    """Log how far a run is, every so many seconds and at its end, however it ends."""
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
