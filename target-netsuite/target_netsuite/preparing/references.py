"""References in bodies, and the ids that take their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from target_netsuite.intents import Reference, Refusal
from target_netsuite.preparing.comparison import SCALARS
from target_netsuite.preparing.found import REFERENCE, Found, refusal_of


class UnresolvedError(Exception):
    """A reference leads to no record, to several, or nobody can tell.

    Attributes:
        refusal: why the record that has it cannot be written.
    """

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal."""
        super().__init__(refusal.message)
        self.refusal = refusal


def references_in(value: Any) -> Iterator[Reference]:
    """Yield the references of a body, at any depth."""
    if isinstance(value, SCALARS):
        return
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from references_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from references_in(inner)


def resolved(value: Any, found: Mapping[Reference, Found], path: str = "") -> Any:
    """Return a body with an id in the place of each reference.

    Args:
        value: the body, or a part of it.
        found: what the look-ups of its references found.
        path: where the part stands, such as `item.items[0].item`.

    Raises:
        UnresolvedError: a look-up did not find exactly one record.
    """
    if isinstance(value, SCALARS):
        return value
    if isinstance(value, Reference):
        internal_id = found[value].id
        if internal_id is None:
            raise UnresolvedError(refusal_of(value, found[value], path, REFERENCE))
        return {"id": internal_id}
    if isinstance(value, Mapping):
        return {name: resolved(inner, found, f"{path}.{name}" if path else name) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(inner, found, f"{path}[{number}]") for number, inner in enumerate(value)]
    return value
