"""How far, to a log or a person."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from suitetalk import Governor, Traffic
from suitetalk.report import Chart, Ending, RunReport, Table, Watch
from suitetalk.terminal import Pace, Ticker, at_a_terminal, counted, duration, is_there_a_person, number, text_table
from target_netsuite.intents import Outcome
from target_netsuite.reporting.report import INVALID, REJECTED, Report, as_line

logger = logging.getLogger(__name__)

_INTERVAL = 60.0  # seconds; as the SDK's counters
_LEVEL_VARIABLES = ("TARGET_NETSUITE_LOGLEVEL", "LOGLEVEL")
_STREAM = "Stream"
_HEADS = {  # count -> what stands above it, in a run and in a dry run
    Outcome.CREATED.value: ("Created", "Would create"),
    Outcome.UPDATED.value: ("Updated", "Would update"),
    Outcome.UPSERTED.value: ("Upserted", "Would upsert"),
    Outcome.UNCHANGED.value: ("Unchanged", "Unchanged"),
    Outcome.DELETED.value: ("Deleted", "Would delete"),
    Outcome.ALREADY_GONE.value: ("Already gone", "Already gone"),
    Outcome.INACTIVATED.value: ("Inactivated", "Would inactivate"),
    INVALID: ("Invalid", "Invalid"),
    REJECTED: ("Rejected", "Rejected"),
}
_ONLY_WHERE_THERE_ARE_ANY = (Outcome.UPSERTED.value, Outcome.ALREADY_GONE.value, Outcome.INACTIVATED.value)
_REASON = ("Stream", "Stage", "Status", "Code", "Field", "Example", "What to do")


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


def shown(progress: Progress) -> AbstractContextManager[None]:
    """Show a run while the block goes on, and what came of it, however it ends."""
    return _to_a_person(progress) if is_there_a_person() else _in_a_log(progress)


def summary_table(streams: Mapping[str, Mapping[str, int]], *, dry_run: bool) -> list[str]:
    """Return the lines of a table of the counts of each stream; none without streams."""
    if not streams:
        return []
    head, rows = _counts_table(streams, dry_run=dry_run)
    return list(text_table(head, rows, head[1:], {}))


def _counts_table(streams: Mapping[str, Mapping[str, int]], *, dry_run: bool) -> tuple[list[str], list[list[str]]]:
    names = [
        name
        for name in _HEADS
        if name not in _ONLY_WHERE_THERE_ARE_ANY or any(counts[name] for counts in streams.values())
    ]
    head = [_STREAM, *(_HEADS[name][dry_run] for name in names)]
    return head, [[stream, *(number(counts[name]) for name in names)] for stream, counts in streams.items()]


def run_report(report: Report, watch: Watch, ending: Ending) -> RunReport:
    """Return what the report of a run says: what the log says of it, in order."""
    head, rows = _counts_table(report.counts(), dry_run=report.dry_run)
    chart = watch.chart()
    figures = [
        ("records read", number(report.read)),
        ("settled", number(report.settled)),
        ("refused", number(report.refused)),
        ("requests", number(sum(moment.answered for moment in chart.moments))),
        ("429", number(sum(moment.blocked for moment in chart.moments))),
        ("took", duration(watch.seconds)),
    ]
    title = "target-netsuite, dry run: nothing was written" if report.dry_run else "target-netsuite"
    parts: list[Table | Chart] = [
        Table("Streams", head, rows, head[1:], empty="No record came."),
        *_refused_tables(report),
        *_differences_table(report),
        chart,
        watch.slowest(),
    ]
    return RunReport(title, watch.started, ending, figures, parts)


def _refused_tables(report: Report) -> Iterator[Table]:
    reasons, lines = report.reasons(), report.refused_lines()
    yield Table(
        "Refused records by reason",
        ("Records", *_REASON),
        [(number(reason.count), *_reason(reason.example)) for reason in reasons],
        ("Records",),
    )
    shown = f"These are the first {number(len(lines))} of {number(report.refused)}; the file of `rejects` has all."
    yield Table(
        "Refused records",
        ("Stream", "Record", "Key", "Operation", "Code", "Field", "Message"),
        [
            (
                line["stream"], line.get("record", ""), as_line(line.get("key", {})), line.get("operation", ""),
                line.get("code", ""), line.get("path", ""), line.get("message", ""),
            )
            for line in lines
        ],
        ("Record",),
        note=shown if report.refused > len(lines) else "",
    )  # fmt: skip


def _reason(line: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("stream", "stage", "status", "code", "path", "message", "advice")
    return tuple(line.get(name, "") for name in names)


def _differences_table(report: Report) -> Iterator[Table]:
    if not report.dry_run:
        return
    lines, total = report.differences()
    shown = f"These are {number(len(lines))} of {number(total)}; set `differences` to a file for all."
    yield Table(
        "What would change",
        ("Stream", "Key", "Outcome", "Field", "Before", "After"),
        [
            (
                line["stream"], as_line(line["key"]), Outcome(line["outcome"]).value if line["outcome"] else "",
                line.get("path", ""), _value(line, "before"), _value(line, "after"),
            )
            for line in lines
        ],
        note=shown if total > len(lines) else "",
        empty="Nothing would change.",
    )  # fmt: skip


def _value(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    return "" if value is None else value if isinstance(value, str) else as_line(value)


@contextmanager
def _to_a_person(progress: Progress) -> Iterator[None]:
    report = progress.report
    try:
        with at_a_terminal(lambda: progress.facts().parts(), _LEVEL_VARIABLES):
            yield
    finally:
        lines = summary_table(report.counts(), dry_run=report.dry_run)
        if lines:
            sys.stderr.writelines(f"{line}\n" for line in (*lines, progress.facts().sentence()))
            sys.stderr.flush()


@contextmanager
def _in_a_log(progress: Progress) -> Iterator[None]:
    def log_progress() -> None:
        facts = progress.facts()
        logger.info("Progress: %s", facts.sentence(), extra=facts.fields())

    try:
        with Ticker(log_progress, _INTERVAL):
            yield
    finally:
        facts = progress.facts()
        logger.info("End of the run: %s", facts.sentence(), extra=facts.fields())
