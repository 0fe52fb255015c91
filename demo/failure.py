"""What ends the demo with exit code 1."""

from __future__ import annotations

import re
from pathlib import Path

_LINES = 15
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class DemoError(Exception):
    """The demo did not do what it promises; the text is one for a person."""


def end_of(log: Path) -> str:
    """Return the last lines of a log and where the rest is."""
    text = _COLOUR.sub("", log.read_text(encoding="utf-8", errors="replace"))
    lines = text.splitlines()[-_LINES:]
    return "\n".join([*(f"    {line}" for line in lines), f"    (all of it is in {log})"])
