"""Which columns SuiteQL accepts; what a refusal means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import (
    InvalidRequestError,
    NetSuiteError,
    NotFoundError,
    Page,
    PermissionDeniedError,
    ServerFaultError,
    SuiteQL,
)
from suitetalk.errors import speaks_of_permission
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.columns import DISPLAY_SUFFIX, Column, Kind, converter
from tap_netsuite.discovery.found import Finding, Status
from tap_netsuite.discovery.known_tables import (
    MODIFICATION_COLUMNS,
    feature_of,
    main_table,
    permission_of,
    stamp_kind,
    usual_kind,
)
from tap_netsuite.source import Source

__all__ = ["REFUSALS", "Probe", "first_rows", "guessed", "is_filterable", "probe", "raise_outage"]


REFUSALS = (InvalidRequestError, PermissionDeniedError, NotFoundError, ServerFaultError)
"""What NetSuite answers to what it does not accept; see `raise_outage` for the last of them."""

_SERVER_FAULT = 500
_NO_TABLE = "Invalid search type"
_UNSEEN = re.compile(r"Record .* was not found")


def raise_outage(refusal: NetSuiteError) -> None:
    """Raise what is not a refusal of the statement but the server being away for a while.

    A plain 500 may be an answer to a heavy statement [section 5.8]; 502, 503 and 504 say nothing about it.

    Raises:
        ServerFaultError: NetSuite cannot be asked now.
    """
    if refusal.status > _SERVER_FAULT:
        raise refusal


def is_about_table(refusal: NetSuiteError) -> bool:
    """Tell whether a refusal is about the table as such, so that no other statement on it fares better."""
    return _NO_TABLE in refusal.detail or _is_unseen(refusal)


def refused_table(table: str, refusal: NetSuiteError, *, is_record_type: bool) -> Finding:
    """Return what became of a table that SuiteQL refuses [section 5.8].

    Args:
        table: name of the table.
        refusal: SuiteQL's answer.
        is_record_type: whether the metadata catalog shows the role a record type of this name.
    """
    if _is_unseen(refusal):
        return Finding(table, Status.NOT_PERMITTED, _permission_note(table, is_record_type=is_record_type))
    if _NO_TABLE not in refusal.detail:
        return Finding(table, Status.FAILED, refusal.detail)
    if is_record_type:
        return Finding(table, Status.RECORD_ONLY, f"read it as record_{table}")
    feature = feature_of(table)
    if feature:
        return Finding(table, Status.FEATURE_OFF, f"{feature}, or the role may not see it")
    return Finding(table, Status.UNKNOWN)


def with_features_that_are_on(findings: Sequence[Finding]) -> list[Finding]:
    """Take back that a feature is off where its main table can be read: the table is missing for another reason."""
    readable = {finding.name for finding in findings if finding.status.is_stream}
    return [
        Finding(finding.name, Status.UNKNOWN)
        if finding.status is Status.FEATURE_OFF and main_table(feature_of(finding.name)) in readable
        else finding
        for finding in findings
    ]


def refused_record_type(stream: str, record_type: str, error: Exception) -> Finding:
    """Return what became of a record type that is listed and whose schema cannot be read."""
    if isinstance(error, NetSuiteError) and _is_unseen(error):
        return Finding(stream, Status.NOT_PERMITTED, _permission_note(record_type.lower(), is_record_type=False))
    return Finding(stream, Status.FAILED, f"its schema: {error}")


def _is_unseen(refusal: NetSuiteError) -> bool:
    """Tell whether a permission is missing; NetSuite says so in several ways [section_156570709583]."""
    return (
        isinstance(refusal, PermissionDeniedError)
        or refusal.code == "USER_ERROR"
        or speaks_of_permission(refusal.detail)
        or _UNSEEN.search(refusal.detail) is not None
    )


def _permission_note(table: str, *, is_record_type: bool) -> str:
    permission = permission_of(table)
    if not permission and is_record_type:
        return f"or not in SuiteQL at all; the role sees the record type, so read it as record_{table}"
    return f"the role needs {permission or 'View on it'}"


Together = Callable[
    [Callable[[list[Column]], NetSuiteError | None], list[list[Column]]], Iterable[NetSuiteError | None]
]
"""Applies a function to each item, several at once if it likes, and keeps their order; `map` is one."""

_SAMPLE = 1000
_ONE_BY_ONE = 3
_UNKNOWN = re.compile(r"Unknown identifier '([^']+)'")
_ANY_ZONE = ZoneInfo("UTC")
# What a guess that the sample does not bear out becomes.
_FALLBACK = {
    Kind.INTEGER: Kind.DECIMAL,
    Kind.DATE: Kind.TEXT,
    Kind.DATE_TIME: Kind.TEXT,
    Kind.ID_LIST: Kind.TEXT_LIST,
}


@dataclass(frozen=True)
class Probe:
    """What a relation was found to have.

    Attributes:
        columns: accepted columns with the kinds their sample bears out.
        sample: up to 1,000 rows of them, as SuiteQL delivered them.
        stamp: the column by which rows can be chosen that were changed since a time, or None.
    """

    columns: tuple[Column, ...]
    sample: list[dict[str, Any]]
    stamp: Column | None = None


def first_rows(suiteql: SuiteQL, relation: str) -> tuple[list[dict[str, Any]], int]:
    """Return the first rows of a relation with the columns that are not null, and how many rows there are.

    No rows and a number above 0 mean that `*` is refused; whether it is accepted everywhere is not documented.

    Raises:
        NetSuiteError: the relation does not exist, or the role may not see it.
    """
    try:
        page = suiteql.page(f"SELECT * FROM {relation}", limit=_SAMPLE)
    except REFUSALS as refusal:
        raise_outage(refusal)
        if is_about_table(refusal):
            raise
        counted = suiteql.page(f"SELECT COUNT(*) AS n FROM {relation}", limit=1).items
        return [], int(counted[0]["n"]) if counted else 0
    return page.items, page.total


def probe(
    suiteql: SuiteQL,
    relation: str,
    guesses: Mapping[str, Kind],
    seen: Iterable[dict[str, Any]] = (),
    together: Together = map,
) -> Probe:
    """Find out which of the guessed columns exist, and correct the kinds by a sample of rows.

    All are asked for at once, and the rows that come are the sample; that they can be chosen by their stamp shows in
    the same answer. A few columns that NetSuite names as unknown are left out one after the other; where there are
    more, or it names none, the rest is asked for in parts.

    Args:
        suiteql: where to ask.
        relation: what to select from.
        guesses: kind by column.
        seen: rows that show some of the columns already.
        together: calls for several parts at once.
    """
    seen = list(seen)
    shown = {name for row in seen for name in row}
    columns = [Column(name, kind) for name, kind in sorted(guesses.items())]
    if seen and shown.issuperset(guesses) and not any(column.kind.is_temporal for column in columns):
        return _borne_out(suiteql, relation, columns, seen, None)
    for _ in range(_ONE_BY_ONE):
        if not columns:
            return Probe((), [])
        stamp = _stamp(columns)
        answer = _ask(suiteql, relation, columns, _since_ever(stamp) if stamp else "", limit=_SAMPLE)
        if isinstance(answer, Page):
            return _borne_out(suiteql, relation, columns, answer.items, stamp)
        fewer = _without_named(columns, answer)
        if len(fewer) == len(columns):
            break
        columns = fewer
    columns = _accepted(suiteql, relation, columns, shown, together)
    if not columns:
        return Probe((), [])
    sample = suiteql.page(Source(relation, tuple(columns)).page(), limit=_SAMPLE).items
    stamp = _stamp(columns)
    filterable = stamp if stamp and is_filterable(suiteql, relation, stamp) else None
    return _borne_out(suiteql, relation, columns, sample, filterable)


def _accepted(
    suiteql: SuiteQL, relation: str, columns: list[Column], shown: set[str], together: Together
) -> list[Column]:
    """Return the columns that a statement may have, found by asking for ever smaller parts of them."""

    def refusal(part: list[Column]) -> NetSuiteError | None:
        answer = _ask(suiteql, relation, part, limit=1)
        return None if isinstance(answer, Page) else answer

    accepted: list[Column] = []
    parts = [
        [column for column in columns if column.name in shown],
        [column for column in columns if column.name not in shown],
    ]
    while parts := [part for part in parts if part]:
        answers = list(together(refusal, parts))
        outcomes = list(zip(parts, answers, strict=True))
        accepted += [column for part, refused in outcomes if refused is None for column in part]
        parts = [smaller for part, refused in outcomes if refused is not None for smaller in _smaller(part, refused)]
    return sorted(accepted, key=attrgetter("name"))


def _smaller(part: list[Column], refusal: NetSuiteError) -> list[list[Column]]:
    fewer = _without_named(part, refusal)
    if len(part) == 1 and len(fewer) == 1:
        # A column may be there and be no time after all.
        return [[Column(part[0].name, Kind.TEXT)]] if part[0].kind.is_temporal else []
    middle = (len(fewer) + 1) // 2
    return [fewer[:middle], fewer[middle:]]


def _without_named(columns: list[Column], refusal: NetSuiteError) -> list[Column]:
    found = _UNKNOWN.search(refusal.detail)
    name = found[1].lower().rpartition(".")[2] if found else ""
    return [column for column in columns if column.name not in (name, name + DISPLAY_SUFFIX)]


def _ask(
    suiteql: SuiteQL, relation: str, columns: list[Column], condition: str = "", *, limit: int
) -> Page | NetSuiteError:
    try:
        return suiteql.page(Source(relation, tuple(columns)).page(condition), limit=limit)
    except REFUSALS as refusal:
        raise_outage(refusal)
        return refusal


def _stamp(columns: list[Column]) -> Column | None:
    stamps = {column.name: column for column in columns if column.kind is Kind.DATE_TIME}
    return next((stamps[name] for name in MODIFICATION_COLUMNS if name in stamps), None)


def _since_ever(stamp: Column) -> str:
    return f"({_after_1970(stamp)} OR {stamp.name} IS NULL)"


def _after_1970(stamp: Column) -> str:
    return f"{stamp.name} >= TO_DATE('1970-01-01 00:00:00', '{SQL_TIME_FORMAT}')"


def _borne_out(
    suiteql: SuiteQL, relation: str, columns: list[Column], sample: list[dict[str, Any]], stamp: Column | None
) -> Probe:
    corrected = tuple(_nearest(column, [row.get(column.name) for row in sample]) for column in columns)
    if any(old.kind.is_temporal and not new.kind.is_temporal for old, new in zip(columns, corrected, strict=True)):
        sample = suiteql.page(Source(relation, corrected).page(), limit=_SAMPLE).items
    return Probe(corrected, sample, stamp if stamp in corrected else None)


def _nearest(column: Column, values: list[Any]) -> Column:
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
    try:
        suiteql.page(Source(relation, ()).count(_after_1970(column)), limit=1)
    except REFUSALS as refusal:
        raise_outage(refusal)
        return False
    return True


def guessed(name: str, known: Kind | None) -> Kind:
    """Return what a column most likely holds."""
    return known or stamp_kind(name) or usual_kind(name) or Kind.TEXT
