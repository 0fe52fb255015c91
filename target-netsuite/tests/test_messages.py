"""Reading messages."""

from __future__ import annotations

import io
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from target_netsuite.errors import MessageError
from target_netsuite.messages import UNREADABLE, MessageReader, fault_of, read_json
from target_netsuite.reporting.line_file import as_json

_STATE = '{"type": "STATE", "value": {}}\n'


def _read(text: str | bytes) -> tuple[list[dict[str, Any]], list[BaseException]]:
    messages: list[dict[str, Any]] = []
    stops: list[BaseException] = []
    source = io.StringIO(text) if isinstance(text, str) else io.TextIOWrapper(io.BytesIO(text), encoding="utf-8")
    callbacks = dict.fromkeys(("SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION", "BATCH"), messages.append)
    with suppress(MessageError):
        MessageReader(stops.append).process_lines(source, callbacks)
    return messages, stops


def test_numbers_stay_exact() -> None:
    messages, _ = _read('{"type": "STATE", "value": [1.10, 1e400, 123456789012345678901234567890]}')
    assert messages[0]["value"] == [Decimal("1.10"), Decimal("1e400"), 123456789012345678901234567890]


def test_blank_lines_and_a_missing_last_line_end_do_no_harm() -> None:
    messages, stops = _read(f"\n{_STATE}  \n{_STATE.strip()}")
    assert (len(messages), stops) == (2, [])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"type": "RECORD", "stre', "line 2 is not a complete JSON object ("),
        ('{"type": "RECORD", "record": {"a": 1}', "line 2 is not a complete JSON object ("),
        ('{"type": "RECORD", "stre{"type": "STATE", "value": {}}', "not a complete JSON object (Expecting ':' del"),
        ("INFO starting", "line 2 is not JSON (Expecting value: line 1 column 1 (char 0)): 'INFO starting'"),
        ("[1]", "line 2 is not a JSON object"),
        ("7", "line 2 is not a JSON object"),
        ("null", "line 2 is not a JSON object"),
        ("[" * 5000, "line 2 cannot be read: it is nested too deeply. Nothing after"),
        ("{}", "message type None"),
        ('{"type": 5}', "message type 5"),
        ('{"type": "LOG"}', "message type 'LOG'"),
        ('{"type": "RECORD", "stream": "s"}', "lacks a usable `record`"),
        ('{"type": "RECORD", "stream": 1, "record": {"a": NaN}}', "lacks a usable `stream`"),
        ('{"type": "RECORD", "stream": "s", "record": []}', "lacks a usable `record`"),
        ('{"type": "SCHEMA", "stream": "s", "schema": null}', "lacks a usable `schema`"),
        ('{"type": "STATE"}', "lacks a usable `value`"),
        ('{"type": "STATE", "value": NaN}', "line 2 is not JSON (JSON is malformed"),
        ('{"type": "STATE", "value": "\\ud83d"}', "line 2 is not JSON (Input data was truncated"),
    ],
)
def test_a_line_that_is_no_message_ends_the_reading_with_its_reason(line: str, words: str) -> None:
    messages, stops = _read(f"{_STATE}{line}\n{_STATE}")
    assert len(messages) == 1
    assert words in str(stops[0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_STATE.encode() + b'{"type": "STATE", "value": "\xff"}\n', "line 2 is not UTF-8 text"),
        (_STATE.encode("utf-16"), "line 1 is UTF-16, as Windows PowerShell writes files"),
        (_STATE.encode("utf-16-le"), "line 1 is UTF-16"),
        (_STATE.encode("utf-16-be"), "line 1 is UTF-16"),
    ],
)
def test_bytes_that_are_no_text_end_the_reading_with_a_sentence(content: bytes, words: str) -> None:
    messages, [stop] = _read(content)
    assert words in str(stop)
    assert len(messages) == words.startswith("line 2")


def test_byte_order_marks_are_skipped() -> None:
    messages, stops = _read(b"\xef\xbb\xbf" + _STATE.encode() + b"\xef\xbb\xbf\n\xef\xbb\xbf" + _STATE.encode())
    assert (len(messages), stops) == (2, [])


@pytest.mark.parametrize(
    ("text", "path", "value", "code"),
    [
        (r'"cut \ud83d"', "a", "cut \ud83d", "INVALID_TEXT"),
        (r'{"b": ["x", "\udc81"]}', "a.b[1]", {"b": ["x", "\udc81"]}, "INVALID_TEXT"),
        ('"caf\udce9"', "a", "caf\udce9", "INVALID_TEXT"),
        (r'{"\ud83d": 1}', "a", {"\ud83d": 1}, "INVALID_TEXT"),
        ("NaN", "a", None, "INVALID_NUMBER"),
        ("-Infinity", "a", Decimal("-Infinity"), "INVALID_NUMBER"),
        ("1e99999999999999999999", "a", Decimal("Infinity"), "INVALID_NUMBER"),
        ('"a\tb"', "", "a\tb", "UNREADABLE_LINE"),
        ("1" * 5000, "", Decimal("1" * 5000), "UNREADABLE_LINE"),
    ],
)
def test_a_record_that_only_patience_can_read_says_why(text: str, path: str, value: Any, code: str) -> None:
    line = f'{{"type": "RECORD", "stream": "s", "record": {{"a": {text}, "b": 1.10}}}}\n'
    [message, _], stops = _read((line + _STATE).encode("utf-8", "surrogateescape"))
    fault = fault_of(message["record"], message[UNREADABLE])
    assert (stops, fault and fault.column, fault and fault.code) == ([], path, code)
    assert message["record"]["b"] == Decimal("1.10")
    assert value is None or message["record"]["a"] == value


def test_what_a_reject_holds_is_read_as_it_was() -> None:
    content = {"text": "cut \ud83d", "list": [Decimal("1.10"), "é"], "none": None, "\ud83d": 1}
    [*kept, (name, _)] = read_json(as_json(content)).items()
    assert (dict(kept), name) == ({name: content[name] for name in ("text", "list", "none")}, "\ufffd")
    assert str(read_json(as_json({"a": Decimal("NaN")}))["a"]) == "NaN"
