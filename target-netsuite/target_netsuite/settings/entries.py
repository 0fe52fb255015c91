"""Paths of fields."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

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
