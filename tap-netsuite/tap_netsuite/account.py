"""The account that all streams of one run read from, and what they ask it together."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from importlib.metadata import version
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import ConnectionFailedError, NetSuite, NetSuiteError, RetryPolicy, SuiteQL, SuiteTalkError, governor_for
from suitetalk.errors import STATEMENT_FAILURES, STATEMENT_REFUSALS, TOO_SLOW, is_refusal
from suitetalk.facts import DAY, Facts
from suitetalk.metadata import CatalogCache
from suitetalk.suiteql import Value
from suitetalk.timezone import DetectedZone, detect_zone, is_still, set_zone, zone_named, zone_names
from tap_netsuite.deletions.log import DeletionLog
from tap_netsuite.deletions.seen_keys import SeenKeys
from tap_netsuite.discovery.tables import KNOWN_TIMES
from tap_netsuite.reading.changes import TransactionSets
from tap_netsuite.reading.engine import Once
from tap_netsuite.settings import TapSettings
from tap_netsuite.source import UTC, Kind, Source, converter

PACKAGE = "netsuite-singer"
"""The distribution that carries the tap."""

logger = logging.getLogger(__name__)

_WITH_FILE = ("--config", "--catalog", "--state")
_UNLIMITED_WORKERS = 64
_MOST_WAITING = 64  # pages, each of up to a megabyte
_KEPT_FOR = 30 * DAY
_KEPT_AS = "what tap-netsuite knows of the account"
_ZONE, _LIMIT = "time zone", "concurrency limit"
_MOST_COUNTS = 50  # in one statement; how long it may be is not documented
_INTEGER = converter(Kind.INTEGER, UTC)
_COUNTED_WITHIN = 60.0  # seconds; they are counts of few rows


class Account:
    """One client for all streams, and what is asked once per run. Thread-safe."""

    def __init__(self, settings: TapSettings, user_agent: str, retry: RetryPolicy | None = None) -> None:
        """Connect; nothing is sent yet."""
        self.settings = settings
        self.governor = governor_for(settings.connection)
        self._kept = CatalogCache.of_login(settings.connection, _KEPT_FOR) if _keeps(settings) else None
        is_fresh = settings.discovery.refresh_catalog
        self.facts = Facts(self._kept.get(_KEPT_AS) if self._kept else None, only=KNOWN_TIMES if is_fresh else "")
        self.netsuite = NetSuite(
            settings.connection, limiter=self.governor, user_agent=user_agent, retry=retry, facts=self.facts
        )
        self.table_counts = CountsTogether(self.netsuite.suiteql, "tables")
        self.query_counts = CountsTogether(self.netsuite.suiteql, "queries")
        self._zone = Once(self._find_zone)
        self._clock_offset = Once(self._find_clock_offset)
        self._began = datetime.now(timezone.utc)
        self._started = Once(lambda: self._began + self._clock_offset())
        self.deletion_log = DeletionLog(self.netsuite.suiteql, settings.deletions, lambda: self.zone, self.facts)
        self._seen_keys = Once(self._open_seen_keys)

    @cached_property
    def transaction_sets(self) -> TransactionSets:
        """What is shared by streams whose rows belong to transactions."""
        return TransactionSets(self.netsuite.suiteql, lambda: self.zone)

    @property
    def workers(self) -> int:
        """Threads that may wait for requests; the governor decides how many are in flight."""
        return self.settings.connection.max_concurrency or _UNLIMITED_WORKERS

    @property
    def pages_ahead(self) -> int:
        """Pages that may be held: those in flight, and some more that wait to be written."""
        limit = self.governor.limit
        return min(5 * limit, limit + _MOST_WAITING) + 2

    @property
    def started(self) -> datetime:
        """When the run began, by NetSuite's clock: the same for all streams, and before anything of them was asked."""
        return self._started()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of SuiteQL's times, as set or as NetSuite shows it.

        Raises:
            ConfigurationError: it is not set and cannot be found.
        """
        return self._zone().zone

    @property
    def seen_keys(self) -> SeenKeys | None:
        """The store of keys seen; None where none is wanted.

        Raises:
            ConfigurationError: it cannot be used.
        """
        return self._seen_keys()

    @property
    def converts_to_utc(self) -> bool:
        """Whether NetSuite turns times into UTC itself: only it knows an hour that the account's clock showed twice."""
        return self._zone().converts_to_utc

    @property
    def knows_zone(self) -> bool:
        """Whether `zone` and `converts_to_utc` need not be waited for."""
        return self._zone.is_known

    def now(self) -> datetime:
        """Return the time by NetSuite's clock: as it tells, or as its answers are dated."""
        return datetime.now(timezone.utc) + self._clock_offset()

    def answers(self) -> bool:
        """Tell whether NetSuite answers now, so that a request without an answer has failed for a reason of its own."""
        try:
            self.netsuite.system.server_time()
        except NetSuiteError as refusal:
            return is_refusal(refusal)
        except SuiteTalkError:
            return False
        return True

    def keep(self) -> None:
        """Keep what was learned of the account for later runs."""
        learned = self.facts.written()
        if self._kept and learned:
            self._kept.put(_KEPT_AS, learned)

    def close(self) -> None:
        """Let go of what is kept open between streams, and keep what was learned of the account."""
        self.keep()
        if self.settings.deletions.seen_keys and (store := self.seen_keys):
            store.close()

    def prepare(self, *, needs_clock: bool = True, needs_zone: bool) -> None:
        """Begin to ask what will be needed, side by side: how many requests may be in flight, the clock, the zone."""
        self._began = datetime.now(timezone.utc)
        calls = [self._learn_limit, *([self._started] if needs_clock else []), *([self._zone] if needs_zone else [])]
        for call in calls:
            threading.Thread(target=_quietly, args=(call,), name="netsuite-question", daemon=True).start()

    def _learn_limit(self) -> None:
        """Take the limit from NetSuite where the role may know it [article_0625010817]; else it is found by trying.

        It is asked for once a day: one that was lowered shows in refusals.
        """
        if self.settings.connection.max_concurrency:
            return
        known = self.facts.known(_LIMIT)
        if known is None:
            try:
                limits = self.netsuite.system.concurrency_limits()
            except (NetSuiteError, ConnectionFailedError) as error:
                logger.debug("The account's concurrency limit: %s", error)
                return
            known = {"usable": limits.usable if limits else None}
            self.facts.learn(_LIMIT, known, lasts=DAY)
        if known["usable"]:
            self.governor.begin_with(known["usable"])

    def _open_seen_keys(self) -> SeenKeys | None:
        wanted = self.settings.deletions
        if wanted.seen_keys is None:
            return None
        return SeenKeys(wanted.seen_keys, self.settings.connection.account.realm, wanted.seen_keys_max_bytes)

    def _find_zone(self) -> DetectedZone:
        """Take the zone that is set, or that an earlier run found and NetSuite still shows, or find it."""
        suiteql, records = self.netsuite.suiteql, self.netsuite.records
        zone = zone_named(self.settings.account_timezone) if self.settings.account_timezone else None

        def holds(known: dict[str, Any]) -> bool:
            kept = _zone_in(known)
            if kept is None or (zone and zone != kept.zone):
                return False
            return (zone is not None and not kept.converts_to_utc) or is_still(kept, suiteql, records)

        kept = _zone_in(self.facts.checked(_ZONE, holds))
        if kept:
            return kept
        found = set_zone(suiteql, zone) if zone else detect_zone(suiteql, records)
        known = {"name": found.zone.key, "converts_to_utc": found.converts_to_utc, "witness": found.witness}
        self.facts.learn(_ZONE, known, lasts=None if found.converts_to_utc else DAY)
        return found

    def _find_clock_offset(self) -> timedelta:
        try:
            return self.netsuite.system.server_time() - datetime.now(timezone.utc)
        except (NetSuiteError, ConnectionFailedError) as error:
            logger.debug("NetSuite's clock: %s", error)
            return self.netsuite.transport.clock_offset or timedelta()


