"""Bytes of a page -> RECORD lines, column by column.

A page is decoded into rows of a type made for the source. Its columns are converted, each in a few calls, and made
rows of again. What is unusual costs only what it concerns: text that the quick conversion of a column does not take,
such as `5.0` for a whole number, sends that column the careful way, value by value, which knows every form a value can
take and says which column is wrong. A column in which NetSuite sends something other than text is decoded as whatever
comes from then on. Only names that are not expected, such as those in capitals, send a page through mappings.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal
from functools import cached_property, partial
from operator import lt
from types import NoneType
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import astuple

from suitetalk import READABLE_ROWS, Datasets, Page, SuiteQL, SuiteTalkError
from suitetalk.errors import TOO_SLOW, UnexpectedError
from suitetalk.http.response import Answer
from suitetalk.values import iso
from tap_netsuite.source import DELETED_AT, SET_READ_AT, UTC, Column, Converter, Kind, Source, converter

logger = logging.getLogger(__name__)

Key = tuple[Any, ...]
"""Values of a row's key columns, in their order."""

Record = dict[str, Any]
Encode = Callable[[Iterable[Any]], bytes]
"""Makes lines of rows, each ending in a line feed."""

Result = TypeVar("Result")
Asked = TypeVar("Asked", SuiteQL, Datasets)
_DECODED: dict[Kind, Any] = {Kind.BOOLEAN: Literal["T", "F"]}  # the others as text
_REPLACEMENT = "\ufffd".encode()
_FAILURES_OF_LARGE_PAGES = (UnexpectedError, *TOO_SLOW)
_MOST_PAGES = 1000  # that one result can be read for [section_156414087576]
FEW_ROWS = 10  # of which a page holds that is not asked for in parts
_NAMED = 5  # rows in one warning
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_NUMBERS = msgspec.json.Decoder(list[msgspec.Raw])
_LEFT_WITH_EXPONENT = ("[0.000000", ",0.000000", "-0.000000")  # as decimals are written whose first digit comes late
# No two conversions are quicker side by side, and many that wait for the interpreter keep waking up.
_ONE_AT_A_TIME = threading.Lock()
_ODD_COLUMN = re.compile(r"at `\$\.items\[\d+\]\.(.+)`$")  # in the decoder's words


