"""Kinds of values: JSON Schema, SQL, converters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk.timezone import SQL_TIME_FORMAT, to_utc
from suitetalk.values import choices, iso

Converter = Callable[[Any], Any]

DISPLAY_SUFFIX = "_display"
"""What the name of a column with display values has after that of the column they belong to."""

UTC = ZoneInfo("UTC")


class Kind(Enum):
    """What a column holds; SuiteQL sends all of it as text [section_157909186990]."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "date-time"
    TEXT = "text"
    ID_LIST = "list of ids"
    TEXT_LIST = "list of texts"
    DISPLAY = "display value"

    @property
    def is_temporal(self) -> bool:
        """Tell whether the column is a DATE in SQL."""
        return self in (Kind.DATE, Kind.DATE_TIME)


_SCHEMAS: dict[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": ["integer", "null"]},
    Kind.DECIMAL: {"type": ["number", "null"]},
    Kind.BOOLEAN: {"type": ["boolean", "null"]},
    Kind.DATE: {"type": ["string", "null"], "format": "date"},
    Kind.DATE_TIME: {"type": ["string", "null"], "format": "date-time"},
    Kind.TEXT: {"type": ["string", "null"]},
    Kind.ID_LIST: {"type": ["array", "null"], "items": {"type": "integer"}},
    Kind.TEXT_LIST: {"type": ["array", "null"], "items": {"type": "string"}},
    Kind.DISPLAY: {"type": ["string", "null"], "format": "display-value"},
}


@dataclass(frozen=True)
class Column:
    """A column of a table or query.

    Attributes:
        name: lower case, as the rows will have it.
        kind: what it holds.
        of: the column it is read from, where that has another name.
        in_utc: whether NetSuite turns its times into UTC, instead of the account's clock being read.
    """

    name: str
    kind: Kind
    of: str = ""
    in_utc: bool = False

    @property
    def source(self) -> str:
        """The name to use in conditions."""
        return self.of or self.name

    @property
    def selected(self) -> str:
        """The column in a select list.

        Times are formatted by NetSuite: raw ones follow the account's date format and lose the time of day
        [section_156577938018]. Display values are those of the column without the suffix [article_1029114613].
        """
        if self.kind is Kind.DISPLAY:
            return f"BUILTIN.DF({self.source.removesuffix(DISPLAY_SUFFIX)}) AS {self.name}"
        if self.kind.is_temporal:
            time = f"SYS_EXTRACT_UTC({self.source})" if self.in_utc else self.source
            return f"TO_CHAR({time}, '{SQL_TIME_FORMAT}') AS {self.name}"
        return self.name


_TEXTS = {"date": Kind.DATE, "date-time": Kind.DATE_TIME, "display-value": Kind.DISPLAY}


def json_schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema of a kind; everything may be null."""
    return dict(_SCHEMAS[kind])


def kind_of(schema: Mapping[str, Any]) -> Kind:
    """Return the kind that a property's JSON Schema in a catalog asks for."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "string" in types:
        return _TEXTS.get(schema.get("format", ""), Kind.TEXT)
    if "array" in types:
        return Kind.ID_LIST if "integer" in (schema.get("items") or {}).get("type", ()) else Kind.TEXT_LIST
    for name, kind in (("boolean", Kind.BOOLEAN), ("number", Kind.DECIMAL), ("integer", Kind.INTEGER)):
        if name in types:
            return kind
    return Kind.TEXT


def converter(kind: Kind, zone: ZoneInfo) -> Converter:
    """Return the function that turns SuiteQL's text, never None, into a value of the kind.

    The function raises ValueError for text that is not such a value.
    """
    if kind is Kind.DATE_TIME:
        return lambda text: instant(text, zone)
    return _CONVERTERS[kind]


def instant(text: Any, zone: ZoneInfo) -> str:
    """Turn a time on the account's clock into ISO 8601 in UTC, such as `2024-05-02T09:31:00Z`."""
    try:
        local = datetime.fromisoformat(str(text))  # many times faster than strptime, for a form we asked for ourselves
    except ValueError:
        if edge := _EDGES.get(str(text).split("-", 1)[0]):
            return edge
        raise
    try:
        return iso(local.replace(tzinfo=timezone.utc) if zone.key == "UTC" else to_utc(local, zone))
    except OverflowError:  # 9999-12-31 stands for never, and 0001-01-01 for ever: both stay what they are
        return iso(local.replace(tzinfo=timezone.utc))


# What NetSuite makes of the ends of the calendar in UTC.
_EDGES = {"10000": "9999-12-31T23:59:59Z", "0000": "0001-01-01T00:00:00Z"}


def _integer(text: Any) -> int:
    if isinstance(text, str) and text.isdecimal():
        return int(text)  # nearly all of them, and quick
    value = _decimal(text)
    if value != value.to_integral_value():
        raise ValueError(text)
    return int(value)


def _decimal(text: Any) -> Decimal:
    digits = str(text)
    try:
        value = Decimal(digits)
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite() or "_" in digits:  # Python takes 1_000 for a number, NetSuite does not
        raise ValueError(text)
    return value


_BOOLEANS = {"T": True, "F": False, "true": True, "false": False}


def _boolean(text: Any) -> bool:
    try:
        return text if isinstance(text, bool) else _BOOLEANS[text]
    except (KeyError, TypeError):
        raise ValueError(text) from None


def _date(text: Any) -> str:
    return date.fromisoformat(str(text)[:10]).isoformat()


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise ValueError(value)  # noqa: TRY004 - what converters raise
    return value if isinstance(value, str) else str(value)


def _parts(value: Any) -> list[Any]:
    """Return the ids of a multi-select, which is one text, or a list should NetSuite ever send one."""
    if isinstance(value, (list, tuple)):
        return list(value)
    return list(choices(_text(value)))


_CONVERTERS: dict[Kind, Converter] = {
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.TEXT: _text,
    Kind.ID_LIST: lambda value: [_integer(part) for part in _parts(value)],
    Kind.TEXT_LIST: lambda value: [_text(part) for part in _parts(value)],
    Kind.DISPLAY: _text,
}


DELETED_AT = "_sdc_deleted_at"
SET_READ_AT = "_sdc_set_read_at"
OURS = (DELETED_AT, SET_READ_AT)
"""The property that says when a row was deleted; null in rows that are there."""
