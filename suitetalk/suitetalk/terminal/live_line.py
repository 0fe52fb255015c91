"""One line at a terminal that is drawn anew in place, with log lines above it."""

from __future__ import annotations

import os
import threading
from typing import TextIO

_ERASE = "\r\x1b[J"  # from the beginning of this row to the end of the screen
_UP = "\r\x1b[A"
_USUAL_COLUMNS = 80


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
