"""One run over the selected streams: what is read ahead of what is written, and what failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from suitetalk import (
    ConcurrencyLimitError,
    ConfigurationError,
    ConnectionFailedError,
    LoginNeededError,
    LoginRefusedError,
    SuiteTalkError,
)
from tap_netsuite.account import Account
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

    def __init__(self, account: Account, readings: Sequence[tuple[str, Reading]], *, needs_zone: bool) -> None:
        """Begin to read the streams, given by name; `needs_zone` says that some of them have times."""
        account.prepare(needs_zone=needs_zone)
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
