"""What commands read: text, @FILE or - for standard input."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import msgspec

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
        raise click.UsageError(f"{_name(text)} is no JSON ({error})") from None


def read_object(text: str) -> dict[str, Any]:
    """Return an input read as one JSON object."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise click.UsageError(f"{_name(text)} must be a JSON object in braces, not {type(value).__name__}")
    return value


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
