"""From a query of the user's own to the entry of a stream; slow to load, since it parses SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from suitetalk import ConfigurationError, NetSuiteError, SuiteQL
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.discovery.entry import StreamEntry, schema_of
from tap_netsuite.discovery.expressions import Expressions
from tap_netsuite.discovery.probe import is_filterable, probe
from tap_netsuite.discovery.refusals import REFUSALS, raise_outage
from tap_netsuite.discovery_settings import DiscoverySettings
from tap_netsuite.settings import Query
from tap_netsuite.values import Column, Kind

_SAMPLE = 1000
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"-?[0-9]*\.?[0-9]+")


def query_entry(
    suiteql: SuiteQL, query: Query, custom_fields: Mapping[str, Kind], settings: DiscoverySettings
) -> tuple[StreamEntry, int]:
    """Find out the columns of a query and what they hold, and how many rows it has, as far as one page shows.

    A column that comes straight from a table keeps the kind it has there, also through MAX, MIN and COALESCE;
    counts, sums and arithmetic are numbers. All of it is held against a sample. Other computed columns stay the
    text that NetSuite delivers.

    Args:
        suiteql: where to ask.
        query: the statement with its keys.
        custom_fields: kinds of the account's custom fields by column.
        settings: what the values are wanted to look like.

    Raises:
        ConfigurationError: NetSuite refuses the query, or its columns cannot be told.
    """
    sample = _sample(suiteql, query)
    expressions = Expressions(query.statement, custom_fields)
    guesses = {name: expressions.kind_by_name(name) for row in sample for name in row}
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
            is_time = not is_number and name == query.replication_key and _is_time(suiteql, query, name, values)
            guesses[name] = Kind.DATE_TIME if is_time else _key_kind(query, name, values)
    found = probe(suiteql, query.relation, guesses)
    if {column.name for column in found.columns} != set(guesses):
        raise ConfigurationError(
            "queries", f"has a query {query.name} that NetSuite does not take as a subquery; leave out its ORDER BY."
        )
    schema = schema_of(tuple(settings.as_wanted(column) for column in found.columns))
    return StreamEntry(query.name, schema, query.primary_keys, query.replication_key), len(sample)


def _sample(suiteql: SuiteQL, query: Query) -> list[dict[str, Any]]:
    try:
        return suiteql.page(query.statement, limit=_SAMPLE).items
    except NetSuiteError as refusal:
        raise ConfigurationError("queries", f"has a query {query.name} that cannot be read: {refusal}") from None


def _key_kind(query: Query, name: str, values: list[Any]) -> Kind:
    """Return what a key holds that is no time: whole numbers can be read in windows, others are compared as text."""
    texts = [str(value) for value in values]
    if not texts or not all(_NUMBER.fullmatch(text) for text in texts):
        return Kind.TEXT
    if all(_WHOLE.fullmatch(text) for text in texts):
        return Kind.INTEGER
    return Kind.DECIMAL if name == query.replication_key else Kind.TEXT


def _is_time(suiteql: SuiteQL, query: Query, name: str, values: list[Any]) -> bool:
    """Tell whether NetSuite keeps the column as a time: it can be formatted as one and is not that text already."""
    if not is_filterable(suiteql, query.relation, Column(name, Kind.DATE_TIME)):
        return False
    formatted = f"SELECT TO_CHAR({name}, '{SQL_TIME_FORMAT}') AS {name} FROM {query.relation}"
    try:
        rows = suiteql.page(formatted, limit=1).items
    except REFUSALS as refusal:
        raise_outage(refusal)
        return False
    texts = [str(row[name]) for row in rows if name in row]
    return all(_looks_like_a_time(text) for text in texts) and not any(_looks_like_a_time(str(v)) for v in values if v)


def _looks_like_a_time(text: str) -> bool:
    return len(text) >= len("YYYY-MM-DD") and text[4] == text[7] == "-" and text[:4].isdigit()
