"""What the columns of a statement hold, as its select list and the metadata catalog say, and how to read them.

SuiteQL sends all values as text [section_157909186990]. A column that comes straight from a table holds what the
catalog says of the field of its name; counts, sums and products are numbers. Everything else stays text, and so do
ids, which are text everywhere in this library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from suitetalk.errors import REFUSALS, ConnectionFailedError
from suitetalk.metadata import MetadataCatalog
from suitetalk.suiteql import SuiteQL
from suitetalk.values import date_formats, read_date

Convert = Callable[[str], Any]

_KNOWN_DATES = ("2033-11-25", "2034-02-03")
_OF_THE_SAME_KIND = (exp.Max, exp.Min, exp.Coalesce, exp.Paren, exp.Alias)
_NUMBERS = (exp.Sum, exp.Avg, exp.Abs, exp.Mul, exp.Div)  # sums and differences may be dates
# Types that have the columns of the tables that are no record types themselves.
_TYPES_OF_TABLES = {
    "transaction": ("salesOrder", "invoice", "journalEntry"),
    "item": ("inventoryItem", "serviceSaleItem", "nonInventorySaleItem"),
}


class ColumnTypes:
    """Tells how to read the columns of statements. Thread-safe."""

    def __init__(self, metadata: MetadataCatalog, suiteql: SuiteQL) -> None:
        """Ask this catalog for the fields, and SuiteQL for the format of the user's dates, each once."""
        self._metadata = metadata
        self._suiteql = suiteql
        self._fields = lru_cache(maxsize=None)(self._ask_for_fields)
        self._date_format = ""

    def reader(self, statement: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """Return what turns a row of the statement into Python values: int, Decimal, bool, date, datetime, or text.

        The reader raises ConnectionFailedError for a value that is not what the catalog says of its column.
        """
        kinds = self._kinds(statement)
        tables = _tables(statement)
        converters: dict[str, Convert] = {
            "integer": int,
            "number": _number,
            "boolean": _boolean,
            "date": lambda text: self._date(text, tables),
            "date-time": lambda text: self._date(text, tables),
        }

        def read(row: Mapping[str, Any]) -> dict[str, Any]:
            return {name: _read(name, value, converters.get(kinds(name), str)) for name, value in row.items()}

        return read

    def _kinds(self, statement: str) -> Callable[[str], str]:
        """Return what tells the kind of a column by its name."""
        parsed = _parsed(statement)
        if parsed is None:
            return lambda _: ""
        aliases = {table.alias_or_name.lower(): table.name.lower() for table in parsed.find_all(exp.Table)}
        by_name = {
            one.alias_or_name.lower(): self._kind(one, aliases)
            for one in parsed.selects
            if isinstance(one, (exp.Alias, exp.Column)) and not one.is_star
        }
        if not parsed.is_star:
            return lambda name: by_name.get(name, "")
        return lambda name: by_name.get(name) or self._kind(exp.column(name), aliases)

    def _kind(self, expression: exp.Expression, aliases: Mapping[str, str]) -> str:
        if isinstance(expression, exp.Column):
            table = aliases.get(expression.table.lower())
            tables = [table] if table else list(aliases.values()) if not expression.table else []
            kinds = {self._fields(name).get(expression.name.lower(), "") for name in tables} - {""}
            return kinds.pop() if len(kinds) == 1 and expression.name.lower() != "id" else ""
        if isinstance(expression, exp.Count):
            return "integer"
        if isinstance(expression, exp.Window):
            return self._kind(expression.this, aliases)
        if isinstance(expression, _OF_THE_SAME_KIND):
            return self._kind(expression.this, aliases)
        return "number" if isinstance(expression, _NUMBERS) else ""

    def _ask_for_fields(self, table: str) -> Mapping[str, str]:
        """Return the kinds of a table's columns; a name that holds different things in different types has none."""
        kinds: dict[str, set[str]] = {}
        for record_type in _TYPES_OF_TABLES.get(table, (table,)):
            try:
                fields = self._metadata.fields(record_type)
            except REFUSALS:
                continue
            for field in fields:
                kinds.setdefault(field.name.lower(), set()).add(field.kind)
        return {name: found.pop() for name, found in kinds.items() if len(found) == 1}

    def _date(self, text: str, tables: tuple[str, ...]) -> Any:
        if not self._date_format:
            self._date_format = self._ask_for_date_format(tables)
        return read_date(text, self._date_format)

    def _ask_for_date_format(self, tables: tuple[str, ...]) -> str:
        """See how NetSuite shows two dates that are known."""
        columns = ", ".join(f"TO_DATE('{day}', 'YYYY-MM-DD') AS d{n}" for n, day in enumerate(_KNOWN_DATES))
        rows = self._suiteql.page(f"SELECT {columns} FROM {tables[0]}", limit=1).items if tables else []
        shown = [str(rows[0].get(f"d{n}", "")) for n in range(len(_KNOWN_DATES))] if rows else []
        formats = date_formats(list(zip(shown, _KNOWN_DATES, strict=False)))
        if not formats:
            raise ConnectionFailedError(
                f"NetSuite shows dates in a form that is not known ({', '.join(shown)}); select TO_CHAR(…) of the "
                "dates, or read the rows without `typed`."
            )
        return formats[0]


def _parsed(statement: str) -> exp.Query | None:
    try:
        parsed = parse_one(statement, read="oracle")
    except SqlglotError:
        return None
    return parsed if isinstance(parsed, exp.Query) else None


def _tables(statement: str) -> tuple[str, ...]:
    parsed = _parsed(statement)
    return tuple(table.name for table in parsed.find_all(exp.Table)) if parsed else ()


def _read(name: str, value: Any, convert: Convert) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return convert(value)
    except ValueError:
        raise ConnectionFailedError(
            f"The column {name} holds {value[:80]!r}, which is not what the metadata catalog says of it; read the rows "
            "without `typed`."
        ) from None


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _boolean(text: str) -> bool:
    if text not in ("T", "F", "true", "false"):
        raise ValueError(text)
    return text in ("T", "true")
