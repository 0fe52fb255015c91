"""Live line, table and figures for a person."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import unicodedata
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, TextIO

_ERASE = "\r\x1b[J"  # from the beginning of this row to the end of the screen
_UP = "\r\x1b[A"
_USUAL_COLUMNS = 80
_PATIENCE = 1.0  # seconds to wait for a last time that is still going on
_INTERVAL = 0.25  # seconds between two drawings
_BETWEEN = " | "
_DUMB = ("", "dumb")
_FOR_A_PERSON = "is_for_a_person"
FOR_A_PERSON = {_FOR_A_PERSON: True}
"""What to give as `extra` to a logger with a line below a warning that a person is to see meanwhile."""

_SPAN = 10.0  # seconds that a rate is taken over
_GAP = "  "


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


class LiveLine:
    """Draws a line below the cursor, and takes the place of the terminal for what logs.

    The cursor stays on an empty row above the line. So a log line of another program at the same terminal stays whole,
    and so does the erasing when a narrower window breaks the line into several rows. Thread-safe.
    """

    def __init__(self, terminal: TextIO) -> None:
        """Draw at a terminal; nothing before `show`."""
        self._terminal = terminal
        self._line = ""
        self._lock = threading.Lock()

    def show(self, line: str) -> None:
        """Draw a line instead of the last one; without colour, and as much of it as there is room for."""
        with self._lock:
            self._line = line
            self._draw(_ERASE)

    def end(self) -> None:
        """Erase the line for good."""
        with self._lock:
            if self._line:
                self._line = ""
                self._draw(_ERASE)

    def write(self, text: str) -> int:
        """Write above the line; text that does not end a row is left in front of it."""
        with self._lock:
            self._draw((_ERASE if self._line else "") + text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: all is written at once."""

    @property
    def columns(self) -> int:
        """Characters in a row now."""
        try:
            return os.get_terminal_size(self._terminal.fileno()).columns or _USUAL_COLUMNS
        except OSError:
            return _USUAL_COLUMNS

    def _draw(self, before: str) -> None:
        """Write, and the line below it; in the background only what has to be said."""
        line = self._line and f"\n{self._line[: self.columns - 1]}{_UP}"
        if self._line and not self._is_in_foreground():
            before, line = before.removeprefix(_ERASE), ""
        self._terminal.write(before + line)
        self._terminal.flush()

    def _is_in_foreground(self) -> bool:
        """Tell whether the terminal is ours to draw at; a job in the background has none."""
        try:
            return os.tcgetpgrp(self._terminal.fileno()) == os.getpgrp()
        except OSError:  # it is a terminal, and not the one this process belongs to
            return True


class Ticker:
    """Calls something every so many seconds, in a separate thread, while its block runs."""

    def __init__(self, call: Callable[[], object], interval: float) -> None:
        """Prepare; the first call comes after one interval, which is in seconds."""
        self._call = call
        self._interval = interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="netsuite-progress", daemon=True)

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._over.set()
        self._thread.join(_PATIENCE)

    def _repeat(self) -> None:
        # A signal that this thread took would not wake the main thread from waiting for an answer.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._over.wait(self._interval):
            self._call()


class Pace:
    """Things in a second over the last some seconds.

    Attributes:
        rate: things in a second.
        span: seconds it is taken over.
    """

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.rate = self.span = 0.0
        self._samples: deque[tuple[float, int]] = deque([(0.0, 0)])

    def take(self, seconds: float, done: int) -> None:
        """Take how many were done up to a time, which is in seconds since the beginning."""
        while len(self._samples) > 1 and self._samples[0][0] < seconds - _SPAN:
            self._samples.popleft()
        before, done_before = self._samples[0]
        self._samples.append((seconds, done))
        self.span = max(seconds - before, 0.001)
        self.rate = (done - done_before) / self.span


def text_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], to_the_right: Collection[str], colours: Mapping[str, str]
) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        head: names of the columns.
        rows: cells in the order of the columns.
        to_the_right: names of the columns whose cells end in one line.
        colours: codes of ANSI colours by the text of a cell; not used where NO_COLOR is set (no-color.org).
    """
    everything = [head, *rows]
    widths = [max(map(text_width, column)) for column in zip(*everything, strict=True)]
    for row in everything:
        yield _GAP.join(
            _in_colour(padded(cell, width, to_the_right=name in to_the_right), colours)
            for name, cell, width in zip(head, row, widths, strict=True)
        )


def padded(text: str, width: int, *, to_the_right: bool = False) -> str:
    """Return a text with blanks before or after it, as wide as this many columns of a terminal."""
    blanks = " " * (width - text_width(text))
    return blanks + text if to_the_right else text + blanks


def text_width(text: str) -> int:
    """Count the columns a terminal needs: wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(one) or unicodedata.category(one) in ("Mn", "Cf")
        else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def number(value: float) -> str:
    """Return a whole number such as 1,204,000."""
    return f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Return minutes and seconds such as 2:05, with hours where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(value: int, thing: str) -> str:
    """Return a number of things, such as 1 request or 1,300 requests."""
    return f"{number(value)} {thing}{'' if value == 1 else 's'}"


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


def _in_colour(cell: str, colours: Mapping[str, str]) -> str:
    colour = colours.get(cell.strip())
    return cell if colour is None or os.environ.get("NO_COLOR") else f"\x1b[{colour}m{cell}\x1b[0m"
