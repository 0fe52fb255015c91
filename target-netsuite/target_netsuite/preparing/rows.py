"""Rows of many records at once, with those columns that SuiteQL has."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from suitetalk import NetSuiteError, SuiteQL
from suitetalk.record_tables import RecordTable
from target_netsuite.preparing.columns import selected
from target_netsuite.preparing.query_refusals import is_about_statement, is_about_table, is_word, unknown_column
from target_netsuite.preparing.statements import among_ids, both, in_parts, is_number

_ONE_BY_ONE = 5  # columns left out because NetSuite names them, before the rest is asked for in parts

Row = Mapping[str, Any]


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
        """Ask for ever fewer columns of one record until those that are refused are by themselves."""
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
