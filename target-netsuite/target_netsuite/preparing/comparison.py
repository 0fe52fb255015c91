"""Whether a record's document holds what is wanted already, field by field and at any depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from target_netsuite.intents import Difference
from target_netsuite.mapping.catalog import TypeFields

_NOT_CONTENT = frozenset({"links", "totalresults", "count", "hasmore", "offset"})
SCALARS = (str, int, float, Decimal, type(None))
"""What most values are; asking this first is far cheaper than asking whether a value is a Mapping."""


def differences(
    wanted: Mapping[str, Any], present: Mapping[str, Any], shape: TypeFields, place: str = "", path: str = ""
) -> Iterator[Difference]:
    """Yield the fields of a document that are not as wanted; those that cannot be written are left out.

    Args:
        wanted: fields by name.
        present: the document, or the part of it that they belong to.
        shape: what the catalog says of the type.
        place: what stands before the names in the differences.
        path: the same for the catalog, which does not contain the line's number.
    """
    for name, value in wanted.items():
        before, at = member(present, name), f"{path}.{name}" if path else name
        if not is_content(name) or shape.is_read_only(at) or same(value, before, shape, at):
            continue
        where = f"{place}.{name}" if place else name
        if isinstance(value, Mapping) and isinstance(before, Mapping) and shape.kind(at) == "subrecord":
            yield from differences(value, before, shape, where, at)
        else:
            yield Difference(where, plain(before), plain(value))


def same(wanted: Any, present: Any, shape: TypeFields, path: str) -> bool:
    """Tell whether a field of a document holds what is wanted.

    An object is compared by the members it gives. Of lines each must be there, whatever others there are, because that
    is what a sublist within a line comes to when it is written [section_1545295601].

    Args:
        wanted: a body's value.
        present: the document's, None when the document lacks it.
        shape: what the catalog says of the type.
        path: of the field, with dots.
    """
    if is_nothing(wanted):
        return is_nothing(present) or (present is False and shape.kind(path) in ("boolean", ""))
    if isinstance(wanted, bool):
        return wanted is (present in (True, "T", "true"))
    if isinstance(wanted, Mapping):
        return _same_object(wanted, present, shape, path)
    if isinstance(present, Mapping):
        return scalar_text(wanted) == reference_id(present)
    return _same_scalar(wanted, present, shape.kind(path))


def _same_scalar(wanted: Any, present: Any, kind: str) -> bool:
    if kind == "date-time" and instant(wanted) is not None:
        return instant(wanted) == instant(present)
    if kind in ("number", "integer") or isinstance(wanted, (int, float, Decimal)):
        return decimal(wanted) is not None and decimal(wanted) == decimal(present)
    return present is not None and scalar_text(wanted) == scalar_text(present)


def _same_object(wanted: Mapping[str, Any], present: Any, shape: TypeFields, path: str) -> bool:
    lines = items(wanted)
    if lines is not None:
        there = items(present) or []
        if shape.kind(path) == "multi-select" or all(_is_choice(line) for line in [*lines, *there]):
            return set(map(_choice, lines)) == set(map(_choice, there))
        return not unmatched(lines, there, shape, path)
    if reference_id(wanted) is not None and shape.kind(path) != "subrecord":
        return reference_id(wanted) == reference_id(present)
    if not isinstance(present, Mapping):
        return False
    return all(
        same(value, member(present, name), shape, f"{path}.{name}")
        for name, value in wanted.items()
        if is_content(name)
    )


def unmatched(lines: Sequence[Any], there: Sequence[Any], shape: TypeFields, path: str) -> list[int]:
    """Return which of some wanted lines are not among those that are there, by number; each stands for one."""
    pairs = matching(len(lines), len(there), lambda one, other: same(lines[one], there[other], shape, path))
    return [number for number in range(len(lines)) if number not in pairs]


def matching(left: int, right: int, fits: Any) -> dict[int, int]:
    """Return as many pairs of a left and a right as can be made of those that fit, by numbers [augmenting paths].

    The same place is tried first, so that lists that are alike are paired at once.

    Args:
        left: how many there are on the left.
        right: how many on the right.
        fits: tells of two numbers whether they can be a pair; asked once at most.
    """
    known: dict[tuple[int, int], bool] = {}
    taken: dict[int, int] = {}

    def can(one: int, other: int) -> bool:
        if (one, other) not in known:
            known[one, other] = fits(one, other)
        return known[one, other]

    def place(one: int) -> bool:
        """Find a place for one, moving others where that helps; without recursion, since lists may be long."""
        came_from: dict[int, int] = {}
        waiting = [one]
        while waiting:
            current = waiting.pop()
            for other in _own_place_first(current, right):
                if other in came_from or not can(current, other):
                    continue
                came_from[other] = current
                if other not in taken:
                    _move(other, came_from, taken, one)
                    return True
                waiting.append(taken[other])
        return False

    for number in range(left):
        place(number)
    return {one: other for other, one in taken.items()}


def _own_place_first(number: int, places: int) -> Iterator[int]:
    if number < places:
        yield number
    yield from (place for place in range(places) if place != number)


def _move(place: int, came_from: Mapping[int, int], taken: dict[int, int], first: int) -> None:
    """Give a free place to who found it, its former place to who found that, and so on to the first."""
    where = {one: other for other, one in taken.items()}
    while True:
        one = came_from[place]
        before = where.get(one)
        taken[place] = one
        if one == first or before is None:
            return
        place = before


def plain(value: Any) -> Any:
    """Return a value as a difference shows it: references as their id, without links and counters."""
    if isinstance(value, Mapping):
        lines = items(value)
        if lines is not None:
            return [plain(line) for line in lines]
        if _is_choice(value) and reference_id(value) is not None:
            return reference_id(value)
        return {name: plain(inner) for name, inner in value.items() if is_content(name)}
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def is_nothing(value: Any) -> bool:
    """Tell whether a value is none: NetSuite leaves null fields out and keeps no empty texts [section_1545142037]."""
    if isinstance(value, Mapping):
        return items(value) == []
    return value is None or value in ("", [])


def member(mapping: Mapping[str, Any], name: str) -> Any:
    """Return a member of an object, whose names count in any case; None when it is absent."""
    if name in mapping:
        return mapping[name]
    lower = name.lower()
    return next((value for other, value in mapping.items() if other.lower() == lower), None)


def items(value: Any) -> list[Any] | None:
    """Return the lines of a sublist or the choices of a multi-select; None when a value is neither."""
    found = member(value, "items") if isinstance(value, Mapping) else None
    return list(found) if isinstance(found, (list, tuple)) else None


def reference_id(value: Any) -> str | None:
    """Return the id of a reference or enum, whole or bare, as text; None where it has none."""
    found = member(value, "id") if isinstance(value, Mapping) else value
    return None if found is None or isinstance(found, (bool, list, tuple, Mapping)) else scalar_text(found)


def scalar_text(value: Any) -> str:
    """Return a value as the text it is compared by: 3, 3.0 and "3" are the same, "03" is another."""
    if isinstance(value, bool):
        return "T" if value else "F"
    number = decimal(value) if isinstance(value, (int, float, Decimal)) else None
    return str(value) if number is None else format(number.normalize() + 0, "f")


def decimal(value: Any) -> Decimal | None:
    """Return a number exactly, None for what is not a number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and not isinstance(value, bool) else None


def instant(value: Any) -> datetime | None:
    """Return a moment that names its zone, None for a text that is not one or names no zone."""
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def is_content(name: str) -> bool:
    """Tell whether a member of an object is a field, and no link or counter of an answer."""
    return name.lower() not in _NOT_CONTENT


def is_bare_link(value: Any) -> bool:
    """Tell whether a part of a document is not shown but linked to [section_1545142037]."""
    return isinstance(value, Mapping) and set(value) == {"links"}


def _is_choice(line: Any) -> bool:
    return isinstance(line, Mapping) and {name.lower() for name in line} <= {"id", "refname", "externalid", "links"}


def _choice(line: Any) -> str:
    return reference_id(line) or str(line)
