"""Values for the `?` of a statement: bound where the account can do so, else literals in its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal

from suitetalk.errors import ErrorDetail, NetSuiteError, SuiteTalkError

Value = str | int | float | Decimal | date | datetime | None
"""What a `?` can stand for; booleans become `T` and `F`, as SuiteQL has them."""

_SQL_DATE, _SQL_TIME = "YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS"

_SHORTEST_HIDDEN = 3  # characters; shorter values say little and are in most texts

# What may hold a question mark that is no placeholder, or is one. What is not closed lasts to the end.
_PIECES = re.compile(r"""'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)|\?""", re.DOTALL)


def quoted(text: str) -> str:
    """Return a SuiteQL text literal; apostrophes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def placeholders(statement: str) -> int:
    """Return the number of placeholders; question marks in texts, names and comments are none."""
    return sum(piece == "?" for piece in _PIECES.findall(statement))


def without_comments(statement: str) -> str:
    """Return the statement with a blank for each comment, and without a semicolon at its end.

    What is left may stand in parentheses, as a comment to the end of the line could not.
    """
    plain = _PIECES.sub(lambda piece: " " if piece[0].startswith(("--", "/*")) else piece[0], statement)
    return plain.strip().rstrip("; \t\r\n")


def hidden(refusal: NetSuiteError, values: Sequence[Value]) -> NetSuiteError:
    """Return a refusal without the values of parameters, which NetSuite may repeat in its words."""
    texts = {_text(value) for value in values if value is not None}
    texts = {form for text in texts for form in (text, text.replace("'", "''")) if len(text) >= _SHORTEST_HIDDEN}
    details = tuple(
        ErrorDetail(_without(detail.message, texts), detail.code, _without(detail.path, texts))
        for detail in refusal.details
    )
    if details == refusal.details:
        return refusal
    return type(refusal)(refusal.request, refusal.status, details, advice=refusal.advice, location=refusal.location)


def check_parameters(statement: str, values: Sequence[Value]) -> None:
    """Compare the number of values with the number of placeholders.

    Raises:
        SuiteTalkError: they differ.
    """
    wanted = placeholders(statement)
    if wanted != len(values):
        raise SuiteTalkError(
            f"The statement has {wanted} placeholders (?) for {len(values)} parameters; make them agree."
        )


def bound(statement: str, values: Sequence[Value]) -> tuple[str, list[str]]:
    """Return the statement and what to send as `params`: all of it text, numbers too [section_157909186990].

    Dates are bound as text and read as dates by the statement; NULL, which has no text, stands in the statement.

    Raises:
        SuiteTalkError: a value has no form in SuiteQL.
    """
    texts: list[str] = []

    def place(value: Value) -> str:
        if value is None:
            return "NULL"
        texts.append(_text(value))
        return _as_date("?", value) if isinstance(value, date) else "?"

    return _with_values(statement, values, place), texts


def inlined(statement: str, values: Sequence[Value]) -> str:
    """Return the statement with its placeholders replaced by literals; those in texts and comments stay.

    Raises:
        SuiteTalkError: a value has no form in SuiteQL.
    """
    # Blanks keep two hyphens from becoming a comment and two texts from becoming one.
    return _with_values(statement, values, lambda value: f" {_literal(value)} ")


def _without(words: str, texts: set[str]) -> str:
    for text in sorted(texts, key=len, reverse=True):
        words = words.replace(text, "?")
    return words


def _with_values(statement: str, values: Sequence[Value], place: Callable[[Value], str]) -> str:
    remaining = iter(values)
    return _PIECES.sub(lambda piece: place(next(remaining)) if piece[0] == "?" else piece[0], statement)


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return _as_date(quoted(_text(value)), value)
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return _text(value) if is_number else quoted(_text(value))


def _as_date(text: str, value: date) -> str:
    """Return the expression that reads a text as a date; SuiteQL has no date literals [article_0824094533]."""
    return f"TO_DATE({text}, {quoted(_SQL_TIME if isinstance(value, datetime) else _SQL_DATE)})"


def _text(value: str | float | Decimal | date) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, datetime):
        return _local_time(value)
    if isinstance(value, (float, Decimal)):
        return _decimal(Decimal(str(value)))
    return str(value)


def _local_time(value: datetime) -> str:
    if value.tzinfo is not None:
        raise SuiteTalkError(
            f"{value} names a zone; give it in the account's time zone and without one, as SuiteQL compares times."
        )
    return value.isoformat(" ", "seconds")


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise SuiteTalkError(f"{value} is no number a statement can hold.")
    return format(value, "f")
