"""What a person at a terminal sees while a run goes on, and at its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from suitetalk.terminal import live
from suitetalk.terminal.words import duration, number
from tap_netsuite.progress.facts import Facts, Progress
from tap_netsuite.progress.summary import write_summary

_LEVEL_VARIABLES = ("TAP_NETSUITE_LOGLEVEL", "LOGLEVEL")


@contextmanager
def at_a_terminal(progress: Progress) -> Iterator[None]:
    """Show how far a run is, below the log, and a table at its end, however it ends."""
    try:
        with live.at_a_terminal(lambda: _parts(progress.facts()), _LEVEL_VARIABLES):
            yield
    finally:
        write_summary(progress.audits, progress.facts(), sys.stderr)


def in_one_line(facts: Facts, columns: int) -> str:
    """Return what fits into a row; the most important comes first, and what finds no room is left out."""
    return live.in_one_row(_parts(facts), columns)


def _parts(facts: Facts) -> list[str]:
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
