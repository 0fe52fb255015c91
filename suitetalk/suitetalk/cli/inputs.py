"""Text, files and JSON in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from suitetalk.errors import InvalidArgumentError

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def read_input(text: str) -> bytes:
    """Return the text itself, the content of the file after an @, or standard input for -.

    Raises:
        UsageError: the file cannot be read.
    """
    if text == "-":
        return sys.stdin.buffer.read()
    if not text.startswith("@"):
        return text.encode(errors="surrogateescape")
    try:
        return Path(text[1:]).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.UsageError(f"The file {text[1:]!r} cannot be read ({why})") from None


def read_text(text: str) -> str:
    """Return an input as text, which must be UTF-8; a byte order mark is left out."""
    try:
        return read_input(text).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{_name(text)} is not UTF-8 text; save it as UTF-8") from None


def read_json(text: str) -> Any:
    """Return an input read as JSON, numbers with all their digits."""
    try:
        return _DECODER.decode(read_text(text).encode())
    except msgspec.DecodeError as error:
        raise click.UsageError(f"{_name(text)} is not JSON ({error})") from None


def read_object(text: str) -> dict[str, Any]:
    """Return an input read as one JSON object."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise click.UsageError(f"{_name(text)} must be a JSON object in braces, not {type(value).__name__}")
    return value


def read_bodies(text: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSON array, or of one JSON object per line.

    Raises:
        InvalidArgumentError: something in it is not a JSON object.
    """
    with _opened(text) as (file, first):
        for number, value in enumerate(_values(file, first), 1):
            if not isinstance(value, dict):
                raise InvalidArgumentError(f"Record {number} of the input is not a JSON object in braces.")
            yield value


def read_ids(text: str) -> Iterator[str]:
    """Yield ids, one per line or with commas between; lines of `suitetalk list` and JSON arrays are understood too."""
    with _opened(text) as (file, first):
        if first.startswith((b"[", b"{", b'"')):
            yield from map(_id, _values(file, first))
            return
        for _, line in _lines(file, first):
            yield from filter(None, (part.strip() for part in line.decode(errors="replace").split(",")))


def pair(text: str, option: str) -> tuple[str, str]:
    """Return name and value of NAME=VALUE."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.UsageError(f"{option} takes NAME=VALUE, not {text!r}")
    return name, value


def names(texts: tuple[str, ...]) -> list[str]:
    """Return the names of an option that may be repeated, or hold several with commas."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _name(text: str) -> str:
    return "Standard input" if text == "-" else f"The file {text[1:]!r}" if text.startswith("@") else "The payload"


def _values(file: BinaryIO, first: bytes) -> Iterator[Any]:
    """Yield the members of a JSON array, or the value on each line."""
    if first.startswith(b"["):
        yield from _decoded(first + file.read(), "The input")
    else:
        for number, line in _lines(file, first):
            yield _decoded(line, f"Line {number}")


def _id(value: Any) -> str:
    named = value.get("id") if isinstance(value, dict) else value
    if isinstance(named, bool) or not isinstance(named, (str, int)):
        raise InvalidArgumentError(f"{value!r} is not an id.")
    return str(named)


@contextmanager
def _opened(text: str) -> Iterator[tuple[BinaryIO, bytes]]:
    """Open what to read, and read its first line that is not blank."""
    if text == "-":
        yield sys.stdin.buffer, _first_line(sys.stdin.buffer)
    elif text.startswith("@"):
        with _file(text[1:]) as file:
            yield file, _first_line(file)
    else:
        given = BytesIO(text.encode())
        yield given, _first_line(given)


def _file(path: str) -> BinaryIO:
    try:
        return Path(path).expanduser().open("rb")
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidArgumentError(f"The file {path!r} cannot be read ({why}).") from None


def _first_line(file: BinaryIO) -> bytes:
    return next(filter(None, (line.removeprefix(b"\xef\xbb\xbf").strip() for line in file)), b"")


def _lines(file: BinaryIO, first: bytes) -> Iterator[tuple[int, bytes]]:
    if first:
        yield 1, first
    for number, line in enumerate(file, 2):
        if line.strip():
            yield number, line.strip()


def _decoded(content: bytes, which: str) -> Any:
    try:
        return _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(f"{which} is not JSON ({error}).") from None
