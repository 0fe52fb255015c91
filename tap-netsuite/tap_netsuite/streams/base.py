"""What all streams share, and the version that lets a loader drop rows which a whole reading no longer found.

A reading of all rows that began at its beginning writes its records with a new version. Once it is proven complete, one
ACTIVATE_VERSION follows its last record, and the loader takes rows of older versions for deleted. Later readings of
what has changed carry the same version. The message never comes before the rows, as the SDK would send it, nor after a
reading that may have missed some.
"""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk.helpers._batch import BatchConfig
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib import SchemaMessage, StateMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from suitetalk import IncompleteResultError, SuiteTalkError
from suitetalk.stream_maps import IN_USE, StreamMapError
from tap_netsuite.account import Account
from tap_netsuite.batches import BatchFiles, batch_config_of
from tap_netsuite.deletions.deletions import BY_VERSION, NOT_KNOWN, Deletions, Subject, deleted_since, deletions_of
from tap_netsuite.progress import StreamAudit
from tap_netsuite.reading.engine import Fetcher, Portion, Reading
from tap_netsuite.reading.page import ValueFormError, record_lines, row_lines
from tap_netsuite.settings import Audit
from tap_netsuite.source import DELETED_AT, SET_READ_AT
from tap_netsuite.sync import Run, StreamError

logger = logging.getLogger(__name__)

_VERSION = "version"
_ROWS = "version_rows"
_IS_OPEN = "version_is_open"
_OF_VERSION = (_VERSION, _ROWS, _IS_OPEN)
COLUMNS = "columns"
"""What a state knows besides its position: the columns that rows before it have."""
_ALL = 100


@dataclass(frozen=True)
class Version:
    """The version that a stream's records carry in a run.

    Attributes:
        number: milliseconds since 1970 at its beginning; None where records carry none.
        is_whole: whether the run reads all rows, or the rest of them, so that the version may be activated at its end.
        rows: rows of the version before, None where they are not known.
        is_resumed: whether an earlier run has read the first of the rows.
    """

    number: int | None = None
    is_whole: bool = False
    rows: int | None = None
    is_resumed: bool = False

    @property
    def was_empty(self) -> bool:
        """Whether the version before was proven to have no row, so that none now is no surprise, and drops none."""
        return self.rows == 0

    @property
    def state(self) -> dict[str, Any]:
        """What a stream's state holds of it."""
        kept = {_VERSION: self.number, _ROWS: self.rows, _IS_OPEN: self.is_whole or None}
        return {name: value for name, value in kept.items() if value is not None}

    def activated(
        self, audit: StreamAudit, count: Callable[[], int | None], most_percent_dropped: float
    ) -> Version | None:
        """Return what is known of the version once it is activated; None where it must not be.

        Args:
            audit: what became of the reading.
            count: returns how many rows NetSuite counts now, None where it does not; asked where that is not known.
            most_percent_dropped: how many of the rows of the version before may be missing.

        Raises:
            IncompleteResultError: a role that was narrowed sees fewer rows, without an error from NetSuite.
        """
        if not self.is_whole or audit.counted is None or audit.result == "gap":
            return None
        rows: int | None = audit.counted
        if self.is_resumed:
            rows = count()
            if rows is None and self.rows is not None:
                return None
        elif not rows and not self.was_empty and count() != 0:
            return None
        if rows is not None and self.rows and rows < self.rows * (_ALL - most_percent_dropped) / _ALL:
            raise IncompleteResultError(
                f"NetSuite shows {rows} rows, {self.rows} when it was last read in full, so those that are missing "
                "are not taken for deleted. If they are, allow it for one run with `max_drop_percent`; if not, look "
                "what the role may see."
            )
        return Version(self.number, rows=rows)


def version_of(state: Mapping[str, Any], *, reads_all: bool, may_activate: bool) -> Version:
    """Return the version that a run's records carry.

    A reading of all rows leaves its version open in the state until it is activated. What goes on with that reading,
    or from the bookmark that it has left, may activate it too, wherever a run before was killed.

    Args:
        state: the stream's, at the beginning of the run.
        reads_all: whether the stream is read from its beginning to its end, or such a reading is gone on with.
        may_activate: whether the settings and the way its records leave let a version be activated.
    """
    kept, rows = (value if isinstance(value, int) else None for value in (state.get(_VERSION), state.get(_ROWS)))
    if not may_activate:
        return Version(kept, rows=rows)
    is_under_way = "reading" in state
    if kept is not None and state.get(_IS_OPEN) is True and (is_under_way or not reads_all):
        return Version(kept, is_whole=True, rows=rows, is_resumed=True)
    if is_under_way or not reads_all:
        return Version(kept, rows=rows)
    return Version(max(int(time.time() * 1000), (kept or 0) + 1), is_whole=True, rows=rows)


