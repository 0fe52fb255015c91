"""Which rows have changed; transactions as sets.

A change to a header does not stamp its lines, a change to a line not its header, and the costing engine stamps neither
of them when it rewrites amounts [sections 5.9 and 5.10]. So a transaction counts as changed when the latest of all its
stamps says so, and then its header, its lines and its accounting lines come.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from suitetalk import SuiteQL
from suitetalk.errors import STATEMENT_FAILURES
from suitetalk.suiteql import both
from suitetalk.timezone import SQL_TIME_FORMAT, earliest_local
from tap_netsuite.reading.engine import Once
from tap_netsuite.reading.page import Rows
from tap_netsuite.refusals import Questions
from tap_netsuite.source import Column, Kind, Source, instant, literal

logger = logging.getLogger(__name__)
_ALL_PARTS = "transactions by the stamps of all their tables"
_NEVER = datetime(2999, 1, 1, tzinfo=timezone.utc)  # a probe is about what NetSuite accepts, not about rows


class Changes(Protocol):
    """Tells changed rows from others."""

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> str:
        """Return the condition for rows changed at `low` or later and before `high`, instants with a zone or None.

        With `unstamped` it includes the rows that NetSuite never stamped [section 5.10].
        """
        ...

    def unstamped(self) -> str:
        """Return the condition for rows of which it cannot be told when they changed; empty if there are none."""
        ...

    def newest(self, seen: str | None) -> str | None:
        """Return the latest stamp there is evidence of, given the latest among the rows that were read."""
        ...


class StampedChanges:
    """Rows by their own stamp.

    Whole seconds are compared, on the account's clock. A moment in the hour that this clock shows twice begins with
    the first showing, so that nothing stamped later is left out.
    """

    def __init__(self, stamp: Column, zone: Callable[[], ZoneInfo]) -> None:
        """Compare a column; the account's zone is asked for when it is needed."""
        self._column = Column(stamp.source, Kind.DATE_TIME)
        self._zone = zone

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> str:
        """Return the condition for rows stamped at `low` or later and before `high`; see `Changes`."""
        name = self._column.name
        stamped = both(
            f"{name} >= {self._moment(low)}" if low else "",
            f"{name} < {self._moment(high)}" if high else "",
        )
        if not unstamped:
            return stamped or f"{name} IS NOT NULL"
        return f"(({stamped}) OR {self.unstamped()})" if stamped else ""

    def unstamped(self) -> str:
        """Return the condition for rows without a stamp."""
        return f"{self._column.name} IS NULL"

    def newest(self, seen: str | None) -> str | None:
        """Return the latest stamp that was seen."""
        return seen

    def _moment(self, moment: datetime) -> str:
        local = earliest_local(moment, self._zone()).replace(microsecond=0)
        return literal(self._column, local.isoformat(" "))


@dataclass(frozen=True)
class Part:
    """A table with stamps of transactions.

    Attributes:
        table: its name.
        owner: the column with the transaction's id.
        stamp: the column NetSuite stamps.
    """

    table: str
    owner: str
    stamp: str

    @property
    def name(self) -> str:
        """The stamp with its table."""
        return f"{self.table}.{self.stamp}"

    def owners(self, condition: str) -> str:
        """Return the statement for the transactions of the rows that meet a condition."""
        # One id that is null would make NOT IN true for nothing at all.
        return f"SELECT {self.owner} FROM {self.table} WHERE {both(condition, f'{self.owner} IS NOT NULL')}"


HEADER = Part("transaction", "id", "lastmodifieddate")
PARTS = (
    HEADER,
    Part("transactionline", "transaction", "linelastmodifieddate"),
    Part("transactionaccountingline", "transaction", "lastmodifieddate"),
)


class ChangedTransactions:
    """Rows of transactions by the latest stamp of the header, any line or any accounting line; see `Changes`."""

    def __init__(
        self,
        owner: str,
        parts: tuple[Part, ...],
        zone: Callable[[], ZoneInfo],
        newest: Callable[[], str | None],
        *,
        is_tried: bool = True,
    ) -> None:
        """Compare for a table with its transactions' ids in a column.

        Args:
            owner: the column.
            parts: the tables whose stamps count.
            zone: returns the account's.
            newest: returns the headers' latest stamp.
            is_tried: whether NetSuite has accepted such a condition in this run, and not in an earlier one only.
        """
        self.is_tried = is_tried
        self.owner = owner
        self._stamps = [(part, StampedChanges(Column(part.stamp, Kind.DATE_TIME), zone)) for part in parts]
        self._newest = newest

    @property
    def description(self) -> str:
        """What is compared."""
        return " ".join(part.name for part, _ in self._stamps)

    def between(self, low: datetime | None, high: datetime | None, *, unstamped: bool = False) -> str:
        """Return the condition for rows of transactions changed at `low` or later and not at `high` or later."""
        since = self._touched(low) if low else ""
        if since and unstamped:
            since = f"({since} OR NOT {self._touched(None)})"
        return both(since, f"NOT {self._touched(high)}" if high else "")

    def unstamped(self) -> str:
        """Return the condition for rows of transactions without any stamp; empty with headers, which all have one."""
        return "" if any(part == HEADER for part, _ in self._stamps) else f"NOT {self._touched(None)}"

    def newest(self, seen: str | None) -> str | None:
        """Return the latest stamp there is evidence of: lines that are read again may have older ones only."""
        return max((stamp for stamp in (seen, self._newest()) if stamp), default=None)

    def _touched(self, moment: datetime | None) -> str:
        """Return the condition for rows of transactions with a stamp at a moment or later, or with any."""
        sets = (part.owners(stamp.between(moment, None)) for part, stamp in self._stamps)
        return f"({' OR '.join(f'{self.owner} IN ({owners})' for owners in sets)})"


