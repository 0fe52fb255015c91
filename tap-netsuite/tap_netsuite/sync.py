"""One run over the selected streams: what is read ahead of what is written, and what failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from time import monotonic

from suitetalk import (
    ConcurrencyLimitError,
    ConfigurationError,
    ConnectionFailedError,
    LoginNeededError,
    LoginRefusedError,
    SuiteTalkError,
)
from tap_netsuite.account import Account
from tap_netsuite.progress import Progress, StreamAudit, log_stream
from tap_netsuite.reading.engine import Engine, Portion, Reading

logger = logging.getLogger(__name__)

_CONCERN_ALL = (ConcurrencyLimitError, ConfigurationError, ConnectionFailedError, LoginNeededError, LoginRefusedError)


class StreamError(SuiteTalkError):
    """A stream could not be read; the text names it."""


class Run:
    """Reads the streams it is given in their order, and remembers which could not be read.

    One stream that cannot be read keeps no other from being read; trouble that concerns all of them ends the run.
    For the main thread.
    """

    def __init__(
        self,
        account: Account,
        readings: Sequence[tuple[str, Reading]],
        progress: Progress,
        *,
        needs_zone: bool,
        write_lines: Callable[[bytes], None],
        audited: Callable[[StreamAudit], None],
    ) -> None:
        """Begin to read the streams.

        Args:
            account: what they are read from.
            readings: name of each stream, and how to read it.
            progress: learns which stream is being written.
            needs_zone: whether some of them have times.
            write_lines: writes messages that are encoded already, each ending in a line feed.
            audited: takes what is known of a stream that is over.
        """
        account.prepare(needs_zone=needs_zone)
        self.write_lines = write_lines
        self._progress = progress
        self._audited = audited
        self._account = account
        self._last = readings[-1][0]
        self._engine = Engine(dict(readings), lambda: account.pages_ahead, lambda: account.governor.limit)
        self._failures: list[StreamError] = []

    def portions(self, stream: str) -> Iterator[Portion]:
        """Yield what is read of a stream; to be asked for in the order of the streams.

        Raises:
            StreamError: it could not be read, or not in full.
        """
        try:
            yield from self._engine.portions(stream)
        except SuiteTalkError as error:
            failure = StreamError(f"Stream {stream}: {error}")
            failure.__cause__ = error
            raise failure from error

    def begin(self, audit: StreamAudit) -> None:
        """Take note that a stream's turn has come to be written."""
        self._progress.begin(audit)

    def over(self, audit: StreamAudit) -> None:
        """Take note of what became of a stream."""
        audit.finished = monotonic()
        self._audited(audit)
        log_stream(audit)

    def failed(self, failure: StreamError) -> None:
        """Go on after a stream that could not be read.

        Raises:
            StreamError: the others cannot be read either.
        """
        if isinstance(failure.__cause__, _CONCERN_ALL):
            self._engine.stop()
            raise failure
        logger.error("%s", failure)
        self._failures.append(failure)

    def end_of(self, stream: str) -> None:
        """Take note that a stream is over; after the last one, say what failed.

        Raises:
            StreamError: streams could not be read.
        """
        if stream != self._last:
            return
        self._account.close()
        if not self._failures:
            return
        if len(self._failures) == 1:
            raise self._failures[0]
        raise StreamError(f"{len(self._failures)} streams could not be read. {' '.join(map(str, self._failures))}")
