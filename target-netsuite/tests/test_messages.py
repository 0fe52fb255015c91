"""Reading messages."""

from __future__ import annotations

import io
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from target_netsuite.errors import MessageError
from target_netsuite.messages import MessageReader

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
        ('{"type": "RECORD", "stre', "line 2 is not a complete JSON object"),
        ("[1]", "line 2 is not a complete JSON object"),
        ("7", "line 2 is not a complete JSON object"),
        ("null", "line 2 is not a complete JSON object"),
        ("{}", "message type None"),
        ('{"type": 5}', "message type 5"),
        ('{"type": "LOG"}', "message type 'LOG'"),
        ('{"type": "RECORD", "stream": "s"}', "lacks a usable `record`"),
        ('{"type": "RECORD", "stream": 1, "record": {}}', "lacks a usable `stream`"),
        ('{"type": "RECORD", "stream": "s", "record": []}', "lacks a usable `record`"),
        ('{"type": "SCHEMA", "stream": "s", "schema": null}', "lacks a usable `schema`"),
        ('{"type": "STATE"}', "lacks a usable `value`"),
    ],
)
def test_a_line_that_is_no_message_ends_the_reading_with_a_sentence(line: str, words: str) -> None:
    messages, stops = _read(f"{_STATE}{line}\n{_STATE}")
    assert len(messages) == 1
    assert words in str(stops[0])


def test_bytes_that_are_no_text_end_the_reading_with_a_sentence() -> None:
    _, stops = _read(_STATE.encode() + b'{"type": "STATE", "value": "\xff"}\n')
    assert "UTF-8" in str(stops[0])
