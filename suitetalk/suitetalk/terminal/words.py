"""Figures as a person reads them."""

from __future__ import annotations


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
