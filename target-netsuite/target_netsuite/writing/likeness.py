"""How much a record in NetSuite looks like the body it may have been made of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def likeness(record: Mapping[str, Any], body: Mapping[str, Any]) -> int:
    """Return how many fields of the body the record has just so; names count in any case, sublists do not count."""
    present = {name.lower(): value for name, value in record.items()}
    return sum(_is_like(present.get(name.lower()), value) for name, value in body.items())


def _is_like(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and "id" in wanted and str(present.get("id")) == str(wanted["id"])
    if _is_number(present) and _is_number(wanted):
        return Decimal(str(present)) == Decimal(str(wanted))
    return present is not None and present == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
