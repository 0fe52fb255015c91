"""Bytes of a page -> RECORD lines.

Two ways lead there and end in the same bytes. The quick one decodes text straight into typed values, without Python in
between. What it does not expect (names in capitals, a value of another type) is not an error yet: the page goes the
careful way, value by value, which knows every form a value can take and can say which column is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from math import inf
from operator import attrgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from suitetalk import READABLE_ROWS, Datasets, Page, ServerFaultError, SuiteQL, SuiteTalkError
from suitetalk.errors import AnswerTimedOutError
from suitetalk.values import iso
from tap_netsuite.source import DELETED_AT, SET_READ_AT, UTC, Column, Kind, Source, converter

logger = logging.getLogger(__name__)

Key = tuple[Any, ...]
"""Values of a row's key columns, in their order."""

Record = dict[str, Any]
Result = TypeVar("Result")
Asked = TypeVar("Asked", SuiteQL, Datasets)


@dataclass(frozen=True)
class Rows:
    """Some rows in the form they leave in, such as those of one page.

    Attributes:
        count: how many they are.
        lines: RECORD messages, one a line, each ending in a line feed; empty when `records` is used.
        records: the rows as mappings, for the SDK to treat; None when `lines` is used.
        first: key of the first row, None without rows or without keys.
        last: key of the last row, likewise.
        newest: highest value of the replication key as it leaves, None when no row has one.
        kept: values of some columns of all rows, where they were asked for.
        offset: rows of the result before them.
        total: NetSuite's count of the whole result; None where they are not a page of one.
        has_more: whether NetSuite says that a page of the result comes after them.
        answers: how many answers of NetSuite they are from.
    """

    count: int
    lines: bytes = b""
    records: list[Record] | None = None
    first: Key | None = None
    last: Key | None = None
    newest: Any | None = None
    kept: tuple[Key, ...] = ()
    offset: int = 0
    total: int | None = None
    has_more: bool = False
    answers: int = 1

    @property
    def disagrees(self) -> bool:
        """Whether the answer's count, its rows and its word of more cannot all be true."""
        if self.total is None:
            return False
        end = self.offset + self.count
        is_cut = not self.has_more and end >= READABLE_ROWS
        return self.has_more != (end < self.total) and not is_cut

    @property
    def left(self) -> int | None:
        """Rows of the result after these, by NetSuite's count of the whole; None where there is no such count."""
        return None if self.total is None else max(0, self.total - self.offset - self.count)

    @property
    def is_last(self) -> bool:
        """Whether no row of the result comes after these."""
        return not (self.has_more if self.total is None else self.left)

    @property
    def is_whole(self) -> bool:
        """Whether they are the whole result: one answer, in which nothing can have moved."""
        return self.offset == 0 and self.is_last and self.answers == 1


_DECODED = {Kind.INTEGER: int, Kind.DECIMAL: Decimal}
_READY = (Kind.INTEGER, Kind.TEXT, Kind.DISPLAY)
_BOOLEANS = {"T": True, "F": False, "true": True, "false": False}
_TIME_LENGTH = len("YYYY-MM-DD HH:MI:SS")
_TAKEN_FOR_NOTHING = b'ull"'  # the decoder reads the text "null" as no number at all, "Null" too
_REPLACEMENT = "\ufffd"
_OUTAGES = frozenset({502, 503})
_MOST_PAGES = 1000  # that one result can be read for [section_156414087576]
FEW_ROWS = 10  # of which a page holds that is not asked for in parts
_NAMED = 5  # rows in one warning
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class PageSize:
    """How many rows of a source NetSuite gives at once, which shows when it fails at a page. Thread-safe.

    Fewer are asked for where it fails at many or takes too long: for that page, and from then on once it has failed
    again at as many after fewer have come, which tells wide rows from a fault that passes.

    Attributes:
        most: rows of a full page.
    """

    def __init__(self, most: int) -> None:
        """Begin with full pages."""
        self.most = most
        self._fits = most
        self._suspected = 0

    def ask(self, page: Callable[[int], Result], offset: int = 0, most: int = 0) -> tuple[Result, int]:
        """Ask for a page; for a tenth of it, and so on, where NetSuite fails at it.

        Args:
            page: returns the page of so many rows.
            offset: rows before it; a multiple of what is asked for, and no more than a thousand times that.
            most: rows to ask for at most, where that are not all.

        Returns:
            The page, and the rows it was asked for.

        Raises:
            SuiteTalkError: even a few rows failed, or it is not a matter of their number.
        """
        size, failed = min(self._fits, most or self._fits), 0
        while True:
            try:
                answer = page(size)
            except (ServerFaultError, AnswerTimedOutError) as error:
                less = _tenth(size)
                is_outage = isinstance(error, ServerFaultError) and error.status in _OUTAGES
                if is_outage or not less or offset >= less * _MOST_PAGES:
                    raise
                logger.warning("%s; asking for %d rows at once instead of %d", str(error).rstrip(". "), less, size)
                if size == self._suspected:
                    self._fits = min(self._fits, less)
                size, failed = less, size
            else:
                self._suspected = failed or self._suspected
                return answer, size