@dataclass(frozen=True)
class Rows:
    """Some rows in the form they leave in, such as those of one page.

    Attributes:
        count: how many they are.
        lines: RECORD messages, or rows alone for BATCH files, one a line, each ending in a line feed; empty when
            `records` is used.
        records: the rows as mappings, for the SDK to treat; None when `lines` is used.
        first: key of the first row, None without rows or without keys.
        last: key of the last row, likewise.
        newest: highest value of the replication key as it leaves, None when no row has one.
        kept: values of some columns of all rows, where they were asked for.
        keys: keys of all rows, where they are a whole result.
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
    keys: Sequence[Key] = ()
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
        return not (self.has_more and self.count if self.total is None else self.left)

    @property
    def is_whole(self) -> bool:
        """Whether they are the whole result: one answer, in which nothing can have moved."""
        return self.offset == 0 and self.is_last and self.answers == 1


Values = Sequence[Any]
"""A column of a page; None where a row has nothing in it."""


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
            except _FAILURES_OF_LARGE_PAGES as error:
                less = _tenth(size)
                if not may_be_size(error, size) or offset >= less * _MOST_PAGES:
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
    return suiteql.hasty if rows > FEW_ROWS else suiteql


def may_be_size(failure: SuiteTalkError, rows: int) -> bool:
    """Tell whether a page of so many rows may have failed because of their number."""
    return rows > FEW_ROWS and isinstance(failure, _FAILURES_OF_LARGE_PAGES)


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
        encode: Encode | None = None,
    ) -> None:
        """Prepare decoding.

        Args:
            stream: name of the stream the rows belong to.
            source: what they are read from.
            zone: the account's time zone, asked for when a time is not in UTC already.
            as_lines: whether they leave as lines; as mappings otherwise.
            in_key_order: whether they have to come in the order of their keys, where these are numbers.
            kept: columns whose values are reported for each row besides.
            marks_deletions: whether rows say that they are not deleted.
            encode: makes the lines; RECORD messages when None.
        """
        self._source = source
        self._zone = zone
        self._as_lines = as_lines
        self._in_key_order = in_key_order
        self._kept = kept
        self._encode = encode or partial(record_lines, stream)
        self._plain_marks: Record = {DELETED_AT: None} if marks_deletions else {}
        looked_at = (*source.keys, *filter(None, [source.replication_key]))
        self._looked_at = {column.name for column in looked_at} | set(kept)
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
    def _decoder(self) -> _Decoder | None:
        """Decodes pages; None for names that a type cannot have: a quotation mark in them, or two the same."""
        try:
            return _Decoder(self._source)
        except ValueError:
            return None

    @cached_property
    def _row(self) -> Callable[..., Any]:
        """Makes a row that leaves of the values of all columns in their order."""
        names, marks = [column.name for column in self._source.columns], self._marks
        if not self._as_lines or not self._decoder:
            return lambda *values: {**dict(zip(names, values, strict=True)), **marks}
        fields = [(f"f{place}", Any) for place in range(len(names))]
        marked = [(f"m{place}", Any, value) for place, value in enumerate(marks.values())]
        renamed = {f"f{place}": name for place, name in enumerate(names)}
        renamed |= {f"m{place}": name for place, name in enumerate(marks)}
        return msgspec.defstruct("Row", [*fields, *marked], rename=renamed, gc=False)

    def read(self, answer: Answer, offset: int = 0) -> Rows:
        """Return the rows of an answer that is a page.

        Args:
            answer: NetSuite's.
            offset: rows of the result before the page.

        Raises:
            ConnectionFailedError: it has not the shape of a page.
            ValueFormError: a value is not of its column's type.
            IncompleteResultError: keys are missing, or out of order.
        """
        with _ONE_AT_A_TIME:
            return self._read(answer, offset)

    def _read(self, answer: Answer, offset: int) -> Rows:
        content = answer.readable
        decoded = self._decoder.decode(content) if self._decoder else None
        if decoded is None:
            return self.of_page(SuiteQL.page_of(answer), offset)
        page, odd = decoded
        columns: Sequence[Values] = list(zip(*map(astuple, page.items), strict=True))[: len(self._source.columns)]
        if b'""' in content:
            columns = list(map(_without_empty, columns))
        rows = self._leaving(columns, odd, offset, int(page.totalResults), is_damaged=content is not answer.content)
        return replace(rows, has_more=page.hasMore)

    def of_page(self, page: Page, offset: int = 0) -> Rows:
        """Return the rows of a page that was decoded the general way; see `of_items`."""
        return replace(self.of_items(page.items, offset, page.total), has_more=page.has_more)

    def of_items(self, items: Iterable[dict[str, Any]], offset: int = 0, total: int | None = None) -> Rows:
        """Return rows given as SuiteQL's mappings of lower-case names to text, with their place in a result.

        Raises:
            ValueFormError: a value is not of its column's type.
            IncompleteResultError: keys are missing.
        """
        rows = list(items)
        names = [column.name.lower() for column in self._source.columns] if rows else []
        columns = [_without_empty([row.get(name) for row in rows]) for name in names]
        return self._leaving(columns, names, offset, total, is_damaged=True)

    def _leaving(
        self, columns: Sequence[Values], odd: Collection[str], offset: int, total: int | None, *, is_damaged: bool
    ) -> Rows:
        """Return the rows that have these columns.

        Args:
            columns: all of them; none where there are no rows.
            odd: names of those that may hold something other than text.
            offset: rows of the result before them.
            total: NetSuite's count of the whole result.
            is_damaged: whether texts may have been sent damaged.
        """
        source = self._source
        values = {
            column.name: self._converted(column, given, is_text=column.name.lower() not in odd)
            for column, given in zip(source.columns if columns else (), columns, strict=True)
        }
        rows = list(map(self._row, *values.values())) if values else []
        keys = _rows_of(values, [column.name for column in source.keys])
        if keys:
            _check_presence(source, values)
            if self._in_key_order:
                _check_order(source, keys)
        cursor = source.replication_key.name if source.replication_key else ""
        lines = self._encode(rows) if self._as_lines else b""
        if is_damaged:
            _warn_of_characters(source, lines or _ENCODER.encode_lines(rows), keys)
        return Rows(
            len(rows),
            lines=lines,
            records=None if self._as_lines else rows,
            first=keys[0] if keys else None,
            last=keys[-1] if keys else None,
            newest=max([stamp for stamp in values.get(cursor, ()) if stamp is not None], default=None),
            kept=tuple(_rows_of(values, self._kept)),
            keys=keys if total == len(rows) else (),
            offset=offset,
            total=total,
        )

    def _converted(self, column: Column, given: Values, *, is_text: bool) -> Values:
        zone = self._zone() if column.kind is Kind.DATE_TIME and not column.in_utc else UTC
        convert = converter(column.kind, zone)
        if is_text or set(map(type, given)) <= {str, NoneType}:
            with suppress(ValueError, ArithmeticError, msgspec.ValidationError):
                is_written = self._as_lines and column.name not in self._looked_at
                return _quickly(column, convert, given, is_written=is_written)
        return _carefully(column, convert, given)


def _without_empty(given: Values) -> Values:
    """Take texts without characters for null, which they are to Oracle's database."""
    return [None if value == "" else value for value in given] if "" in given else given


