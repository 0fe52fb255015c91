"""User queries -> stream entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from suitetalk import ConfigurationError
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.discovery.found import StreamEntry, schema_of
from tap_netsuite.discovery.known_tables import known_tables
from tap_netsuite.probe import is_filterable, probe
from tap_netsuite.refusals import FAILURES, Asker, is_too_slow
from tap_netsuite.settings import DiscoverySettings, Query
from tap_netsuite.source import Column, Kind

_NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
_OF_THE_SAME_KIND = (exp.Max, exp.Min, exp.Coalesce, exp.Paren)
_COMPUTED = (exp.Sum, exp.Avg, exp.Abs, exp.Round)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)
_NAME = re.compile(r"[a-z_][a-z0-9_$#]*")
_SAMPLE = 1000
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"-?[0-9]*\.?[0-9]+")


class Expressions:
    """The select list of a statement, read against what is known of NetSuite's tables."""

    def __init__(self, statement: str, custom_fields: Mapping[str, Kind]) -> None:
        """Parse a statement; one that cannot be parsed tells nothing, and NetSuite has the last word on it."""
        self._custom_fields = custom_fields
        try:
            parsed = parse_one(statement, read="oracle")
        except SqlglotError:
            parsed = None
        self._query = parsed if isinstance(parsed, exp.Query) else None
        named = {table.name.lower() for table in self._query.find_all(exp.Table)} if self._query else set()
        tables = known_tables()
        self._tables = [tables[name] for name in sorted(named & tables.keys())] or list(tables.values())

    def check(self, name: str) -> None:
        """Refuse what NetSuite answers wrongly without an error.

        Raises:
            ConfigurationError: the statement has an OFFSET, two columns of one name, or a name that no column can have.
        """
        if self._query is None:
            return
        if self._query.find(exp.Offset):
            raise ConfigurationError(
                "queries",
                f"has the query {name} with OFFSET, which NetSuite ignores: it answers with the first rows each time. "
                "Leave it out; all rows are read, page by page.",
            )
        names = [selected.alias_or_name.lower() for selected in self._query.selects if not selected.is_star]
        for column in filter(None, names):
            if not _NAME.fullmatch(column):
                raise ConfigurationError(
                    "queries",
                    f"has the query {name} with a column named {column!r}; name it with letters, digits and _.",
                )
            if names.count(column) > 1:
                raise ConfigurationError(
                    "queries", f"has the query {name} with two columns {column}; name one of them with AS."
                )

    def starred_tables(self) -> list[str]:
        """Return the tables whose columns are all selected with `*`; empty text for what is not a table."""
        if not isinstance(self._query, exp.Select):
            return [""] if self._query is not None and self._query.is_star else []
        query = self._query
        tables = {
            table.alias_or_name.lower(): table.name.lower()
            for table in query.find_all(exp.Table)
            if table.parent_select is query
        }
        derived = {each.alias_or_name.lower() for each in (*query.ctes, *query.find_all(exp.Subquery))}
        found: list[str] = []
        for selected in query.selects:
            if not selected.is_star:
                continue
            prefix = selected.table.lower() if isinstance(selected, exp.Column) else ""
            if prefix:
                found.append(tables.get(prefix, ""))
            else:
                found += ["" if name in derived else name for name in tables.values()]
                found += [""] if any(each.parent_select is query for each in query.find_all(exp.Subquery)) else []
        return ["" if name in derived else name for name in found]

    def named_columns(self) -> dict[str, Kind]:
        """Return the columns as the statement names them, each with a guess; empty where that cannot be told."""
        if self._query is None:
            return {}
        return {
            selected.alias_or_name.lower(): self._kind(selected.unalias())
            for selected in self._query.selects
            if selected.alias_or_name and not selected.is_star
        }

    def kind_by_name(self, name: str) -> Kind:
        """Return what columns of this name hold in the statement's tables, text where they differ."""
        kinds = {table.columns[name] for table in self._tables if name in table.columns}
        return kinds.pop() if len(kinds) == 1 else self._custom_fields.get(name, Kind.TEXT)

    def _kind(self, expression: exp.Expr) -> Kind:
        if isinstance(expression, exp.Column):
            return self.kind_by_name(expression.name.lower())
        if isinstance(expression, exp.Count):
            return Kind.INTEGER
        if isinstance(expression, _COMPUTED) or (isinstance(expression, exp.Literal) and not expression.is_string):
            return Kind.DECIMAL
        if isinstance(expression, _OF_THE_SAME_KIND):
            return self._kind(expression.this)
        if isinstance(expression, _ARITHMETIC):
            sides = (self._kind(expression.left), self._kind(expression.right))
            return Kind.DECIMAL if all(side in _NUMBERS for side in sides) else Kind.TEXT
        return Kind.TEXT


