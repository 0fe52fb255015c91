"""Whole records, ids ahead."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from suitetalk import (
    ConfigurationError,
    ConnectionFailedError,
    IncompleteResultError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    Records,
    ServerFaultError,
    SuiteQL,
    SuiteTalkError,
)
from suitetalk.errors import TooSlowError, UnexpectedError
from tap_netsuite.probe import probe
from tap_netsuite.reading.engine import Fetcher, Once, Portion
from tap_netsuite.reading.page import Record, Rows
from tap_netsuite.reading.record_ids import Listed, RecordId, is_number
from tap_netsuite.refusals import Asker, Questions
from tap_netsuite.settings import RecordSettings
from tap_netsuite.source import UTC, Column, Kind, Source, converter, kind_of

FALLBACK_MARK = "_sdc_from_suiteql"
"""Property that is true in records read from SuiteQL, because NetSuite refused the record itself."""

_OF_ONE_RECORD = (InvalidRequestError, PermissionDeniedError, UnexpectedError, TooSlowError, IncompleteResultError)
_NO_ANSWER = (ConnectionFailedError, ServerFaultError)
logger = logging.getLogger(__name__)
_STATE_EVERY = 100  # records; a run that is killed reads no more than these again
_MOST_NAMED = 5


@dataclass(frozen=True)
class RecordView:
    """What to ask the record service for, and the schema of what comes.

    Attributes:
        schema: of the stream.
        fields: body fields to ask for in NetSuite's spelling, empty for all. NetSuite embeds nothing where it is asked
            for single fields [section_1545142037], so with `expand` all come, and `shown` picks.
        expand: sublists and subrecords to ask for, in NetSuite's spelling.
        expands_all: whether all of them are asked for instead.
        simple_enums: whether enumerations come as their bare id.
    """

    schema: dict[str, Any]
    fields: tuple[str, ...]
    expand: tuple[str, ...]
    expands_all: bool
    simple_enums: bool

    def shown(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record without what the settings do not ask for."""
        return {name: value for name, value in record.items() if name in self.schema["properties"]}


def view_of(record_type: str, schema: Mapping[str, Any], settings: RecordSettings) -> RecordView:
    """Return the view of a record type that its settings ask for; once more on its schema it is the same.

    Raises:
        ConfigurationError: they name a field that the type does not have.
    """
    properties: dict[str, Any] = dict(schema["properties"])
    fields = _spelled(f"record_streams.{record_type}.fields", settings.fields, properties)
    expand = _spelled(f"record_streams.{record_type}.expand", settings.expand, properties)
    expand += tuple(name for name in fields if is_embedded(properties[name]) and name not in expand)
    if fields:
        properties = {name: properties[name] for name in dict.fromkeys(["id", *fields, *expand]) if name in properties}
    elif expand:
        properties = {name: part for name, part in properties.items() if name in expand or not is_embedded(part)}
    if settings.simple_enums:
        properties = {name: _simple(part) for name, part in properties.items()}
    if settings.falls_back:
        properties[FALLBACK_MARK] = {"type": ["boolean", "null"]}
    shown = {**schema, "properties": properties}
    if settings.expands_all or any(_has_parts(schema["properties"][name]) for name in expand):
        return RecordView(shown, (), (), expands_all=True, simple_enums=settings.simple_enums)
    return RecordView(shown, () if expand else fields, expand, expands_all=False, simple_enums=settings.simple_enums)


def is_embedded(part: Mapping[str, Any]) -> bool:
    """Tell whether a property is a sublist, a subrecord or a multi-select: an object that is not a reference."""
    return "properties" in part and "refName" not in part["properties"]


def _has_parts(sublist: Mapping[str, Any]) -> bool:
    """Tell whether lines have subrecords, such as addresses, which come only where everything is embedded."""
    lines = sublist.get("properties", {}).get("items", {}).get("items", {})
    return any(is_embedded(part) for part in lines.get("properties", {}).values())


