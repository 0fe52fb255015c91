"""The table a person sees when a run is over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TextIO

from tap_netsuite.progress.facts import Facts
from tap_netsuite.progress.words import counted, number
from tap_netsuite.streams.audit import StreamAudit

_HEAD = ("Stream", "Method", "Rows", "Counted", "Result", "Seconds", "Rows/s")
_TO_THE_RIGHT = ("Rows", "Counted", "Seconds", "Rows/s")
_COLOURS = {"complete": "32", "not counted": "33", "not finished": "33", "gap": "31", "failed": "31"}


def write_summary(audits: Sequence[StreamAudit], facts: Facts, output: TextIO) -> None:
    """Write what became of each stream whose turn came, and of the run; nothing if there was none."""
    if not audits:
        return
    rows = [_HEAD, *map(_row, audits)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    output.writelines(f"{_line(row, widths)}\n" for row in rows)
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


def _line(row: Iterable[str], widths: Iterable[int]) -> str:
    cells = zip(_HEAD, row, widths, strict=True)
    return "  ".join(
        _in_colour(f"{cell:{'>' if head in _TO_THE_RIGHT else '<'}{width}}") for head, cell, width in cells
    )


def _in_colour(cell: str) -> str:
    """Return the cell as it is, or in a colour where it is a result and colours are welcome (no-color.org)."""
    colour = _COLOURS.get(cell.strip())
    return cell if colour is None or os.environ.get("NO_COLOR") else f"\x1b[{colour}m{cell}\x1b[0m"


def _totals(facts: Facts) -> str:
    traffic = facts.traffic
    return (
        f"{facts.streams_done} of {counted(facts.streams, 'stream')}, {counted(facts.rows, 'row')}, "
        f"{counted(traffic.total, 'request')}, {number(traffic.throttled)} throttled, "
        f"{facts.seconds:.1f} seconds, {number(facts.rows_per_second)} rows/s"
    )
