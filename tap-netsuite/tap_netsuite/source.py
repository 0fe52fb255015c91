"""What is read from, and its SuiteQL statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from suitetalk import IncompleteResultError, SuiteQL, quoted
from suitetalk.suiteql import Value, both
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.columns import Column, Kind


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

    def count(self, condition: str = "") -> str:
        """Return the statement that counts the rows meeting a condition, as column `n`."""
        return f"SELECT COUNT(*) AS n FROM {self.relation}{_where(condition)}"

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
    if came >= counted:
        return 0
    return max(0, count_rows(suiteql, source, condition) - came)


def count_rows(suiteql: SuiteQL, source: Source, condition: str) -> int:
    """Return NetSuite's count of the rows meeting a condition."""
    return int(suiteql.page(source.count(condition)).items[0]["n"])


def gap(source: Source, condition: str, *, came: int, missing: int) -> IncompleteResultError:
    """Return the error that says how many rows are missing."""
    where = f" where {condition}" if condition else ""
    return IncompleteResultError(
        f"{source.name}: {came} rows came and NetSuite counts {missing} more{where}; the state stays where "
        "everything was complete, so run again, and narrow the stream if it happens again."
    )