def row_lines(rows: Iterable[Any]) -> bytes:
    """Return rows one a line, each ending in a line feed."""
    return _ENCODER.encode_lines(rows)


def record_lines(stream: str, rows: Iterable[Any], version: int | None = None) -> bytes:
    """Return rows as RECORD messages, one a line, each ending in a line feed."""
    now = datetime.now(timezone.utc).isoformat()
    carried = msgspec.UNSET if version is None else version
    message = _ENCODER.encode(_Message("RECORD", stream, msgspec.Raw(b"\n"), now, carried))
    before, after = message.split(b"\n")  # there is no other line feed in JSON
    lines = list(map(_ENCODER.encode, rows))  # one by one: it takes longer to get one block of memory that holds all
    if not lines:
        return b""
    lines[0] = before + lines[0]
    lines[-1] += after + b"\n"
    return (after + b"\n" + before).join(lines)


def _rows_of(values: Mapping[str, Values], names: Sequence[str]) -> list[Key]:
    """Return the values of some columns, row by row; none where there are no rows, or no names."""
    return list(zip(*(values[name] for name in names), strict=True)) if values else []


def _warn_of_characters(source: Source, lines: bytes, keys: Sequence[Key]) -> None:
    """Name the rows with texts that NetSuite sent damaged, such as one that was cut in the middle of an emoji."""
    damaged = _lines_with_replacements(lines)
    if damaged:
        shown = [
            " ".join(f"{column.name} {value}" for column, value in zip(source.keys, keys[row], strict=True))
            for row in (damaged[:_NAMED] if keys else ())
        ]
        logger.warning(
            "%s: texts in %d rows hold U+FFFD, which stands for characters that are not Unicode%s",
            source.name,
            len(damaged),
            f": {', '.join(shown)}{' and others' if len(damaged) > _NAMED else ''}" if source.keys else "",
        )


def _lines_with_replacements(lines: bytes) -> list[int]:
    found, line, seen = [], 0, 0
    place = lines.find(_REPLACEMENT[:1])  # one byte is found far quicker than three
    while place >= 0 and (place := lines.find(_REPLACEMENT, place)) >= 0:
        line += lines.count(b"\n", seen, place)
        found.append(line)
        seen = place
        place = lines.find(b"\n", place)
    return found


def _check_order(source: Source, keys: Sequence[Key]) -> None:
    """Make sure that numbers rise, each once: reading goes on after the last one."""
    if source.has_number_keys and not all(map(lt, keys, keys[1:])):
        is_twice = len(set(keys)) < len(keys)
        raise source.key_error("two rows with the same key") if is_twice else source.order_error()


def _check_presence(source: Source, values: Mapping[str, Values]) -> None:
    for column in source.keys:
        if None in values[column.name]:
            raise source.key_error(f"a row without {column.name}")


