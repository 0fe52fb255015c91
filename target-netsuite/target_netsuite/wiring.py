"""From settings to what carries out a run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import (
    ConfigurationError,
    FieldShape,
    Governor,
    NetSuite,
    SuiteTalkError,
)
from suitetalk.record_tables import table_of
from suitetalk.timezone import detect_zone
from target_netsuite.interruption import RunInterruptedError
from target_netsuite.journal.journal import open_journal
from target_netsuite.journal.null_journal import NullJournal
from target_netsuite.journal.recovery import recover
from target_netsuite.mapping import RecordShape
from target_netsuite.mapping.catalog import read_shape
from target_netsuite.mirroring.mirror import MirrorStream
from target_netsuite.pipeline.postponed import Postponed
from target_netsuite.preparing.foreseen import Column
from target_netsuite.preparing.lookups import EXTERNAL_ID
from target_netsuite.preparing.preparation import Preparation
from target_netsuite.reporting.report import Report
from target_netsuite.run import Run
from target_netsuite.settings import Settings, StreamSettings
from target_netsuite.template import Template
from target_netsuite.writing.unknown_outcomes import OnUnknownOutcome
from target_netsuite.writing.writer import Writer, WriterOptions

logger = logging.getLogger(__name__)


class Shapes:
    """What the catalog says of the record types of a run; each is read once. Thread-safe."""

    def __init__(self, netsuite: NetSuite) -> None:
        """Read from this account's catalog."""
        self._netsuite = netsuite
        self._shapes: dict[str, RecordShape | None] = {}
        self._read_again: set[str] = set()
        self._lock = threading.Lock()

    def of(self, record_type: str) -> RecordShape | None:
        """Return the shape of a type, None when the role may not see it.

        Raises:
            UnknownRecordTypeError: there is no such type.
            SuiteTalkError: the catalog cannot be read now.
        """
        with self._lock:
            name = record_type.lower()
            if name not in self._shapes:
                self._shapes[name] = read_shape(self._netsuite, record_type)
            return self._shapes[name]

    def again(self, record_type: str) -> RecordShape | None:
        """As `of`, but not from a copy on disk, which may be older than a field; NetSuite is asked once for a type."""
        with self._lock:
            name = record_type.lower()
            if name not in self._read_again:
                self._shapes[name] = read_shape(self._netsuite, record_type, refresh=True)
                self._read_again.add(name)
            return self._shapes[name]

    def fields(self, record_type: str) -> Sequence[FieldShape] | None:
        """Return the fields of a type, None when the role may not see it."""
        shape = self.of(record_type)
        return shape.fields if shape else None


def begin_run(
    netsuite: NetSuite,
    governor: Governor,
    settings: Settings,
    streams: Mapping[str, Any],
    *,
    report: Report,
    shapes: Shapes,
    pass_state: Callable[[Any], None],
    stop: threading.Event,
) -> Run:
    """Settle what the last run left open, and return what takes this one's intents.

    Args:
        netsuite: the account.
        governor: of its requests.
        settings: the checked settings.
        streams: the setting `streams` as it was given.
        report: is told what came of each record.
        shapes: the catalog's types.
        pass_state: gives a STATE to who keeps it.
        stop: is set when the run is to end.

    Raises:
        ConfigurationError: the journal has no place.
        JournalError: the journal cannot be used.
        WritingStoppedError: what the last run left is not settled.
    """
    threading.Thread(target=_learn_limit, args=(netsuite, governor), name="netsuite-limit", daemon=True).start()
    journal = NullJournal() if settings.dry_run else _journal(netsuite, settings, streams, stop)
    preparation = Preparation(netsuite, shapes.fields, zone=_Zone(netsuite), referred_by=_referred_by(settings))
    options = WriterOptions(name_validation=settings.name_validation, value_validation=settings.value_validation)
    writer = Writer(netsuite, journal, policy=_policy(settings), confirm=preparation.confirm, options=options)
    return Run(
        preparation,
        None if settings.dry_run else writer,
        journal,
        report,
        postponed=Postponed({table_of(stream.record_type) for stream in settings.streams.values()}),
        settings_of=settings.stream,
        pass_state=pass_state,
    )


def _journal(netsuite: NetSuite, settings: Settings, streams: Mapping[str, Any], stop: threading.Event) -> NullJournal:
    """Open the journal and see through what the last run left in it."""
    journal = open_journal(settings.journal, settings.connection.account.realm, streams)
    try:
        recover(netsuite, journal, policy=_policy(settings), stop=stop)
    except BaseException:
        journal.close()
        raise
    return journal


def mirrored(settings: Settings) -> list[MirrorStream]:
    """Return the streams that are mirrors.

    Raises:
        ConfigurationError: one cannot be.
    """
    return [_mirror(stream, settings) for stream in settings.streams.values() if stream.mirror]


class _Zone:
    """The account's time zone, asked for once; None when it cannot be told."""

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._lock = threading.Lock()
        self._known: tuple[ZoneInfo | None, ...] = ()

    def __call__(self) -> ZoneInfo | None:
        with self._lock:
            if not self._known:
                self._known = (self._detected(),)
            return self._known[0]

    def _detected(self) -> ZoneInfo | None:
        try:
            return detect_zone(self._netsuite.suiteql, self._netsuite.records).zone
        except SuiteTalkError as error:
            logger.info("Times are compared record by record, since the account's time zone is not certain: %s", error)
            return None


def _referred_by(settings: Settings) -> set[Column]:
    """Return the columns that references go by."""
    streams = settings.streams.values()
    in_bodies = (one for stream in streams for one in stream.references.values())
    in_lines = (one for stream in streams for lines in stream.sublists.values() for one in lines.references.values())
    return {
        (table_of(one.record_type), EXTERNAL_ID.lower() if one.by == "external_id" else one.by.lower())
        for one in (*in_bodies, *in_lines)
    }


def _policy(settings: Settings) -> Callable[[str], OnUnknownOutcome]:
    def policy(stream: str) -> OnUnknownOutcome:
        known = settings.streams.get(stream)  # the journal may hold a stream that is gone from the settings
        return known.on_unknown_outcome if known else "stop"

    return policy


def _mirror(stream: StreamSettings, settings: Settings) -> MirrorStream:
    others = [
        other.external_id
        for other in settings.streams.values()
        if other is not stream and other.record_type.lower() == stream.record_type.lower() and other.external_id
    ]
    return MirrorStream(
        stream=stream.stream,
        record_type=stream.record_type,
        table=table_of(stream.record_type),
        template=_template(stream),
        others=tuple(others),
        operation=stream.delete_by,
        max_percent=stream.mirror_max_percent,
        transactions=stream.mirror_transactions,
    )


def _template(stream: StreamSettings) -> Template:
    if stream.external_id is None:
        raise ConfigurationError(
            f"streams.{stream.stream}.external_id", "is missing; a mirror needs it to tell its own records, CRM-{id}."
        )
    return stream.external_id


def _learn_limit(netsuite: NetSuite, governor: Governor) -> None:
    """Take the limit from NetSuite where the role may know it [article_0625010817]; else it is found by trying."""
    try:
        limits = netsuite.system.concurrency_limits()
    except (SuiteTalkError, RunInterruptedError) as error:
        logger.debug("The account's concurrency limit: %s", error)
        return
    if limits and limits.usable:
        governor.begin_with(limits.usable)
