"""Which records of a type to read, as their SuiteQL table tells it: all, or those changed since the bookmark.

`q` compares whole days, in a format of the account's [section_1545222128], and not at all with the stamps of some
types; the table compares seconds. Which of its rows are records of the type is decided by the list end point, once for
all where both count the same, else for each id.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from suitetalk import InvalidRequestError, NotFoundError, PermissionDeniedError
from suitetalk.record_tables import table_of
from tap_netsuite.account import Account
from tap_netsuite.extraction.audit import count_rows
from tap_netsuite.extraction.changes import StampedChanges
from tap_netsuite.extraction.keyed_source import KeyedSource
from tap_netsuite.extraction.lookahead import Fetcher
from tap_netsuite.extraction.position import position_in
from tap_netsuite.extraction.record_ids import Listed, RecordList
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.small_pages import SmallPages
from tap_netsuite.extraction.source import Source, both
from tap_netsuite.extraction.table_reading import TableReading
from tap_netsuite.values import Column, Kind

logger = logging.getLogger(__name__)

REFUSALS = (InvalidRequestError, NotFoundError, PermissionDeniedError)
"""What NetSuite answers when a type has no list for this role, or no table."""

_ID = Column("id", Kind.INTEGER)


class TableIds:
    """The ids of a type's records, from its table."""

    def __init__(self, account: Account, record_list: RecordList, record_type: str, q: str, stamp: str | None) -> None:
        """Prepare.

        Args:
            account: where the table is.
            record_list: tells which rows are records of the type and meet the user's filter.
            record_type: in lower case.
            q: the user's filter, empty for none.
            stamp: the column that tells changes; None to read all.
        """
        self._account = account
        self._list = record_list
        self._record_type = record_type
        self._q = q
        cursor = Column(stamp, Kind.DATE_TIME) if stamp else None
        self._source = Source(table_of(record_type), (_ID, cursor) if cursor else (_ID,), (_ID,), cursor)

    def listed(self, fetcher: Fetcher, state: Mapping[str, Any]) -> Iterator[Listed]:
        """Yield the ids, from where the state is, and where the stream stands behind them.

        Raises:
            IncompleteResultError: rows are missing.
            NetSuiteError: NetSuite refused.
        """
        condition, is_the_type = self._condition_of_type()
        ids: list[int] = []
        counted = 0
        for portion in self._reading(condition, state).read(SmallPages(fetcher)):
            ids += [key[0] for key in portion.rows.kept] if portion.rows else []
            counted += portion.audited
            if portion.bookmark is not None:
                chosen = sorted(set(ids))
                if self._q or not is_the_type:
                    chosen = self._list.those_of(fetcher, chosen)
                    counted = len(chosen)
                yield Listed(tuple(chosen), self._marked(portion.bookmark), counted)
                ids, counted = [], 0

    def _condition_of_type(self) -> tuple[str, bool]:
        """Return the condition for rows of the type, and whether it is right by NetSuite's own counts.

        Raises:
            NetSuiteError: neither the table nor the list can be read.
        """
        condition = self._likely_condition()
        if condition is None:
            return "", False
        try:
            counted = count_rows(self._account.netsuite.suiteql, self._source, condition)
        except InvalidRequestError:
            return "", False
        try:
            listed = self._list.count()
        except REFUSALS as refusal:
            if self._q:
                raise
            logger.info("%s cannot be listed, so its table decides which there are: %s", self._record_type, refusal)
            return condition, True
        if counted != listed:
            logger.debug("%s: %d rows, %d records; the list decides", self._record_type, counted, listed)
            return "", False
        return condition, True

    def _likely_condition(self) -> str | None:
        """Return the condition that ought to be that of the type [section 5.9]; None when none is known."""
        table = self._source.relation
        if table == self._record_type:
            return ""
        return f"LOWER(recordtype) = '{self._record_type}'" if table == "transaction" else None

    def _reading(self, condition: str, state: Mapping[str, Any]) -> TableReading:
        account, source = self._account, self._source
        row_format = RowFormat(self._record_type, source, lambda: account.zone, as_lines=False, kept=("id",))

        def rows_of_type(changed: str, counted: Callable[[], str]) -> KeyedSource:
            suiteql, chosen = account.netsuite.suiteql, both(condition, changed)
            return KeyedSource(suiteql, source, row_format, chosen, lambda: both(condition, counted()))

        return TableReading(
            source,
            rows_of_type,
            position_in(self._unmarked(state), source),
            changes=StampedChanges(source.replication_key, lambda: account.zone) if source.replication_key else None,
            start_date=account.settings.start_date,
            clock=account,
            lookback=timedelta(seconds=account.settings.lookback_seconds),
            audit=account.settings.audit,
        )

    def _marked(self, bookmark: Mapping[str, Any]) -> dict[str, Any]:
        """Let a reading under way be one of this record type and filter, which the table says nothing of."""
        reading = bookmark.get("reading")
        return {**bookmark, "reading": {**reading, "records": self._mark}} if reading else dict(bookmark)

    def _unmarked(self, state: Mapping[str, Any]) -> dict[str, Any]:
        reading = state.get("reading")
        of_others = isinstance(reading, Mapping) and reading.get("records") != self._mark
        return {name: value for name, value in state.items() if name != "reading" or not of_others}

    @property
    def _mark(self) -> str:
        return hashlib.sha256(repr((self._record_type, self._q)).encode()).hexdigest()[:16]