class TransactionSets:
    """What all streams of one run share about transactions. Thread-safe."""

    def __init__(self, suiteql: SuiteQL, zone: Callable[[], ZoneInfo]) -> None:
        """Prepare; NetSuite is asked when the first stream wants to know."""
        self._suiteql = suiteql
        self._zone = zone
        self._takes_all = Once(self._find_whether_all)
        self._questions = Questions(
            lambda: [partial(suiteql.page, f"SELECT {part.owner} FROM {part.table}", limit=1) for part in PARTS]
        )
        self._visible = Once(self._find_visible)
        self._newest = Once(self._find_newest)
        self._is_remembered = False
        self._pages: dict[str, Once[Rows]] = {}
        self._lock = threading.Lock()

    @staticmethod
    def are_of(table: str, stamp: str) -> bool:
        """Tell whether rows of a table, read by this stamp, belong to transactions."""
        return any((part.table, part.stamp) == (table, stamp) for part in PARTS)

    def changes(self, table: str) -> ChangedTransactions | None:
        """Return what tells changed rows of one of the tables; None where only its own stamps do.

        Raises:
            NetSuiteError: NetSuite cannot be asked now.
        """
        own = next(part for part in PARTS if part.table == table)
        parts = self._visible()
        changes = self._of(own, parts)
        if self._takes_all() or (
            own in parts and self._accepts(f"SELECT {own.owner} FROM {table} WHERE {_probe(changes)}")
        ):
            self._newest()  # asked now: what NetSuite shows after the rows were read says nothing about them
            return changes
        logger.warning(
            "%s: NetSuite does not let its rows be asked for by changes of their transactions, so they come when they "
            "were stamped themselves, not with every change of their transaction, and lines that went away are not "
            "found",
            table,
        )
        return None

    def changed_ids(self, table: str, since: datetime) -> tuple[Source, str]:
        """Return a source of the transactions changed since a moment, as `id`, and its condition.

        They are those of the headers, which are there even if no lines are left; those of a line table's rows where
        the role cannot see headers.
        """
        column = Column("id", Kind.INTEGER)
        visible = self._visible()
        changes = self._of(HEADER, visible)
        if self._takes_all() or (
            HEADER in visible and self._accepts(f"SELECT id FROM transaction WHERE {_probe(changes)}")
        ):
            return Source("transaction", (column,), (column,)), changes.between(since, None)
        own = next(part for part in PARTS if part.table == table)
        condition = self._of(own, visible).between(since, None)
        return Source(f"(SELECT DISTINCT {own.owner} AS id FROM {table} WHERE {condition})", (column,), (column,)), ""

    def asked_once(self, condition: str, page: Callable[[], Rows]) -> Rows:
        """Return the first page of transactions that meet a condition, the same for all who ask.

        What changes later is stamped later than the run began, so the next run finds it.
        """
        with self._lock:
            once = self._pages.setdefault(condition, Once(page))
        return once()

    def _of(self, own: Part, parts: tuple[Part, ...]) -> ChangedTransactions:
        return ChangedTransactions(own.owner, parts, self._zone, self._newest, is_tried=not self._is_remembered)

    def doubt(self) -> None:
        """Try again what only earlier runs have seen NetSuite accept."""
        with self._lock:
            if self._is_remembered:
                self._is_remembered = False
                self._suiteql.facts.forget(_ALL_PARTS)
                self._takes_all, self._visible = Once(self._find_whether_all), Once(self._find_visible)

    def _find_whether_all(self) -> bool:
        """Tell whether one statement may ask for the stamps of all tables; the first that does so shows if it is so."""
        if self._suiteql.facts.known(_ALL_PARTS):
            self._is_remembered = True
            return True
        accepted = self._accepts(f"SELECT id FROM transaction WHERE {_probe(self._of(HEADER, PARTS))}")
        if accepted:
            self._suiteql.facts.learn(_ALL_PARTS, [part.name for part in PARTS])
        return accepted

    def _find_visible(self) -> tuple[Part, ...]:
        """Ask about all parts in one statement, and about each only where that is refused."""
        if self._takes_all():
            return PARTS
        visible = tuple(part for part in PARTS if self._accepts(part.owners(f"{part.stamp} IS NOT NULL")))
        hidden = [part.name for part in PARTS if part not in visible]
        if hidden:
            logger.warning(
                "The role cannot see %s, so changes that only show there do not make a transaction be read again",
                " and ".join(hidden),
            )
        return visible

    def _find_newest(self) -> str | None:
        if HEADER not in self._visible():
            return None
        statement = f"SELECT TO_CHAR(MAX({HEADER.stamp}), '{SQL_TIME_FORMAT}') AS newest FROM transaction"
        try:
            rows = self._suiteql.hasty.page(statement, limit=1).items
        except STATEMENT_FAILURES as refusal:
            logger.debug("The latest stamp of transactions: %s", refusal)
            return None
        newest = rows[0].get("newest") if rows else None
        return instant(newest, self._zone()) if newest else None

    def _accepts(self, statement: str) -> bool:
        try:
            self._questions.settle(partial(self._suiteql.hasty.page, statement, limit=1))
        except STATEMENT_FAILURES as refusal:
            logger.debug("%s: %s", statement, refusal)
            return False
        return True


def _probe(changes: ChangedTransactions) -> str:
    return changes.between(_NEVER, _NEVER)
