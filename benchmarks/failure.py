"""What keeps a measurement from being made."""

from __future__ import annotations

from pathlib import Path

_LAST_LINES = 15


class BenchmarkError(Exception):
    """Something could not be measured; the message says what and why."""


class NotInstalledError(BenchmarkError):
    """A peer's packages could not be installed, so there is nothing to compare with."""


def end_of(log: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
