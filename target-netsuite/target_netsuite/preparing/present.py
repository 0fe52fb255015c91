"""What is there now."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import (
    IncompleteResultError,
    InvalidRequestError,
    NetSuiteError,
    NotFoundError,
    PermissionDeniedError,
    Records,
    SuiteQL,
    SuiteTalkError,
)
from suitetalk.record_tables import RecordTable, record_table
from suitetalk.timezone import SQL_TIME_FORMAT
from target_netsuite.intents import Difference
from target_netsuite.mapping.catalog import Shapes
from target_netsuite.preparing.comparison import (
    SCALARS,
    decimal,
    differences,
    instant,
    is_bare_link,
    is_nothing,
    items,
    member,
    plain,
    reference_id,
    scalar_text,
)
from target_netsuite.preparing.statements import (
    among_ids,
    both,
    in_parts,
    is_about_statement,
    is_about_table,
    is_number,
    is_word,
    unknown_column,
)

_BETWEEN_IDS = re.compile(r"[,;|\x05]")
_DATE_FORMAT = "YYYY-MM-DD"
_COMPARED = frozenset(
    {"text", "integer", "number", "boolean", "date", "date-time", "reference", "enum", "multi-select"}
)


def is_shown(kind: str, zone: ZoneInfo | None) -> bool:
    """Tell whether SuiteQL may show what a field holds.

    Args:
        kind: see `FieldShape.kind`; empty when it is not known.
        zone: the account's time zone, None when it is not certain; then no time can be compared.
    """
    return kind in _COMPARED and (kind != "date-time" or zone is not None)


def is_comparable(kind: str, wanted: Any) -> bool:
    """Tell whether a body's value can be compared with SuiteQL's text for a field of a kind."""
    if isinstance(wanted, SCALARS) or not isinstance(wanted, (Mapping, list, tuple)):
        return kind != "multi-select" or is_nothing(wanted)
    if kind == "multi-select":
        return all(reference_id(choice) is not None for choice in items(wanted) or [None]) or is_nothing(wanted)
    return kind in ("reference", "enum") and reference_id(wanted) is not None


def selected(name: str, kind: str) -> str:
    """Return a column as a select list has it: raw dates would be in the user's own format [section_156577938018]."""
    if kind == "date":
        return f"TO_CHAR({name}, '{_DATE_FORMAT}') AS {name}"
    return f"TO_CHAR({name}, '{SQL_TIME_FORMAT}') AS {name}" if kind == "date-time" else name


def shows(kind: str, text: Any, wanted: Any, zone: ZoneInfo | None) -> bool:
    """Tell whether SuiteQL's text for a field, None where it is null, is what is wanted [section_157909186990]."""
    if is_nothing(wanted):
        return is_nothing(text) or (kind == "boolean" and text == "F")
    if kind == "boolean":
        return (text == "T") is (wanted in (True, "T", "true"))
    if text is None:
        return False
    if kind == "date-time":
        return zone is not None and _shows_instant(str(text), wanted, zone)
    return _SHOWS.get(kind, _shows_text)(str(text), wanted)


def _shows_number(text: str, wanted: Any) -> bool:
    return decimal(wanted) is not None and decimal(wanted) == decimal(text)


def _shows_date(text: str, wanted: Any) -> bool:
    return str(wanted)[: len(_DATE_FORMAT)] == text


def _shows_id(text: str, wanted: Any) -> bool:
    return reference_id(wanted) == text


def _shows_ids(text: str, wanted: Any) -> bool:
    return {str(reference_id(choice)) for choice in items(wanted) or []} == set(_ids(text))


def _shows_text(text: str, wanted: Any) -> bool:
    return scalar_text(wanted) == text


def _ids(text: str) -> list[str]:
    """Return the ids of a multi-select; what stands between them is not documented [section 5.3]."""
    return [part for part in map(str.strip, _BETWEEN_IDS.split(text)) if part]


def _shows_instant(text: str, wanted: Any, zone: ZoneInfo) -> bool:
    """Tell whether the account's clock shows a moment; in an hour that it shows twice nobody can tell."""
    moment = instant(wanted)
    if moment is None:
        return False
    local = moment.astimezone(zone)
    is_certain = local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
    return is_certain and local.replace(tzinfo=None).isoformat(" ", "seconds") == text


_SHOWS: Mapping[str, Callable[[str, Any], bool]] = {
    "number": _shows_number,
    "integer": _shows_number,
    "date": _shows_date,
    "reference": _shows_id,
    "enum": _shows_id,
    "multi-select": _shows_ids,
}


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


_UNREADABLE = (InvalidRequestError, NotFoundError, PermissionDeniedError, IncompleteResultError)
_ID = "id"

# An enumeration may have other ids there [section 3.4], and a time is without its seconds, and with its zone.
_OTHERWISE_IN_DOCUMENTS = frozenset({"enum", "date-time"})


@dataclass(frozen=True)
class Wanted:
    """What a record is to hold.

    Attributes:
        internal_id: of the record.
        fields: what is compared; lines that have a rule are not among it.
        sublists: names of sublists whose lines have to be known.
    """

    internal_id: str
    fields: Mapping[str, Any]
    sublists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Present:
    """What a record holds.

    Attributes:
        differences: fields that are not as wanted, or of which nobody can tell.
        document: the record with what was wanted of it, None when it was not needed or cannot be read.
        problem: why the document cannot be read, None when it can.
        is_absent: whether SuiteQL shows that there is no such record.
        is_open: whether something was not compared, since SuiteQL does not show it and nothing else was to be asked.
    """

    differences: tuple[Difference, ...] = ()
    document: Mapping[str, Any] | None = None
    problem: SuiteTalkError | None = None
    is_absent: bool = False
    is_open: bool = False


