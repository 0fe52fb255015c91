"""What a stream says of deletions.

Rows come first. Then follow, as records with the key and `_sdc_deleted_at` only, the rows that are gone: those NetSuite
has logged, and those whose keys were seen and are no longer there. Before one is called deleted NetSuite is asked
whether there is such a row after all, so what was restored, or has the id of something deleted, stays alive.

Below stands which streams can tell of deletions, and how they come to be known.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any

from suitetalk import NetSuite, NotFoundError, SuiteQL
from suitetalk.errors import STATEMENT_FAILURES
from suitetalk.record_tables import table_of
from suitetalk.values import iso
from tap_netsuite.deletions.log import DeletionLog
from tap_netsuite.deletions.log import Deletions as Logged
from tap_netsuite.deletions.seen_keys import BATCH, Seen, SeenKeys
from tap_netsuite.reading.changes import TransactionSets
from tap_netsuite.reading.engine import Fetcher, Portion, Reading
from tap_netsuite.reading.page import Encode, Key, RowFormat, Rows
from tap_netsuite.reading.parallel import KeyedSource, KeyPages
from tap_netsuite.reading.sequential import rows_by_key
from tap_netsuite.reading.state import READINGS, Clock, StateError, moment_in
from tap_netsuite.settings import DELETION_LOGS, RECORD_PREFIX, DeletionSettings
from tap_netsuite.source import (
    DELETED_AT,
    OURS,
    SET_READ_AT,
    UTC,
    Column,
    Kind,
    Source,
    converter,
    count_rows,
    gap,
    literal,
)

logger = logging.getLogger(__name__)

_UP_TO = "deleted_up_to"
_SEEN = "seen_keys"
_MARKS = (_UP_TO, _SEEN)
_MOST_VALUES = 1000  # of an IN [article_0824094533]
OWNER = "transaction"
"""The column of a line with its transaction's id."""

LINE_TABLES = ("transactionline", "transactionaccountingline")
"""Tables whose rows belong to a transaction and go with it."""

NOT_KNOWN = "not known"
IN_LOG = "deletion log"
BY_REREADING = "lines of re-read transactions"
BY_COMPARING = "keys compared"
BY_VERSION = "all rows read"

_LOGGED = frozenset({"transaction", "customer", "vendor", "item"})
_IN_NO_LOG = frozenset({*DELETION_LOGS, "systemnote"})
_SCHEMA = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "When the row was deleted, or found to be; null while it is there.",
}
_SET_SCHEMA = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "The moment of the reading that brought the row, with all rows of its transaction; a row is gone if "
    "another of its transaction in this table has a later one. Null where rows do not come with their transaction.",
}


@dataclass(frozen=True)
class Subject:
    """The stream that is spoken of.

    Attributes:
        stream: its name.
        keys: names of what identifies a row.
        existing: returns those of some keys that have a row.
        encode: makes of records the lines they leave in; None when they leave as mappings.
        logged: returns NetSuite's log since a moment, as far as it is about rows with these ids; None when there is
            nothing to be looked for in it.
        key_of: returns the key of a row with an id in the log.
        remembers: whether the keys of its rows are remembered; the rows tell them then.
        owner: place of the transaction among what the rows tell besides their keys; None where rows have none.
        changed_owners: reads the transactions whose rows have come again; None when all rows have.
        compares_all: whether every key that was not seen in this run is looked for.
    """

    stream: str
    keys: tuple[str, ...]
    existing: Callable[[Sequence[Key]], set[Key]]
    encode: Encode | None
    logged: Callable[[datetime], Logged] | None = None
    key_of: Callable[[int], Key] = lambda key: (key,)
    remembers: bool = False
    owner: int | None = None
    changed_owners: Callable[[Fetcher], Iterator[Rows]] | None = None
    compares_all: bool = False


@dataclass(frozen=True)
class _Suspect:
    """A row that may be gone, and since when."""

    seen: Seen
    moment: str


