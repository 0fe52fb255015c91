"""Singer lines in, as messages.

A fast reader takes them. What it refuses a patient one takes, which knows what some writers write and JSON does not
have: half characters, NaN, Infinity. A RECORD of that kind is one bad record; any other line ends the reading.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import IO, Any

import msgspec
from singer_sdk.io_base import GenericSingerReader

from target_netsuite.errors import INVALID_NUMBER, INVALID_TEXT, UNREADABLE_LINE, InvalidRecordError, MessageError

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_REQUIRED: dict[str, dict[str, type]] = {
    "SCHEMA": {"stream": str, "schema": dict},
    "RECORD": {"stream": str, "record": dict},
    "STATE": {"value": object},
    "ACTIVATE_VERSION": {"stream": str},
    "BATCH": {"stream": str},
}
UNREADABLE = "unreadable"
"""Member of a RECORD message that only the patient reader could read: why the fast one could not."""

_UNREADABLE = (ValueError, ArithmeticError, RecursionError)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_BYTE_ORDER_MARK = "\ufeff"
_SHOWN = 60  # characters of a line that is not a message
_UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")  # its byte-order marks, which are not UTF-8


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
        source = file_input or self.default_input
        if isinstance(source, io.TextIOWrapper):
            source.reconfigure(encoding="utf-8", errors="surrogateescape")  # bytes that are no text spoil one line only
        try:
            for number, line in _lines(source):
                message = _message(number, _content(number, line), callbacks)
                callbacks[message["type"]](message)
                counts[message["type"]] += 1
        except BaseException as error:
            self._on_stop(error)
            raise
        return counts

    def deserialize_json(self, line: str) -> Any:
        """Return what a line holds.

        Raises:
            ValueError: it is not JSON.
        """
        return read_json(line)


def _lines(file_input: IO[str]) -> Iterator[tuple[int, str]]:
    """Yield numbered lines, without the blank ones and without byte-order marks."""
    for number, line in enumerate(file_input, 1):
        text = line.lstrip(_BYTE_ORDER_MARK)
        if text.strip():
            yield number, text


def read_json(line: str | bytes) -> Any:
    """Return what a line holds, read patiently where it has to be: NaN and Infinity come as Decimal, too.

    Raises:
        ValueError: not even patience makes JSON of it.
    """
    try:
        return _DECODER.decode(line)
    except _UNREADABLE:
        return _read_patiently(line)


def _read_patiently(line: str | bytes) -> Any:
    """Read what Python's own reader takes, and control characters within texts as well."""
    try:
        return json.loads(line, parse_float=_number, parse_int=_number, parse_constant=Decimal, strict=False)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _number(text: str) -> int | Decimal:
    """Read a number; one beyond all bounds is infinite."""
    try:
        return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")
    except ValueError:  # more digits than Python reads
        return Decimal(text)


def _content(number: int, line: str) -> Any:
    """Return what a line holds; of what only patience can read nothing but a RECORD is taken.

    Raises:
        MessageError: it is not JSON.
    """
    try:
        return _DECODER.decode(line)
    except _UNREADABLE as error:
        refusal = error
    try:
        content = _read_patiently(line)
    except ValueError as error:
        raise MessageError(f"Input line {number} {_why_unreadable(number, line, error)}") from None
    if isinstance(content, dict) and content.get("type") == "RECORD":
        fault = next(faults(content.get("record")), None)
        content[UNREADABLE] = "" if fault else f"its line is not JSON ({refusal})"
        return content
    why = "is not UTF-8 text" if _HALF_CHARACTER.search(line) else f"is not JSON ({refusal})"
    raise MessageError(
        f"Input line {number} {why}, and only a record can be refused alone; nothing after the last STATE "
        "written is acknowledged."
    )


def _why_unreadable(number: int, line: str, error: ValueError) -> str:
    """Say what is wrong with a line that nobody can read."""
    if number == 1 and (line.startswith(_UTF_16) or "\0" in line):
        return "is UTF-16, as Windows PowerShell writes files; write the input as UTF-8."
    text = line.rstrip()
    if not isinstance(error, json.JSONDecodeError):
        return f"cannot be read: {error}. Nothing after the last STATE written is acknowledged."
    if text.startswith("{"):
        return (
            f"is not a complete JSON object ({error}); the tap may have ended in the middle of it. Nothing after the "
            "last STATE written is acknowledged."
        )
    begin = text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
    return f"is not JSON ({error}): {begin!r}. Only messages may be written to the tap's standard output."


def faults(value: Any, path: str = "") -> Iterator[InvalidRecordError]:
    """Yield what a record holds, at any depth, that is neither text nor a number to others; nothing for most records.

    Args:
        value: the record, or a part of it.
        path: where the part stands, such as `lines[0].memo`.
    """
    if isinstance(value, str):
        if _HALF_CHARACTER.search(value):
            problem = f"`{path}` holds what is not a character, such as half an emoji or bytes that are not UTF-8"
            yield InvalidRecordError(path, problem, INVALID_TEXT)
    elif isinstance(value, (float, Decimal)):
        if not Decimal(value).is_finite():
            yield InvalidRecordError(path, f"`{path}` is {value}, which is not a number", INVALID_NUMBER)
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield from faults(name, path or _replaced(name))
            yield from faults(inside, f"{path}.{_replaced(name)}" if path else _replaced(name))
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from faults(inside, f"{path}[{number}]")


def fault_of(record: Mapping[str, Any], why_unreadable: str) -> InvalidRecordError | None:
    """Return why a record that only patience could read cannot be written; None if it can, after all.

    Args:
        record: as stream maps have left it; they may have taken out what is at fault.
        why_unreadable: what is wrong with its line apart from that, empty when nothing is.
    """
    fault = next(faults(record), None)
    return fault or (InvalidRecordError("", why_unreadable, UNREADABLE_LINE) if why_unreadable else None)


def with_replacements(value: Any) -> Any:
    """Return a record, or a part of it, with the replacement character in the place of what is not a character."""
    if isinstance(value, str):
        return _replaced(value)
    if isinstance(value, Mapping):
        return {_replaced(name): with_replacements(inside) for name, inside in value.items()}
    return [with_replacements(inside) for inside in value] if isinstance(value, list) else value


def _replaced(text: str) -> str:
    return _HALF_CHARACTER.sub(_REPLACEMENT, text)


def _message(number: int, content: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the line's content if it is a message that can be worked with."""
    if not isinstance(content, dict):
        raise MessageError(
            f"Input line {number} is not a JSON object; only messages may be written to the tap's standard output."
        )
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in known:
        raise MessageError(f"Input line {number} has the message type {kind!r}, which this target does not know.")
    for name, expected in _REQUIRED[kind].items():
        if not isinstance(content.get(name), expected) or name not in content:
            raise MessageError(f"Input line {number}, a {kind} message, lacks a usable `{name}`.")
    return content