class PresentValues:
    """Compares records with what is wanted: through SuiteQL, and by their documents for the rest. Thread-safe."""

    def __init__(
        self, suiteql: SuiteQL, records: Records, executor: Executor, zone: Callable[[], ZoneInfo | None]
    ) -> None:
        """Prepare.

        Args:
            suiteql: where to ask for many records at once.
            records: where to ask for what SuiteQL does not show: lines, subrecords, some fields.
            executor: runs the requests; none of its tasks may wait for this.
            zone: the account's time zone, None when it is not certain.
        """
        self._records = records
        self._executor = executor
        self._zone = zone
        self._table = TableReader(suiteql, executor)

    def compare(
        self, record_type: str, shapes: Shapes, wanted: Sequence[Wanted], *, in_bulk_only: bool = False
    ) -> list[Present]:
        """Return what there is of each record.

        Args:
            record_type: of all of them.
            shapes: what the catalog says of it.
            wanted: what to compare with.
            in_bulk_only: whether what SuiteQL does not show is left open, instead of being read record by record.

        Raises:
            NetSuiteError: NetSuite cannot be asked now; that one record cannot be read raises nothing.
            ConnectionFailedError: no usable answer.
        """
        kinds = _kinds(shapes, wanted)
        zone = self._zone() if "date-time" in kinds.values() else None
        columns = {name.lower(): kind for name, kind in kinds.items() if is_shown(kind, zone)}
        ids = [one.internal_id for one in wanted if one.fields]
        rows = self._table.read(record_table(record_type), columns, ids) if columns else Rows(unread=set(ids))
        seen = [_by_row(one, kinds, rows, zone) for one in wanted]
        unseen = [number for number, (one, rest) in enumerate(seen) if not one.is_absent and rest is not None]

        if in_bulk_only:
            left = set(unseen)
            return [replace(one, is_open=number in left) for number, (one, _) in enumerate(seen)]

        def look(number: int) -> Present:
            found, rest = seen[number]
            return self._by_document(record_type, shapes, wanted[number], found, rest or {})

        looked = dict(zip(unseen, self._executor.map(look, unseen), strict=True))
        return [looked.get(number, found) for number, (found, _) in enumerate(seen)]

    def exist(self, record_type: str, ids: Sequence[str]) -> dict[str, bool]:
        """Return of some internal ids whether the records exist; those of which nobody can tell are absent."""
        rows = self._table.read(record_table(record_type), {}, ids)
        return {one: one in rows.by_id for one in ids if one not in rows.unread}

    def _by_document(
        self, record_type: str, shapes: Shapes, wanted: Wanted, found: Present, rest: Mapping[str, Any]
    ) -> Present:
        """Add what a record's document tells to what its row has told."""
        try:
            document = self._document(record_type, shapes, wanted, rest)
        except _UNREADABLE as problem:
            unknown = [Difference(name, None, plain(value)) for name, value in rest.items()]
            return Present((*found.differences, *unknown), None, problem)
        return Present((*found.differences, *differences(rest, document, shapes)), document)

    def _document(self, record_type: str, shapes: Shapes, wanted: Wanted, rest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read a record with what is needed of it; subrecords in lines come only with everything else."""
        inside = {*wanted.sublists, *(name for name, value in rest.items() if _is_inside(shapes, name, value))}
        if all(shapes.kind(name) == "multi-select" for name in inside):
            document = self._records.get(record_type, wanted.internal_id, expand=sorted(inside))
            if not any(is_bare_link(member(document, name)) for name in inside):
                return document
        return self._records.get(record_type, wanted.internal_id, expand_sub_resources=True)


def _kinds(shapes: Shapes, wanted: Sequence[Wanted]) -> dict[str, str]:
    """Return the kinds of the fields that are compared: all but the id and those that cannot be written."""
    names = dict.fromkeys(name for one in wanted for name in one.fields)
    return {name: shapes.kind(name) for name in names if name.lower() != _ID and not shapes.is_read_only(name)}


def _by_row(
    wanted: Wanted, kinds: Mapping[str, str], rows: Rows, zone: ZoneInfo | None
) -> tuple[Present, dict[str, Any] | None]:
    """Return what a record's row tells, and the fields that its document has to tell; None when it need not be read."""
    row = rows.by_id.get(wanted.internal_id)
    if row is None and wanted.fields and wanted.internal_id not in rows.unread:
        return Present(is_absent=True), None
    found: list[Difference] = []
    rest: dict[str, Any] = {}
    for name, value in wanted.fields.items():
        kind, column = kinds.get(name), name.lower()
        if kind is None:
            continue
        if row is None or column not in rows.columns or not is_comparable(kind, value):
            rest[name] = value
        elif not shows(kind, row.get(column), value, zone):
            if kind in _OTHERWISE_IN_DOCUMENTS:
                rest[name] = value
            else:
                found.append(Difference(name, row.get(column), plain(value)))
    return Present(tuple(found)), rest if rest or wanted.sublists else None


def _is_inside(shapes: Shapes, name: str, value: Any) -> bool:
    """Tell whether a field has to be expanded."""
    if shapes.is_sub_resource(name):
        return True
    is_object = isinstance(value, Mapping) and (items(value) is not None or reference_id(value) is None)
    return is_object and shapes.kind(name) == ""
