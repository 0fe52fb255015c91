"""What is in NetSuite already of what some records of the input want there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import (
    IncompleteResultError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    Records,
    SuiteQL,
    SuiteTalkError,
)
from suitetalk.record_tables import record_table
from target_netsuite.intents import Difference
from target_netsuite.preparing.columns import is_comparable, is_shown, shows
from target_netsuite.preparing.comparison import differences, is_bare_link, items, member, plain, reference_id
from target_netsuite.preparing.rows import Rows, TableReader
from target_netsuite.preparing.shapes import Shapes

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