class NetSuiteStream(Stream):
    """A stream that keeps its own bookmarks.

    Values are typed when they are read, so the SDK need not conform them once more. Where neither stream maps nor
    flattening are in use, rows leave as they were encoded, past what the SDK does for each record: to stdout, or into
    the files of BATCH messages.
    Bookmarks move when the rows before them have been written and counted, not with each record.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap, account: Account, run: Callable[[], Run], name: str, schema: dict[str, Any]) -> None:
        """Make the stream; nothing is sent yet. `run` returns the run it is read in, begun when first asked for."""
        super().__init__(tap, schema=schema, name=name)
        self.account = account
        self._run = run
        self._state_at_start: dict[str, Any] = {}
        self.version = Version()
        self.left_out: frozenset[str] = frozenset()  # columns that NetSuite refuses since the catalog was made
        self._bookmark: Mapping[str, Any] | None = None  # the last one acknowledged
        in_files = tap.config.get("batch_config")
        self.batch_config = batch_config_of(in_files) if in_files else None
        self._files: BatchFiles | None = None  # that rows are being written into
        self._deletions: Deletions | None = None

    def reading(self) -> Reading:
        """Return how to read the stream, from where its state is now; for the main thread."""
        self._state_at_start = dict(self.stream_state)
        self._warn_of_another_key()
        self.version = version_of(self._state_at_start, reads_all=self._reads_whole, may_activate=self._may_activate)
        self._stream_version = self.version.number  # of records that the SDK writes
        if not self._is_told(DELETED_AT):
            return self.read
        if since := deleted_since(self._state_at_start) or self._deletions_since:
            self.account.deletion_log.need(since)
        return self._read_with_deletions

    def subject(self) -> Subject:
        """Return which deletions can be reported of the stream; called in the reading's thread, before `read`."""
        raise NotImplementedError

    def _read_with_deletions(self, fetcher: Fetcher) -> Iterator[Portion]:
        account = self.account
        lookback = timedelta(seconds=account.settings.lookback_seconds)
        deletions = Deletions(self.subject(), account.deletion_log, account.seen_keys, account, lookback)
        self._deletions = deletions
        position = {name: value for name, value in self._state_at_start.items() if name not in (*_OF_VERSION, COLUMNS)}
        yield from deletions.around(self.read, position, fetcher, self._deletions_since)

    @property
    def _deletions_since(self) -> datetime | None:
        """The moment since which a first run passes on deletions; None where a loader can have no older rows."""
        settings = self.account.settings
        return settings.deletions.since or settings.start_date

    @property
    def emit_activate_version_messages(self) -> bool:
        """Whether the SDK sends ACTIVATE_VERSION before the rows: never, for they may not come."""
        return False

    @property
    def _reads_whole(self) -> bool:
        """Whether this run begins with the first row, or goes on with a reading that did and is not over."""
        return self.replication_method != REPLICATION_INCREMENTAL or not self._has_bookmark

    @property
    def _leaves_none_out(self) -> bool:
        """Whether what is read from the first row to the last is all that NetSuite has."""
        return self.replication_method != REPLICATION_INCREMENTAL or self.account.settings.start_date is None

    def _warn_of_another_key(self) -> None:
        """Say that a bookmark does not count, because the stream is read by another column now, or in full."""
        state = self._state_at_start
        was, is_incremental = state.get("replication_key"), self.replication_method == REPLICATION_INCREMENTAL
        now = self.replication_key if is_incremental else None
        if not was or state.get("replication_key_value") is None or str(was).lower() == (now or "").lower():
            return
        logger.warning(
            "%s: the state's bookmark is of the replication key %s, and the stream is read %s now, so all rows come "
            "again, and the bookmark is given up",
            self.name,
            was,
            f"by {now}" if now else "in full",
        )

    @property
    def _has_bookmark(self) -> bool:
        return self._state_at_start.get("replication_key_value") is not None

    @property
    def _may_activate(self) -> bool:
        """Whether a version may be activated; loaders do not put one on rows that come in BATCH files."""
        settings = self.account.settings
        is_sample = self.ABORT_AT_RECORD_COUNT is not None
        is_wanted = settings.activates_versions and settings.audit is not Audit.OFF
        return is_wanted and self._leaves_none_out and not self.batch_config and not is_sample

    def count(self) -> int | None:
        """Return how many rows NetSuite counts now; None where it does not."""
        return None

    def _is_told(self, name: str) -> bool:
        """Tell whether a property is selected."""
        return name in self.schema["properties"] and self.mask[("properties", name)]

    @abstractmethod
    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield what is read, in its own thread; rows as lines where `leaves_directly`, else as mappings."""

    @property
    def has_times(self) -> bool:
        """Whether rows have times on the account's clock."""
        return False

    @property
    def leaves_directly(self) -> bool:
        """Whether rows are written as lines, past the SDK."""
        return self.ABORT_AT_RECORD_COUNT is None and not any(self.config.get(name) for name in IN_USE)

    def encode(self, rows: Iterable[Any]) -> bytes:
        """Return rows as the lines they leave in: RECORD messages, or the rows alone for files."""
        return row_lines(rows) if self.batch_config else record_lines(self.name, rows, self.version.number)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002 - the SDK's form
        """Yield the records.

        Raises:
            StreamError: anything that went wrong, with the stream's name before it.
        """
        for portion in self._portions():
            if portion.rows:
                yield from portion.rows.records or []

    def _write_schema_message(self) -> None:
        """Write SCHEMA once the first answer shows which columns there are; none can be left out after it."""
        self._run().wait_for(self.name)
        super()._write_schema_message()

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        for message in super()._generate_schema_messages():
            properties = {
                name: part for name, part in message.schema["properties"].items() if name not in self.left_out
            }
            message.schema = {**message.schema, "properties": properties}
            yield message

    def get_replication_key_signpost(self, context: Mapping[str, Any] | None = None) -> None:
        """Return none: the bookmark is not taken from records, so nothing has to cap it."""

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Log what the SDK says of the stream, but its word of an unhandled error: each ends in a sentence of ours."""
        if level < logging.ERROR:
            super().log(message, *args, level=level, **kwargs)

    def _sync_records(
        self, context: Mapping[str, Any] | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write the stream's records; what fails is raised once the other streams have been read."""
        with self._failing_alone():
            if self.leaves_directly:
                self._write_lines()
            else:
                yield from self._mapped_records(context, write_messages=write_messages)

    def _sync_batches(self, batch_config: BatchConfig, context: Mapping[str, Any] | None = None) -> None:
        """Write the stream's records into files; what fails is raised once the other streams have been read."""
        del batch_config, context  # they are those of the stream
        with self._failing_alone():
            self._write_files()

    @contextmanager
    def _failing_alone(self) -> Iterator[None]:
        try:
            yield
        except StreamError as failure:
            if self.account.settings.audit is Audit.WARN and isinstance(failure.__cause__, IncompleteResultError):
                self.logger.warning("%s", failure)
            else:
                self._run().failed(failure)
        self._run().end_of(self.name)

    def _mapped_records(
        self, context: Mapping[str, Any] | None, *, write_messages: bool
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write the stream's records in the SDK's way.

        Raises:
            StreamError: they cannot be read, or an expression of `stream_maps` fails on one.
        """
        try:
            yield from super()._sync_records(context, write_messages=write_messages)
        except StreamMapError as error:
            raise self._failed_at_end(error) from error

    def _failed_at_end(self, error: SuiteTalkError) -> StreamError:
        """Take note that what was read could not be passed on."""
        failure = StreamError(f"Stream {self.name}: {error}")
        failure.__cause__ = error
        self._audit.error = failure
        self._run().over(self._audit)
        return failure

    def _activate(self, audit: StreamAudit) -> None:
        """Let the loader drop the rows of older versions, after the last record of a whole reading.

        Raises:
            StreamError: too many are missing to be taken for deleted.
        """
        try:
            activated = self.version.activated(audit, self.count, self.account.settings.max_drop_percent)
        except IncompleteResultError as error:
            raise StreamError(f"Stream {self.name}: {error}") from error
        audit.deletions = self._deletions_known(is_activated=activated is not None)
        if activated and activated.number is not None:
            self._write_activate_version_message(activated.number)
            self.version = activated
            self._acknowledge(self._bookmark or {})

    def _deletions_known(self, *, is_activated: bool) -> str:
        """Return how this run has passed on what is gone from NetSuite."""
        settings, ways = self.account.settings.deletions, []
        if is_activated:
            ways.append(BY_VERSION)
        if self._deletions:
            is_full = self.replication_method != REPLICATION_INCREMENTAL
            keys, is_logged = tuple(self.primary_keys), self._deletions.is_logged
            ways.append(deletions_of(self.name, keys, settings, is_logged=is_logged, is_full=is_full))
        if self._is_told(SET_READ_AT):
            ways.append(SET_READ_AT)
        return ", ".join(way for way in ways if way != NOT_KNOWN) or NOT_KNOWN

    def _write_lines(self) -> None:
        with self.get_record_counter() as counter, self.get_sync_timer():
            for portion in self._portions():
                if portion.rows and portion.rows.count:
                    self._run().write_lines(portion.rows.lines)
                    counter.increment(portion.rows.count)

    def _write_files(self) -> None:
        """Write what is read into files; each is named in a BATCH message, and STATE follows it.

        Raises:
            StreamError: not all can be read, in which case what was read before is written, or a value does not fit.
        """
        if self.batch_config is None:
            raise TypeError(self.batch_config)
        with self.get_record_counter() as counter, self.get_batch_counter() as batches, self.get_sync_timer():

            def complete(url: str) -> None:
                self._write_batch_message(config.encoding, [url])
                batches.increment()
                self._write_bookmark()

            config = self.batch_config
            files = self._files = BatchFiles(config, self.name, self._properties_told(), complete)
            try:
                for portion in self._portions():
                    if portion.rows and portion.rows.count:
                        files.write(portion.rows.lines, portion.rows.count)
                        counter.increment(portion.rows.count)
            except StreamError:
                files.complete()
                raise
            except ValueFormError as error:
                raise self._failed_at_end(error) from error
            finally:
                files.discard()

    def _properties_told(self) -> dict[str, Any]:
        """Return the schemas of the properties that rows may have."""
        needed = {*self.primary_keys, self.replication_key}
        return {
            name: schema
            for name, schema in self.schema["properties"].items()
            if name not in self.left_out and (name in needed or self._is_told(name))
        }

    def _portions(self) -> Iterator[Portion]:
        """Yield what is read, move the bookmark after it has been written, and say at the end what was proven."""
        run = self._run()  # first: it begins to ask for pages, and NetSuite's clock takes a request
        audit = self._audit = StreamAudit(self.name, self.account.started, self.replication_method)
        run.begin(audit)
        is_counted = self.account.settings.audit is not Audit.OFF
        deleted = 0
        try:
            for portion in run.portions(self.name):
                yield portion
                audit.emitted += portion.rows.count if portion.rows and not portion.tells_deletions else 0
                if portion.has_gap:  # nothing that is read later makes up for it
                    audit.has_gap = True
                    self.version = replace(self.version, is_whole=False)
                if is_counted and portion.audited:
                    audit.counted = (audit.counted or 0) + portion.audited
                deleted += portion.rows.count if portion.rows and portion.tells_deletions else 0
                audit.left = portion.rows.left if portion.rows else audit.left
                if portion.bookmark is not None:
                    self._acknowledge(portion.bookmark)
            if deleted:
                logger.info(
                    "%s: %d rows are passed on as deleted, in %s, which loaders made with Meltano's SDK keep only with "
                    "add_record_metadata",
                    self.name,
                    deleted,
                    DELETED_AT,
                )
            if is_counted:
                audit.counted = audit.counted or 0
            if self._files:
                self._files.complete()
            self._activate(audit)
        except StreamError as failure:
            audit.error = failure
            run.over(audit)
            raise
        run.over(audit)

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Leave the bookmark alone; it moves with what has been proven."""

    def _state_of_columns(self, bookmark: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the state holds of the columns read up to a bookmark; empty where each run reads all rows."""
        del bookmark
        return {}

    def _acknowledge(self, bookmark: Mapping[str, Any]) -> None:
        """Say that everything before a bookmark has been passed on, and write STATE, after the file it is in if any."""
        self._bookmark = bookmark
        if self._files is None or self._files.are_complete:
            self._write_bookmark()

    def _write_bookmark(self) -> None:
        if self._bookmark is None:
            return
        bookmark = {name: value for name, value in self._bookmark.items() if name not in _OF_VERSION}
        state, after = self.stream_state, {**bookmark, **self.version.state, **self._state_of_columns(self._bookmark)}
        if state == after:
            return
        state.clear()
        state.update(after)
        self._tap.message_writer.write_message(StateMessage(value=self.tap_state))
