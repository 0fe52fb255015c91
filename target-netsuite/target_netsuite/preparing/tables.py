"""Statements over many values, and rows of the tables they are asked of.

SuiteQL may refuse a column, a value or a whole table; `is_about_statement` and its like say which of these it was, and
`TableReader` asks on without what was refused.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from suitetalk import InvalidRequestError, NetSuiteError, PermissionDeniedError, SuiteQL, quoted
from suitetalk.record_tables import RecordTable
from suitetalk.suiteql import both
from suitetalk.timezone import SQL_TIME_FORMAT

Row = Mapping[str, Any]
DATE_FORMAT = "YYYY-MM-DD"
MOST_VALUES = 1000
"""Most arguments of IN [article_0824094533]."""

Value = TypeVar("Value")

_ONE_BY_ONE = 5  # columns left out because NetSuite names them, before the rest is asked for in parts
WORKBOOK = "Reports > SuiteAnalytics Workbook"
"""The permission that SuiteQL and lists need [article_5085602973]."""

_UNKNOWN = re.compile(r"Unknown identifier '([^']+)'")
_NO_TABLE = re.compile(r"Invalid search type|Record .* was not found")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def in_parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Yield values in lists that IN can hold, in order, each value once."""
    different = list(dict.fromkeys(values))
    for start in range(0, len(different), MOST_VALUES):
        yield different[start : start + MOST_VALUES]


def is_number(text: str) -> bool:
    """Tell whether an id is written in digits, and so can stand in a statement bare."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal()


def among(column: str, values: Sequence[str]) -> str:
    """Return the condition that a text column is one of some values."""
    return f"{column} IN ({', '.join(map(quoted, values))})"


def among_ids(ids: Sequence[str]) -> str:
    """Return the condition that the internal id is one of some; ids are numbers in nearly all tables."""
    return f"id IN ({', '.join(one if is_number(one) else quoted(one) for one in ids)})"


def is_word(name: str) -> bool:
    """Tell whether a name may stand in a statement as a table or column."""
    return _WORD.fullmatch(name) is not None


def unknown_column(refusal: NetSuiteError) -> str:
    """Return the column that NetSuite says it does not know, in lower case; empty when it names none."""
    found = _UNKNOWN.search(refusal.detail)
    return found[1].lower().rpartition(".")[2] if found else ""


def is_about_table(refusal: NetSuiteError) -> bool:
    """Tell whether the role cannot read the table at all, or there is none, so that no statement on it fares better."""
    return isinstance(refusal, PermissionDeniedError) or _NO_TABLE.search(refusal.detail) is not None


def is_about_statement(refusal: NetSuiteError) -> bool:
    """Tell whether NetSuite refused what the statement says, in whole or in part; another statement may pass."""
    return isinstance(refusal, InvalidRequestError)


class Effort(Enum):
    """What it may cost to find a record that SuiteQL does not show."""

    BULK = "nothing: it stays unasked"
    SINGLE = "a request for this record alone"


@dataclass
class Rows:
    """What SuiteQL shows of some records.

    Attributes:
        by_id: rows by internal id; a record that SuiteQL does not have is absent.
        columns: those that the rows were read with.
        unread: internal ids of records that could not be read, so that nothing is known of them.
    """

    by_id: dict[str, Row] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)


class TableReader:
    """Reads columns that may not be there; what NetSuite has refused is not asked for again. Thread-safe."""

    def __init__(self, suiteql: SuiteQL, executor: Executor) -> None:
        """Ask through `suiteql`; `executor` runs the requests, and none of its tasks may wait for this."""
        self._suiteql = suiteql
        self._executor = executor
        self._lock = threading.Lock()
        self._refused: dict[str, set[str]] = {}
        self._unreadable: set[str] = set()

    def read(self, table: RecordTable, columns: Mapping[str, str], ids: Sequence[str]) -> Rows:
        """Return the rows of records.

        Args:
            table: where they are.
            columns: kinds by column, see `FieldShape.kind`.
            ids: internal ids.

        Raises:
            NetSuiteError: NetSuite cannot be asked now.
            ConnectionFailedError: no usable answer.
        """
        numbers, others = [one for one in ids if is_number(one)], [one for one in ids if not is_number(one)]
        parts = [*in_parts(numbers), *in_parts(others)]
        read = list(self._executor.map(lambda part: self._part(table, columns, part), parts))
        together = Rows(columns=set(columns).intersection(*(part.columns for part in read if not part.unread)))
        for part in read:
            together.by_id |= part.by_id
            together.unread |= part.unread
        return together

    def _part(self, table: RecordTable, columns: Mapping[str, str], ids: Sequence[str]) -> Rows:
        kinds = {name: columns[name] for name in sorted(columns) if is_word(name)}
        for attempt in range(_ONE_BY_ONE + 1):
            with self._lock:
                kinds = {name: kind for name, kind in kinds.items() if name not in self._refused.get(table.name, ())}
                if table.name in self._unreadable:
                    break
            try:
                found = self._rows(table, kinds, ids)
            except NetSuiteError as refusal:
                if not self._learn(table, kinds, refusal, ids, in_parts=attempt == _ONE_BY_ONE - 1):
                    break
            else:
                return Rows({str(row["id"]): row for row in found}, set(kinds))
        return Rows(unread=set(ids))

    def _learn(
        self,
        table: RecordTable,
        kinds: Mapping[str, str],
        refusal: NetSuiteError,
        ids: Sequence[str],
        *,
        in_parts: bool,
    ) -> bool:
        """Take note of what NetSuite refuses; tell whether asking again without it makes sense.

        Raises:
            NetSuiteError: the refusal is not about the statement.
        """
        if is_about_table(refusal):
            with self._lock:
                self._unreadable.add(table.name)
            return False
        if not is_about_statement(refusal):
            raise refusal
        named = {unknown_column(refusal)} & kinds.keys()
        if not named or in_parts:
            named = self._refused_among(table, kinds, ids)
        with self._lock:
            self._refused.setdefault(table.name, set()).update(named)
        return bool(named)

    def _refused_among(self, table: RecordTable, kinds: Mapping[str, str], ids: Sequence[str]) -> set[str]:
        """Ask for ever fewer columns of one record until each refused one is left alone."""
        refused: set[str] = set()
        parts = [list(kinds)] if kinds and self._accepts(table, {}, ids) else []
        while parts:
            part = parts.pop()
            if self._accepts(table, {name: kinds[name] for name in part}, ids):
                continue
            if len(part) == 1:
                refused |= set(part)
            else:
                parts += [part[: len(part) // 2], part[len(part) // 2 :]]
        return refused

    def _accepts(self, table: RecordTable, kinds: Mapping[str, str], ids: Sequence[str]) -> bool:
        try:
            self._rows(table, kinds, ids[:1])
        except NetSuiteError as refusal:
            if not is_about_statement(refusal):
                raise
            return False
        return True

    def _rows(self, table: RecordTable, kinds: Mapping[str, str], ids: Sequence[str]) -> list[dict[str, Any]]:
        columns = ", ".join(["id", *(selected(name, kind) for name, kind in kinds.items())])
        condition = both(among_ids(ids), table.condition)
        return self._suiteql.page(f"SELECT {columns} FROM {table.name} WHERE {condition}").items


def selected(name: str, kind: str) -> str:
    """Return a column as a select list has it: raw dates would be in the user's own format [section_156577938018]."""
    if kind == "date":
        return f"TO_CHAR({name}, '{DATE_FORMAT}') AS {name}"
    return f"TO_CHAR({name}, '{SQL_TIME_FORMAT}') AS {name}" if kind == "date-time" else name