def user_agent() -> str:
    """Return how the tap introduces itself to NetSuite."""
    return f"tap-netsuite/{version(PACKAGE)}"


class EarlyAccount:
    """The account that the command line names, with a login that runs while the SDK is imported.

    Whatever is wrong with the command line or the settings is for the SDK and the tap to say: then there is none. What
    is logged meanwhile is logged when the account is taken, as logging is set up by then.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        """Read the settings where they are in one file, and begin to log in."""
        self._account: Account | None = None
        self._said = MemoryHandler(capacity=sys.maxsize, flushLevel=sys.maxsize)
        logging.getLogger().addHandler(self._said)
        try:
            if (path := _settings_file(arguments)) is not None:
                config = json.loads(Path(path).read_text(encoding="utf-8"))
                self._account = Account(TapSettings.from_mapping(config), user_agent())
                self._account.netsuite.begin_login()
        except Exception as error:  # noqa: BLE001 - see above
            logger.debug("The login begins later: %s", error)

    def taken(self, settings: TapSettings) -> Account | None:
        """Return the account, once, if it is the one of these settings."""
        account, self._account = self._account, None
        logging.getLogger().removeHandler(self._said)
        if account is None or account.settings != settings:
            return None
        said, self._said.buffer = self._said.buffer, []
        for record in said:
            logging.getLogger(record.name).handle(record)
        return account


def _settings_file(arguments: Sequence[str]) -> str | None:
    """Return the path of the only settings file of a command line that discovers or reads, None for any other."""
    rest, paths = list(arguments), []
    while rest:
        name, has_value, value = rest.pop(0).partition("=")
        if name in _WITH_FILE:
            value = value if has_value else rest.pop(0) if rest else ""
            paths += [value] if name == "--config" else []
        elif name != "--discover":
            return None
    return paths[0] if len(paths) == 1 and paths[0] != "ENV" else None


def _keeps(settings: TapSettings) -> bool:
    return settings.discovery.catalog_cache_seconds > 0


def _zone_in(known: dict[str, Any] | None) -> DetectedZone | None:
    if known is None or known["name"] not in zone_names():
        return None
    return DetectedZone(ZoneInfo(known["name"]), known["converts_to_utc"], known["witness"])


def _quietly(call: Callable[[], object]) -> None:
    """Call a function whose error is raised again where its answer is needed."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - see above
        logger.debug("%s", error)