class Deletions:
    """What is said of the deletions of one stream in one run."""

    def __init__(
        self, subject: Subject, log: DeletionLog, store: SeenKeys | None, clock: Clock, lookback: timedelta
    ) -> None:
        """Speak of a stream; without a store only the log is looked at."""
        self._subject = subject
        self._log = log
        self._store = store if subject.remembers else None
        self._clock = clock
        self._lookback = lookback
        self.is_logged = False
        """Whether NetSuite's log was read for the stream; known at its end."""

    def around(
        self, rows: Reading, state: Mapping[str, Any], fetcher: Fetcher, first_since: datetime | None = None
    ) -> Iterator[Portion]:
        """Yield what a reading yields, and then the deletions.

        The first state comes before the first row, so that nothing that leaves can be deleted without being noticed,
        wherever the run ends. A bookmark after which rows of transactions will not come again waits until it is said
        which of them went away.
        """
        reading = rows(fetcher)
        first = list(islice(reading, 1))  # asked for while NetSuite tells the time at which the run began
        since = (deleted_since(state) or first_since or self._reachable()) if self._subject.logged else None
        marks = self._begin(state, since)
        position = {name: value for name, value in state.items() if name not in _MARKS}
        if {**position, **marks} != state:
            yield Portion(bookmark={**position, **marks})
        is_compared = False
        for portion in chain(first, reading):
            if portion.rows:
                self._remember(portion.rows)
                is_compared = False
            if portion.bookmark is None:
                yield portion
                continue
            if _reached(portion.bookmark) != _reached(position):
                yield from self._lines_gone(fetcher)
                is_compared = True
            position = dict(portion.bookmark)
            yield replace(portion, bookmark={**position, **marks})
        if not is_compared:
            yield from self._lines_gone(fetcher)
        yield from self._all_gone(fetcher, since)
        yield Portion(bookmark={**position, **self._end(marks, since)})

    def _begin(self, state: Mapping[str, Any], since: datetime | None) -> dict[str, Any]:
        """Return what the state says until the deletions have been passed on."""
        marks: dict[str, Any] = {}
        if since:
            marks[_UP_TO] = iso(since)
        if self._store:
            marks[_SEEN] = self._agree(self._store, state)
        return marks

    def _end(self, marks: Mapping[str, Any], since: datetime | None) -> dict[str, Any]:
        ended = dict(marks)
        self.is_logged = since is not None and self._log.is_there
        if since and self.is_logged:
            ended[_UP_TO] = iso(max(since, self._reachable()))
        if self._store:
            ended[_SEEN] = {"store": self._store.name, "run": self._store.run}
        return ended

    def _reachable(self) -> datetime:
        """Return the moment before which every deletion is in the log by now."""
        return (self._clock.started - self._lookback).replace(microsecond=0)

    def _agree(self, store: SeenKeys, state: Mapping[str, Any]) -> dict[str, Any]:
        """Compare the store with the state: what the state has seen passed on is done with."""
        given = state.get(_SEEN)
        if isinstance(given, Mapping) and given.get("store") == store.name and isinstance(given.get("run"), int):
            if given["run"] < store.run:
                store.forget(self._subject.stream, given["run"])
                return dict(given)
            logger.warning("%s: the store of keys seen is older than the state", self._subject.stream)
        if state:
            logger.warning(
                "%s: the store of keys seen does not know all that was read before; whether such rows are deleted is "
                "known once they have come again",
                self._subject.stream,
            )
        return {"store": store.name, "run": 0}

    def _remember(self, rows: Rows) -> None:
        """Remember keys before their rows are passed on."""
        if self._store and rows.kept:
            width, owner = len(self._subject.keys), self._subject.owner
            seen = ((0 if owner is None else int(kept[owner] or 0), kept[:width]) for kept in rows.kept)
            self._store.add(self._subject.stream, seen)

    def _lines_gone(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the lines that went away from the transactions that have come again."""
        store, subject = self._store, self._subject
        if store is None or subject.owner is None:
            return
        if subject.changed_owners is None:
            yield from self._tell(fetcher, self._suspects(store.unseen(subject.stream)))
            return
        for page in subject.changed_owners(fetcher):
            for batch in store.unseen_of(subject.stream, [int(kept[0]) for kept in page.kept]):
                rows = fetcher.page(partial(self._gone, self._suspected(batch))).result()
                yield Portion(rows, tells_deletions=True)
            yield Portion(Rows(0))

    def _all_gone(self, fetcher: Fetcher, since: datetime | None) -> Iterator[Portion]:
        """Yield what the log, earlier runs, and the store have to tell."""
        store, subject = self._store, self._subject
        if subject.logged and since:
            yield from self._tell(fetcher, self._logged(subject.logged(since)))
        if store:
            yield from self._tell(fetcher, self._suspects(store.deleted(subject.stream)))
            if subject.compares_all:
                yield from self._tell(fetcher, self._suspects(store.unseen(subject.stream)))

    def _logged(self, logged: Logged) -> Iterator[list[_Suspect]]:
        """Yield the rows that a log is about: those with its ids, or the lines of these transactions."""
        store, subject = self._store, self._subject
        ids = sorted(logged)
        for begin in range(0, len(ids), BATCH):
            some = ids[begin : begin + BATCH]
            if subject.owner is None:
                yield [_Suspect((0, subject.key_of(key)), logged[key]) for key in some]
            elif store:
                for batch in store.all_of(subject.stream, some):
                    yield [_Suspect(seen, logged[seen[0]]) for seen in batch]

    def _suspects(self, batches: Iterable[list[Seen]]) -> Iterator[list[_Suspect]]:
        return map(self._suspected, batches)

    def _suspected(self, batch: list[Seen]) -> list[_Suspect]:
        moment = iso(self._clock.started.replace(microsecond=0))
        return [_Suspect(seen, moment) for seen in batch]

    def _tell(self, fetcher: Fetcher, batches: Iterator[list[_Suspect]]) -> Iterator[Portion]:
        """Yield which of the suspects are gone, asking about many at once."""
        asked: Iterator[Future[Rows]] = (fetcher.page(partial(self._gone, batch)) for batch in batches)
        for rows in fetcher.in_order(asked):
            yield Portion(rows, tells_deletions=True)

    def _gone(self, suspects: list[_Suspect]) -> Rows:
        """Return those that NetSuite has no row of, as records, and take note of them and of the others."""
        stream, names = self._subject.stream, self._subject.keys
        existing = self._subject.existing([suspect.seen[1] for suspect in suspects])
        gone = [suspect for suspect in suspects if suspect.seen[1] not in existing]
        if self._store:
            self._store.add(stream, [suspect.seen for suspect in suspects if suspect.seen[1] in existing])
            self._store.delete(stream, [suspect.seen for suspect in gone])
        records = [{**dict(zip(names, each.seen[1], strict=True)), DELETED_AT: each.moment} for each in gone]
        if self._subject.encode:
            return Rows(len(records), self._subject.encode(records))
        return Rows(len(records), records=records)


def deleted_since(state: Mapping[str, Any]) -> datetime | None:
    """Return the moment since which a stream's state knows nothing of deletions; None before the first run.

    The state of a version that knew nothing of them at all has the moment in its bookmark.

    Raises:
        StateError: what the state holds for it is not a time.
    """
    if state.get(_UP_TO):
        return moment_in(state[_UP_TO])
    reading = state.get("reading")
    for value in (state.get("replication_key_value"), reading.get("up_to") if isinstance(reading, Mapping) else None):
        try:
            if value is not None:
                return moment_in(value)
        except StateError:  # a bookmark of another kind
            continue
    return None


def _reached(position: Mapping[str, Any]) -> Any:
    return position.get("replication_key_value")


class Existence:
    """Asks a table which keys it has. Thread-safe."""

    def __init__(self, suiteql: SuiteQL, relation: str, keys: tuple[Column, ...]) -> None:
        """Ask a relation with these key columns."""
        self._suiteql = suiteql
        self._source = Source(relation, keys, keys)
        self._converters = [converter(column.kind, UTC) for column in keys]

    def among(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of some keys that have a row now.

        Raises:
            IncompleteResultError: NetSuite counts more of them than it shows.
            NetSuiteError: NetSuite refused.
        """
        first = self._source.keys[0]
        values = sorted({key[0] for key in keys})
        found: set[Key] = set()
        for begin in range(0, len(values), _MOST_VALUES):
            found.update(self._with(first, values[begin : begin + _MOST_VALUES]))
        return found.intersection(keys)

    def _with(self, first: Column, values: list[Any]) -> Iterator[Key]:
        """Yield the keys that begin with one of some values; ask for half of them at once where that is refused."""
        condition = f"{first.name} IN ({', '.join(literal(first, value) for value in values)})"
        try:
            found = self._found(condition, values)
        except STATEMENT_FAILURES:
            if len(values) == 1:
                raise
            middle = len(values) // 2
            yield from self._with(first, values[:middle])
            yield from self._with(first, values[middle:])
        else:
            yield from found

    def _found(self, condition: str, values: list[Any]) -> set[Key]:
        """Return the keys that meet a condition; where values have none, as many as NetSuite counts."""
        found: set[Key] = set()
        missing = 0
        for _ in range(READINGS):
            for rows in rows_by_key(self._suiteql, self._source, condition):
                found.update(self._keys(rows))
            if not found or {key[0] for key in found}.issuperset(values):  # none at all is not believed uncounted
                return found
            missing = (count_rows(self._suiteql, self._source, condition) or 0) - len(found)
            if missing <= 0:
                return found
        raise gap(self._source, condition, came=len(found), missing=missing)

    def _keys(self, rows: Iterable[dict[str, str]]) -> Iterable[Key]:
        for row in rows:
            yield tuple(
                convert(row[column.name]) for column, convert in zip(self._source.keys, self._converters, strict=True)
            )


def existing_records(netsuite: NetSuite, record_type: str, keys: Sequence[Key]) -> set[Key]:
    """Return those of some keys, ids as text, that have a record now.

    The type's table tells of a thousand at once; where there is none, each record is asked for.
    """
    numbers = [(int(key[0]),) for key in keys]
    try:
        found = Existence(netsuite.suiteql, table_of(record_type), (Column("id", Kind.INTEGER),)).among(numbers)
    except STATEMENT_FAILURES:
        return {key for key in keys if _is_record(netsuite, record_type, str(key[0]))}
    return {(str(number),) for (number,) in found}


def _is_record(netsuite: NetSuite, record_type: str, record_id: str) -> bool:
    try:
        netsuite.records.get(record_type, record_id)
    except NotFoundError:
        return False
    except STATEMENT_FAILURES:  # such as one that a workflow has locked: it is there
        return True
    return True


def changed_transactions(
    suiteql: SuiteQL, sets: TransactionSets, table: str, since: datetime, fetcher: Fetcher
) -> Iterator[Rows]:
    """Yield pages with the ids, as `kept`, of transactions changed since a moment, even if no lines are left of them.

    Raises:
        NetSuiteError: NetSuite refused.
    """
    source, condition = sets.changed_ids(table, since)
    row_format = RowFormat(table, source, lambda: UTC, as_lines=False, kept=("id",))
    pages = KeyedSource(suiteql, source, row_format, condition)
    first = sets.asked_once(condition, partial(pages.page, None, 0))  # the other table of lines asks the same
    yield first
    for portion in KeyPages(pages, fetcher).read(None, first):
        if portion.rows:
            yield portion.rows


def deletions_of(
    stream: str, keys: tuple[str, ...], settings: DeletionSettings, *, is_logged: bool, is_full: bool = False
) -> str:
    """Return how deletions of a stream's rows are known with these settings, or that they are not.

    The kinds that NetSuite says it logs are named [section_4031815869]; what else is in the log counts all the same.
    Lines go with their transactions, and neither they nor links are ever in a log.

    Args:
        stream: name of the stream.
        keys: what identifies its rows; nothing can be said of rows without any.
        settings: those of deletions.
        is_logged: whether the role can read a deletion log.
        is_full: whether every run reads all its rows.
    """
    ways = []
    table = table_of(stream.removeprefix(RECORD_PREFIX)) if stream.startswith(RECORD_PREFIX) else stream
    if is_logged and settings.reads_log and (table in _LOGGED or table.startswith("customrecord_")):
        ways.append(IN_LOG)
    if settings.seen_keys and keys:
        if stream in LINE_TABLES:
            ways.append(BY_REREADING)
        if is_full or settings.compares(stream):
            ways.append(BY_COMPARING)
    return ", ".join(ways) or NOT_KNOWN


def with_deleted_at(
    stream: str, schema: Mapping[str, Any], keys: tuple[str, ...], settings: DeletionSettings, *, is_logged: bool = True
) -> dict[str, Any]:
    """Return a stream's schema with the property that tells of deletions, if they can come to be known.

    With a store of the keys seen that is so for every stream with a key: one that is read in full is compared anyway.
    A query of the user's is in no log.

    Args:
        stream: name of the stream.
        schema: its JSON Schema.
        keys: what identifies its rows.
        settings: those of deletions.
        is_logged: whether a log may know of it.
    """
    may_be_logged = is_logged and settings.reads_log and keys == ("id",) and stream not in _IN_NO_LOG
    can_tell = bool(keys) and (settings.seen_keys is not None or may_be_logged)
    plain = without_deleted_at(schema)
    return {**plain, "properties": {**plain["properties"], DELETED_AT: dict(_SCHEMA)}} if can_tell else plain


def with_set_read_at(stream: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream's schema with the property that tells lines that went away from others, if it is of transactions.

    A changed transaction is read with all its lines, so one that no later reading has is gone.
    """
    if stream not in ("transaction", *LINE_TABLES):
        return dict(schema)
    return {**schema, "properties": {**schema["properties"], SET_READ_AT: dict(_SET_SCHEMA)}}


def without_deleted_at(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with the properties that NetSuite has."""
    properties = {name: value for name, value in schema["properties"].items() if name not in OURS}
    return {**schema, "properties": properties}
