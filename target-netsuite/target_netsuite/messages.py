"""Singer lines in, as messages."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

import msgspec
from singer_sdk.io_base import GenericSingerReader

from target_netsuite.errors import MessageError

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_REQUIRED: dict[str, dict[str, type]] = {
    "SCHEMA": {"stream": str, "schema": dict},
    "RECORD": {"stream": str, "record": dict},
    "STATE": {"value": object},
    "ACTIVATE_VERSION": {"stream": str},
    "BATCH": {"stream": str},
}


class MessageReader(GenericSingerReader[str]):
    """Hands each message to the callback of its type; numbers with a fraction come as Decimal.

    The SDK's reader logs a traceback and the whole line when it cannot be read; this one ends with a sentence.
    """

    def __init__(self, on_stop: Callable[[BaseException], None]) -> None:
        """Prepare; `on_stop` is called when reading ends before the input does."""
        super().__init__()
        self._on_stop = on_stop

    @property
    def default_input(self) -> IO[str]:
        """The standard input, as it is now."""
        return sys.stdin

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Read to the end of the input, and return how many messages of each type there were.

        Raises:
            MessageError: a line is not a message, or its type is unknown.
        """
        counts: Counter[str] = Counter()
        try:
            for number, line in _lines(file_input or self.default_input):
                message = _message(number, self.deserialize_json(line), callbacks)
                callbacks[message["type"]](message)
                counts[message["type"]] += 1
        except BaseException as error:
            self._on_stop(error)
            raise
        return counts

    def deserialize_json(self, line: str) -> Any:
        """Return what a line holds, None when that is not JSON."""
        try:
            return _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None


def _lines(file_input: IO[str]) -> Iterator[tuple[int, str]]:
    """Yield numbered lines, without the blank ones."""
    number = 0
    try:
        for number, line in enumerate(file_input, 1):
            if line.strip():
                yield number, line
    except UnicodeDecodeError as error:
        raise MessageError(f"The input after line {number} is not UTF-8 text ({error.reason}).") from None


def _message(number: int, content: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the line's content if it is a message that can be worked with."""
    if not isinstance(content, dict):
        raise MessageError(
            f"Input line {number} is not a complete JSON object; the tap may have ended in the middle of it. "
            "Nothing after the last STATE written is acknowledged."
        )
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in known:
        raise MessageError(f"Input line {number} has the message type {kind!r}, which this target does not know.")
    for name, expected in _REQUIRED[kind].items():
        if not isinstance(content.get(name), expected) or name not in content:
            raise MessageError(f"Input line {number}, a {kind} message, lacks a usable `{name}`.")
    return content
