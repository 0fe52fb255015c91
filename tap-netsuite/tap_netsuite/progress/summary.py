"""The table a person sees when a run is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from suitetalk.terminal.text_table import text_table
from suitetalk.terminal.words import counted, number
from tap_netsuite.progress.facts import Facts
from tap_netsuite.streams.audit import StreamAudit

_HEAD = ("Stream", "Method", "Rows", "Counted", "Result", "Seconds", "Rows/s")
_TO_THE_RIGHT = ("Rows", "Counted", "Seconds", "Rows/s")
_COLOURS = {"complete": "32", "not counted": "33", "not finished": "33", "gap": "31", "failed": "31"}


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
