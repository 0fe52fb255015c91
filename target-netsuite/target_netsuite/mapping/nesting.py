"""Objects out of paths and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from target_netsuite.settings.paths import Path


def nested(values: Mapping[Path, Any]) -> dict[str, Any]:
    """Return paths and values as nested objects; an object of nothing but nulls is null itself.

    So `entity.id` = null clears the reference, instead of asking for an entity without an id.
    """
    members: dict[str, dict[Path, Any]] = {}
    for path, value in values.items():
        members.setdefault(path[0], {})[path[1:]] = value
    return {name: _joined(inside) for name, inside in members.items()}


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without nulls, for a record that is new: there is nothing to clear."""
    kept = ((name, _without_nulls(value)) for name, value in body.items() if value is not None)
    return {name: value for name, value in kept if value != {} or body[name] == {}}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return without_nulls(value)
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _joined(inside: Mapping[Path, Any]) -> Any:
    if () in inside:
        return inside[()]
    return None if all(value is None for value in inside.values()) else nested(inside)
