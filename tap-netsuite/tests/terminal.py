"""A terminal for a process to write to, and what a person would see there."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from tests.tap_runs import COMMAND, PATIENCE

_PIECE = re.compile(r"\x1b\[J|\x1b\[A|\x1b\[\d+m|\r|\n|[^\x1b\r\n]+")


def screen(said: str) -> list[str]:
    """Return the rows of a screen, as wide as it takes, after all this was written; colours are left out."""
    rows, row, column = [""], 0, 0
    for piece in _PIECE.findall(said):
        if piece == "\r":
            column = 0
        elif piece == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif piece == "\x1b[A":
            row -= 1
        elif piece == "\x1b[J":
            rows[row:] = [rows[row][:column]]
        elif not piece.startswith("\x1b"):
            rows[row] = rows[row][:column].ljust(column) + piece + rows[row][column + len(piece) :]
            column += len(piece)
    return rows


class AtATerminal(subprocess.Popen[bytes]):
    """The tap with a terminal for its log, as wide as is said; `records` is where stdout goes, None for there too."""

    def __init__(
        self, arguments: list[str], records: Any, *, columns: int = 200, environment: Mapping[str, str] | None = None
    ) -> None:
        self._terminal, terminal_of_tap = pty.openpty()
        self.resize(columns)
        self.said = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LOGLEVEL")}
        super().__init__(
            [*COMMAND, *arguments],
            stdout=terminal_of_tap if records is None else records,
            stderr=terminal_of_tap,
            env={**kept, "TERM": "xterm", **(environment or {})},
        )
        os.close(terminal_of_tap)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        os.close(self._terminal)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))

    def read_until(self, seen: Callable[[str], object]) -> None:
        """Read what is written from now on until it holds something, or to the end."""
        begun = len(self.said)
        while not seen(self.said[begun:]) and self._read():
            pass

    def finished(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self.wait(PATIENCE)

    def _read(self) -> bool:
        try:
            read = os.read(self._terminal, 65536)
        except OSError:  # Linux's way of saying that nobody writes any more
            return False
        self.said += self._decoder.decode(read)
        return bool(read)
