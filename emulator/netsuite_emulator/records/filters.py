"""The filter language of collections, `q` [section_1545222128]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column
from netsuite_emulator.errors import NetSuiteError, invalid_parameter

__all__ = ["Condition", "Filter"]

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([()\[\],])|([^\s()\[\],"\']+))')
_NUMBER_OPERATORS = {
    "EQUAL": "{0} = {1}", "GREATER": "{0} > {1}", "GREATER_OR_EQUAL": "{0} >= {1}", "LESS": "{0} < {1}",
    "LESS_OR_EQUAL": "{0} <= {1}", "BETWEEN": "{0} BETWEEN {1} AND {2}", "WITHIN": "{0} BETWEEN {1} AND {2}",
    "ANY_OF": "{0} IN ({*})",
}  # fmt: skip
_TEXT_OPERATORS = {
    "IS": "lower({0}) = lower({1})", "CONTAIN": "contains(lower({0}), lower({1}))",
    "START_WITH": "starts_with(lower({0}), lower({1}))", "ENDWITH": "ends_with(lower({0}), lower({1}))",
    "END_WITH": "ends_with(lower({0}), lower({1}))", "ANY_OF": "{0} IN ({*})",
}  # fmt: skip
_DATE_OPERATORS = {
    "ON": "{0}::DATE = {1}", "AFTER": "{0}::DATE > {1}", "BEFORE": "{0}::DATE < {1}",
    "ON_OR_AFTER": "{0}::DATE >= {1}", "ON_OR_BEFORE": "{0}::DATE <= {1}",
}  # fmt: skip
_OPERATORS = {
    "flag": {"IS": "{0} = {1}"},
    "date": _DATE_OPERATORS,
    "datetime": _DATE_OPERATORS,
    "id": _NUMBER_OPERATORS,
    "reference": _NUMBER_OPERATORS,
    "integer": _NUMBER_OPERATORS,
    "number": _NUMBER_OPERATORS,
    "multiselect": {"ANY_OF": "list_has_any(string_split({0}, ', '), [{*}])"},
}
_TIME = re.compile(r" +\d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?$", re.IGNORECASE)
_INVALID = "Invalid search query. Provide a valid search query."


@dataclass(frozen=True)
class Condition:
    """An SQL condition and its parameters."""

    sql: str
    parameters: list[Any]


class Filter:
    """Reads one `q` text."""

    def __init__(
        self, text: str, columns: Mapping[str, Column], calendar: AccountCalendar, *, times: bool = False
    ) -> None:
        """`columns` are the filterable columns by field name in lower case; `times` may follow dates."""
        self._times = times
        self._tokens = _tokenize(text)
        self._columns = columns
        self._calendar = calendar
        self._place = 0

    def read(self) -> Condition:
        """The condition the text stands for.

        Raises:
            NetSuiteError: the text is not understood, or names a field that cannot be filtered.
        """
        condition = self._either()
        if self._place < len(self._tokens):
            raise _invalid()
        return condition

    def _either(self) -> Condition:
        return self._joined("OR", self._both)

    def _both(self) -> Condition:
        return self._joined("AND", self._single)

    def _joined(self, word: str, part: Any) -> Condition:
        parts = [part()]
        while self._peek().upper() == word:
            self._next()
            parts.append(part())
        sql = f" {word} ".join(f"({condition.sql})" for condition in parts)
        return Condition(sql, [value for condition in parts for value in condition.parameters])

    def _single(self) -> Condition:
        if self._peek() == "(":
            self._next()
            condition = self._either()
            if self._next() != ")":
                raise _invalid()
            return condition
        return self._comparison()

    def _comparison(self) -> Condition:
        name, operator = self._next(), self._next().upper()
        column = self._columns.get(name.lower())
        if column is None:
            detail = f"Unknown field name '{name}' in the search query. Provide a valid field name."
            raise NetSuiteError(400, "NONEXISTENT_FIELD", detail, query_parameter="q")
        quoted = f'"{column.name}"'
        if operator in ("EMPTY", "EMPTY_NOT"):
            return Condition(f"{quoted} IS {'NOT ' if operator == 'EMPTY_NOT' else ''}NULL", [])
        negated = operator.endswith("_NOT")
        template = _OPERATORS.get(column.kind, _TEXT_OPERATORS).get(operator.removesuffix("_NOT"))
        if template is None:
            raise _invalid()
        values = [self._value(column, text) for text in self._values(template)]
        marks = ", ".join("?" * len(values))
        sql = template.replace("{*}", marks).replace("{0}", quoted).replace("{1}", "?").replace("{2}", "?")
        return Condition(f"NOT coalesce({sql}, false)" if negated else sql, values)

    def _values(self, template: str) -> list[str]:
        expected = 2 if "{2}" in template else 0 if "{*}" in template else 1
        if self._peek() != "[":
            if expected != 1:
                raise _invalid()
            return [self._next()]
        self._next()
        values = [self._next()]
        while self._peek() == ",":
            self._next()
            values.append(self._next())
        if self._next() != "]" or (expected and len(values) != expected):
            raise _invalid()
        return values

    def _value(self, column: Column, text: str) -> Any:
        if column.kind == "flag":
            if text.lower() not in ("true", "false"):
                raise _invalid()
            return "T" if text.lower() == "true" else "F"
        if column.kind in ("date", "datetime"):
            return self._day(text)
        if column.kind in ("id", "reference", "integer", "number"):
            if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
                raise _invalid()
            return text
        return text

    def _day(self, text: str) -> Any:
        # Whole days in the account's format only; the text names the format and the zone [airbytehq/airbyte#21965].
        try:
            return self._calendar.parse_date(_TIME.sub("", text) if self._times else text)
        except ValueError:
            detail = (
                f'Search error occurred: Parse of date/time "{text}" failed with date format '
                f'"{self._calendar.java_format}" in time zone {self._calendar.time_zone}'
            )
            raise invalid_parameter(detail, "q") from None

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise _invalid()
        self._place += 1
        return self._tokens[self._place - 1]


def _tokenize(text: str) -> list[str]:
    tokens = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _invalid()
        quoted, mark, word = match.groups()
        tokens.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else mark or word)
        place = match.end()
    if not tokens:
        raise _invalid()
    return tokens


def _invalid() -> NetSuiteError:
    return invalid_parameter(_INVALID, "q")
