"""Which rows and columns a table shows, and of which kinds they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import PAGE_SIZE, Page, SuiteQL, SuiteTalkError
from suitetalk.suiteql import both
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.discovery.known_tables import MODIFICATION_COLUMNS, stamp_kind, usual_kind
from tap_netsuite.refusals import FAILURES, Asker, Questions, is_about_table, is_too_slow, named_column
from tap_netsuite.source import DISPLAY_SUFFIX, FEW_COLUMNS, Column, Kind, Source, converter, page_in_parts

_SAMPLE = PAGE_SIZE
BESIDE_STAR = "columns beside *"
_ASKED = "asked_"
_MANY = 15  # columns that NetSuite names as unknown one after the other
_ONE_BY_ONE = 3  # of these, before the rest is asked for side by side
_PART = 20  # columns of one such question
_ANY_ZONE = ZoneInfo("UTC")
# What a guess that the sample does not bear out becomes.
_FALLBACK = {
    Kind.INTEGER: Kind.DECIMAL,
    Kind.DATE: Kind.TEXT,
    Kind.DATE_TIME: Kind.TEXT,
    Kind.ID_LIST: Kind.TEXT_LIST,
}

Together = Callable[
    [Callable[[list[Column]], SuiteTalkError | None], list[list[Column]]], Iterable[SuiteTalkError | None]
]
"""Applies a function to each item, several at once if it likes, and keeps their order; `map` is one."""


@dataclass(frozen=True)
class Probe:
    """What a relation was found to have.

    Attributes:
        columns: accepted columns with the kinds their sample bears out.
        sample: up to 1,000 rows of them, as SuiteQL delivered them.
        stamp: the column by which rows can be chosen that were changed since a time, or None.
        is_plain: whether all came in one statement, but for those that NetSuite names as unknown.
    """

    columns: tuple[Column, ...]
    sample: list[dict[str, Any]]
    stamp: Column | None = None
    is_plain: bool = False


@dataclass(frozen=True)
class FirstRows:
    """What a table shows of itself.

    Attributes:
        rows: some of its rows with the columns that are not null.
        is_empty: whether it has none.
        within: the condition for them, where the whole table is too large to be asked for; else empty.
        failure: why there are no rows to see, though the table has some; None where there are.
        refused: what that is the refusal of.
        unknown: those of the guessed columns that NetSuite names as unknown.
        found: what the guessed columns are, where they came in the same statement.
        is_beside_star_refused: whether there was such a statement, and it was refused without a reason.
    """

    rows: list[dict[str, Any]]
    is_empty: bool
    within: str = ""
    failure: SuiteTalkError | None = None
    refused: str = "SELECT *"
    unknown: frozenset[str] = frozenset()
    found: Probe | None = None
    is_beside_star_refused: bool = False


def first_rows(asker: Asker, table: str, key: str, guesses: Mapping[str, Kind], *, is_large: bool) -> FirstRows:
    """Return some rows of a table, asked for with `*`, and which of the guessed columns it has.

    One statement asks for both. Where NetSuite does not take it, or shows no rows, which may be because of so many
    columns, they are asked for one after the other. `*` of a large table times out [section 14.2], so there only the
    rows with the highest keys are asked for; of other tables too, where `*` takes too long. That `*` is accepted
    everywhere is not documented.

    Args:
        asker: where to ask.
        table: name of the table.
        key: column whose values are ids; empty where there is none.
        guesses: kind by column, of those worth asking for.
        is_large: whether the table may be too large for `*`.

    Raises:
        SuiteTalkError: one of `FAILURES`: the table does not exist, or the role may not see it, or it is too slow.
    """
    if BESIDE_STAR in asker.refused:
        return _starred(asker, table, key, is_large=is_large)
    within = f"{key} > (SELECT MAX({key}) - {_SAMPLE} FROM {table})" if is_large and key else ""
    columns = [Column(name, kind) for name, kind in sorted(guesses.items())]
    columns, answer = _named_left_out(partial(_ask_beside_star, asker, table, within), columns)
    unknown = frozenset(guesses.keys() - {column.name for column in columns})
    found = None
    if isinstance(answer, Page):
        if answer.items:
            return replace(_beside_star(asker, table, columns, answer.items, within), unknown=unknown)
        first = _starred(asker, table, key, is_large=is_large)
        found = Probe(tuple(columns), [], _stamp(columns)) if first.is_empty else None
    elif is_too_slow(answer) and key:
        first = _last_rows(asker, table, key)
    else:
        first = _starred(asker, table, key, is_large=is_large, failure=answer if is_about_table(answer) else None)
    is_refused = not isinstance(answer, Page) and not is_too_slow(answer) and not named_column(answer)
    return replace(first, unknown=unknown, found=found, is_beside_star_refused=is_refused)


def _ask_beside_star(asker: Asker, table: str, within: str, columns: list[Column]) -> Page | SuiteTalkError:
    stamp = _stamp(columns)
    condition = both(within, _since_ever(stamp) if stamp else "")
    selected = ", ".join([f"{table}.*", *(column.selected for column in _under_other_names(columns))])
    statement = f"SELECT {selected} FROM {table}" + (f" WHERE {condition}" if condition else "")
    try:
        return asker.page(statement, limit=_SAMPLE)
    except FAILURES as failure:
        return failure


def _under_other_names(columns: list[Column]) -> list[Column]:
    """Return the columns under names that those of no table have, as `*` has theirs already."""
    return [replace(column, name=f"{_ASKED}{number}", of=column.name) for number, column in enumerate(columns)]


def _beside_star(
    asker: Asker, table: str, columns: list[Column], answered: list[dict[str, Any]], within: str
) -> FirstRows:
    names = [(column.name, other.name) for column, other in zip(columns, _under_other_names(columns), strict=True)]
    rows = [{name: value for name, value in row.items() if not name.startswith(_ASKED)} for row in answered]
    sample = [{name: row[other] for name, other in names if other in row} for row in answered]
    found = _borne_out(asker, table, columns, sample, _stamp(columns), within)
    return FirstRows(rows, is_empty=not rows, within=within, found=found)


def _named_left_out(
    ask: Callable[[list[Column]], Page | SuiteTalkError], columns: list[Column]
) -> tuple[list[Column], Page | SuiteTalkError]:
    """Ask for columns, without those that NetSuite names as unknown; return the rest, and the last answer."""
    most = len(columns) - _MANY
    while True:
        answer = ask(columns)
        fewer = columns if isinstance(answer, Page) else _without_named(columns, answer)
        if len(fewer) == len(columns) or len(fewer) < most:
            return fewer, answer
        columns = fewer


def _starred(asker: Asker, table: str, key: str, *, is_large: bool, failure: SuiteTalkError | None = None) -> FirstRows:
    """Return rows asked for with `*` alone; `failure` says that the table was refused just now."""
    if is_large and key:
        return _last_rows(asker, table, key, failure)
    statement = f"SELECT * FROM {table}"
    try:
        page = asker.settled_refused(statement, failure) if failure else asker.page(statement)
    except FAILURES as refusal:
        if is_about_table(refusal) and failure:
            raise
        if key and not is_about_table(refusal):
            return _last_rows(asker, table, key)
        try:
            page = asker.settled_refused(statement, refusal)
        except FAILURES as again:
            if is_about_table(again):
                raise
            return _unseen_rows(asker, table, again)
    return FirstRows(page.items, not page.total)


def _last_rows(asker: Asker, table: str, key: str, refused: SuiteTalkError | None = None) -> FirstRows:
    """Return the rows with the highest keys; `refused` says that the table was refused just now."""
    try:
        within = _newest(asker, table, key, refused)
    except FAILURES as failure:
        if is_about_table(failure):
            raise
        return replace(_unseen_rows(asker, table, failure), refused=f"MAX({key})")
    if within is None:
        return FirstRows([], is_empty=True)
    try:
        page = asker.settled(f"SELECT * FROM {table}" + (f" WHERE {within}" if within else ""))
    except FAILURES as failure:
        return FirstRows([], is_empty=False, within=within, failure=failure)
    return FirstRows(page.items, not page.total, within)


def _newest(asker: Asker, table: str, key: str, refused: SuiteTalkError | None) -> str | None:
    """Return the condition for the rows with the highest keys, empty where keys are no numbers; None for no rows."""
    statement = f"SELECT MAX({key}) AS n FROM {table}"
    page = asker.settled_refused(statement, refused) if refused else asker.settled(statement, limit=1)
    newest = page.items[0].get("n") if page.items else None
    if newest is None:
        return None
    try:
        return f"{key} > {int(str(newest)) - _SAMPLE}"
    except ValueError:
        return ""


def _unseen_rows(asker: Asker, table: str, failure: SuiteTalkError) -> FirstRows:
    counted = asker.settled(f"SELECT COUNT(*) AS n FROM {table}", limit=1).items
    return FirstRows([], is_empty=not (counted and int(counted[0]["n"])), failure=failure)


def probe(
    asker: Asker,
    relation: str,
    guesses: Mapping[str, Kind],
    seen: Iterable[dict[str, Any]] = (),
    together: Together = map,
    within: str = "",
    *,
    keys: tuple[str, ...] = (),
) -> Probe:
    """Find out which of the guessed columns exist, and correct the kinds by a sample of rows.

    All are asked for at once, and the rows that come are the sample; that they can be chosen by their stamp shows in
    the same answer. Columns that NetSuite names as unknown are left out one after the other; where there are more than
    a few, those that no row shows are asked for in parts first, side by side. Where it names none, all are.

    Args:
        asker: where to ask.
        relation: what to select from.
        guesses: kind by column.
        seen: rows that show some of the columns already.
        together: calls for several parts at once.
        within: a condition that keeps to a part of a large relation.
        keys: what identifies rows of a relation that is known to have some.

    Raises:
        SuiteTalkError: one of `FAILURES`: NetSuite does not answer in time.
    """
    seen = list(seen)
    shown = {name for row in seen for name in row}
    columns = [Column(name, kind) for name, kind in sorted(guesses.items())]
    if seen and shown.issuperset(guesses) and not any(column.kind.is_temporal for column in columns):
        return _borne_out(asker, relation, columns, seen, None, within)
    named, is_plain = 0, True
    while columns:
        stamp = _stamp(columns)
        answer = _ask(asker, relation, columns, both(within, _since_ever(stamp) if stamp else ""), limit=_SAMPLE)
        if isinstance(answer, Page):
            sample = answer.items or _in_parts(asker, relation, columns, keys, within)
            return replace(_borne_out(asker, relation, columns, sample, stamp, within), is_plain=is_plain)
        fewer = _without_named(columns, answer)
        if len(fewer) == len(columns):
            break
        named += len(columns) - len(fewer)
        columns = fewer
        unseen = [column for column in columns if column.name not in shown]
        if named >= _ONE_BY_ONE and len(unseen) > _PART:
            is_plain = False
            accepted = _accepted(asker, relation, unseen, shown, together, within)
            columns = sorted([*(each for each in columns if each.name in shown), *accepted], key=attrgetter("name"))
            shown = {column.name for column in columns}
    columns = _accepted(asker, relation, columns, shown, together, within)
    if not columns:
        return Probe((), [])
    sample = asker.settled(Source(relation, tuple(columns)).page(within), limit=_SAMPLE).items
    sample = sample or _in_parts(asker, relation, columns, keys, within)
    stamp = _stamp(columns)
    filterable = stamp if stamp and is_filterable(asker, relation, stamp, within) else None
    return _borne_out(asker, relation, columns, sample, filterable, within)


def accepted_columns(suiteql: SuiteQL, source: Source) -> list[Column]:
    """Return the columns of a source that NetSuite accepts; errors are those of `probe`, and `CannotTellError`."""
    known = replace(source, columns=source.keys or source.columns[:1]).page()
    asker = Asker(suiteql, Questions(lambda: [partial(suiteql.page, known, limit=1)]))
    return _accepted(asker, source.relation, list(source.columns), set(), map, "")


def _in_parts(
    asker: Asker, relation: str, columns: list[Column], keys: tuple[str, ...], within: str
) -> list[dict[str, Any]]:
    """Return rows that do not come with all columns at once [section 14.2, unverified]; none without a key."""
    names = {column.name: column for column in columns}
    if len(columns) <= FEW_COLUMNS or not keys or not names.keys() >= set(keys):
        return []
    source = Source(relation, tuple(columns), tuple(names[name] for name in keys))
    return page_in_parts(asker.suiteql, source, within, source.key_order).items


def _accepted(
    asker: Asker, relation: str, columns: list[Column], shown: set[str], together: Together, within: str
) -> list[Column]:
    """Return the columns that a statement may have, found by asking for ever smaller parts of them.

    Only the refusal of a single column leaves it out, so only that one has to be beyond doubt.

    Raises:
        SuiteTalkError: one of `FAILURES`: NetSuite does not answer in time, so nothing is known of the rest.
    """

    def refusal(part: list[Column]) -> SuiteTalkError | None:
        answer = _ask(asker, relation, part, within, limit=1, is_last=len(part) == 1)
        if not isinstance(answer, Page) and is_too_slow(answer):
            answer = _ask(asker, relation, part, within, limit=1, is_last=True)
            if not isinstance(answer, Page) and is_too_slow(answer):
                raise answer
        return None if isinstance(answer, Page) else answer

    accepted: list[Column] = []
    unseen = [column for column in columns if column.name not in shown]
    parts = [
        [column for column in columns if column.name in shown],
        *(unseen[place : place + _PART] for place in range(0, len(unseen), _PART)),
    ]
    while parts := [part for part in parts if part]:
        answers = list(together(refusal, parts))
        outcomes = list(zip(parts, answers, strict=True))
        accepted += [column for part, refused in outcomes if refused is None for column in part]
        parts = [smaller for part, refused in outcomes if refused is not None for smaller in _smaller(part, refused)]
    return sorted(accepted, key=attrgetter("name"))


def _smaller(part: list[Column], refusal: SuiteTalkError) -> list[list[Column]]:
    fewer = _without_named(part, refusal)
    if len(fewer) < len(part):
        return [fewer]
    if len(part) == 1:
        # A column may be there and be no time after all.
        return [[Column(part[0].name, Kind.TEXT)]] if part[0].kind.is_temporal else []
    middle = (len(part) + 1) // 2
    return [part[:middle], part[middle:]]


def _without_named(columns: list[Column], refusal: SuiteTalkError) -> list[Column]:
    name = named_column(refusal)
    return [column for column in columns if column.name not in (name, name + DISPLAY_SUFFIX)]


def _ask(
    asker: Asker, relation: str, columns: list[Column], condition: str = "", *, limit: int, is_last: bool = False
) -> Page | SuiteTalkError:
    ask = asker.settled if is_last else asker.page
    try:
        return ask(Source(relation, tuple(columns)).page(condition), limit=limit)
    except FAILURES as failure:
        return failure


def _stamp(columns: list[Column]) -> Column | None:
    stamps = {column.name: column for column in columns if column.kind is Kind.DATE_TIME}
    return next((stamps[name] for name in MODIFICATION_COLUMNS if name in stamps), None)


def _since_ever(stamp: Column) -> str:
    return f"({_after_1970(stamp)} OR {stamp.name} IS NULL)"


def _after_1970(stamp: Column) -> str:
    return f"{stamp.name} >= TO_DATE('1970-01-01 00:00:00', '{SQL_TIME_FORMAT}')"


def _borne_out(
    asker: Asker,
    relation: str,
    columns: list[Column],
    sample: list[dict[str, Any]],
    stamp: Column | None,
    within: str,
) -> Probe:
    corrected = tuple(borne_out_by(sample, {column.name: column.kind for column in columns}))
    if sample and any(
        old.kind.is_temporal and not new.kind.is_temporal for old, new in zip(columns, corrected, strict=True)
    ):
        sample = asker.settled(Source(relation, corrected).page(within), limit=_SAMPLE).items
    return Probe(corrected, sample, stamp if stamp in corrected else None)


def borne_out_by(rows: list[dict[str, Any]], guesses: Mapping[str, Kind]) -> list[Column]:
    """Return columns that rows show, with the kinds that their values bear out."""
    return [_nearest(Column(name, kind), [row.get(name) for row in rows]) for name, kind in guesses.items()]


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


def is_filterable(asker: Asker, relation: str, column: Column, within: str = "") -> bool:
    """Tell whether rows can be chosen by a time column; some stamps can be shown but not filtered by.

    Rows are asked for, as some accounts refuse to count [section 14.2].

    Raises:
        SuiteTalkError: one of `FAILURES`: NetSuite does not answer in time.
    """
    try:
        asker.settled(Source(relation, (column,)).page(both(within, _after_1970(column))), limit=1)
    except FAILURES as failure:
        if is_too_slow(failure):
            raise
        return False
    return True


def guessed(name: str, known: Kind | None) -> Kind:
    """Return what a column most likely holds."""
    return known or stamp_kind(name) or usual_kind(name) or Kind.TEXT
