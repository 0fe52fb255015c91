"""What is read from: its columns with their kinds of values, and its SuiteQL statements."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import IncompleteResultError, NetSuiteError, Page, SuiteQL, quoted
from suitetalk.errors import STATEMENT_REFUSALS, TOO_SLOW
from suitetalk.suiteql import Value, both
from suitetalk.timezone import SQL_TIME_FORMAT, to_utc
from suitetalk.values import choices, iso

Converter = Callable[[Any], Any]

DISPLAY_SUFFIX = "_display"
"""What the name of a column with display values has after that of the column they belong to."""

UTC = ZoneInfo("UTC")
# What NetSuite makes of the ends of the calendar in UTC.
_EDGES = {"10000": "9999-12-31T23:59:59Z", "0000": "0001-01-01T00:00:00Z"}
_BOOLEANS = {"T": True, "F": False, "true": True, "false": False}
DELETED_AT = "_sdc_deleted_at"
SET_READ_AT = "_sdc_set_read_at"
OURS = (DELETED_AT, SET_READ_AT)
"""The property that says when a row was deleted; null in rows that are there."""
logger = logging.getLogger(__name__)
FEW_COLUMNS = 50
"""Columns that any account shows; more than 100 have come back as no rows at all [section 14.2, unverified]."""
_WIDEST = "columns that come"
_READINGS = 3
_WIDER = "columns beyond "


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
        return f"{self.of} AS {self.name}" if self.of else self.name


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
    if zone.key == "UTC":
        return local.replace(tzinfo=None).isoformat() + "Z"
    try:
        return iso(to_utc(local, zone))
    except OverflowError:  # 9999-12-31 stands for never, and 0001-01-01 for ever: both stay what they are
        return iso(local.replace(tzinfo=timezone.utc))


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


def _chosen_ids(value: Any) -> list[Any]:
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
    Kind.ID_LIST: lambda value: [_integer(part) for part in _chosen_ids(value)],
    Kind.TEXT_LIST: lambda value: [_text(part) for part in _chosen_ids(value)],
    Kind.DISPLAY: _text,
}


@dataclass(frozen=True)
class Source:
    """A table, or a query taken for one.

    Attributes:
        relation: what stands after FROM.
        columns: what to read; the keys and the replication key among them.
        keys: columns that identify a row, empty when none do.
        replication_key: the column that tells new rows from old, or None.
        changed_with: what else makes its rows be read again; empty when only their own replication key does.
        title: what it is called in messages; empty to use the relation.
        parameters: values for the placeholders of a query; each statement has the relation in it once.
    """

    relation: str
    columns: tuple[Column, ...]
    keys: tuple[Column, ...] = ()
    replication_key: Column | None = None
    changed_with: str = ""
    title: str = ""
    parameters: tuple[Value, ...] = field(default=(), repr=False)

    def page(self, condition: str = "", order: str = "") -> str:
        """Return the statement that reads the rows meeting a condition, ordered if an order is given."""
        selected = ", ".join(column.selected for column in self.columns)
        return f"SELECT {selected} FROM {self.relation}{_where(condition)}" + (f" ORDER BY {order}" if order else "")

    def count(self, condition: str = "", what: str = "*") -> str:
        """Return the statement that counts the rows meeting a condition, or a column of theirs, as column `n`."""
        return f"SELECT COUNT({what}) AS n FROM {self.relation}{_where(condition)}"

    def sums(self, condition: str, *expressions: str) -> str:
        """Return the statement that sums expressions over the rows meeting a condition, as columns `s0`, `s1`, …."""
        selected = ", ".join(f"SUM({expression}) AS s{number}" for number, expression in enumerate(expressions))
        return f"SELECT {selected} FROM {self.relation}{_where(condition)}"

    @property
    def name(self) -> str:
        """What it is called in messages: a query is long, and what it asks for may be nobody's business."""
        return self.title or self.relation

    @property
    def is_query(self) -> bool:
        """Whether it is a query of the user's."""
        return self.relation.startswith("(")

    def count_keys(self, condition: str = "") -> str:
        """Return the statement that counts rows meeting a condition as `n`, their keys as `k`, different ones as `d`.

        A row that lacks a part of its key has none [section_156257790831].
        """
        keys = " || ',' || ".join(key.source for key in self.keys)
        if len(self.keys) > 1:  # to NetSuite a null in a text is not a text at all
            whole = both(*(f"{key.source} IS NOT NULL" for key in self.keys))
            keys = f"CASE WHEN {whole} THEN {keys} END"
        counts = f"COUNT(*) AS n, COUNT({keys}) AS k, COUNT(DISTINCT {keys}) AS d"
        return f"SELECT {counts} FROM {self.relation}{_where(condition)}"

    @property
    def has_number_keys(self) -> bool:
        """Whether a row is identified by whole numbers, whose order is known."""
        return bool(self.keys) and all(column.kind is Kind.INTEGER for column in self.keys)

    def order_error(self) -> IncompleteResultError:
        """Return the error for keys that do not come in their order."""
        names = " and ".join(column.name for column in self.keys)
        kind, other = ("numbers", "string") if self.has_number_keys else ("text", "integer")
        return IncompleteResultError(
            f"NetSuite does not order {self.name} by {names} as {kind}, so paging by it would lose rows; "
            f"make its type {other} in the catalog."
        )

    def key_error(self, keys: str) -> IncompleteResultError:
        """Return the error for keys that belong to more rows than one, or to none; `keys` says which they are."""
        names = " and ".join(column.name for column in self.keys)
        do = "do" if len(self.keys) > 1 else "does"
        where = "the primary_keys of the query" if self.is_query else "the key properties in the catalog"
        return IncompleteResultError(
            f"{self.name} has {keys}: {names} {do} not identify a row, and paging by that would lose some; "
            f"change {where}, or leave them out."
        )

    @property
    def key_order(self) -> str:
        """Order by the keys, or by all columns where there are none, so that pages do not overlap."""
        return ", ".join(column.name for column in self.keys or self.columns)