@dataclass
class _Asked:
    """A count that somebody wants, or will want soon."""

    parameters: tuple[Value, ...]
    is_wanted: bool = False
    is_answered: bool = False
    rows: int | None = None


class CountsTogether:
    """Counts rows of several streams in one statement, where NetSuite takes it. Thread-safe.

    Whoever asks while a statement is under way waits for it, and goes into the next with all others that have come.
    A statement that is refused is believed to be when it is again after one of its counts has come alone; that is
    remembered. One that is too slow, or fails with everything else, is not tried again in this run.
    """

    def __init__(self, suiteql: SuiteQL, what: str) -> None:
        """Prepare to count what is named so, such as tables: what is refused of these may not be of others."""
        self._suiteql = suiteql
        self._form = f"counts of several {what} in one statement"
        self._expected: list[tuple[Source, Callable[[], str]]] = []
        self._asked: dict[str, _Asked] = {}
        self._is_off = False
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def expect(self, source: Source, condition: Callable[[], str]) -> None:
        """Have rows of a source counted with the first count that somebody wants, since it will be wanted too."""
        self._expected.append((source, condition))

    def count(self, source: Source, condition: str) -> int | None:
        """Return how many rows of a source with keys meet a condition, None where NetSuite does not say so this way."""
        statement = _count_of_keys(source, condition)
        with self._lock:
            asked = self._asked.setdefault(statement, _Asked(source.parameters))
            asked.is_wanted = True
        with self._turn:
            while not asked.is_answered:
                self._ask()
        with self._lock:
            self._asked.pop(statement, None)
        return asked.rows

    def _ask(self) -> None:
        expected, self._expected = self._expected, []
        ahead = {}
        for source, condition in expected:
            with suppress(SuiteTalkError):  # such as for the account's zone: its own stream says so
                ahead[_count_of_keys(source, condition())] = _Asked(source.parameters)
        with self._lock:
            self._asked = {**ahead, **self._asked}
            unanswered = {statement: asked for statement, asked in self._asked.items() if not asked.is_answered}
        wanted = [statement for statement, asked in unanswered.items() if asked.is_wanted][:_MOST_COUNTS]
        others = [statement for statement, asked in unanswered.items() if not asked.is_wanted]
        asked_for = [*wanted, *others][:_MOST_COUNTS]
        counts = {} if self._is_off or self._form in self._suiteql.refused else self._answers(asked_for, wanted)
        with self._lock:
            for statement, asked in unanswered.items():
                if statement in counts or statement in wanted:
                    asked.rows, asked.is_answered = counts.get(statement), True
                elif not asked.is_wanted:
                    self._asked.pop(statement)

    def _answers(self, statements: list[str], wanted: list[str]) -> dict[str, int]:
        """Return the counts by their statements, as far as they come."""
        counts: dict[str, int] = {}
        try:
            return self._counted(statements)
        except TOO_SLOW as failure:
            logger.debug("%s: %s", self._form, failure)
        except STATEMENT_REFUSALS:
            try:
                counts = self._counted(wanted[:1])
                # What was only expected may be what is refused.
                return self._counted(wanted if len(wanted) > 1 else wanted * 2)
            except STATEMENT_FAILURES as failure:
                logger.debug("%s: %s", self._form, failure)
                if counts and isinstance(failure, STATEMENT_REFUSALS):
                    self._suiteql.refused.add(self._form)
        self._is_off = True
        return counts

    def _counted(self, statements: Sequence[str]) -> dict[str, int]:
        selects = (f"SELECT {place} AS place, {each.removeprefix('SELECT ')}" for place, each in enumerate(statements))
        parameters = [value for statement in statements for value in self._asked[statement].parameters]
        suiteql = self._suiteql.within(_COUNTED_WITHIN)
        rows = suiteql.page(" UNION ALL ".join(selects), parameters, limit=len(statements)).items
        return {statements[_INTEGER(row["place"])]: _INTEGER(row["n"]) for row in rows if {"place", "n"} <= row.keys()}


def _count_of_keys(source: Source, condition: str) -> str:
    return source.count(condition, source.keys[0].source)
