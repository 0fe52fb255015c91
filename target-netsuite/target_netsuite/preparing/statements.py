"""Statements over many values, and their refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from suitetalk import InvalidRequestError, NetSuiteError, PermissionDeniedError, quoted

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


WORKBOOK = "Reports > SuiteAnalytics Workbook"
"""The permission that SuiteQL and lists need [article_5085602973]."""

_UNKNOWN = re.compile(r"Unknown identifier '([^']+)'")
_NO_TABLE = re.compile(r"Invalid search type|Record .* was not found")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def is_word(name: str) -> bool:
    """Tell whether a name may stand in a statement as a table or column."""
    return _WORD.fullmatch(name) is not None


def unknown_column(refusal: NetSuiteError) -> str:
    """Return the column that NetSuite says it does not know, in lower case; empty when it names none."""
    found = _UNKNOWN.search(refusal.detail)
    return found[1].lower().rpartition(".")[2] if found else ""


def is_about_table(refusal: NetSuiteError) -> bool:
    """Tell whether the role cannot read the table at all, or there is none, so that no statement on it fares better."""
    return isinstance(refusal, PermissionDeniedError) or _NO_TABLE.search(refusal.detail) is not None


def is_about_statement(refusal: NetSuiteError) -> bool:
    """Tell whether NetSuite refused what the statement says, in whole or in part; another statement may pass."""
    return isinstance(refusal, InvalidRequestError)
