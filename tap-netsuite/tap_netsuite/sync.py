"""One run over the selected streams: what is read ahead of what is written, and what failed.

Messages leave whole: a signal waits for the end of the line that is being written.
"""

from __future__ import annotations

import logging
import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import BinaryIO

from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.singerlib import StateMessage
from singer_sdk.singerlib.encoding.simple import Message

from suitetalk import (
    ConcurrencyLimitError,
    ConfigurationError,
    ConnectionFailedError,
    LoginNeededError,
    LoginRefusedError,
    SuiteTalkError,
)
from suitetalk.redaction import printable_json
from tap_netsuite.account import Account
from tap_netsuite.progress import Progress, StreamAudit, log_stream
from tap_netsuite.reading.engine import Engine, Portion, Reading

if sys.platform == "linux":
    import fcntl
    import termios

logger = logging.getLogger(__name__)

_CONCERN_ALL = (ConcurrencyLimitError, ConfigurationError, LoginNeededError, LoginRefusedError)
_EXIT_CODE_BASE = 128
_TAKEN_WHOLE: int = getattr(select, "PIPE_BUF", 512)  # bytes, by a pipe
_MOST_TAKEN = 2**16  # bytes, by a pipe or a file


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

    def wait_for(self, stream: str) -> None:
        """Wait for the first answer that a stream is read from; to be asked for in the order of the streams."""
        self._engine.wait_for(stream)

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
        cause = failure.__cause__
        is_cut_off = isinstance(cause, ConnectionFailedError) and not self._account.answers()
        if is_cut_off or isinstance(cause, _CONCERN_ALL):
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


class ReaderLeftError(Exception):
    """Nobody reads the output any more; the command line library would hide a BrokenPipeError."""


class WholeLineWriter(MsgSpecWriter):
    """Writes messages to stdout, and ends the run between two of them when a signal has come.

    Interrupted in mid-line, Python would drop the rest of a line that is longer than its buffer. Nothing has to be
    written on the way out: STATE follows the rows it is about, at once.
    """

    def __init__(self) -> None:
        """Begin without a signal."""
        super().__init__()
        self._writing = False
        self._signal = 0
        self._state = b""  # the last one written
        self._ends_with_state = True

    def write_message(self, message: Message) -> None:
        """Write a message.

        Raises:
            ReaderLeftError: nobody reads it.
            SystemExit: a signal came meanwhile.
        """
        if isinstance(message, StateMessage):
            self._write_state(message)
        else:
            self._ends_with_state = False
            self._write(self.format_message(message))

    def _write_state(self, message: StateMessage) -> None:
        """Write STATE if it is another one than the last.

        It is made of the value as it is: the SDK would copy the states of all streams twice for each of them.
        """
        state = bytes(serialize_jsonl({"type": message.type, "value": message.value}))
        if state != self._state:
            self._write(memoryview(state))
            self._state, self._ends_with_state = state, True

    def end_with_state(self) -> None:
        """Write the last STATE once more if anything came after it; errors are those of `write_message`.

        Targets in the manner of the SDK's older template forget their state at each RECORD, and so would have none
        after the last record of `_audit`.
        """
        if self._state and not self._ends_with_state:
            self._write(memoryview(self._state))
            self._ends_with_state = True

    def write_lines(self, lines: bytes) -> None:
        """Write messages that are encoded already, each ending in a line feed; errors are those of `write_message`.

        As many go out at a time as a pipe takes whole or not at all: even a kill leaves no part of a line behind, and
        a signal waits for few. They are as many as can be, since threads that have an answer to take get in between.
        """
        begin, end, room = 0, len(lines), _room_of(sys.stdout.buffer)
        self._ends_with_state = False
        while begin < end:
            cut = lines.rfind(b"\n", begin, begin + room()) + 1 or lines.find(b"\n", begin) + 1
            self._write(memoryview(lines)[begin:cut])
            begin = cut

    def _write(self, part: bytearray | memoryview) -> None:
        self._writing = True
        try:
            _write_all(_for_a_person(part) if sys.stdout.isatty() else part)
        except BrokenPipeError:
            raise ReaderLeftError from None
        finally:
            self._writing = False
        if self._signal:
            sys.exit(_EXIT_CODE_BASE + self._signal)

    def end(self, signal: int) -> None:
        """End the run on a signal: now, or after the line that is being written.

        A second signal ends it without the rest of the line, which a reader that stands still would never take.

        Raises:
            SystemExit: no line is being written.
        """
        if not self._writing:
            sys.exit(_EXIT_CODE_BASE + signal)
        if self._signal:
            os._exit(_EXIT_CODE_BASE + signal)
        self._signal = signal


def _room_of(output: BinaryIO) -> Callable[[], int]:
    """Return what tells how many bytes an output takes now, whole or not at all."""
    if sys.platform != "linux":
        return lambda: _TAKEN_WHOLE
    held = bytearray(4)
    try:
        size = min(fcntl.fcntl(output.fileno(), fcntl.F_GETPIPE_SZ), _MOST_TAKEN)
    except OSError:  # not a pipe
        return lambda: _MOST_TAKEN

    def room() -> int:
        fcntl.ioctl(output.fileno(), termios.FIONREAD, held)
        return _TAKEN_WHOLE if any(held) else size

    return room


def _for_a_person(part: bytearray | memoryview) -> memoryview:
    """Keep control characters in the data from steering a terminal; to a reader of JSON it is the same."""
    return memoryview(printable_json(bytes(part).decode()).encode())


def _write_all(part: bytearray | memoryview) -> None:
    output = sys.stdout.buffer
    written = output.write(part)
    while written < len(part):  # unbuffered output takes only a part when a signal comes
        written += output.write(part[written:])
    output.flush()
