"""NetSuite's own log of deletions, read once for all streams of a run.

Two tables are known. `deletedRecordInConnect` is documented, with Pacific times and record types in either case
[section_163584624721]; `deletedrecord` is not, so which columns it has is asked, and what its types mean is taken from
their names.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import (
    ConfigurationError,
    SuiteQL,
    SuiteTalkError,
)
from suitetalk.errors import STATEMENT_FAILURES, TOO_SLOW, UnexpectedError
from suitetalk.facts import DAY, Facts
from suitetalk.record_tables import table_of
from suitetalk.timezone import PYTHON_TIME_FORMAT, earliest_local
from tap_netsuite.reading.engine import Once
from tap_netsuite.reading.sequential import rows_by_change
from tap_netsuite.refusals import is_about_table, named_column
from tap_netsuite.settings import AUTO, DeletionSettings
from tap_netsuite.source import Column, Kind, Source, instant

logger = logging.getLogger(__name__)

_MIDNIGHT = " 00:00:00"
_LOG, _NO_LOG = "log of deletions", "no log of deletions"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_WITH_PACIFIC_TIMES = "deletedrecordinconnect"
_ID_COLUMNS = ("recordid", "recordinternalid", "internalid")
_DATE_COLUMNS = ("deleteddate", "datedeleted", "deletiondate")
_TYPE_COLUMNS = ("scriptid", "recordtype", "type", "recordtypename")
_ENTITIES = frozenset(
    {
        "contact",
        "customer",
        "employee",
        "entitygroup",
        "genericresource",
        "job",
        "lead",
        "othername",
        "partner",
        "prospect",
        "vendor",
    }
)

Deletions = Mapping[int, str]
"""Moments of deletion, ISO 8601 in UTC, by internal id."""


@dataclass(frozen=True)
class _Log:
    """A log and its columns."""

    table: str
    record_id: str
    date: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class _Contents:
    """What is in a log: moments on its clock, by id, by type."""

    moments: Mapping[str, Mapping[int, str]]
    zone: ZoneInfo
    has_times: bool


class DeletionLog:
    """What was deleted since the earliest moment that a stream of the run asks for. Thread-safe once it is read."""

    def __init__(
        self, suiteql: SuiteQL, settings: DeletionSettings, zone: Callable[[], ZoneInfo], facts: Facts
    ) -> None:
        """Prepare; `zone` tells the account's, and `facts` which log earlier runs have found."""
        self._suiteql = suiteql
        self._facts = facts
        self._settings = settings
        self._account_zone = zone
        self._since: datetime | None = None
        self._read = Once(self._read_all)

    def need(self, since: datetime) -> None:
        """Have deletions since a moment read; to be said before anything is asked for, in the main thread."""
        self._since = min(self._since, since) if self._since else since

    @property
    def is_there(self) -> bool:
        """Whether a log could be read; where all streams are read for the first time nobody asks for one.

        Raises:
            ConfigurationError: the table that is set cannot be read.
            NetSuiteError: NetSuite cannot be asked now.
        """
        return self._read() is not None

    def of_table(self, table: str, since: datetime) -> Deletions:
        """Return deletions of rows of a table since a moment; errors as of `is_there`.

        What was deleted may be there again.
        """
        contents = self._read()
        types = [name for name in contents.moments if table in _tables(name)] if contents else []
        return {key: moment for name in types for key, moment in self.of_record_type(name, since).items()}

    def of_record_type(self, record_type: str, since: datetime) -> Deletions:
        """Return deletions of records of a type; otherwise like `of_table`."""
        contents = self._read()
        if contents is None:
            return {}
        first = f"{earliest_local(since, contents.zone):{PYTHON_TIME_FORMAT}}"
        # Whether the log has times of day is not known; where it has days only, the whole day counts.
        first = first if contents.has_times else first[:10]
        logged = contents.moments.get(_name(record_type), {})
        return {key: instant(moment, contents.zone) for key, moment in logged.items() if moment >= first}

    def _read_all(self) -> _Contents | None:
        if not self._since or not self._settings.reads_log:
            return None
        known = self._known()
        if known:
            try:
                return self._contents(_Log(known["table"], known["record_id"], known["date"], tuple(known["types"])))
            except STATEMENT_FAILURES as refusal:
                logger.debug("%s is not the log of deletions any more: %s", known["table"], refusal)
                self._facts.forget(_LOG)
        log = self._find()
        try:
            return self._contents(log) if log else None
        except STATEMENT_FAILURES as failure:
            self._facts.forget(_LOG)
            logger.warning("The log of deletions cannot be read now, so they come with a later run: %s", failure)
            return None

    def _known(self) -> dict[str, Any] | None:
        """Return the log that an earlier run has found, if it is one that is set."""
        known = self._facts.known(_LOG)
        return known if known and known["table"] in self._settings.logs else None

    def _contents(self, log: _Log) -> _Contents:
        zone = self._zone(log)
        moments: dict[str, dict[int, str]] = defaultdict(dict)
        for row in self._rows(log, zone):
            for record_type, key in _named(row, log):
                moments[record_type][key] = max(row[log.date], moments[record_type].get(key, ""))
        has_times = any(not moment.endswith(_MIDNIGHT) for logged in moments.values() for moment in logged.values())
        logger.info("%s: %d deletions read", log.table, sum(map(len, moments.values())))
        return _Contents(dict(moments), zone, has_times)

    def _rows(self, log: _Log, zone: ZoneInfo) -> Iterator[Mapping[str, Any]]:
        """Yield the entries from the beginning of the first day that matters, in the order of their times."""
        if self._since is None:
            return
        start = f"{earliest_local(self._since, zone):%Y-%m-%d}{_MIDNIGHT}"
        date = Column(log.date, Kind.DATE_TIME)
        source = Source(log.table, (date, *(Column(name, Kind.TEXT) for name in (log.record_id, *log.types))))
        for part in rows_by_change(self._suiteql, source, date, start):
            yield from part.rows

    def _zone(self, log: _Log) -> ZoneInfo:
        if self._settings.log_timezone:
            return ZoneInfo(self._settings.log_timezone)
        return _PACIFIC if log.table == _WITH_PACIFIC_TIMES else self._account_zone()

    def _find(self) -> _Log | None:
        chosen = self._settings.logs
        refusals: list[SuiteTalkError] = []
        is_missing = self._settings.log == AUTO and self._facts.known(_NO_LOG)
        for table in () if is_missing else chosen:
            log = self._look_at(table, refusals)
            if log:
                if not _may_pass(refusals):
                    self._facts.learn(_LOG, {**asdict(log), "types": list(log.types)})
                return log
        if self._settings.log != AUTO:
            raise ConfigurationError(
                "deletion_log",
                f"names {chosen[0]}, which cannot be read as one, with id, type and date of each deletion: "
                f"{refusals[0]}",
            )
        if not is_missing and all(map(_is_firm, refusals)):
            self._facts.learn(_NO_LOG, chosen, lasts=DAY)
        logger.warning(
            "Neither %s can be read by this role, so deletions are known only where the catalog says so of other ways; "
            "`deletion_log`: off does without this question",
            " nor ".join(chosen),
        )
        return None

    def _look_at(self, table: str, refusals: list[SuiteTalkError]) -> _Log | None:
        """Find the columns of a log by asking for each; refusals go to the list."""

        def readable(column: str) -> bool:
            try:
                self._suiteql.hasty.page(f"SELECT {column} FROM {table}", limit=1)
            except STATEMENT_FAILURES as refusal:
                refusals.append(refusal)
                return False
            return True

        record_id = next(filter(readable, _ID_COLUMNS), None)
        date = next(filter(readable, _DATE_COLUMNS), None) if record_id else None
        types = tuple(filter(readable, _TYPE_COLUMNS)) if date else ()
        return _Log(table, record_id, date, types) if record_id and date and types else None


def _may_pass(refusals: list[SuiteTalkError]) -> bool:
    """Tell whether some may be a fault that passes, so that what they seem to say is not remembered."""
    return any(isinstance(refusal, (UnexpectedError, *TOO_SLOW)) for refusal in refusals)


def _is_firm(refusal: SuiteTalkError) -> bool:
    """Tell whether a refusal says that the table, or a column, is not there; any other may be one of this moment."""
    return is_about_table(refusal) or bool(named_column(refusal))


def _named(row: Mapping[str, Any], log: _Log) -> Iterator[tuple[str, int]]:
    """Yield type and id of an entry, for each of its types: one may name the record type, another its kind."""
    try:
        key = int(str(row.get(log.record_id)))
    except ValueError:
        return
    for column in log.types:
        if row.get(column):
            yield _name(str(row[column])), key


def _name(record_type: str) -> str:
    """Return a type in the one form in which types are compared: `Sales Order` is `salesorder`."""
    return re.sub(r"\s", "", record_type).lower()


def _tables(record_type: str) -> set[str]:
    """Return the tables in which a type's records are rows; all kinds of entities are in one more [section 5.9]."""
    table = table_of(record_type)
    return {table, "entity"} if table in _ENTITIES else {table}
