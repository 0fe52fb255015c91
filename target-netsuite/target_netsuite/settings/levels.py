"""Settings whose names have dots in them, such as `item.quantity`, as Meltano hands them on: one level for each dot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from target_netsuite.settings.reference_settings import KNOWN as REFERENCE

_BY_PATH: Mapping[str, Collection[str]] = {"fields": (), "templates": (), "references": REFERENCE}
"""Settings of paths, and what objects have that are no level but entries themselves."""


def with_dots(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the names of `streams` as they were written; what is no object stays as it is.

    Constants stay too: there an object is a value, and says the same.
    """
    streams = config.get("streams")
    if not isinstance(streams, Mapping):
        return dict(config)
    return {**config, "streams": {name: _stream(entry) for name, entry in streams.items()}}


def _stream(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    found = _entry(entry)
    sublists = entry.get("sublists")
    if isinstance(sublists, Mapping):
        found["sublists"] = {name: _entry(one) if isinstance(one, Mapping) else one for name, one in sublists.items()}
    return found


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _joined(value, _BY_PATH[name]) if name in _BY_PATH and isinstance(value, Mapping) else value
        for name, value in entry.items()
    }


def _joined(entries: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in entries.items():
        if isinstance(entry, Mapping) and entry and entry.keys().isdisjoint(known):
            found.update({f"{name}.{below}": part for below, part in _joined(entry, known).items()})
        else:
            found[name] = entry
    return found
