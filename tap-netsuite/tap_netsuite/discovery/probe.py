"""Asking SuiteQL which columns of a relation it accepts, and looking at what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import (
    InvalidRequestError,
    NetSuiteError,
    NotFoundError,
    PermissionDeniedError,
    ServerFaultError,
    SuiteQL,
)
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.extraction.source import Source
from tap_netsuite.known_tables import stamp_kind
from tap_netsuite.values import Column, Kind, converter

REFUSALS = (InvalidRequestError, PermissionDeniedError, NotFoundError, ServerFaultError)
"""What SuiteQL answers to a statement it does not accept; see `raise_outage` for the last of them."""

_SERVER_FAULT = 500
_SAMPLE = 1000
_UNKNOWN = re.compile(r"Unknown identifier '([^']+)'")
_ANY_ZONE = ZoneInfo("UTC")
# What a guess that the sample does not bear out becomes.
_FALLBACK = {Kind.INTEGER: Kind.DECIMAL, Kind.DATE: Kind.TEXT, Kind.DATE_TIME: Kind.TEXT}


def raise_outage(refusal: NetSuiteError) -> None:
    """Raise what is no refusal of the statement but the server being away for a while.

    A plain 500 may be an answer to a heavy statement [section 5.8]; 502, 503 and 504 say nothing about it.

    Raises:
        ServerFaultError: NetSuite cannot be asked now.
    """
    if refusal.status > _SERVER_FAULT:
        raise refusal


@dataclass(frozen=True)
class Probe:
    """What a relation was found to have.

    Attributes:
        columns: accepted columns with the kinds their sample bears out.
        sample: up to 1,000 rows of them, as SuiteQL delivered them.
    """

    columns: tuple[Column, ...]
    sample: list[dict[str, Any]]


def visible_columns(suiteql: SuiteQL, relation: str) -> set[str]:
    """Return the columns that are not null somewhere in the first rows.

    Raises:
        NetSuiteError: the relation does not exist, or the role may not see it.
    """
    try:
        rows = suiteql.page(f"SELECT * FROM {relation}", limit=_SAMPLE).items
    except REFUSALS as refusal:
        raise_outage(refusal)
        # Whether `*` is accepted everywhere is not documented; a count always is.
        suiteql.page(f"SELECT COUNT(*) AS n FROM {relation}", limit=1)
        return set()
    return {name for row in rows for name in row}


def probe(suiteql: SuiteQL, relation: str, guesses: Mapping[str, Kind]) -> Probe:
    """Find out which of the guessed columns exist, and correct the kinds by a sample of rows."""
    columns = _accepted(suiteql, relation, [Column(name, kind) for name, kind in sorted(guesses.items())])
    if not columns:
        return Probe((), [])
    sample = suiteql.page(Source(relation, tuple(columns)).page(), limit=_SAMPLE).items
    corrected = tuple(_borne_out(column, [row.get(column.name) for row in sample]) for column in columns)
    if any(old.kind.is_temporal and not new.kind.is_temporal for old, new in zip(columns, corrected, strict=True)):
        sample = suiteql.page(Source(relation, corrected).page(), limit=_SAMPLE).items
    return Probe(corrected, sample)


def _accepted(suiteql: SuiteQL, relation: str, columns: list[Column]) -> list[Column]:
    """Return the columns that a statement may have, by leaving out the one NetSuite names, or by halves."""
    while columns:
        refusal = _refusal(suiteql, relation, columns)
        if refusal is None:
            return columns
        named = _UNKNOWN.search(refusal.detail)
        known = [column for column in columns if not named or column.name != named[1].lower()]
        if len(known) == len(columns):
            return _accepted_by_halves(suiteql, relation, columns)
        columns = known
    return []


def _accepted_by_halves(suiteql: SuiteQL, relation: str, columns: list[Column]) -> list[Column]:
    if len(columns) == 1:
        raw = Column(columns[0].name, Kind.TEXT)
        usable = columns[0].kind.is_temporal and _refusal(suiteql, relation, [raw]) is None
        return [raw] if usable else []
    middle = len(columns) // 2
    halves = (_accepted(suiteql, relation, half) for half in (columns[:middle], columns[middle:]))
    return [column for half in halves for column in half]


def _refusal(suiteql: SuiteQL, relation: str, columns: list[Column]) -> NetSuiteError | None:
    try:
        suiteql.page(Source(relation, tuple(columns)).page(), limit=1)
    except REFUSALS as refusal:
        raise_outage(refusal)
        return refusal
    return None


def _borne_out(column: Column, values: list[Any]) -> Column:
    """Return the column with the nearest kind that every value in the sample is one of."""
    present = [value for value in values if value is not None]
    kind = column.kind
    while kind is not Kind.TEXT and not all(_is_one(kind, value) for value in present):
        kind = _FALLBACK.get(kind, Kind.TEXT)
    if kind is Kind.DATE and any(not str(value).endswith("00:00:00") for value in present):
        kind = Kind.DATE_TIME
    return Column(column.name, kind)


def _is_one(kind: Kind, value: Any) -> bool:
    try:
        converter(kind, _ANY_ZONE)(value)
    except ValueError:
        return False
    return True


def is_filterable(suiteql: SuiteQL, relation: str, column: Column) -> bool:
    """Tell whether rows can be chosen by a time column; some stamps can be shown but not filtered by."""
    condition = f"{column.name} >= TO_DATE('1970-01-01 00:00:00', '{SQL_TIME_FORMAT}')"
    try:
        suiteql.page(Source(relation, ()).count(condition), limit=1)
    except REFUSALS as refusal:
        raise_outage(refusal)
        return False
    return True


def guessed(name: str, known: Kind | None) -> Kind:
    """Return what a column most likely holds."""
    return known or stamp_kind(name) or Kind.TEXT
