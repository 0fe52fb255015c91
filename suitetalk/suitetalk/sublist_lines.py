"""Whether a change may be sent twice, seen from its sublists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_OF_A_CHOICE = frozenset({"id", "externalid", "refname", "links"})


def adds_lines(body: Mapping[str, Any], replace: Sequence[str]) -> bool:
    """Tell whether carrying the change out twice may leave lines there twice, in sublists at any depth.

    A replaced sublist has the lines of the body, but those it finds again by key are updated, sublists in them too.
    """
    replaced = {name.lower() for name in replace}
    lines = [_items(value) if name.lower() in replaced else value for name, value in body.items()]
    return any(_holds_lines(value) for value in lines)


def _holds_lines(value: Any) -> bool:
    if value is None or isinstance(value, (str, int, float)):
        return False  # most values, and quicker to tell than that they are no Mapping
    if isinstance(value, Mapping):
        return _adds(_items(value)) or any(_holds_lines(inner) for inner in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_lines(inner) for inner in value)


def _adds(lines: Any) -> bool:
    """Tell whether lines would be added; choices of a multi-select, which have the same form, are only set."""
    return bool(lines) and not (isinstance(lines, (list, tuple)) and all(map(_is_choice, lines)))


def _is_choice(line: Any) -> bool:
    return isinstance(line, Mapping) and bool(line) and {name.lower() for name in line} <= _OF_A_CHOICE


def _items(value: Any) -> Any:
    """Return the lines of a sublist, empty when it is none; names count in any case."""
    found = (inner for name, inner in value.items() if name.lower() == "items") if isinstance(value, Mapping) else ()
    return next(iter(found), ())
