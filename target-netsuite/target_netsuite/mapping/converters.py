"""Values as the record service takes them, by the kinds of the catalog [section_157305090645]."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from target_netsuite.mapping.documents import cleaned
from target_netsuite.mapping.unfit import UnfitError, unfit

Convert = Callable[[Any], Any]
"""Turns a value, never None, into what is sent; raises UnfitError."""

_DAY = "date such as 2026-07-21"
_MOMENT = "date-time such as 2026-07-21T17:32:28Z"
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def unchanged(value: Any) -> Any:
    """Return a value of no known kind as it is, without what only answers have.

    Raises:
        UnfitError: it is a number that JSON has no form for.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (float, Decimal)) and not math.isfinite(value):
        raise unfit(value, "number JSON can carry")
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else cleaned(value)


def text(value: Any) -> str:
    """Return a text; numbers and dates are written out.

    Raises:
        UnfitError: it is no single value, or a boolean.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise unfit(value, "text")
    number(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def integer(value: Any) -> int:
    """Return a whole number, also one written as text or as 7.0.

    Raises:
        UnfitError: it is none.
    """
    found = number(value)
    if found != int(found):
        raise unfit(value, "whole number")
    return int(found)


def number(value: Any) -> int | float | Decimal:
    """Return a number with all its digits, also one written as text.

    Raises:
        UnfitError: it is none.
    """
    if isinstance(value, str):
        return _read(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        raise unfit(value, "number")
    return value


def boolean(value: Any) -> bool:
    """Return true or false, also from T and F, yes and no, 1 and 0.

    Raises:
        UnfitError: it is none of these.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)) and value in (0, 1):
        return bool(value)
    found = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise unfit(value, "boolean such as true or false")
    return found


def day(value: Any) -> str:
    """Return a date; of a date-time its date as it is written, whatever its zone.

    Raises:
        UnfitError: it is neither.
    """
    if isinstance(value, str):
        value = _parsed(value, _DAY)
    if not isinstance(value, date):
        raise unfit(value, _DAY)
    return date(value.year, value.month, value.day).isoformat()


def moment(value: Any) -> str:
    """Return a point in time in UTC; one without a zone is taken for UTC, parts of a second are cut.

    Raises:
        UnfitError: it is none.
    """
    if isinstance(value, str):
        value = _parsed(value, _MOMENT)
    if not isinstance(value, date):
        raise unfit(value, _MOMENT)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - it is given its zone below
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    try:
        utc = aware.astimezone(timezone.utc)
    except OverflowError:
        raise UnfitError(f"is {value}, which lies outside the calendar in UTC") from None
    return f"{utc.replace(tzinfo=None, microsecond=0).isoformat()}Z"


BY_KIND: dict[str, Convert] = {
    "text": text,
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "date": day,
    "date-time": moment,
}
"""Converters of kinds that need nothing but the value."""


def _read(value: str) -> int | Decimal:
    digits = value.strip()
    if _WHOLE_NUMBER.fullmatch(digits):
        return int(digits)
    if _NUMBER.fullmatch(digits):
        return Decimal(digits)
    raise unfit(value, "number")


def _parsed(value: str, wanted: str) -> datetime:
    # Python 3.10 reads the same texts as later versions, since singer_sdk brings a backport of fromisoformat.
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise unfit(value, wanted) from None
