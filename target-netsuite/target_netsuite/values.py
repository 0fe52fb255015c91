"""Single values, as NetSuite's record service writes them."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from typing import Any

from target_netsuite.errors import WRONG_TYPE, InvalidRecordError


def to_netsuite(column: str, value: Any, form: str | None) -> Any:
    """Return a value as it goes into a request.

    Dates become `YYYY-MM-DD` and points in time `YYYY-MM-DDTHH:MM:SSZ` in UTC [section_157305090645]; a point in
    time without a zone is taken for UTC, parts of a second are cut. All else stays as it is.

    Args:
        column: where it comes from.
        value: as the record has it.
        form: `date`, `date-time` or None.

    Raises:
        InvalidRecordError: it cannot be written so.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRecordError(column, f"`{column}` is {value}, which is no number JSON can carry", WRONG_TYPE)
    if isinstance(value, str) and form:
        value = _parsed(column, value, form)
    if isinstance(value, datetime):
        return _in_utc(column, value)
    return value.isoformat() if isinstance(value, date) else value


def _parsed(column: str, text: str, form: str) -> date:
    # Python 3.10 reads the same texts as later versions, since singer_sdk brings a backport of fromisoformat.
    try:
        return datetime.fromisoformat(text) if form == "date-time" else date.fromisoformat(text)
    except ValueError:
        example = "2026-07-21T17:32:28Z" if form == "date-time" else "2026-07-21"
        problem = f"`{column}` is {text!r}, which is no {form} such as {example}"
        raise InvalidRecordError(column, problem, WRONG_TYPE) from None


def _in_utc(column: str, moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    try:
        utc = aware.astimezone(timezone.utc)
    except OverflowError:
        problem = f"`{column}` is {moment}, which lies outside the calendar in UTC"
        raise InvalidRecordError(column, problem, WRONG_TYPE) from None
    return utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"