def query_entry(
    asker: Asker,
    query: Query,
    custom_fields: Mapping[str, Kind],
    settings: DiscoverySettings,
    columns_of: Callable[[str], Mapping[str, Kind]],
) -> tuple[StreamEntry, int]:
    """Find out the columns of a query and what they hold, and how many rows it has, as far as one page shows.

    A column that comes straight from a table keeps the kind it has there, even through MAX, MIN and COALESCE;
    counts, sums and arithmetic are numbers. All of it is held against a sample. Other computed columns stay the
    text that NetSuite delivers.

    Args:
        asker: where to ask.
        query: the statement with its keys.
        custom_fields: kinds of the account's custom fields by column.
        settings: what the values are wanted to look like.
        columns_of: returns the columns of a table; none where they are not known.

    Raises:
        ConfigurationError: NetSuite refuses the query, or its columns cannot be told.
    """
    expressions = Expressions(query.statement, custom_fields)
    expressions.check(query.name)
    sample = _sample(asker, query)
    guesses = {name: expressions.kind_by_name(name) for row in sample for name in row}
    guesses.update(_starred(expressions, query, columns_of))
    guesses.update(expressions.named_columns())
    keys = {*query.primary_keys, *([query.replication_key] if query.replication_key else [])}
    if not guesses:
        raise ConfigurationError(
            "queries", f"has the query {query.name} with no rows and no named columns; name its columns with AS."
        )
    if keys - guesses.keys():
        raise ConfigurationError(
            "queries",
            f"says {', '.join(sorted(keys - guesses.keys()))} is a key of {query.name}, which has no such column.",
        )
    for name in keys:
        if guesses[name] in (Kind.TEXT, Kind.DECIMAL):
            values = [row[name] for row in sample if name in row]
            is_number = guesses[name] is Kind.DECIMAL
            is_time = not is_number and name == query.replication_key and _is_time(asker, query, name, values)
            guesses[name] = Kind.DATE_TIME if is_time else _key_kind(query, name, values)
    found = probe(asker, query.relation, guesses)
    if {column.name for column in found.columns} != set(guesses):
        raise ConfigurationError(
            "queries", f"has a query {query.name} that NetSuite does not take as a subquery; leave out its ORDER BY."
        )
    schema = schema_of(tuple(settings.as_wanted(column) for column in found.columns))
    return StreamEntry(query.name, schema, query.primary_keys, query.replication_key), len(sample)


def _starred(
    expressions: Expressions, query: Query, columns_of: Callable[[str], Mapping[str, Kind]]
) -> dict[str, Kind]:
    """Return the columns that `*` stands for: those are not in the rows that are null in all the rows one looks at."""
    kinds = dict(expressions.named_columns())
    for table in expressions.starred_tables():
        columns = columns_of(table) if table else {}
        doubles = sorted(columns.keys() & kinds.keys())
        if not columns or doubles:
            why = f"two columns {doubles[0]}" if doubles else f"* of {table or 'something that is not a table'}"
            raise ConfigurationError(
                "queries", f"has the query {query.name} with {why}; name its columns instead of *."
            )
        kinds.update(columns)
    return kinds


def _sample(asker: Asker, query: Query) -> list[dict[str, Any]]:
    try:
        return asker.settled(query.statement, limit=_SAMPLE).items
    except FAILURES as refusal:
        raise ConfigurationError("queries", f"has a query {query.name} that cannot be read: {refusal}") from None


def _key_kind(query: Query, name: str, values: list[Any]) -> Kind:
    """Return what a key holds that is not a time: whole numbers can be read in windows, others are compared as text."""
    texts = [str(value) for value in values]
    if not texts or not all(_NUMBER.fullmatch(text) for text in texts):
        return Kind.TEXT
    if all(_WHOLE.fullmatch(text) for text in texts):
        return Kind.INTEGER
    return Kind.DECIMAL if name == query.replication_key else Kind.TEXT


def _is_time(asker: Asker, query: Query, name: str, values: list[Any]) -> bool:
    """Tell whether NetSuite keeps the column as a time: it can be formatted as one and is not that text already."""
    if not is_filterable(asker, query.relation, Column(name, Kind.DATE_TIME)):
        return False
    formatted = f"SELECT TO_CHAR({name}, '{SQL_TIME_FORMAT}') AS {name} FROM {query.relation}"
    try:
        rows = asker.settled(formatted, limit=1).items
    except FAILURES as failure:
        if is_too_slow(failure):
            raise
        return False
    texts = [str(row[name]) for row in rows if name in row]
    return all(_looks_like_a_time(text) for text in texts) and not any(_looks_like_a_time(str(v)) for v in values if v)


def _looks_like_a_time(text: str) -> bool:
    return len(text) >= len("YYYY-MM-DD") and text[4] == text[7] == "-" and text[:4].isdigit()
