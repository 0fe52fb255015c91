"""An account written down in a file: what it does where the documentation leaves it open, as settings.

The file is what `suitetalk doctor --facts` writes. A fact that the emulator has no switch for is named, so that nobody
takes the emulator for more alike than it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from netsuite_emulator.clock import DATE_FORMATS
from netsuite_emulator.company.shape import read_account

__all__ = ["like"]

_WORKS, _REFUSED, _FAILS = "works", "refused", "fails"

# Facts that are settings, with the setting's value for each of theirs; a mapping of nothing takes the value as it is.
_SETTINGS: dict[str, tuple[str, dict[Any, Any]]] = {
    "column_cap": ("column_cap", {}),
    "bound_parameters": ("query_parameters", {_WORKS: True, _REFUSED: False}),
    "offset": ("ignores_offset", {"ignored": True, _WORKS: False}),
    "leading_zero": ("leading_zero", {}),
    "previous_page": ("previous_page", {}),
    "malformed_id": ("malformed_ids", {"400 INVALID_ID": "INVALID_ID", "404 NONEXISTENT_ID": "NONEXISTENT_ID"}),
    "blanks_in_addresses": ("blanks_in_addresses", {}),
    "single_selected": ("single_selected", {"object": True, "list": False}),
    "describes": ("metadata_describes_record", {"record": True, "metadata": False}),
    "untyped_fields": ("untyped_fields", {}),
    "times_in_filters": ("times_in_filters", {_WORKS: True, _REFUSED: False}),
    "date_times": ("datetime_with_time", {"with time": True, "date only": False}),
    "multi_select_separator": ("multi_select_separator", {}),
    "time_zone": ("time_zone", {}),
    "language": ("language", {}),
    "concurrency_limit": ("concurrency_limit", {}),
    "integration_limit": ("integration_concurrency_limit", {}),
    "deletion_log": ("deletion_table", {}),
}
# Facts about a form of statements, with what such statements look like.
_FORMS = {
    "count": r"(?s)\bCOUNT\s*\(\s*\*\s*\)(?!.*\bWHERE\b)",
    "count_where": r"(?s)\bCOUNT\s*\(\s*\*\s*\)(?=.*\bWHERE\b)",
    "count_column": r"\bCOUNT\s*\(\s*(?!\*|DISTINCT\b)",
    "count_distinct": r"\bCOUNT\s*\(\s*DISTINCT\b",
    "count_transactions": r"(?s)\bCOUNT\s*\(\s*\*\s*\)(?=.*\bFROM\s+transaction\b)(?!.*\bWHERE\b)",
    "sys_extract_utc": r"\bSYS_EXTRACT_UTC\s*\(\s*TO_TIMESTAMP\b",
    "sys_extract_utc_of_stamps": r"\bSYS_EXTRACT_UTC\s*\(\s*(?!TO_TIMESTAMP\b)",
    "or_of_in_sets": r"(?s)\bIN\s*\(\s*SELECT\b.*\bOR\b.*\bIN\s*\(\s*SELECT\b",
    "derived_table": r"\bFROM\s*\(\s*SELECT\b(?!.*\bFROM\s*\(\s*SELECT\b)",
    "derived_table_nested": r"(?s)\bFROM\s*\(\s*SELECT\b.*\bFROM\s*\(\s*SELECT\b",
    "sum_of_case": r"\bSUM\s*\(\s*CASE\b",
    "hash": r"\bORA_HASH\s*\(",
    "group_by_having": r"(?s)\bGROUP\s+BY\b.*\bHAVING\b",
    "to_date_with_time": r"(?s)\bTO_DATE\s*\([^)]*HH24",
    "to_date_and_to_timestamp": r"(?s)\bTO_DATE\b.*\bTO_TIMESTAMP\b|\bTO_TIMESTAMP\b.*\bTO_DATE\b",
    "select_star": r"\bSELECT\s+\*",
    "rownum": r"\bROWNUM\b",
    "fetch_first": r"\bFETCH\s+FIRST\b",
    "sysdate": r"\bSYSDATE\b",
}
# What the emulator does in any case.
_ALWAYS = {
    "with": _REFUSED,
    "listagg": _REFUSED,
    "total": "all rows",
    "nulls": "left out",
    "names": "lower",
    "no_prefer": "400 INVALID_HEADER",
    "limit_1001": "400 INVALID_PARAMETER",
    "offset_beyond": _WORKS,
    "unknown_table": "400 INVALID_PARAMETER",
    "unknown_type": "404 NONEXISTENT_ID",
    "sys_extract_utc_with_zone": "agrees",
}


def like(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The settings that make an emulator do as an account does, and the facts in which it differs all the same.

    Args:
        path: what `suitetalk doctor --facts` has written.

    Raises:
        SettingsError: the file cannot be used.
    """
    facts: Mapping[str, Any] = read_account(path)["facts"]
    settings: dict[str, Any] = {}
    for name, (setting, values) in _SETTINGS.items():
        value = facts.get(name)
        value = values.get(value) if values and isinstance(value, str) else value
        if value is not None:
            settings[setting] = value
    formats = [name for name in facts.get("date_formats") or () if str(name).upper() in DATE_FORMATS]
    settings.update({"date_format": formats[0].upper()} if formats else {})
    if facts.get("deletion_log", "") is None:
        settings["deletion_table"] = "none"
    settings["refused_statements"] = tuple(_patterns(facts, _REFUSED))
    settings["failing_statements"] = tuple(_patterns(facts, _FAILS))
    return settings, [
        name for name, value in _ALWAYS.items() if facts.get(name, value) not in (value, None, "not tried")
    ]


def _patterns(facts: Mapping[str, Any], outcome: str) -> Iterator[str]:
    for name, pattern in _FORMS.items():
        if facts.get(name) == outcome:
            yield pattern
