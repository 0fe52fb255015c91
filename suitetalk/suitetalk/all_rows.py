"""All rows of a result that has several pages, and the proof that none is missing.

The pages of a result are separate queries. Between two of them rows may come, go or move to another page, and without a
unique order they move when nothing happens: rows are passed over and others come twice, while their number is right.

- Where one column of a statement identifies its rows, each page is a query for what comes after the last row: nothing
  can move, and nothing ends at 100,000 rows.
- Anything else is looked at twice. Both looks have to find the same rows, as many as NetSuite counts, and none of them
  on two pages, unless the order covers all columns, so that rows which are alike may change places.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suitetalk.errors import STATEMENT_REFUSALS, ConnectionFailedError, IncompleteResultError
from suitetalk.http.response import PAGE_SIZE, READABLE_ROWS, Page, all_pages, encode

Row = dict[str, Any]

LOOKS = 3
"""How often a list is looked at before it is given up."""

_USUAL_KEYS = ("id", "uniquekey", "internalid")
_CANDIDATES = 3
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NAME = re.compile(r"[a-z_][a-z0-9_$#]*")
_TEXTS = re.compile(r"'[^']*'|\"[^\"]*\"")
_LIMITS = re.compile(r"\b(TOP|FETCH|ROWNUM|LIMIT|OFFSET)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Shape:
    """What a statement tells of its result.

    Attributes:
        statement: without its own order.
        columns: names of its columns; none where they cannot be told, or where it has a limit of its own.
        has_star: whether there may be others.
        order: names of the columns that it is ordered by, as far as they are columns of the result.
        is_descending: whether the first of them descends.
        is_ordered: whether it has an order.
    """

    statement: str
    columns: tuple[str, ...] = ()
    has_star: bool = False
    order: tuple[str, ...] = ()
    is_descending: bool = False
    is_ordered: bool = False

    @property
    def is_in_full_order(self) -> bool:
        """Whether rows that are alike in what orders them are alike in all."""
        return not self.has_star and bool(self.columns) and set(self.columns) <= set(self.order)

    def keys(self, rows: Sequence[Row]) -> list[str]:
        """Return columns that may identify the rows and be read by, as far as one page shows."""
        if not self.columns and not self.has_star:
            return []
        named = self.order[:1] if self.is_ordered else tuple(dict.fromkeys((*_USUAL_KEYS, *self.columns)))
        shown = [name for name in named if self.has_star or name in self.columns]
        return [name for name in shown if _may_identify(name, rows)][:_CANDIDATES]

    def page(self, key: str, after: int | None) -> str:
        """Return the statement for the rows after one of them, in the order of a key."""
        sign, direction = ("<", " DESC") if self.is_descending else (">", "")
        condition = "" if after is None else f" WHERE {key} {sign} {after}"
        columns = "*" if self.has_star else ", ".join(self.columns)
        return f"SELECT {columns} FROM ({self.statement}){condition} ORDER BY {key}{direction}"

    def counts(self, keys: Sequence[str]) -> str:
        """Return the statement that counts its rows, and the different values of some columns."""
        counts = [f"COUNT({key}) AS k{place}, COUNT(DISTINCT {key}) AS d{place}" for place, key in enumerate(keys)]
        return f"SELECT COUNT(*) AS n, {', '.join(counts)} FROM ({self.statement})"


def rows_of(run: Callable[[str, int], Page], shape: Callable[[], Shape], statement: str, what: str) -> Iterator[Row]:
    """Yield all rows of a statement.

    Args:
        run: returns the page of 1000 rows of a statement at an offset.
        shape: returns what the statement tells; only asked where there is more than one page.
        statement: as it was given.
        what: its name in error messages.

    Raises:
        IncompleteResultError: rows are missing, or may be.
    """
    first = run(statement, 0)
    if not first.has_more and first.total <= len(first.items):
        yield from first.items
        return
    told = shape()
    key = _unique(run, told, told.keys(first.items))
    if key:
        yield from _by_key(run, told, key, what)
        return

    if first.total > READABLE_ROWS:
        raise IncompleteResultError(
            f"{what} has {first.total} rows and NetSuite lets only {READABLE_ROWS} of them be read; narrow it, for "
            "example by ranges of the id, or select a column that identifies the rows."
        )

    def fetch(offset: int) -> Page:
        return run(statement, offset) if offset else first

    yield from looked_at_twice(
        fetch,
        lambda offset: run(statement, offset),
        what,
        "select a column that identifies the rows, such as id, with an ORDER BY of it or none",
        may_repeat=told.is_in_full_order,
    )


def looked_at_twice(
    fetch: Callable[[int], Page], again: Callable[[int], Page], what: str, remedy: str, *, may_repeat: bool = False
) -> Iterator[Row]:
    """Yield all rows of a result, and look again whether they are the same where it has several pages.

    Args:
        fetch: returns the page at an offset.
        again: the same, for the second look.
        what: the result's name in error messages.
        remedy: what to do about rows that cannot be told to be all.
        may_repeat: whether rows on different pages may be alike.

    Raises:
        IncompleteResultError: rows are missing, or may be.
    """
    found: Counter[bytes] = Counter()
    pages = repeated = 0
    for page in all_pages(fetch, what):
        marks = Counter(_mark(row) for row in page.items)
        repeated += sum(1 for mark in marks if mark in found)
        found.update(marks)
        pages += 1
        yield from page.items
    if pages <= 1:
        return
    if repeated and not may_repeat:
        raise IncompleteResultError(
            f"{what} delivered {repeated} rows on two pages, so as many others may be missing; {remedy}."
        )
    seen = Counter(_mark(row) for page in all_pages(again, what) for row in page.items)
    if seen != found:
        differing = max((seen - found).total(), (found - seen).total())
        raise IncompleteResultError(
            f"{what} has {differing} other rows when it is read again, so some may be missing: the account is at work, "
            f"or nothing orders the rows; {remedy}."
        )


def listed_ids(fetch: Callable[[int], Page], what: str) -> Iterator[str]:
    """Yield the id of each entry of a list once.

    A list of several pages is read until two readings agree, because entries move between its pages when others come
    or go.

    Args:
        fetch: returns the page of 1000 entries at an offset.
        what: the list's name in error messages.

    Raises:
        IncompleteResultError: NetSuite counted more entries than it listed, or each reading found others.
        ConnectionFailedError: an entry has no id.
    """

    def look() -> Iterator[list[str]]:
        seen: set[str] = set()
        total = 0
        for page in all_pages(fetch, what):
            total = page.total
            if not all(item.get("id") for item in page.items):
                raise ConnectionFailedError(f"{what} holds an entry without an id; check `base_url`.")
            ids = [str(item["id"]) for item in page.items]
            seen.update(ids)
            yield ids
        if len(seen) < total:
            raise IncompleteResultError(
                f"{what} delivered only {len(seen)} different records of {total}; run it again, or narrow it."
            )

    yield from _different_ids(look, what)


def _different_ids(ids: Callable[[], Iterator[list[str]]], what: str) -> Iterator[str]:
    """Yield each id of a list once; the list is looked at until it is shown that none is missing.

    Two looks that find the same are proof, or a look in which nothing is missing but what has come or gone once.

    Args:
        ids: looks at the list, page by page.
        what: its name in error messages.

    Raises:
        IncompleteResultError: each look found something else.
    """
    known: set[str] = set()
    looks: list[set[str]] = []
    failure: IncompleteResultError | None = None
    for _ in range(LOOKS):
        look: set[str] = set()
        pages = 0
        try:
            for page in ids():
                pages += 1
                new = dict.fromkeys(page)
                yield from (each for each in new if each not in known)
                look.update(new)
                known.update(new)
        except IncompleteResultError as error:
            failure = error
            continue
        if pages <= 1:
            return
        looks.append(look)
        if _are_explained(looks):
            return
    raise failure or IncompleteResultError(
        f"{what} was different each of the {LOOKS} times that it was read, so some may be missing; "
        "run it again, or narrow it."
    )


def _are_explained(looks: Sequence[set[str]]) -> bool:
    """Tell whether the last two looks are the same, or whatever else there is came once or went once."""
    if len(looks) > 1 and looks[-1] == looks[-2]:
        return True
    if len(looks) < LOOKS:
        return False
    before, between, after = looks
    return not ((before & after) - between) and not (between - before - after)


def _unique(run: Callable[[str, int], Page], shape: Shape, keys: Sequence[str]) -> str | None:
    """Return the first of some columns that no two rows share and none lacks; None where that cannot be counted."""
    if not keys:
        return None
    try:
        counted = next(iter(run(shape.counts(keys), 0).items), {})
    except STATEMENT_REFUSALS:
        return None
    rows = counted.get("n")
    for place, key in enumerate(keys):
        if rows is not None and counted.get(f"k{place}") == counted.get(f"d{place}") == rows:
            return key
    return None


def _by_key(run: Callable[[str, int], Page], shape: Shape, key: str, what: str) -> Iterator[Row]:
    last: int | None = None
    while True:
        page = run(shape.page(key, last), 0)
        more = page.total - len(page.items)
        if more < 0 or page.has_more != (more > 0) or (more and len(page.items) < PAGE_SIZE):
            raise IncompleteResultError(
                f"{what} delivered {len(page.items)} of {page.total} rows in a page that "
                f"{'has' if page.has_more else 'does not have'} others after it; run it again, or narrow it."
            )
        for row in page.items:
            value = str(row.get(key, ""))
            number = int(value) if _WHOLE.fullmatch(value) else None
            if number is None or (last is not None and (number >= last if shape.is_descending else number <= last)):
                raise IncompleteResultError(f"{what} does not come in the order of {key}; leave out its ORDER BY.")
            last = number
            yield row
        if not more:
            return


def _may_identify(name: str, rows: Sequence[Row]) -> bool:
    values = [str(row.get(name, "")) for row in rows]
    return len(set(values)) == len(values) and all(map(_WHOLE.fullmatch, values))


def _mark(row: Row) -> bytes:
    return encode({name: value for name, value in sorted(row.items()) if name != "links"})


def shape_of(statement: str) -> Shape:
    """Return what a statement without comments tells of its result.

    Nothing is told where it cannot be read, has a limit of its own, or columns that cannot be named from outside.
    """
    from sqlglot import exp, parse_one, tokenize  # noqa: PLC0415 - slow to load, and needed for long results only
    from sqlglot.errors import SqlglotError  # noqa: PLC0415 - takes long to import

    nothing = Shape(statement)
    if _LIMITS.search(_TEXTS.sub(" ", statement)):
        return nothing
    try:
        parsed, tokens = parse_one(statement, read="oracle"), tokenize(statement, read="oracle")
    except SqlglotError:
        return nothing
    if not isinstance(parsed, exp.Query):
        return nothing
    columns = [selected.alias_or_name.lower() for selected in parsed.selects if not selected.is_star]
    if len(set(columns)) < len(columns) or not all(map(_NAME.fullmatch, columns)):
        return nothing
    depth, end = 0, len(statement)
    for token in tokens:
        kind = token.token_type.name
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        end = token.start if depth == 0 and kind == "ORDER_BY" else end
    ordered = parsed.args["order"].expressions if parsed.args.get("order") else []
    tables = {one.name.lower(): one.table.lower() for one in parsed.selects if isinstance(one, exp.Column)}
    order = []
    for one in ordered:
        column = one.this if isinstance(one.this, exp.Column) else exp.Column()
        is_other = column.table and tables.get(column.name.lower()) not in (None, "", column.table.lower())
        order.append("" if is_other else column.name.lower())
    return Shape(
        statement[:end].rstrip(),
        tuple(columns),
        has_star=len(columns) < len(parsed.selects),
        order=tuple(order),
        is_descending=bool(ordered and ordered[0].args.get("desc")),
        is_ordered=bool(ordered),
    )
