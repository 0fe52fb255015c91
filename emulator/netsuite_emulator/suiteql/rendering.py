"""From DuckDB's values to the strings SuiteQL answers with [section_157909186990]."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from netsuite_emulator.calendar_formats import AccountCalendar
    from netsuite_emulator.settings import Settings

__all__ = ["Renderer"]


class Renderer:
    """Renders rows: every value a string, dates in the account's format, nulls left out."""

    def __init__(self, settings: Settings, calendar: AccountCalendar) -> None:
        """Take the account's way of writing."""
        self._with_time = settings.datetime_with_time
        self._leading_zero = settings.leading_zero
        self._date = lru_cache(maxsize=10_000)(calendar.format_date)

    def rows(self, names: Sequence[str], types: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The `items` of an answer.

        Args:
            names: column names; those that occur twice collapse to one key.
            types: DuckDB's names of the columns' types.
            rows: the values.
        """
        writers = [self._writer(kind) for kind in types]
        columns = list(zip(names, writers, strict=True))
        items = []
        for row in rows:
            item: dict[str, Any] = {"links": []}
            for (name, write), value in zip(columns, row, strict=True):
                if value is not None:
                    text = write(value)
                    if text:  # Oracle's empty string is null
                        item[name] = text
            items.append(item)
        return items

    def _writer(self, kind: str) -> Callable[[Any], str]:  # noqa: PLR0911 - one for each type
        if kind == "VARCHAR":
            return str
        if kind == "DATE":
            return self._date
        if kind.startswith("TIMESTAMP"):
            return self._datetime
        if kind.startswith("DECIMAL"):
            return self._decimal
        if kind in ("DOUBLE", "FLOAT"):
            return self._double
        if kind == "BOOLEAN":
            return _flag
        return str

    def _datetime(self, value: datetime) -> str:
        day: date = value.date()
        return f"{self._date(day)} {value:%H:%M:%S}" if self._with_time else self._date(day)

    def _decimal(self, value: Decimal) -> str:
        text = format(value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        if not self._leading_zero and (text.startswith(("0.", "-0."))):
            text = text.replace("0.", ".", 1)
        return "0" if text == "-0" else text

    def _double(self, value: float) -> str:
        return self._decimal(Decimal(repr(value)))


def _flag(value: bool) -> str:  # noqa: FBT001 - a value, not an option
    return "T" if value else "F"
