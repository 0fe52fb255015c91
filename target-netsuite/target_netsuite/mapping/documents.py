"""Documents as NetSuite delivers them, made ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HYPERMEDIA = "links"
DISPLAY_NAME = "refName"
_REFERENCE = frozenset({"id", "externalId", DISPLAY_NAME, HYPERMEDIA})
_PAGING = frozenset({HYPERMEDIA, "count", "hasMore", "offset", "totalResults"})


def cleaned(value: Any) -> Any:
    """Return a value without what says where it is and how it reads, as answers have it [section_1545142037].

    `links` go, and the counts of sublists; of a reference or an enumeration only the id stays, or what there is in
    place of it.
    """
    if isinstance(value, Mapping):
        if is_reference(value):
            return reference(value)
        noise = _PAGING if isinstance(value.get("items"), list) else (HYPERMEDIA,)
        return {name: cleaned(part) for name, part in value.items() if name not in noise}
    return [cleaned(part) for part in value] if isinstance(value, list) else value


def is_reference(value: Mapping[str, Any]) -> bool:
    """Tell a reference or an enumeration from other objects."""
    return bool(value) and value.keys() <= _REFERENCE


def reference(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reference is best known by: its id, else its external id, else its name; {} for nothing."""
    known = ((name, value.get(name)) for name in ("id", "externalId", DISPLAY_NAME))
    return next(({name: part} for name, part in known if part is not None), {})


def elements(value: Any) -> list[Any] | None:
    """Return the elements of an array, or of the `items` of a sublist; None when it is neither."""
    if isinstance(value, Mapping):
        value = value.get("items")
    return value if isinstance(value, list) else None
