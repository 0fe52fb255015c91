"""What a person at a terminal sees while a run goes on, and at its end."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tap_netsuite.progress.facts import Facts, Progress
from tap_netsuite.progress.live_line import LiveLine
from tap_netsuite.progress.summary import write_summary
from tap_netsuite.progress.ticker import Ticker
from tap_netsuite.progress.words import duration, number

_INTERVAL = 0.25  # seconds between two drawings
_BETWEEN = " | "
_LEVEL_VARIABLES = ("TAP_NETSUITE_LOGLEVEL", "LOGLEVEL")
_DUMB = ("", "dumb")


def is_there_a_person() -> bool:
    """Tell whether the log goes to a terminal, and nobody has asked for another form of it."""
    return sys.stderr.isatty() and "SINGER_SDK_LOG_CONFIG" not in os.environ


@contextmanager
def at_a_terminal(progress: Progress) -> Iterator[None]:
    """Show how far a run is, below the log, and a table at its end, however it ends.

    Nothing moves where the records go to the terminal too, nor at one that cannot erase. Unless a log level was asked
    for, only warnings and errors are shown meanwhile; the rest says what can be seen anyway.
    """
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    with ExitStack() as stack:
        stack.callback(lambda: write_summary(progress.audits, progress.facts(), sys.stderr))
        if not any(os.environ.get(name) for name in _LEVEL_VARIABLES):
            stack.enter_context(_only_warnings(handlers))
        if not sys.stdout.isatty() and os.environ.get("TERM", "") not in _DUMB:
            stack.enter_context(_live(progress, handlers))
        yield


def in_one_line(facts: Facts, columns: int) -> str:
    """Return what fits into a row; the most important comes first, and what finds no room is left out."""
    line, *rest = _parts(facts)
    for part in rest:
        longer = f"{line}{_BETWEEN}{part}"
        line = longer if len(longer) < columns else line
    return line


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


@contextmanager
def _only_warnings(handlers: list[logging.StreamHandler[Any]]) -> Iterator[None]:
    levels = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(max(handler.level, logging.WARNING))
    try:
        yield
    finally:
        for handler, level in zip(handlers, levels, strict=True):
            handler.setLevel(level)


@contextmanager
def _live(progress: Progress, handlers: list[logging.StreamHandler[Any]]) -> Iterator[None]:
    terminal = sys.stderr
    live = LiveLine(terminal)
    for handler in handlers:
        handler.setStream(live)
    try:
        with Ticker(lambda: live.show(in_one_line(progress.facts(), live.columns)), _INTERVAL):
            yield
    finally:
        live.end()
        for handler in handlers:
            handler.setStream(terminal)