def in_time(suiteql: Asked, rows: int) -> Asked:
    """Return what is asked for so many rows: once, if fewer can be asked for when no answer comes in time."""
    return suiteql.within(inf) if rows > FEW_ROWS else suiteql


def _tenth(rows: int) -> int:
    """Return about a tenth of a number of rows, which it is a multiple of; 0 for a few."""
    return next(part for part in range(rows // 10, 0, -1) if rows % part == 0) if rows > FEW_ROWS else 0


def joined(parts: Sequence[Rows]) -> Rows:
    """Return rows that follow each other as if they had come together."""
    if len(parts) == 1:
        return parts[0]
    records = [record for part in parts for record in part.records or ()]
    filled = [part for part in parts if part.count]
    return replace(
        parts[0],
        count=sum(part.count for part in parts),
        lines=b"".join(part.lines for part in parts),
        records=None if parts[0].records is None else records,
        last=filled[-1].last if filled else None,
        newest=max((part.newest for part in parts if part.newest is not None), default=None),
        kept=tuple(kept for part in parts for kept in part.kept),
        has_more=parts[-1].has_more,
        answers=len(parts),
    )


class ValueFormError(SuiteTalkError):
    """A column holds a value of another type than the catalog says."""


class _Message(msgspec.Struct, gc=False):
    type: str
    stream: str
    record: Any
    time_extracted: str
    version: int | msgspec.UnsetType = msgspec.UNSET


class RowFormat:
    """Turns the rows of one source into what leaves. Thread-safe."""

    def __init__(
        self,
        stream: str,
        source: Source,
        zone: Callable[[], ZoneInfo],
        *,
        as_lines: bool,
        in_key_order: bool = True,
        kept: tuple[str, ...] = (),
        marks_deletions: bool = False,
        version: int | None = None,
    ) -> None:
        """Prepare decoding.

        Args:
            stream: name of the stream the rows belong to.
            source: what they are read from.
            zone: the account's time zone, asked for when a time is not in UTC already.
            as_lines: whether they leave as RECORD messages; as mappings otherwise.
            in_key_order: whether they have to come in the order of their keys, where these are numbers.
            kept: columns whose values are reported for each row besides.
            marks_deletions: whether rows say that they are not deleted.
            version: the version that RECORD messages carry.
        """
        self._stream = stream
        self._source = source
        self._zone = zone
        self._as_lines = as_lines
        self._in_key_order = in_key_order
        self._kept = kept
        self._version = version
        self._plain_marks: Record = {DELETED_AT: None} if marks_deletions else {}
        self._read_at: Callable[[], datetime | None] | None = None

    def of_set(self, read_at: Callable[[], datetime | None]) -> RowFormat:
        """Return the format of one reading of sets, whose moment is asked for with its first page."""
        of_set = copy(self)
        of_set._read_at = read_at  # noqa: SLF001 - of this class
        return of_set

    @cached_property
    def _marks(self) -> Record:
        if self._read_at is None:
            return self._plain_marks
        moment = self._read_at()
        return {**self._plain_marks, SET_READ_AT: iso(moment) if moment else None}

    @cached_property
    def _quick(self) -> _Quick | None:
        return _Quick(self._source, self._zone, self._marks) if self._as_lines else None

    def read(self, content: bytes, page: Callable[[], Page], offset: int = 0) -> Rows:
        """Return the rows of a page.

        Args:
            content: the body of NetSuite's answer.
            page: the same answer decoded the general way, called when it is needed.
            offset: rows of the result before the page.

        Raises:
            ValueFormError: a value is not of its column's type.
            IncompleteResultError: keys are missing, or out of order.
        """
        if self._quick:
            decoded = self._quick.decode(content)
            if decoded is not None:
                rows, total, has_more = decoded
                kept = self._quick.values(rows, self._kept)
                leaving = self._leaving(rows, self._quick.keys(rows), self._quick.newest(rows), kept, offset, total)
                return replace(leaving, has_more=has_more)
        return self.of_page(page(), offset)

    def of_page(self, page: Page, offset: int = 0) -> Rows:
        """Return the rows of a page that was decoded the general way; see `of_items`."""
        return replace(self.of_items(page.items, offset, page.total), has_more=page.has_more)

    def of_items(self, items: Iterable[dict[str, Any]], offset: int = 0, total: int | None = None) -> Rows:
        """Return rows given as SuiteQL's mappings of lower-case names to text, with their place in a result.

        Raises:
            ValueFormError: a value is not of its column's type.
            IncompleteResultError: keys are missing.
        """
        items = list(items)
        records = [self._record(item) for item in items]
        cursor = self._source.replication_key
        stamps = [record[cursor.name] for record in records if record[cursor.name] is not None] if cursor else []
        keys = [tuple(record[column.name] for column in self._source.keys) for record in records]
        kept = [tuple(record[name] for name in self._kept) for record in records] if self._kept else []
        _warn_of_characters(self._source, items, keys)
        return self._leaving(records, keys, max(stamps, default=None), kept, offset, total)

    def _leaving(
        self,
        rows: Sequence[Any],
        keys: list[Key],
        newest: Any | None,
        kept: list[Key],
        offset: int,
        total: int | None,
    ) -> Rows:
        if self._source.keys:
            _check_presence(self._source, keys)
            if self._in_key_order:
                _check_order(self._source, keys)
        first, last = (keys[0], keys[-1]) if keys and self._source.keys else (None, None)
        lines, records = (
            (record_lines(self._stream, rows, self._version), None) if self._as_lines else (b"", list(rows))
        )
        return Rows(len(rows), lines, records, first, last, newest, tuple(kept), offset, total)

    def _record(self, item: dict[str, Any]) -> Record:
        record: Record = dict(self._marks)
        for column in self._source.columns:
            text = item.get(column.name)
            try:
                record[column.name] = None if text is None else self._converted(column, text)
            except ValueError:
                raise ValueFormError(
                    f"column {column.name} holds {str(text)[:80]!r}, which is not a valid {column.kind.value}; "
                    "make its type string in the catalog."
                ) from None
        return record

    def _converted(self, column: Column, text: Any) -> Any:
        zone = self._zone() if column.kind is Kind.DATE_TIME and not column.in_utc else UTC
        return converter(column.kind, zone)(text)


def record_lines(stream: str, rows: Iterable[Any], version: int | None = None) -> bytes:
    """Return rows as RECORD messages, one a line, each ending in a line feed."""
    now = datetime.now(timezone.utc).isoformat()
    carried = msgspec.UNSET if version is None else version
    return _ENCODER.encode_lines([_Message("RECORD", stream, row, now, carried) for row in rows])


def _warn_of_characters(source: Source, items: Sequence[dict[str, Any]], keys: Sequence[Key]) -> None:
    """Name the rows with texts that NetSuite sent damaged, such as one that was cut in the middle of an emoji."""
    damaged = [
        key
        for item, key in zip(items, keys, strict=True)
        if any(isinstance(value, str) and _REPLACEMENT in value for value in item.values())
    ]
    if damaged:
        shown = [
            " ".join(f"{column.name} {value}" for column, value in zip(source.keys, key, strict=True))
            for key in damaged[:_NAMED]
        ]
        logger.warning(
            "%s: texts in %d rows hold U+FFFD, which stands for characters that are not Unicode%s",
            source.name,
            len(damaged),
            f": {', '.join(shown)}{' and others' if len(damaged) > _NAMED else ''}" if source.keys else "",
        )


def _check_order(source: Source, keys: Sequence[Key]) -> None:
    """Make sure that numbers rise, each once: reading goes on after the last one."""
    if source.has_number_keys and any(before >= after for before, after in pairwise(keys)):
        is_twice = len(set(keys)) < len(keys)
        raise source.key_error("two rows with the same key") if is_twice else source.order_error()


def _check_presence(source: Source, keys: Sequence[Key]) -> None:
    if any(None in key for key in keys):
        row = next(key for key in keys if None in key)
        name = source.keys[row.index(None)].name
        raise source.key_error(f"a row without {name}")


class _Quick:
    """Decodes pages into rows of a type made for the source; a row's fields are named by their place."""

    def __init__(self, source: Source, zone: Callable[[], ZoneInfo], marks: Record) -> None:
        fields: list[tuple[str, Any, Any]] = [
            (f"f{place}", _DECODED.get(column.kind, str) | None, None) for place, column in enumerate(source.columns)
        ]
        of_marks: list[tuple[str, Any, Any]] = [
            (f"m{place}", str | None, value) for place, value in enumerate(marks.values())
        ]
        row = msgspec.defstruct(
            "Row",
            [*fields, *of_marks, ("links", msgspec.Raw | msgspec.UnsetType, msgspec.UNSET)],
            rename={
                **{f"f{place}": column.name for place, column in enumerate(source.columns)},
                **{f"m{place}": name for place, name in enumerate(marks)},
            },
            forbid_unknown_fields=True,  # what is not expected must not go missing in silence
            gc=False,
        )
        page = msgspec.defstruct("Page", [("items", list[row]), ("totalResults", int), ("hasMore", bool, False)])  # type: ignore[valid-type]  # made just now
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page, strict=False)
        self._zone = zone
        self._unfinished = [
            (f"f{place}", column) for place, column in enumerate(source.columns) if column.kind not in _READY
        ]
        self._places = {column.name: f"f{place}" for place, column in enumerate(source.columns)}
        self._keys = tuple(column.name for column in source.keys)
        self._cursor_field = self._places[source.replication_key.name] if source.replication_key else None

    def decode(self, content: bytes) -> tuple[list[Any], int, bool] | None:
        """Return rows, the count of all, and whether more follow; None when the page has to go the careful way."""
        if _TAKEN_FOR_NOTHING in content:
            return None
        try:
            page = self._decoder.decode(content)
            for field, column in self._unfinished:
                _finish(page.items, field, self._last_step(column))
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError, OverflowError):
            return None
        for row in page.items:
            row.links = msgspec.UNSET
        return page.items, page.totalResults, page.hasMore

    def keys(self, rows: list[Any]) -> list[Key]:
        """Return the rows' keys."""
        return self.values(rows, self._keys)

    def values(self, rows: list[Any], names: tuple[str, ...]) -> list[Key]:
        """Return the rows' values of some columns."""
        fields = [self._places[name] for name in names]
        if len(fields) == 1:
            field = attrgetter(fields[0])
            return [(field(row),) for row in rows]
        return list(map(attrgetter(*fields), rows)) if fields else []

    def newest(self, rows: list[Any]) -> Any | None:
        """Return the highest replication key, as it leaves."""
        if self._cursor_field is None:
            return None
        return max((value for value in map(attrgetter(self._cursor_field), rows) if value is not None), default=None)

    def _last_step(self, column: Column) -> Callable[[Any], Any]:
        if column.kind is Kind.DATE_TIME:
            return _utc if column.in_utc else converter(column.kind, self._zone())
        return _LAST_STEPS.get(column.kind) or converter(column.kind, UTC)


def _utc(text: str) -> str:
    datetime.fromisoformat(text)  # raises ValueError
    if len(text) != _TIME_LENGTH:
        raise ValueError(text)
    return text.replace(" ", "T", 1) + "Z"


def _day(text: str) -> str:
    datetime.fromisoformat(text)  # raises ValueError
    return text[:10]


def _finite(number: Decimal) -> Decimal:
    if number.is_finite():
        return number
    raise ValueError(number)


_LAST_STEPS: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: _BOOLEANS.__getitem__,
    Kind.DATE: _day,
    Kind.DECIMAL: _finite,
}


def _finish(rows: list[Any], field: str, step: Callable[[Any], Any]) -> None:
    read = attrgetter(field)
    for row in rows:
        value = read(row)
        if value is not None:
            setattr(row, field, step(value))
