"""Statements about many values at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from suitetalk import quoted

MOST_VALUES = 1000
"""Most arguments of IN [article_0824094533]."""

Value = TypeVar("Value")


def in_parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Yield values in lists that IN can hold, in order, each value once."""
    different = list(dict.fromkeys(values))
    for start in range(0, len(different), MOST_VALUES):
        yield different[start : start + MOST_VALUES]


def is_number(text: str) -> bool:
    """Tell whether an id is written in digits, and so can stand in a statement bare."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal()


def among(column: str, values: Sequence[str]) -> str:
    """Return the condition that a text column is one of some values."""
    return f"{column} IN ({', '.join(map(quoted, values))})"


def among_ids(ids: Sequence[str]) -> str:
    """Return the condition that the internal id is one of some; ids are numbers in nearly all tables."""
    return f"id IN ({', '.join(one if is_number(one) else quoted(one) for one in ids)})"


def both(*conditions: str) -> str:
    """Join conditions by AND, leaving out empty ones."""
    return " AND ".join(condition for condition in conditions if condition)
