"""From a query of the user's own to the entry of a stream."""

from __future__ import annotations

from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from suitetalk import ConfigurationError, NetSuiteError, SuiteQL
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.discovery.probe import REFUSALS, is_filterable
from tap_netsuite.discovery.tables import StreamEntry, schema_of
from tap_netsuite.settings import Query
from tap_netsuite.values import Column, Kind

_SAMPLE = 1000


def query_relation(query: Query) -> str:
    """Return the query as something to select from."""
    return f"({query.statement})"


def query_entry(suiteql: SuiteQL, query: Query) -> StreamEntry:
    """Find out the columns of a query.

    Values stay the text that NetSuite delivers, because nothing says what a computed column is; keys that are
    whole numbers, and a replication key that is a time, are taken as such.

    Raises:
        ConfigurationError: NetSuite refuses the query, or its columns cannot be told.
    """
    sample = _sample(suiteql, query)
    names = dict.fromkeys([*_named_columns(query), *(name for row in sample for name in row)])
    if not names:
        raise ConfigurationError(
            "queries", f"has the query {query.name} with no rows and no named columns; name its columns with AS."
        )
    missing = {*query.primary_keys, *([query.replication_key] if query.replication_key else [])} - names.keys()
    if missing:
        raise ConfigurationError(
            "queries", f"says {', '.join(sorted(missing))} is a key of {query.name}, which has no such column."
        )
    columns = tuple(Column(name, _kind(suiteql, query, name, [row.get(name) for row in sample])) for name in names)
    return StreamEntry(query.name, schema_of(columns), query.primary_keys, query.replication_key)


def _sample(suiteql: SuiteQL, query: Query) -> list[dict[str, Any]]:
    try:
        return suiteql.page(query.statement, limit=_SAMPLE).items
    except NetSuiteError as refusal:
        raise ConfigurationError("queries", f"has a query {query.name} that cannot be read: {refusal}") from None


def _named_columns(query: Query) -> list[str]:
    """Return the columns as the statement names them; empty where that cannot be told."""
    try:
        statement = parse_one(query.statement, read="oracle")
    except SqlglotError:
        return []
    if not isinstance(statement, exp.Query) or statement.is_star:
        return []
    return [name.lower() for name in statement.named_selects if name]


def _kind(suiteql: SuiteQL, query: Query, name: str, values: list[Any]) -> Kind:
    if name == query.replication_key and _is_time(suiteql, query, name, values):
        return Kind.DATE_TIME
    present = [str(value) for value in values if value is not None]
    is_key = name in query.primary_keys or name == query.replication_key
    return Kind.INTEGER if is_key and present and all(_is_whole(value) for value in present) else Kind.TEXT


def _is_time(suiteql: SuiteQL, query: Query, name: str, values: list[Any]) -> bool:
    """Tell whether NetSuite keeps the column as a time: it can be formatted as one and is not that text already."""
    if not is_filterable(suiteql, query_relation(query), Column(name, Kind.DATE_TIME)):
        return False
    formatted = f"SELECT TO_CHAR({name}, '{SQL_TIME_FORMAT}') AS {name} FROM {query_relation(query)}"
    try:
        rows = suiteql.page(formatted, limit=1).items
    except REFUSALS:
        return False
    texts = [str(row[name]) for row in rows if name in row]
    return all(_looks_like_a_time(text) for text in texts) and not any(_looks_like_a_time(str(v)) for v in values if v)


def _looks_like_a_time(text: str) -> bool:
    return len(text) >= len("YYYY-MM-DD") and text[4] == text[7] == "-" and text[:4].isdigit()


def _is_whole(text: str) -> bool:
    return text.lstrip("-").isdigit() and str(int(text)) == text