def literal(column: Column, value: Any) -> str:
    """Return a value of a column as SuiteQL; times as the text SuiteQL delivers them in.

    There are no date literals [article_0824094533].
    """
    if column.kind.is_temporal:
        return f"TO_DATE({quoted(str(value))}, '{SQL_TIME_FORMAT}')"
    if column.kind in (Kind.INTEGER, Kind.DECIMAL):
        return str(value)
    return quoted(str(value))


def after(keys: tuple[Column, ...], values: tuple[Any, ...]) -> str:
    """Return the condition for rows after the one with these key values, in key order; none for no values."""
    if not values:
        return ""
    first, rest = keys[0], keys[1:]
    here = literal(first, values[0])
    if not rest:
        return f"{first.name} > {here}"
    return f"({first.name} > {here} OR ({first.name} = {here} AND {after(rest, values[1:])}))"


def up_to(keys: tuple[Column, ...], values: tuple[Any, ...]) -> str:
    """Return the condition for rows up to and with the one with these key values, in key order."""
    return _until(keys, values, "<=")


def between(keys: tuple[Column, ...], behind: tuple[Any, ...], before: tuple[Any, ...]) -> str:
    """Return the condition for rows after one key and before another."""
    return f"({both(after(keys, behind), _until(keys, before, '<'))})"


def _until(keys: tuple[Column, ...], values: tuple[Any, ...], last: str) -> str:
    first, rest = keys[0], keys[1:]
    here = literal(first, values[0])
    if not rest:
        return f"{first.name} {last} {here}"
    return f"({first.name} < {here} OR ({first.name} = {here} AND {_until(rest, values[1:], last)}))"


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""


CountTogether = Callable[["Source", str], int | None]
"""Returns how many rows of a source meet a condition, asked with the counts of others; None where that is refused."""


def missing_rows(suiteql: SuiteQL, source: Source, condition: str, *, came: int, counted: int) -> int:
    """Return how many rows NetSuite counts beyond those that came, 0 when none is missing.

    Rows that are deleted or leave the condition while they are read make the count taken before too high, so
    it is taken again before anything is called missing.

    Args:
        suiteql: where to count.
        source: what was read.
        condition: which of its rows were read.
        came: rows that were read, repeated ones included.
        counted: NetSuite's count before the reading.
    """
    if came >= counted and (came or source.keys):
        return 0
    number = count_rows(suiteql, source, condition)
    return max(0, (counted if number is None else number) - came)


