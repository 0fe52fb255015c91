"""What a stream's JSON Schema says of the form of its texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def date_format(schema: Any) -> str | None:
    """Return `date` or `date-time` when a column's JSON Schema says so, directly or in one of its choices."""
    if not isinstance(schema, Mapping):
        return None
    if schema.get("format") in ("date", "date-time"):
        return str(schema["format"])
    choices = [*_listed(schema, "anyOf"), *_listed(schema, "oneOf")]
    return next((found for choice in choices if (found := date_format(choice))), None)


def _listed(schema: Mapping[str, Any], name: str) -> list[Any]:
    choices = schema.get(name)
    return choices if isinstance(choices, list) else []
