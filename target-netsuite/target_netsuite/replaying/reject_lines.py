"""Reading a file of rejects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from target_netsuite.errors import ReportFileError
from target_netsuite.intents import Operation

STREAM_MAP_FAILED = "STREAM_MAP_FAILED"
"""The code of a record that a stream map failed on: its payload is what the tap sent, not what the map made of it."""

DECODER = msgspec.json.Decoder(float_hook=Decimal)
_DIGEST_BYTES = 8


@dataclass(frozen=True)
class Reject:
    """One line of a file of rejects.

    Attributes:
        stream: the record's stream, as the settings name it.
        key: what tells the record from others.
        operation: what was to become of it.
        code: why it failed.
        payload: the record, as it came out of the stream maps.
        digest: of the line, to find it again.
    """

    stream: str
    key: dict[str, Any]
    operation: Operation
    code: str
    payload: dict[str, Any]
    digest: int

    @property
    def why_left(self) -> str:
        """Why the record cannot be sent again by itself; empty when it can."""
        if self.code == STREAM_MAP_FAILED:
            return "its stream map failed, and a replay runs none; correct `stream_maps` and let the tap send it again"
        return "" if self.payload else "there is no record to send again; the next mirror finds it"


def rejects_in(path: Path) -> Iterator[Reject]:
    """Yield what the lines of a file say, without the blank ones.

    Raises:
        ReportFileError: the file cannot be read, or a line is broken; the text names the line.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _reject(path, number, line)
    except OSError as error:
        raise ReportFileError(f"{path}, which is to be replayed, cannot be read ({error.strerror}).") from None


def digest_of(line: bytes) -> int:
    """Return a number that no other line has, with or without the end of the row."""
    return int.from_bytes(blake2b(line.strip(), digest_size=_DIGEST_BYTES).digest(), "big")


def _reject(path: Path, number: int, line: bytes) -> Reject:
    try:
        content = DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        raise _broken(path, number, "it is no complete JSON object")
    stream, key, payload = content.get("stream"), content.get("key"), content.get("payload")
    if not (isinstance(stream, str) and isinstance(key, dict) and isinstance(payload, dict)):
        raise _broken(path, number, "it has no usable `stream`, `key` and `payload`")
    try:
        operation = Operation(content.get("operation"))
    except ValueError:
        raise _broken(path, number, f"its `operation` is {content.get('operation')!r}") from None
    return Reject(stream, key, operation, str(content.get("code", "")), payload, digest_of(line))


def _broken(path: Path, number: int, why: str) -> ReportFileError:
    return ReportFileError(
        f"Line {number} of {path} is no line of a file of rejects: {why}; correct or remove it. Nothing was sent."
    )