def _quickly(column: Column, convert: Converter, given: Values, *, is_written: bool) -> Values:
    """Convert a column of text in a few calls; the result is that of `_carefully`, or written as that is.

    Args:
        column: whose values they are.
        convert: converts one of them.
        given: texts, and None.
        is_written: whether nobody looks at the values before they are written. Decimals stay as they came then, which
            spares most of what decimals cost.

    Raises:
        ValueError: a text takes the careful way; or an ArithmeticError, or msgspec's ValidationError.
    """
    if column.kind in (Kind.TEXT, Kind.DISPLAY):
        return given
    if column.kind is Kind.INTEGER:
        _check_digits("".join(filter(None, given)).replace("-", ""))
        return msgspec.convert(given, list[int | None], strict=False)
    if column.kind is Kind.DECIMAL:
        _check_digits("".join(filter(None, given)).replace("-", "").replace(".", ""))
        if is_written:
            texts = ["null" if text is None else text for text in given] if None in given else given
            written = f"[{','.join(texts)}]"
            with suppress(msgspec.DecodeError):  # such as .5, which JSON wants a zero before
                if not any(map(written.__contains__, _LEFT_WITH_EXPONENT)):
                    return _NUMBERS.decode(written)
        return [None if text is None else Decimal(text) for text in given]
    if column.kind is Kind.DATE or (column.kind is Kind.DATE_TIME and column.in_utc):
        return _moments(given, is_date=column.kind is Kind.DATE)
    texts = [text for text in set(given) if text is not None]  # there are few different ones of most kinds
    known = dict(zip(texts, map(convert, texts), strict=True))
    return list(map({None: None, **known}.__getitem__, given))


def _moments(given: Values, *, is_date: bool) -> Values:
    """Return times in UTC, or dates, of texts as `SQL_TIME_FORMAT` makes them."""
    texts = [text for text in given if text is not None]
    msgspec.convert(texts, list[datetime])  # none is shorter than these are, or is a day that is not in the calendar
    written = "\n".join([*texts, ""])
    if len(written) != len(texts) * len("YYYY-MM-DD HH:MI:SS\n") or written.count(" ") != len(texts):
        raise ValueError(written)  # some have a fraction, or a zone
    if is_date:
        moments = [text[: len("YYYY-MM-DD")] for text in texts]
    else:
        moments = written.replace(" ", "T").replace("\n", "Z\n").split("\n")[:-1]
    return moments if len(texts) == len(given) else _with_nulls(moments, given)


def _with_nulls(converted: Values, given: Values) -> Values:
    following = iter(converted)
    return [None if value is None else next(following) for value in given]


def _check_digits(written: str) -> None:
    """Refuse what number types may read in another way: `null`, `1_000`, `NaN`, `1e3`."""
    if not written.isdecimal():
        raise ValueError(written)


def _carefully(column: Column, convert: Converter, given: Values) -> Values:
    converted = []
    for value in given:
        try:
            converted.append(None if value is None else convert(value))
        except ValueError:
            raise ValueFormError(
                f"column {column.name} holds {str(value)[:80]!r}, which is not a valid {column.kind.value}; "
                "make its type string in the catalog."
            ) from None
    return converted


class _Decoder:
    """Decodes pages into rows whose fields are the columns of a source in their order, and `links` after them."""

    def __init__(self, source: Source) -> None:
        self._columns = [(column.name.lower(), _DECODED.get(column.kind, str)) for column in source.columns]
        self._made = self._make(frozenset())

    def decode(self, content: bytes) -> tuple[Any, frozenset[str]] | None:
        """Return a page and its odd columns, in which not all is text or None; None where it takes another way."""
        while True:
            decoder, odd = self._made
            try:
                page = decoder.decode(content)
                return (page, odd) if str(page.totalResults).isdecimal() else None
            except msgspec.ValidationError as error:
                found = _ODD_COLUMN.search(str(error))
                if not found or found[1] in odd or found[1] not in dict(self._columns):
                    return None
                self._made = self._make(odd | {found[1]})
            except (msgspec.DecodeError, RecursionError):
                return None

    def _make(self, odd: frozenset[str]) -> tuple[msgspec.json.Decoder[Any], frozenset[str]]:
        row = msgspec.defstruct(
            "Row",
            [
                *(
                    (f"f{at}", Any if name in odd else kind | None, None)
                    for at, (name, kind) in enumerate(self._columns)
                ),
                ("links", msgspec.Raw, None),
            ],
            rename={f"f{place}": name for place, (name, _) in enumerate(self._columns)},
            forbid_unknown_fields=True,  # what is not expected must not go missing in silence
            gc=False,
        )
        page = msgspec.defstruct("Page", [("items", list[row]), ("totalResults", int | str), ("hasMore", bool, False)])  # type: ignore[valid-type]  # made just now
        return msgspec.json.Decoder(page, float_hook=Decimal), odd
