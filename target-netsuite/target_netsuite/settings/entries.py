"""What the entries of a stream's settings are written in: paths of fields, and texts made of a record's columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from string import Formatter
from typing import Any

from target_netsuite.errors import BAD_KEY, MISSING_KEY, WRONG_TYPE, InvalidRecordError

Path = tuple[str, ...]
"""Names from the outside in, with `EACH` after the name of a sublist or an array."""

EACH = "[]"
"""Stands for every line of the sublist, or element of the array, before it."""

_ITEMS = f"items{EACH}"

ADDRESSABLE = re.compile(r"[A-Za-z0-9_-]+")
"""What an external id in an address may consist of [section_156334828635]."""


def parse_path(text: str) -> Path | None:
    """Read a path such as `email`, `entity.id` or `item.items[].quantity`; None when it is none.

    `item[].quantity` says the same as `item.items[].quantity`.
    """
    parts: list[str] = []
    for part in text.split("."):
        if part == _ITEMS and parts and parts[-1] != EACH:
            parts.append(EACH)
            continue
        name = part.removesuffix(EACH)
        if not name or EACH in name:
            return None
        parts += [name, EACH] if part.endswith(EACH) else [name]
    return tuple(parts)


def path_text(path: Path) -> str:
    """Return a path as it is written, such as `item.items[].quantity`."""
    return ".".join(path).replace(f".{EACH}", f".{_ITEMS}")


def field_path(given: str) -> Path:
    """Read the path of a field out of a setting.

    Raises:
        ValueError: it is not one; the text says how to write it.
    """
    path = parse_path(given)
    if path is None or path[-1] == EACH:
        raise ValueError(
            f"is {given!r}; it must be the name of a field, such as email, entity.id or item.items[].quantity."
        )
    return path


def clashing(paths: Iterable[Path]) -> Path | None:
    """Return a path that equals another one, or has another one inside it; None when there is none.

    The case of letters makes no difference, since NetSuite may not mind it either [section_1545141395].
    """
    ordered = sorted(tuple(part.lower() for part in path) for path in paths)
    # What lies inside a path comes right after it in this order.
    return next((one for one, other in pairwise(ordered) if other[: len(one)] == one), None)


@dataclass(frozen=True)
class Template:
    """A text with columns in braces.

    Attributes:
        text: as it was written.
        parts: pairs of plain text and the column after it; the last column may be None.
    """

    text: str
    parts: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template.

        Raises:
            ValueError: it is none, names no column, or gives ids that cannot be used; the text says which.
        """
        parts = tuple(_parts(text))
        if not any(column for _, column in parts):
            raise ValueError("names no column, so every record would get the same id; write it like CRM-{id}")
        for literal, _ in parts:
            if literal and not ADDRESSABLE.fullmatch(literal):
                raise ValueError(f"contains {literal!r}; an external id may consist of letters, digits, _ and - only")
        return cls(text, parts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return tuple(column for _, column in self.parts if column)

    def fill(self, record: Mapping[str, Any]) -> str:
        """Return a record's external id.

        Raises:
            InvalidRecordError: a column is missing, empty, or not usable in an id.
        """
        return "".join(literal + (_id_text(record, column) if column else "") for literal, column in self.parts)


@dataclass(frozen=True)
class TextTemplate:
    """A text of any characters with columns in braces.

    Attributes:
        text: as it was written.
        parts: as those of `Template`.
    """

    text: str
    parts: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> TextTemplate:
        """Read a template; one without columns is a text that is always the same.

        Raises:
            ValueError: it is none; the text says why.
        """
        return cls(text, tuple(_parts(text)))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return tuple(column for _, column in self.parts if column)

    def fill(self, record: Mapping[str, Any]) -> str | None:
        """Return the text for a record that has all the columns; None when all are null, "" when all are null or empty.

        A null among others stands for an empty text.

        Raises:
            InvalidRecordError: a column holds an object or an array.
        """
        if self.columns and all(record[column] is None for column in self.columns):
            return None
        if self.columns and all(record[column] in (None, "") for column in self.columns):
            return ""
        return "".join(literal + (_any_text(record, column) if column else "") for literal, column in self.parts)


def id_text(record: Mapping[str, Any], column: str, what: str) -> str:
    """Return a column's value as it stands in an id.

    Args:
        record: the record.
        column: its column.
        what: what the value is for, to be said in the error.

    Raises:
        InvalidRecordError: it is missing, empty, of a type that makes no id, or has other characters
            than an address may have [section_156334828635].
    """
    value = record.get(column)
    if value is None or value == "":
        raise InvalidRecordError(column, f"`{column}` is empty, and {what} needs it", MISSING_KEY)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidRecordError(column, f"`{column}` must be text or a whole number, since {what} needs it", BAD_KEY)
    text = str(value)
    if not ADDRESSABLE.fullmatch(text):
        raise InvalidRecordError(
            column, f"`{column}` is {text!r}, but {what} may consist of letters, digits, _ and - only", BAD_KEY
        )
    return text


def _any_text(record: Mapping[str, Any], column: str) -> str:
    value = record[column]
    if isinstance(value, (dict, list)):
        raise InvalidRecordError(column, f"`{column}` is not a single value, and a template needs one", WRONG_TYPE)
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _id_text(record: Mapping[str, Any], column: str) -> str:
    return id_text(record, column, "the external id")


def _parts(text: str) -> list[tuple[str, str | None]]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"is {text!r}, which cannot be read ({error}); write it like CRM-{{id}}") from None
    for _, column, form, conversion in parsed:
        if form or conversion or column == "":
            raise ValueError(f"is {text!r}; only the names of columns may stand in braces, like CRM-{{id}}")
    return [(literal, column) for literal, column, _, _ in parsed]
