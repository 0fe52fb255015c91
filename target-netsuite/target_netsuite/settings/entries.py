"""Checks of single entries, paths."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from suitetalk import ConfigurationError


def place_of(place: str, name: str) -> str:
    """Return the full name of a setting inside another one; `place` is empty at the top."""
    return f"{place}.{name}" if place else name


def text(place: str, given: Mapping[str, Any], name: str) -> str | None:
    """Return a text, None when it is absent, null or empty.

    Raises:
        ConfigurationError: it is something else.
    """
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ConfigurationError(place_of(place, name), f"must be text, not {type(value).__name__}.")
    return value


def word(place: str, given: Mapping[str, Any], name: str, words: Collection[str]) -> str | None:
    """Return one of these words, None when it is absent.

    Raises:
        ConfigurationError: it is another one.
    """
    value = text(place, given, name)
    if value is not None and value not in words:
        raise ConfigurationError(place_of(place, name), f"is {value!r}; it must be one of {', '.join(words)}.")
    return value


def flag(place: str, given: Mapping[str, Any], name: str) -> bool:
    """Return a yes or no, which is no when it is absent.

    Raises:
        ConfigurationError: it is neither.
    """
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(place_of(place, name), f"is {value!r}; it must be true or false.")
    return bool(value)


def number(place: str, given: Mapping[str, Any], name: str, default: int, most: int) -> Decimal:
    """Return a number from 0 to `most`.

    Raises:
        ConfigurationError: it is none.
    """
    value = given.get(name)
    found = Decimal(default) if value is None else decimal(value)
    if found is None or not 0 <= found <= most:
        raise ConfigurationError(place_of(place, name), f"is {value!r}; it must be a number from 0 to {most}.")
    return found


def decimal(value: Any) -> Decimal | None:
    """Return a finite number, also one that is written as text; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def names(place: str, given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of names, empty when it is absent.

    Raises:
        ConfigurationError: it is something else.
    """
    value = given.get(name)
    if value is None:
        return ()
    if not is_list(value) or not all(isinstance(entry, str) and entry for entry in value):
        raise ConfigurationError(place_of(place, name), 'must be a list of names, such as ["email", "item"].')
    return tuple(value)


def is_list(value: Any) -> bool:
    """Tell a list from a text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def members(place: str, given: Mapping[str, Any], name: str, example: str) -> Mapping[str, Any]:
    """Return an object, an empty one when it is absent.

    Raises:
        ConfigurationError: it is something else.
    """
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(place_of(place, name), f"must be an object such as {example}.")
    return value


def check_known(place: str, given: Mapping[str, Any], known: Collection[str]) -> None:
    """Make sure every name is known.

    Raises:
        ConfigurationError: one is not.
    """
    for name in given:
        if name not in known:
            raise ConfigurationError(place_of(place, str(name)), f"is not known; there are {', '.join(known)}.")


Path = tuple[str, ...]
"""Names from the outside in, with `EACH` after the name of a sublist or an array."""

EACH = "[]"
"""Stands for every line of the sublist, or element of the array, before it."""

_ITEMS = f"items{EACH}"


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


def field_path(place: str, given: Any) -> Path:
    """Read the path of a field out of a setting.

    Raises:
        ConfigurationError: it is none.
    """
    path = parse_path(given) if isinstance(given, str) else None
    if path is None or path[-1] == EACH:
        raise ConfigurationError(
            place, f"is {given!r}; it must be the name of a field, such as email, entity.id or item.items[].quantity."
        )
    return path


def clashing(paths: Iterable[Path]) -> Path | None:
    """Return a path that equals another one, or has another one inside it; None when there is none.

    The case of letters makes no difference, since NetSuite may not mind it either [section_1545141395].
    """
    ordered = sorted(tuple(part.lower() for part in path) for path in paths)
    # What lies inside a path comes right after it in this order.
    return next((one for one, other in pairwise(ordered) if other[: len(one)] == one), None)
