"""Showing how far a run is, at the terminal its log goes to."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from suitetalk.terminal.live_line import LiveLine
from suitetalk.terminal.ticker import Ticker

_INTERVAL = 0.25  # seconds between two drawings
_BETWEEN = " | "
_DUMB = ("", "dumb")
_FOR_A_PERSON = "is_for_a_person"

FOR_A_PERSON = {_FOR_A_PERSON: True}
"""What to give as `extra` to a logger with a line below a warning that a person is to see meanwhile."""


def is_there_a_person() -> bool:
    """Tell whether the log goes to a terminal, and nobody has asked for another form of it."""
    return sys.stderr.isatty() and "SINGER_SDK_LOG_CONFIG" not in os.environ


@contextmanager
def at_a_terminal(parts: Callable[[], Sequence[str]], level_variables: Sequence[str]) -> Iterator[None]:
    """Show how far a run is while the block goes on, below the log.

    Nothing moves where stdout goes to the terminal too, nor at one that cannot erase. Unless a log level was asked
    for, only warnings and errors are shown meanwhile; the rest says what can be seen anyway.

    Args:
        parts: returns what to say now, the most important first.
        level_variables: names of environment variables that ask for a log level.
    """
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    with ExitStack() as stack:
        if not any(os.environ.get(name) for name in level_variables):
            stack.enter_context(_without_the_rest(handlers))
        if not sys.stdout.isatty() and os.environ.get("TERM", "") not in _DUMB:
            stack.enter_context(_live(parts, handlers))
        yield


def in_one_row(parts: Sequence[str], columns: int) -> str:
    """Return what fits into a row of so many characters; what finds no room is left out."""
    line, *rest = parts
    for part in rest:
        longer = f"{line}{_BETWEEN}{part}"
        line = longer if len(longer) < columns else line
    return line


@contextmanager
def _without_the_rest(handlers: list[logging.StreamHandler[Any]]) -> Iterator[None]:
    for handler in handlers:
        handler.addFilter(_is_for_a_person)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(_is_for_a_person)


def _is_for_a_person(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or hasattr(record, _FOR_A_PERSON)


@contextmanager
def _live(parts: Callable[[], Sequence[str]], handlers: list[logging.StreamHandler[Any]]) -> Iterator[None]:
    terminal = sys.stderr
    live = LiveLine(terminal)
    for handler in handlers:
        handler.setStream(live)
    try:
        with Ticker(lambda: live.show(in_one_row(parts(), live.columns)), _INTERVAL):
            yield
    finally:
        live.end()
        for handler in handlers:
            handler.setStream(terminal)
