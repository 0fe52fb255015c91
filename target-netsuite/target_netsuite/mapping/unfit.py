"""How a value says that it does not fit its field."""

from __future__ import annotations

from typing import Any

from target_netsuite.errors import WRONG_TYPE, InvalidRecordError

_LONGEST = 80  # characters


class UnfitError(Exception):
    """A value does not fit; who knows its column says so in full."""

    def __init__(self, problem: str, code: str = WRONG_TYPE) -> None:
        """Take what comes after the column's name in the sentence, and what kind of fault it is."""
        super().__init__(problem)
        self.problem = problem
        self.code = code


def unfit(value: Any, wanted: str) -> UnfitError:
    """Return the error for a value that is not what is wanted, such as `date such as 2026-07-21`."""
    return UnfitError(f"is {shown(value)}, which is no {wanted}")


def shown(value: Any) -> str:
    """Return a value as it can stand in a sentence."""
    text = repr(value) if isinstance(value, (str, bool)) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def at(column: str, error: UnfitError | InvalidRecordError) -> InvalidRecordError:
    """Return the error with the column, or with the column and what is at fault in it."""
    if isinstance(error, UnfitError):
        return InvalidRecordError(column, f"`{column}` {error.problem}" if column else error.problem, error.code)
    if not error.column:  # an element of an array of single values
        return InvalidRecordError(column, f"`{column}` {error.problem}", error.code)
    path = error.column if error.column.startswith("[") else f".{error.column}"
    return InvalidRecordError(column + path, f"in `{column}`: {error.problem}", error.code)
