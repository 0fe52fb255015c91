"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(str, Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        check: what was looked at, such as `token` or `customer`.
        outcome: how it ended.
        text: what was found.
        remedy: what to do, empty when nothing needs doing.
    """

    check: str
    outcome: Outcome
    text: str
    remedy: str = ""


def ok(check: str, text: str) -> Finding:
    """Return a check that ended well."""
    return Finding(check, Outcome.OK, text)


def warning(check: str, text: str, remedy: str = "") -> Finding:
    """Return a check that found something to look at."""
    return Finding(check, Outcome.WARNING, text, remedy)


def failed(check: str, text: str, remedy: str = "") -> Finding:
    """Return a check that found what will not work."""
    return Finding(check, Outcome.FAILED, text, remedy)


def unknown(check: str, text: str, remedy: str = "") -> Finding:
    """Return a check that could not be made."""
    return Finding(check, Outcome.UNKNOWN, text, remedy)
