"""From DuckDB's values to the strings SuiteQL answers with, written by DuckDB itself [section_157909186990]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netsuite_emulator.calendar_formats import AccountCalendar
    from netsuite_emulator.settings import Settings

__all__ = ["Renderer"]

_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "UHUGEINT"})


class Renderer:
    """Renders rows as JSON: every value a string, dates in the account's format, nulls left out."""

    def __init__(self, settings: Settings, calendar: AccountCalendar) -> None:
        """Take the account's way of writing."""
        self._leading_zero = settings.leading_zero
        self._date = calendar.strftime_format()
        self._moment = f"{self._date} %H:%M:%S" if settings.datetime_with_time else self._date

    def row_sql(self, names: Sequence[str], types: Sequence[str]) -> str:
        """DuckDB's expression for one of the `items` of an answer, as JSON text.

        Args:
            names: the columns' names in the answer; of those that occur twice the last one that has a value counts.
            types: DuckDB's names of the types of the columns, which are called c0, c1, ….
        """
        values: dict[str, str] = {}
        for number, (name, kind) in enumerate(zip(names, types, strict=True)):
            value = self._value(f"c{number}", kind)
            values[name] = f"coalesce({value}, {values[name]})" if name in values else value
        keys = {name: _quoted(f",{json.dumps(name, ensure_ascii=False)}:") for name in values}
        parts = ["'{\"links\":[]'", *(f"{keys[name]} || {value}" for name, value in values.items()), "'}'"]
        return f"concat({', '.join(parts)})"  # which leaves nulls out

    def _value(self, column: str, kind: str) -> str:  # noqa: PLR0911 - one for each type
        if kind in _INTEGERS:
            return _in_quotes(f"{column}::VARCHAR")
        if kind == "DATE":
            return _in_quotes(f"strftime({column}, {_quoted(self._date)})")
        if kind.startswith("TIMESTAMP"):
            return _in_quotes(f"strftime({column}, {_quoted(self._moment)})")
        if kind.startswith("DECIMAL"):
            text = f"{column}::VARCHAR"
            return _in_quotes(self._number(text if kind.endswith(",0)") else f"regexp_replace({text}, '[.]?0+$', '')"))
        if kind in ("DOUBLE", "FLOAT"):
            return _in_quotes(self._number(f"ora_fixed({column}::DOUBLE::VARCHAR)"))
        if kind == "BOOLEAN":
            return f"""CASE WHEN {column} THEN '"T"' WHEN NOT {column} THEN '"F"' END"""
        return f"to_json(nullif({column}::VARCHAR, ''))::VARCHAR"  # Oracle's empty string is null

    def _number(self, text: str) -> str:
        return text if self._leading_zero else f"regexp_replace({text}, '^(-?)0[.]', '\\1.')"


def _in_quotes(text: str) -> str:
    return f"""'"' || {text} || '"'"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
