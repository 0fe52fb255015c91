"""Checking records against schemas that say no more than types, at a fraction of a validator's cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, Decimal),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}
_SAY_NO_MORE = frozenset({"type", "format", "title", "description", "default", "examples", "$schema", "$id"})
_OF_A_RECORD = _SAY_NO_MORE | {"properties", "required", "additionalProperties"}


class PlainTypes:
    """What can be told of a record by the types of its values alone.

    It never says that a record does not match: what it cannot tell is for the validator.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take what is simple in a valid JSON Schema."""
        properties = schema.get("properties", {})
        self._required = tuple(schema.get("required", ()))
        self._types = {column: types for column, part in properties.items() if (types := _types(part)) is not None}
        self._is_simple = (
            _says_no_more(schema, _OF_A_RECORD)
            and schema.get("type") in ("object", ["object"], None)
            and (schema.get("additionalProperties", True) is True)
            and self._types.keys() == properties.keys()
        )

    def match(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record certainly matches; exact types, so that True is no integer and 7.0 is looked at."""
        if not self._is_simple:
            return False
        types = self._types
        for column, value in record.items():
            allowed = types.get(column)
            if allowed is not None and type(value) not in allowed:
                return False
        return all(column in record for column in self._required)


def _types(part: Any) -> frozenset[type] | None:
    """Return the types of a column's values, None when its schema says more than that."""
    if not isinstance(part, Mapping) or not _says_no_more(part, _SAY_NO_MORE):
        return None
    names = part.get("type", list(_TYPES))
    names = [names] if isinstance(names, str) else names
    return frozenset(kind for name in names for kind in _TYPES[name])


def _says_no_more(schema: Mapping[str, Any], than: frozenset[str]) -> bool:
    return all(name in than or name.startswith("x-") for name in schema)