def count_rows(suiteql: SuiteQL, source: Source, condition: str) -> int | None:
    """Return NetSuite's count of the rows meeting a condition, None where it refuses to count them.

    Where `COUNT(*)` is refused [section 14.2], a key is counted; where that is too, the answer with one key says how
    many there are, if its parts agree.

    Raises:
        NetSuiteError: NetSuite cannot be asked now, or refuses the rows themselves.
    """
    refusals: dict[str, NetSuiteError] = {}
    for form, what in (("COUNT(*)", "*"), *(("COUNT(key)", key.source) for key in source.keys[:1])):
        if form in suiteql.refused:
            continue
        try:
            counts = suiteql.hasty.page(source.count(condition, what), limit=1).items
        except STATEMENT_REFUSALS as refusal:
            refusals[form] = refusal
        except TOO_SLOW as failure:
            logger.debug("%s of %s: %s", form, source.name, failure)
        else:
            _take_note(suiteql, refusals)
            if counts:
                return int(counts[0]["n"])
    if not source.keys:
        return None
    page = suiteql.page(replace(source, columns=source.keys).page(condition), limit=1)
    _take_note(suiteql, refusals)
    return page.total if page.has_more == (page.total > len(page.items)) else None


def _take_note(suiteql: SuiteQL, refusals: Mapping[str, NetSuiteError]) -> None:
    """Remember, and say once, that forms of counting are refused where other questions about the rows are not."""
    for form, refusal in refusals.items():
        if form not in suiteql.refused:
            suiteql.refused.add(form)
            logger.warning("This account refuses %s, so rows are counted in another way: %s", form, refusal)


def shows_all_columns(suiteql: SuiteQL, source: Source) -> bool:
    """Tell whether as many columns as a source has are known to come, so that no rows means that there are none.

    What an earlier run has seen is asked for again by the first that relies on it, once for all of a run.
    """
    width = len(source.columns)
    if width <= FEW_COLUMNS:
        return True
    known = suiteql.facts.checked(_WIDEST, lambda known: _comes(suiteql, known["statement"]))
    return known is not None and width <= known["columns"]


def note_columns(suiteql: SuiteQL, source: Source, first: tuple[Any, ...], last: tuple[Any, ...]) -> None:
    """Remember that rows with as many columns as a source has have come, and how to see that again.

    Args:
        suiteql: where they came from.
        source: what they are rows of.
        first: the lowest of their keys.
        last: the highest.
    """
    known, width = suiteql.facts.known(_WIDEST), len(source.columns)
    if width <= FEW_COLUMNS or source.is_query or (known and width <= known["columns"]):
        return
    key = source.keys[0]
    here = both(f"{key.source} >= {literal(key, first[0])}", f"{key.source} <= {literal(key, last[0])}")
    suiteql.facts.learn(_WIDEST, {"columns": width, "statement": source.page(here)})


def _comes(suiteql: SuiteQL, statement: str) -> bool:
    try:
        return bool(suiteql.page(statement, limit=1).items)
    except STATEMENT_REFUSALS:
        return False


def page_in_parts(
    suiteql: SuiteQL, source: Source, condition: str, order: str, *, limit: int | None = None, offset: int = 0
) -> Page:
    """Return a page of a source with more columns than the account shows at once.

    The columns come in parts that are joined by key. All parts but the last are read again after it: rows in which
    nothing has changed in between were so at the moment the last part was read. The others are read again by their
    keys. A row that is gone by then, or has moved in the order, is not in the page, as if it had been read later.

    Raises:
        IncompleteResultError: rows changed during each reading, or not even a few columns come.
    """
    parts = list(_parts(suiteql, source, condition))
    ask = partial(suiteql.page, limit=limit, offset=offset)
    first, rows, changed = _joined(ask, source, parts, condition, order)
    ordered = [column.name for column in source.columns if column.name in re.split(r"[^\w]+", order)]
    places = {key: tuple(row.get(name) for name in ordered) for key, row in rows.items()}
    for _ in range(_READINGS):
        if not changed:
            return Page([rows[key] for key in rows if rows[key]], first.total, first.has_more)
        those = both(condition, _those(source, changed))
        _, again, changing = _joined(partial(suiteql.page, limit=limit), source, parts, those, order)
        for key in changed:
            row = again.get(key, {})
            is_there = tuple(row.get(name) for name in ordered) == places[key]
            rows[key] = row if is_there else {}
        changed = [key for key in changing if rows.get(key)]
    raise IncompleteResultError(
        f"{source.name} is read in {len(parts)} parts, because NetSuite does not show all its columns at once, and "
        "some rows changed each time in between; read it when less is going on, or select fewer columns."
    )


