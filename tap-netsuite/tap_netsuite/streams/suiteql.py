"""A SuiteQL table, or a query of the user's, as a stream."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cached_property, partial
from itertools import chain, islice
from typing import Any

from singer_sdk import Tap
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from suitetalk import PAGE_SIZE, ConfigurationError, SuiteTalkError
from suitetalk.errors import STATEMENT_FAILURES, STATEMENT_REFUSALS
from suitetalk.values import iso
from tap_netsuite.account import Account
from tap_netsuite.deletions.deletions import LINE_TABLES, OWNER, Existence, Subject, changed_transactions
from tap_netsuite.probe import accepted_columns
from tap_netsuite.reading.by_offset import KeylessReading
from tap_netsuite.reading.changes import ChangedTransactions, StampedChanges
from tap_netsuite.reading.engine import Fetcher, Portion, Reading
from tap_netsuite.reading.page import RowFormat, Rows
from tap_netsuite.reading.parallel import KeyedSource, TableReading
from tap_netsuite.reading.sequential import PlainReading, rows_by_key
from tap_netsuite.reading.state import READ_AT, belongs_to, is_bookmark_of, moment_after, position_in
from tap_netsuite.settings import Audit, Query
from tap_netsuite.source import DELETED_AT, OURS, SET_READ_AT, UTC, Column, Kind, Source, converter, count_rows, kind_of
from tap_netsuite.streams.base import COLUMNS, NetSuiteStream
from tap_netsuite.sync import Run, StreamError

logger = logging.getLogger(__name__)

_MARK = 4  # characters that stand for a column
_HELD_PAGES = 2
_RECENT = timedelta(hours=1)
_NOT_BY_DEFAULT = frozenset({"systemnote", "deletedrecord", "deletedrecordinconnect"})


class SuiteQLStream(NetSuiteStream):
    """Rows of one relation, in full or from the bookmark on."""

    def __init__(
        self,
        tap: Tap,
        account: Account,
        run: Callable[[], Run],
        name: str,
        schema: dict[str, Any],
        query: Query | None = None,
    ) -> None:
        """Make the stream of the table with its name, or of a query."""
        super().__init__(tap, account, run, name, schema)
        self.selected_by_default = name not in _NOT_BY_DEFAULT
        self._relation = query.relation if query else name
        self._parameters = query.parameters if query else ()
        self._columns = ""
        self._counts = account.query_counts if query else account.table_counts
        self._suiteql = account.netsuite.suiteql.with_parameters(self._parameters, page_size=account.settings.page_size)

    def leave_out(self, columns: Iterable[str]) -> None:
        """Let columns be read only where they are selected."""
        for column in self.schema["properties"].keys() & columns:
            self.metadata["properties", column].selected_by_default = False

    @property
    def has_times(self) -> bool:
        """Whether rows have times on the account's clock."""
        properties = self.schema["properties"].items()
        return any(kind_of(schema) is Kind.DATE_TIME for name, schema in properties if name not in OURS)

    def reading(self) -> Reading:
        """Return how to read the stream, from where its state is now; for the main thread."""
        reading, source = super().reading(), self._source()
        is_read_first = self._new_columns(source) and self.account.settings.new_columns != "warn"
        self._columns = self._state_at_start[COLUMNS] if is_read_first else ""
        if self.account.settings.audit is not Audit.OFF:
            with suppress(SuiteTalkError):  # such as for a damaged state, which is said where it is read from
                self._expect_count(source)
        return reading

    def _expect_count(self, source: Source) -> None:
        """Have the rows counted with those of other streams, where it is likely that they are a page and are counted.

        That is so where all were a page when they were last read, or rows had just been changed.
        """
        cursor = source.replication_key
        was_page = self._reads_whole and 0 < (self.version.rows or 0) < PAGE_SIZE
        if cursor is None and source.keys and was_page:
            self._counts.expect(source, lambda: "")
        elif cursor and cursor.kind is Kind.DATE_TIME and source.has_number_keys:
            low = position_in(self._state_at_start, source).low
            is_recent = low is not None and datetime.now(timezone.utc) - low < _RECENT
            if (was_page or is_recent) and not self.account.transaction_sets.are_of(source.relation, cursor.name):
                changes = StampedChanges(cursor, lambda: self.account.zone)
                self._counts.expect(source, lambda: changes.between(low, self.account.started, unstamped=True))

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the rows as records with every selected column, null where NetSuite has none."""
        reading = self._read_columns(fetcher)
        try:
            begun = list(islice(reading, 1))
        except STATEMENT_REFUSALS as refusal:
            reading.close()
            fetcher.end()
            if not self._leave_out_refused(refusal):
                raise
            reading, begun = self._read_columns(fetcher), []
        yield from begun
        yield from reading

    def _read_columns(self, fetcher: Fetcher) -> Generator[Portion, None, None]:
        local = self._local
        yield from self._rows_with_new_columns(local, _in_utc(local))
        is_begun = False
        try:
            for portion in self._read_rows(fetcher):
                is_begun |= portion.rows is not None
                yield portion
        except STATEMENT_FAILURES as refusal:
            if is_begun or self._sets is None or self._sets.is_tried:
                raise
            logger.debug("%s: %s; which statements NetSuite accepts is found out again", self.name, refusal)
            self.account.transaction_sets.doubt()
            fetcher.end()
            del self._sets, self._local
            yield from self._read_rows(fetcher)

    def _read_rows(self, fetcher: Fetcher) -> Iterator[Portion]:
        local = self._local
        in_utc = _in_utc(local)
        if in_utc == local or not (yield from self._read_in_utc(fetcher, in_utc)):
            yield from self._reading(local).read(fetcher)

    def _leave_out_refused(self, refusal: SuiteTalkError) -> bool:
        """Do without the columns that NetSuite refuses since they were discovered, and return whether there are any.

        It is only asked before SCHEMA is written: loaders would write nulls over good values later, and so would they
        where a stream map makes a property of such a column.
        """
        source = self._local
        needed = {column.name for column in (*source.keys, source.replication_key) if column}
        if self.config.get("stream_maps") or source.is_query:
            return False
        try:
            accepted = {column.name for column in accepted_columns(self._suiteql, source)}
        except SuiteTalkError as error:
            logger.debug("%s: its columns cannot be told apart: %s", self.name, error)
            return False
        refused = [column.name for column in source.columns if column.name not in accepted]
        if not refused or not accepted or needed.intersection(refused):
            return False
        self.left_out = frozenset(refused)
        self.__dict__.pop("_local", None)
        logger.warning(
            "%s is read without %s, which NetSuite refuses now: %s; run discovery again, and their values come once "
            "they are accepted",
            self.name,
            ", ".join(refused),
            str(refusal).rstrip("."),
        )
        return True

    def _rows_with_new_columns(self, local: Source, in_utc: Source) -> Iterator[Portion]:
        """Yield the rows that have a value in a column which is new since the state was written.

        They need not have changed since, so the bookmark does not find them. Until they have been passed on the state
        does not have the columns. Of transactions whole sets come, at a moment that is later than the last reading's.
        """
        new = self._new_columns(local)
        if not new:
            return
        names = ", ".join(column.name for column in new)
        if self.account.settings.new_columns == "warn":
            logger.warning("%s has the new columns %s; rows that do not change will not show them", self.name, names)
            return
        logger.info("%s has the new columns %s; the rows that have a value in them are read again", self.name, names)
        source = in_utc if self._converts_to_utc() else local
        row_format = self._row_format(source, in_key_order=False)
        condition = f"({' OR '.join(f'{column.source} IS NOT NULL' for column in new)})"
        if self._sets and self._is_told(SET_READ_AT):
            owner = self._sets.owner
            condition = f"{owner} IN (SELECT {owner} FROM {self._relation} WHERE {condition})"
            moment = moment_after(position_in(self._state_at_start, local).read_at, self.account.started)
            row_format = row_format.of_set(lambda: moment)
            self._state_at_start = {**self._state_at_start, READ_AT: iso(moment)}
        pages = rows_by_key(self._suiteql, source, condition)
        first = list(islice(pages, 1))
        yield Portion(bookmark={**self._state_at_start})  # before the first row, for whatever becomes of this run
        for rows in chain(first, pages):
            yield Portion(row_format.of_items(rows))
        yield Portion(bookmark={**self._state_at_start, COLUMNS: _marks(local)})

    def _new_columns(self, source: Source) -> list[Column]:
        """Return the columns that an earlier run has not read; none where the state does not say which it has."""
        known = self._state_at_start.get(COLUMNS)
        if not isinstance(known, str) or source.replication_key is None:
            return []
        marks = {known[place : place + _MARK] for place in range(0, len(known), _MARK)}
        columns = (column for column in source.columns if column.kind is not Kind.DISPLAY)
        return [column for column in columns if _mark(column) not in marks]

    def _state_of_columns(self, bookmark: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns as a text, short as it stands in each STATE."""
        self._columns = bookmark.get(COLUMNS, self._columns)
        columns = self._columns or _marks(self._local)
        return {COLUMNS: columns} if columns else {}

    def _read_in_utc(self, fetcher: Fetcher, source: Source) -> Generator[Portion, None, bool]:
        """Let NetSuite turn times into UTC: only it knows an hour that the account's clock showed twice.

        Returns whether it can; if not, nothing was yielded. While that is being found out, pages are fetched already.
        """
        if self.account.knows_zone and not self._converts_to_utc():
            return False
        reading = self._reading(source).read(fetcher)
        try:
            begun = list(self._first_of(reading))
        except STATEMENT_FAILURES as refusal:
            logger.debug("%s: %s; its times are read on the account's clock", self.name, refusal)
            begun = None
        if begun is None or not self._converts_to_utc():
            reading.close()
            fetcher.end()
            return False
        yield from begun
        yield from reading
        return True

    def _first_of(self, reading: Iterator[Portion]) -> Iterator[Portion]:
        """Yield portions up to the first page; while the zone is not known up to the second, which has many fetched."""
        pages = 0
        for portion in reading:
            yield portion
            pages += portion.rows is not None
            if pages == _HELD_PAGES or (pages and self.account.knows_zone):
                return

    def _converts_to_utc(self) -> bool:
        try:
            return self.account.converts_to_utc
        except ConfigurationError as error:  # no matter until a time has to be converted here
            logger.debug("%s: %s", self.name, error)
            return False

    def subject(self) -> Subject:
        """Return what the log says of the table, and what the keys seen do."""
        account, settings, source = self.account, self.account.settings.deletions, self._local
        keys, is_lines = tuple(column.name for column in source.keys), self._is_lines
        log_table = OWNER if is_lines else self._relation
        is_table = self._relation == self.name  # what a query of the user's shows is in no log
        is_logged = settings.reads_log and is_table and (is_lines or keys == ("id",))
        return Subject(
            stream=self.name,
            keys=keys,
            existing=Existence(self._suiteql, self._relation, source.keys).among,
            encode=self.encode if self.leaves_directly else None,
            logged=partial(account.deletion_log.of_table, log_table) if is_logged else None,
            key_of=lambda record_id: (converter(source.keys[0].kind, UTC)(record_id),),
            remembers=bool(self._kept),
            owner=self._kept.index(OWNER) if is_lines and self._kept else None,
            changed_owners=self._changed_owners() if is_lines else None,
            compares_all=settings.compares(self.name) or self._reads_all,
        )

    @property
    def _has_bookmark(self) -> bool:
        # Of another query or replication key it says nothing, and everything is read.
        return super()._has_bookmark and belongs_to(self._state_at_start, self._source())

    def count(self) -> int | None:
        """Return how many rows NetSuite counts; None where it refuses."""
        try:
            return count_rows(self._suiteql, self._local, "")
        except STATEMENT_FAILURES as refusal:
            logger.warning("%s: NetSuite refuses to count its rows: %s", self.name, refusal)
            return None

    @property
    def _is_lines(self) -> bool:
        """Whether rows belong to transactions and come again with them."""
        source = self._local
        return (
            self.name in LINE_TABLES and self._sets is not None and OWNER in {column.name for column in source.columns}
        )

    @property
    def _reads_all(self) -> bool:
        """Whether this run reads every row, from the first to the last."""
        return self._local.replication_key is None and "reading" not in self._state_at_start

    @property
    def _kept(self) -> tuple[str, ...]:
        """The columns of each row that are remembered, its keys first; none where there is nothing to be remembered."""
        settings, source = self.account.settings.deletions, self._local
        is_compared = source.replication_key is None or settings.compares(self.name)
        if settings.seen_keys is None or not self._is_told(DELETED_AT) or not (is_compared or self._is_lines):
            return ()
        keys = tuple(column.name for column in source.keys)
        return (*keys, OWNER) if self._is_lines and OWNER not in keys else keys

    def _changed_owners(self) -> Callable[[Fetcher], Iterator[Rows]] | None:
        """Return how to read the transactions whose rows come again in this run; None when all do."""
        position = position_in(self._state_at_start, self._local)
        since = position.low or position.high
        if since is None:
            return None
        account = self.account
        return partial(changed_transactions, account.netsuite.suiteql, account.transaction_sets, self._relation, since)

    def _reading(self, source: Source) -> TableReading | KeylessReading | PlainReading:
        account, settings, state = self.account, self.account.settings, self._state_at_start
        suiteql, lookback = self._suiteql, timedelta(seconds=settings.lookback_seconds)
        cursor = source.replication_key
        says_when = self._is_told(SET_READ_AT)
        by_key = source.has_number_keys and (cursor is None or cursor.kind is Kind.DATE_TIME)
        row_format = self._row_format(source, in_key_order=by_key)
        if by_key:
            position = position_in(state, source)
            return TableReading(
                source,
                lambda condition, counted, read_at: KeyedSource(
                    suiteql,
                    source,
                    row_format.of_set(read_at) if says_when else row_format,
                    condition,
                    counted,
                    is_first=position.low is None and not self.version.was_empty,
                    together=self._counts.count,
                ),
                position,
                reads_sets=says_when and (cursor is None or self._sets is not None),
                changes=(self._sets or StampedChanges(cursor, lambda: account.zone)) if cursor else None,
                start_date=settings.start_date,
                clock=account,
                lookback=lookback,
                audit=settings.audit,
            )
        if cursor is None and not source.keys:
            return KeylessReading(suiteql, source, row_format, settings.audit, was_empty=self.version.was_empty)
        return PlainReading(
            suiteql,
            source,
            row_format,
            bookmark=state.get("replication_key_value") if is_bookmark_of(state, source) else None,
            start_date=settings.start_date,
            clock=account,
            zone=lambda: account.zone,
            lookback=lookback,
            together=None if settings.audit is Audit.OFF else self._counts.count,
        )

    def _row_format(self, source: Source, *, in_key_order: bool) -> RowFormat:
        return RowFormat(
            self.name,
            source,
            lambda: self.account.zone,
            as_lines=self.leaves_directly,
            in_key_order=in_key_order,
            kept=self._kept if source.keys or source.replication_key else tuple(each.name for each in source.columns),
            marks_deletions=self._is_told(DELETED_AT),
            encode=self.encode,
        )

    @cached_property
    def _sets(self) -> ChangedTransactions | None:
        """What tells changed rows of transactions; None for other tables, and where only their own stamps do."""
        source = self._source()
        cursor = source.replication_key
        if cursor is None or not source.has_number_keys:
            return None
        sets = self.account.transaction_sets
        return sets.changes(self._relation) if sets.are_of(self._relation, cursor.name) else None

    @cached_property
    def _local(self) -> Source:
        """What is read, times on the account's clock; for the reading's thread, which may have to ask NetSuite."""
        return replace(self._source(), changed_with=self._sets.description if self._sets else "")

    def _source(self) -> Source:
        properties = {
            name: schema
            for name, schema in self.schema["properties"].items()
            if name not in OURS and name not in self.left_out
        }
        needed = {*self.primary_keys, *([self.replication_key] if self.replication_key else [])}
        unknown = needed - properties.keys()
        if unknown:
            raise StreamError(f"the catalog names {', '.join(sorted(unknown))} as a key but has no such property.")
        columns = {
            name: Column(name, kind_of(schema))
            for name, schema in properties.items()
            if name in needed or self.mask[("properties", name)]
        }
        is_incremental = self.replication_key and self.replication_method == REPLICATION_INCREMENTAL
        return Source(
            relation=self._relation,
            columns=tuple(columns.values()),
            keys=tuple(columns[name] for name in self.primary_keys),
            replication_key=columns[self.replication_key] if self.replication_key and is_incremental else None,
            title=self.name,
            parameters=self._parameters,
        )


def _marks(source: Source) -> str:
    """Return what stands for the columns of a source; empty where each run reads all rows."""
    return "".join(sorted(map(_mark, source.columns))) if source.replication_key else ""


def _mark(column: Column) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(column.name.encode()).digest())[:_MARK].decode()


def _in_utc(source: Source) -> Source:
    columns = {column.name: replace(column, in_utc=column.kind is Kind.DATE_TIME) for column in source.columns}
    cursor = source.replication_key
    return replace(source, columns=tuple(columns.values()), replication_key=columns[cursor.name] if cursor else None)
