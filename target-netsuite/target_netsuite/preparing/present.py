"""What records hold now, and where that differs from what is wanted.

`PresentValues.compare` asks SuiteQL for all records at once, and reads the documents of those whose lines or fields
SuiteQL does not show.
"""

from __future__ import annotations

import logging
from collections import defaultdict
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
from suitetalk.values import choices
from target_netsuite.intents import Difference
from target_netsuite.mapping.catalog import TypeFields
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
from target_netsuite.preparing.tables import DATE_FORMAT, Effort, Rows, TableReader

logger = logging.getLogger(__name__)

_COMPARED = frozenset(
    {"text", "integer", "number", "boolean", "date", "date-time", "reference", "enum", "multi-select"}
)
_UNREADABLE = (InvalidRequestError, NotFoundError, PermissionDeniedError, IncompleteResultError)
_ID = "id"
# An enumeration may have other ids there [section 3.4], and a time is without its seconds, and with its zone.
_OTHERWISE_IN_DOCUMENTS = frozenset({"enum", "date-time"})


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
        self._costly: defaultdict[str, set[str]] = defaultdict(set)

    def compare(
        self, record_type: str, shape: TypeFields, wanted: Sequence[Wanted], effort: Effort = Effort.SINGLE
    ) -> list[Present]:
        """Return what there is of each record.

        Args:
            record_type: of all of them.
            shape: what the catalog says of it.
            wanted: what to compare with.
            effort: what it may cost to see what SuiteQL does not show; it is left open, or read record by record.

        Raises:
            NetSuiteError: NetSuite cannot be asked now; that one record cannot be read raises nothing.
            ConnectionFailedError: no usable answer.
        """
        kinds = _kinds(shape, wanted)
        zone = self._zone() if "date-time" in kinds.values() else None
        columns = {name.lower(): kind for name, kind in kinds.items() if is_shown(kind, zone)}
        ids = [one.internal_id for one in wanted if one.fields]
        rows = self._table.read(record_table(record_type), columns, ids) if columns else Rows(unread=set(ids))
        seen = [_by_row(one, kinds, rows, zone) for one in wanted]
        unseen = [number for number, (one, rest) in enumerate(seen) if not one.is_absent and rest is not None]

        if effort is Effort.BULK:
            left = set(unseen)
            return [replace(one, is_open=number in left) for number, (one, _) in enumerate(seen)]

        self._say_what_it_costs(record_type, {name for number in unseen for name in seen[number][1] or {}})

        def look(number: int) -> Present:
            found, rest = seen[number]
            return self._by_document(record_type, shape, wanted[number], found, rest or {})

        looked = dict(zip(unseen, self._executor.map(look, unseen), strict=True))
        return [looked.get(number, found) for number, (found, _) in enumerate(seen)]

    def exist(self, record_type: str, ids: Sequence[str]) -> dict[str, bool]:
        """Return of some internal ids whether the records exist; those of which it is not known are left out."""
        rows = self._table.read(record_table(record_type), {}, ids)
        return {one: one in rows.by_id for one in ids if one not in rows.unread}

    def _say_what_it_costs(self, record_type: str, fields: set[str]) -> None:
        """Say, once for each field, that SuiteQL does not show it."""
        new = sorted(fields - self._costly[record_type])
        if new:
            self._costly[record_type].update(new)
            logger.info(
                "Comparing %s records costs one more request (GET) for each of them, because SuiteQL does not show %s; "
                "without `skip_unchanged`, or without these fields, it does not.",
                record_type,
                ", ".join(new),
            )

    def _by_document(
        self, record_type: str, shape: TypeFields, wanted: Wanted, found: Present, rest: Mapping[str, Any]
    ) -> Present:
        """Add what a record's document says to what its row said."""
        try:
            document = self._document(record_type, shape, wanted, rest)
        except _UNREADABLE as problem:
            unknown = [Difference(name, None, plain(value)) for name, value in rest.items()]
            return Present((*found.differences, *unknown), None, problem)
        return Present((*found.differences, *differences(rest, document, shape)), document)

    def _document(
        self, record_type: str, shape: TypeFields, wanted: Wanted, rest: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Read a record with what is needed of it; subrecords in lines come only with everything else."""
        inside = {*wanted.sublists, *(name for name, value in rest.items() if _is_inside(shape, name, value))}
        if all(shape.kind(name) == "multi-select" for name in inside):
            document = self._records.get(record_type, wanted.internal_id, expand=sorted(inside))
            if not any(is_bare_link(member(document, name)) for name in inside):
                return document
        return self._records.get(record_type, wanted.internal_id, expand_sub_resources=True)


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
        differences: fields that are not as wanted, or may not be.
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


def _kinds(shape: TypeFields, wanted: Sequence[Wanted]) -> dict[str, str]:
    """Return the kinds of the fields that are compared: all but the id and those that cannot be written."""
    names = dict.fromkeys(name for one in wanted for name in one.fields)
    return {name: shape.kind(name) for name in names if name.lower() != _ID and not shape.is_read_only(name)}


def _by_row(
    wanted: Wanted, kinds: Mapping[str, str], rows: Rows, zone: ZoneInfo | None
) -> tuple[Present, dict[str, Any] | None]:
    """Return what a record's row says, and the fields to be read from its document; None when it need not be read."""
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


def _is_inside(shape: TypeFields, name: str, value: Any) -> bool:
    """Tell whether a field has to be expanded."""
    if shape.is_sub_resource(name):
        return True
    is_object = isinstance(value, Mapping) and (items(value) is not None or reference_id(value) is None)
    return is_object and shape.kind(name) == ""


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
    return str(wanted)[: len(DATE_FORMAT)] == text


def _shows_id(text: str, wanted: Any) -> bool:
    return reference_id(wanted) == text


def _shows_ids(text: str, wanted: Any) -> bool:
    return {str(reference_id(choice)) for choice in items(wanted) or []} == set(choices(text))


def _shows_text(text: str, wanted: Any) -> bool:
    return scalar_text(wanted) == text


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