def _spelled(where: str, names: Iterable[str], properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Return names as NetSuite spells them."""
    known = {name.lower(): name for name in properties}
    for name in names:
        if name.lower() not in known:
            raise ConfigurationError(
                where, f"names {name!r}, which the record type does not have; correct it, or run discovery again."
            )
    return tuple(known[name.lower()] for name in names)


def _simple(part: Any) -> Any:
    """Return the schema of a value with its enumerations as text, at any depth.

    An enumeration has an id and a name only; a reference may have an external id besides [section 3.4].
    """
    if not isinstance(part, dict):
        return part
    inner = part.get("properties")
    if isinstance(inner, dict):
        if set(inner) == {"id", "refName"}:
            return {"type": ["string", "null"]}
        return {**part, "properties": {name: _simple(value) for name, value in inner.items()}}
    return {**part, "items": _simple(part["items"])} if "items" in part else part


@dataclass(frozen=True)
class Document:
    """What became of one record.

    Attributes:
        record_id: its internal id.
        body: the record; None when it is gone, or refused and not available anywhere else.
        refusal: NetSuite's refusal of this record, such as one locked by a workflow; None when there was none.
    """

    record_id: str
    body: dict[str, Any] | None = None
    refusal: SuiteTalkError | None = None


class Documents(Protocol):
    """Reads records by their ids. Thread-safe."""

    def read(self, record_id: str) -> Document:
        """Return what became of a record.

        Raises:
            SuiteTalkError: something that does not concern one record.
        """
        ...


class SingleDocuments:
    """One request for each record."""

    def __init__(self, records: Records, record_type: str, view: RecordView, is_alive: Callable[[], bool]) -> None:
        """Read records of a type; `is_alive` tells whether NetSuite answers other requests."""
        self._is_alive = is_alive
        self._records = records
        self._record_type = record_type
        self._view = view

    def read(self, record_id: str) -> Document:
        """Return what became of a record; see `Documents`."""
        view = self._view
        try:
            body = self._records.get(
                self._record_type,
                record_id,
                expand_sub_resources=view.expands_all,
                expand=view.expand,
                fields=view.fields,
                simple_enum_format=view.simple_enums,
            )
        except SuiteTalkError as error:
            return self._without_body(record_id, error)
        return Document(record_id, body)

    def _without_body(self, record_id: str, error: SuiteTalkError) -> Document:
        """Take a record that is gone, or fails on its own, for one without a body; raise everything else."""
        if isinstance(error, NotFoundError):
            return Document(record_id, refusal=error if self._is_listed(record_id) else None)
        if isinstance(error, _OF_ONE_RECORD) or (isinstance(error, _NO_ANSWER) and self._is_alive()):
            return Document(record_id, refusal=error)
        raise error

    def _is_listed(self, record_id: str) -> bool:
        """Tell whether a record that is said not to exist is listed still, so that it is hidden and not deleted."""
        if not is_number(record_id):
            return False
        try:
            return bool(self._records.list(self._record_type, q=f"id ANY_OF [{record_id}]", limit=1).items)
        except SuiteTalkError as error:
            logger.debug(
                "Whether record %s of %s is listed still cannot be asked: %s", record_id, self._record_type, error
            )
            return False


@dataclass(frozen=True)
class _Mark:
    """A place between two documents: what the state is there."""

    bookmark: Mapping[str, Any] | None
    counted: int = 0
    has_gap: bool = False


@dataclass
class _Gaps:
    """Records that NetSuite refused."""

    count: int = 0
    first: list[Document] = field(default_factory=list)

    def add(self, document: Document) -> None:
        self.count += 1
        if len(self.first) < _MOST_NAMED:
            self.first.append(document)

    def error(self, record_type: str) -> IncompleteResultError:
        ids = ", ".join(document.record_id for document in self.first)
        words = "; ".join(dict.fromkeys(str(document.refusal).rstrip(".") for document in self.first))
        return IncompleteResultError(
            f"{self.count} records of {record_type} could not be read, such as {ids}: {words}; unlock or "
            "repair them, or let them be read from SuiteQL with the fallback of record_streams."
        )


class RecordReading:
    """Reads the records of a type whose ids are listed."""

    def __init__(
        self,
        record_type: str,
        listed: Callable[[Fetcher], Iterator[Listed]],
        documents: Documents,
        conformed: Callable[[Record], Record],
        leaving: Callable[[list[Record]], Rows],
    ) -> None:
        """Prepare.

        Args:
            record_type: for errors and the log.
            listed: lists the ids.
            documents: reads records by id.
            conformed: returns a record as the schema has it.
            leaving: returns records in the form they leave in.
        """
        self._record_type = record_type
        self._listed = listed
        self._documents = documents
        self._conformed = conformed
        self._leaving = leaving
        self._gaps = _Gaps()

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the records, and where the stream stands after them.

        A record that is deleted after it was listed is left out. One that NetSuite refuses keeps no other from
        coming; the state stays before it, so that the next run tries it again.

        Raises:
            IncompleteResultError: at the end, when records were refused or came with fewer lines than NetSuite counts.
            NetSuiteError: the type cannot be listed.
        """
        for results in fetcher.as_ready(self._begun(fetcher)):
            yield self._portion(results)
        if self._gaps.count:
            raise self._gaps.error(self._record_type)

    def _begun(self, fetcher: Fetcher) -> Iterator[Future[Document | _Mark]]:
        """Begin to read documents, and put marks between them."""
        for listed in _ahead(fetcher, self._listed(fetcher)):
            for number, record_id in enumerate(listed.ids, 1):
                yield fetcher.page(partial(self._read, str(record_id)))
                if number % _STATE_EVERY == 0:
                    yield _known(_Mark(_state_after(record_id, listed.bookmark)))
            yield _known(_Mark(listed.bookmark, listed.counted, listed.has_gap))

    def _read(self, record_id: str) -> Document | _Mark:
        document = self._documents.read(record_id)
        if document.body is None:
            return document
        return Document(record_id, self._conformed(document.body), document.refusal)

    def _portion(self, results: list[Document | _Mark]) -> Portion:
        bodies: list[Record] = []
        bookmark = None
        counted = pages = 0
        has_gap = False
        for result in results:
            if isinstance(result, _Mark):
                counted += result.counted
                has_gap |= result.has_gap
                bookmark = result.bookmark if self._may_move_to(result.bookmark) else bookmark
            else:
                pages += 1
                body = self._body_of(result)
                bodies += [] if body is None else [body]
                counted -= body is None and result.refusal is None  # it was counted, and is deleted by now
        rows = self._leaving(bodies) if pages else None
        return Portion(rows, bookmark, counted, has_gap, pages)

    def _body_of(self, document: Document) -> Record | None:
        name, record_id = self._record_type, document.record_id
        if document.refusal is None:
            if document.body is None:
                logger.warning(
                    "Record %s of %s was listed and does not exist any more; it is left out", record_id, name
                )
            return document.body
        if document.body is not None:
            logger.warning("Record %s of %s is read from SuiteQL: %s", record_id, name, document.refusal)
        else:
            logger.warning("Record %s of %s cannot be read: %s", record_id, name, document.refusal)
            self._gaps.add(document)
        return document.body

    def _may_move_to(self, bookmark: Mapping[str, Any] | None) -> bool:
        """Tell whether a bookmark leaves no gap behind it; an empty one lets the next run begin again."""
        return bookmark is not None and not (bookmark and self._gaps.count)


def _ahead(fetcher: Fetcher, source: Iterator[Listed]) -> Iterator[Listed]:
    """Yield what a source has, and let it find the next while this is worked on."""
    following = fetcher.ask(partial(next, source, None))
    while (listed := following.result()) is not None:
        following = fetcher.ask(partial(next, source, None))
        yield listed


def _state_after(record_id: RecordId, bookmark: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the state after a record, where the bookmark is the state after others that follow it in order."""
    reading = bookmark.get("reading") if bookmark else None
    return {**(bookmark or {}), "reading": {**reading, "after": [record_id]}} if reading else None


def _known(mark: _Mark) -> Future[Document | _Mark]:
    future: Future[Document | _Mark] = Future()
    future.set_result(mark)
    return future


class WithTable:
    """Documents, and for refused ones the row of their table, as far as it has the record's body fields.

    Columns are the fields in lower case [section 6.3]; those the table does not have are not in the record, nor are
    sublists and subrecords.
    """

    def __init__(
        self,
        documents: Documents,
        suiteql: SuiteQL,
        table: str,
        schema: Mapping[str, Any],
        zone: Callable[[], ZoneInfo],
    ) -> None:
        """Read documents, and a table where they are refused.

        Args:
            documents: what is read first.
            suiteql: where the table is.
            table: its name.
            schema: the stream's.
            zone: the account's time zone, asked for when it is needed.
        """
        self._documents = documents
        self._suiteql = suiteql
        self._table = table
        self._properties = {name.lower(): (name, part) for name, part in schema["properties"].items()}
        self._zone = zone
        self._source = Once(self._find_source)

    def read(self, record_id: str) -> Document:
        """Return what became of a record; see `Documents`."""
        document = self._documents.read(record_id)
        return self._from_table(document) if document.refusal else document

    def _from_table(self, document: Document) -> Document:
        try:
            source = self._source()
            rows = self._suiteql.page(source.page(f"id = {int(document.record_id)}"), limit=1).items
            fields = self._fields(source, rows[0]) if rows else {}
        except (SuiteTalkError, ValueError) as error:
            logger.debug("Record %s cannot be read from %s: %s", document.record_id, self._table, error)
            return document
        if not fields:
            return document
        body = {"id": document.record_id, **fields, FALLBACK_MARK: True}
        return Document(document.record_id, body, document.refusal)

    def _fields(self, source: Source, row: Mapping[str, Any]) -> dict[str, Any]:
        fields = {}
        for column in source.columns:
            name, part = self._properties[column.name]
            if name != "id" and row.get(column.name) is not None:
                fields[name] = self._value(column, part, row[column.name])
        return fields

    def _value(self, column: Column, part: Mapping[str, Any], text: str) -> Any:
        value = converter(column.kind, self._zone() if column.kind is Kind.DATE_TIME else UTC)(text)
        return {"id": value} if "properties" in part else value

    def _find_source(self) -> Source:
        """Return the columns the table has, of the kinds that the record has them in."""
        guesses = {
            name: Kind.TEXT if "properties" in part else kind_of(part)
            for name, (original, part) in self._properties.items()
            if part.get("type") and not is_embedded(part) and "array" not in part["type"] and original != FALLBACK_MARK
        }
        questions = Questions(lambda: [partial(self._suiteql.page, f"SELECT id FROM {self._table}", limit=1)])
        found = probe(Asker(self._suiteql, questions), self._table, guesses).columns
        return Source(self._table, tuple(column for column in found if column.kind is guesses[column.name]))
