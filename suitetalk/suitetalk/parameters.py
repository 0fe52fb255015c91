"""Values for the `?` of a statement, put into its text where the account cannot bind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from suitetalk.errors import SuiteTalkError

Value = str | int | float | Decimal | None

# What may hold a question mark that is no placeholder, or is one.
_PIECES = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\?", re.DOTALL)


def quoted(text: str) -> str:
    """Return a SuiteQL text literal; apostrophes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def check_parameters(statement: str, values: Sequence[Value]) -> None:
    """Compare the number of values with the number of placeholders.

    Raises:
        SuiteTalkError: they differ.
    """
    wanted = sum(piece == "?" for piece in _PIECES.findall(statement))
    if wanted != len(values):
        raise SuiteTalkError(
            f"The statement has {wanted} placeholders (?) for {len(values)} parameters; make them agree."
        )


def bound_form(values: Sequence[Value]) -> list[str | None]:
    """Return the values as `params` has them: numbers as text [section_157909186990]."""
    return [None if value is None else _text(value) for value in values]


def inlined(statement: str, values: Sequence[Value]) -> str:
    """Return the statement with its placeholders replaced by literals; those in texts and comments stay."""
    remaining = iter(values)
    return _PIECES.sub(lambda piece: _literal(next(remaining)) if piece[0] == "?" else piece[0], statement)


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _text(value)
    return quoted(_text(value))


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, (float, Decimal)):
        text = format(Decimal(str(value)), "f")
        if not Decimal(str(value)).is_finite():
            raise SuiteTalkError(f"{value} is no number a statement can hold.")
        return text
    return str(value)
