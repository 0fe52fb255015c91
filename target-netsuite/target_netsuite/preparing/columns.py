"""What SuiteQL shows of a record, and whether it is what is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk.timezone import SQL_TIME_FORMAT
from target_netsuite.preparing.comparison import (
    SCALARS,
    decimal,
    instant,
    is_nothing,
    items,
    reference_id,
    scalar_text,
)

_BETWEEN_IDS = re.compile(r"[,;|\x05]")
_DATE_FORMAT = "YYYY-MM-DD"
_COMPARED = frozenset(
    {"text", "integer", "number", "boolean", "date", "date-time", "reference", "enum", "multi-select"}
)


def is_shown(kind: str, zone: ZoneInfo | None) -> bool:
    """Tell whether SuiteQL may show what a field holds.

    Args:
        kind: see `FieldShape.kind`; empty when it is not known.
        zone: the account's time zone, None when it is not certain; then no time can be compared.
    """
    return kind in _COMPARED and (kind != "date-time" or zone is not None)


def is_comparable(kind: str, wanted: Any) -> bool:
    """Tell whether a body's value can be compared with SuiteQL's text for a field of a kind."""
    if isinstance(wanted, SCALARS) or not isinstance(wanted, (Mapping, list, tuple)):
        return kind != "multi-select" or is_nothing(wanted)
    if kind == "multi-select":
        return all(reference_id(choice) is not None for choice in items(wanted) or [None]) or is_nothing(wanted)
    return kind in ("reference", "enum") and reference_id(wanted) is not None


def selected(name: str, kind: str) -> str:
    """Return a column as a select list has it: raw dates would be in the user's own format [section_156577938018]."""
    if kind == "date":
        return f"TO_CHAR({name}, '{_DATE_FORMAT}') AS {name}"
    return f"TO_CHAR({name}, '{SQL_TIME_FORMAT}') AS {name}" if kind == "date-time" else name


def shows(kind: str, text: Any, wanted: Any, zone: ZoneInfo | None) -> bool:
    """Tell whether SuiteQL's text for a field, None where it is null, is what is wanted [section_157909186990]."""
    if is_nothing(wanted):
        return is_nothing(text) or (kind == "boolean" and text == "F")
    if kind == "boolean":
        return (text == "T") is (wanted in (True, "T", "true"))
    if text is None:
        return False
    if kind == "date-time":
        return zone is not None and _shows_instant(str(text), wanted, zone)
    return _SHOWS.get(kind, _shows_text)(str(text), wanted)


def _shows_number(text: str, wanted: Any) -> bool:
    return decimal(wanted) is not None and decimal(wanted) == decimal(text)


def _shows_date(text: str, wanted: Any) -> bool:
    return str(wanted)[: len(_DATE_FORMAT)] == text


def _shows_id(text: str, wanted: Any) -> bool:
    return reference_id(wanted) == text


def _shows_ids(text: str, wanted: Any) -> bool:
    return {str(reference_id(choice)) for choice in items(wanted) or []} == set(_ids(text))


def _shows_text(text: str, wanted: Any) -> bool:
    return scalar_text(wanted) == text


def _ids(text: str) -> list[str]:
    """Return the ids of a multi-select; what stands between them is not documented [section 5.3]."""
    return [part for part in map(str.strip, _BETWEEN_IDS.split(text)) if part]


def _shows_instant(text: str, wanted: Any, zone: ZoneInfo) -> bool:
    """Tell whether the account's clock shows a moment; in an hour that it shows twice nobody can tell."""
    moment = instant(wanted)
    if moment is None:
        return False
    local = moment.astimezone(zone)
    is_certain = local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
    return is_certain and local.replace(tzinfo=None).isoformat(" ", "seconds") == text


_SHOWS: Mapping[str, Callable[[str, Any], bool]] = {
    "number": _shows_number,
    "integer": _shows_number,
    "date": _shows_date,
    "reference": _shows_id,
    "enum": _shows_id,
    "multi-select": _shows_ids,
}