_Key = tuple[Any, ...]


def _joined(
    ask: Callable[[str], Page], source: Source, parts: list[Source], condition: str, order: str
) -> tuple[Page, dict[_Key, dict[str, Any]], list[_Key]]:
    """Return the page of the first part, its rows joined with those of the others, and the keys of what has changed."""
    statements = [part.page(condition, order) for part in (*parts, *parts[:-1])]
    pages = list(map(ask, statements))
    by_key = [{_key(source, row): row for row in page.items} for page in pages]
    once, again = by_key[: len(parts)], by_key[len(parts) :]
    rows = {key: {name: value for part in once for name, value in part.get(key, {}).items()} for key in once[0]}
    changed = [
        key
        for key in rows
        if any(key not in part for part in once)
        or any(before[key] != after.get(key) for before, after in zip(once, again, strict=False))
    ]
    return pages[0], rows, changed


def _those(source: Source, keys: list[_Key]) -> str:
    """Return the condition for rows with these keys, as SuiteQL delivers them."""
    if len(source.keys) == 1:
        return f"{source.keys[0].source} IN ({', '.join(literal(source.keys[0], key[0]) for key in keys)})"
    each = (
        both(*(f"{column.source} = {literal(column, value)}" for column, value in zip(source.keys, key, strict=True)))
        for key in keys
    )
    return f"({' OR '.join(f'({one})' for one in each)})"


def _parts(suiteql: SuiteQL, source: Source, condition: str) -> Iterator[Source]:
    """Yield parts of a source's columns that NetSuite shows rows of, the keys in each."""
    width = next((width for width in _widths(suiteql) if len(source.keys) < width < len(source.columns)), 0)
    if not width:
        width = _width_found(suiteql, source, condition)
    others = [column for column in source.columns if column not in source.keys]
    size = width - len(source.keys)
    for place in range(0, max(len(others), 1), size):
        yield replace(source, columns=(*source.keys, *others[place : place + size]))


def _width_found(suiteql: SuiteQL, source: Source, condition: str) -> int:
    """Return a number of columns that rows come with, found by asking for ever fewer; it is known from then on.

    Raises:
        IncompleteResultError: not even a few columns come, and NetSuite counts rows.
    """
    others = [column for column in source.columns if column not in source.keys]
    width, least = len(source.columns), len(source.keys) + 1
    while width > least:
        width = max(width // 2, least)
        first = replace(source, columns=(*source.keys, *others[: width - len(source.keys)]))
        if suiteql.page(first.page(condition), limit=1).items:
            suiteql.refused.add(f"{_WIDER}{width}")
            logger.warning(
                "NetSuite shows no rows of %s with %d columns, and some with %d: columns are read in parts",
                source.name,
                len(source.columns),
                width,
            )
            return width
    if missing := count_rows(suiteql, source, condition):
        raise gap(source, condition, came=0, missing=missing)
    return len(source.columns)  # they are gone by now


def _widths(suiteql: SuiteQL) -> list[int]:
    """Return the numbers of columns that are known to come where more do not, the widest first."""
    return sorted((int(each.removeprefix(_WIDER)) for each in suiteql.refused if each.startswith(_WIDER)), reverse=True)


def is_in_parts(suiteql: SuiteQL, source: Source) -> bool:
    """Tell whether a source has more columns than the account is known to show, and keys to join parts by."""
    return bool(source.keys) and any(width < len(source.columns) for width in _widths(suiteql))


def _key(source: Source, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(column.name) for column in source.keys)


def gap(source: Source, condition: str, *, came: int, missing: int) -> IncompleteResultError:
    """Return the error that says how many rows are missing."""
    where = f" where {condition}" if condition else ""
    return IncompleteResultError(
        f"{source.name}: {came} rows came and NetSuite counts {missing} more{where}; the state stays where "
        "everything was complete, so run again, and narrow the stream if it happens again."
    )
