"""Rows as text for a person: a table where it fits, else one block per row."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from suitetalk.answer import encode

_GAP = "  "


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in all rows, each after the one it follows where it first appears; null columns are absent."""
    names: list[str] = []
    known: set[str] = set()
    for row in rows:
        if known.issuperset(row):
            continue
        place = 0
        for name in row:
            if name in known:
                place = names.index(name) + 1
            else:
                names.insert(place, name)
                known.add(name)
                place += 1
    return names


def cell(value: Any) -> str:
    """Return a value as the text of one field."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return encode(value).decode()


def lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], width: int | None) -> Iterator[str]:
    """Yield the lines of a table, or of blocks when a table is wider than `width`; None is as wide as it takes."""
    texts = [[_printable(cell(row.get(name))) for name in columns] for row in rows]
    heads = [_printable(name) for name in columns]
    widths = [max(map(_width, column)) for column in zip(heads, *texts, strict=True)]
    if width is None or sum(widths) + len(_GAP) * (len(widths) - 1) <= width or len(columns) == 1:
        yield click.style(_line(heads, widths), bold=True)
        yield click.style(_GAP.join("-" * size for size in widths), dim=True)
        yield from (_line(text, widths) for text in texts)
        return
    room = max(map(_width, heads))
    for number, text in enumerate(texts):
        if number:
            yield ""
        for head, value in zip(heads, text, strict=True):
            yield f"{click.style(_padded(head, room), bold=True)}{_GAP}{value}".rstrip()


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(map(_padded, texts, widths)).rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Count the columns a terminal needs: wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(one) or unicodedata.category(one) in ("Mn", "Cf")
        else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def _printable(text: str) -> str:
    """Keep control characters in the data from steering the terminal."""
    if text.isprintable():
        return text
    return "".join(
        one if unicodedata.category(one) != "Cc" else " " if one in "\t\r\n" else "\N{REPLACEMENT CHARACTER}"
        for one in text
    )
