"""Settings of the streams of the user's own queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from suitetalk import ConfigurationError
from suitetalk.parameters import Value, placeholders, without_comments
from tap_netsuite.setting_names import check_stream_names, names, stream_name

QUERY_SETTINGS: dict[str, dict[str, Any]] = {
    "queries": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "query"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "description": "Name of the stream."},
                "query": {"type": "string", "description": "A SuiteQL SELECT without ORDER BY; ? for each parameter."},
                "parameters": {
                    "type": "array",
                    "items": {"type": ["string", "number", "boolean"]},
                    "description": "Values for the ? of the query, in order; dates as text for TO_DATE.",
                },
                "primary_keys": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Columns that identify a row; needed beyond 100,000 rows.",
                },
                "replication_key": {
                    "type": "string",
                    "description": "Column that grows with each change; later runs read from its highest value on.",
                },
            },
        },
        "title": "Queries",
        "description": "SuiteQL statements of your own as further streams.",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class Query:
    """A SuiteQL statement of the user's own.

    Attributes:
        name: name of the stream.
        statement: the SELECT, without comments.
        primary_keys: columns that identify a row, may be empty.
        replication_key: column that grows with each change, or None.
        parameters: values for its placeholders, as many as there are; they may be personal data.
    """

    name: str
    statement: str
    primary_keys: tuple[str, ...] = ()
    replication_key: str | None = None
    parameters: tuple[Value, ...] = field(default=(), repr=False)

    @property
    def relation(self) -> str:
        """The query as something to select from; its parameters go with each statement that does, once."""
        return f"({self.statement})"


def queries(value: Any) -> tuple[Query, ...]:
    """Check the setting `queries`.

    Raises:
        ConfigurationError: an entry is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in value):
        raise ConfigurationError("queries", "must be a list of entries with `name` and `query`.")
    checked = tuple(_query(f"queries[{number}]", entry) for number, entry in enumerate(value))
    check_stream_names("queries", [query.name for query in checked])
    return checked


def _query(where: str, entry: Mapping[str, Any]) -> Query:
    name, given = stream_name(f"{where}.name", entry.get("name")), entry.get("query")
    statement = without_comments(given) if isinstance(given, str) else ""
    if not statement:
        raise ConfigurationError(f"{where}.query", "is missing; give a SuiteQL SELECT.")
    replication_key = entry.get("replication_key") or None
    return Query(
        name=name,
        statement=statement,
        primary_keys=names(f"{where}.primary_keys", entry.get("primary_keys")),
        replication_key=names(f"{where}.replication_key", [replication_key])[0] if replication_key else None,
        parameters=_parameters(f"{where}.parameters", name, statement, entry.get("parameters")),
    )


def _parameters(where: str, name: str, statement: str, value: Any) -> tuple[Value, ...]:
    """Return the values for a statement's placeholders; no error repeats one of them."""
    given = [] if value is None else value
    if not isinstance(given, (list, tuple)):
        raise ConfigurationError(where, "must be a list of values.")
    for place, one in enumerate(given, start=1):
        if not isinstance(one, (str, int, float)) or (isinstance(one, float) and not isfinite(one)):
            raise ConfigurationError(
                where,
                f"have a value in place {place} that is no text, number, true or false; write NULL into the query.",
            )
    if placeholders(statement) != len(given):
        raise ConfigurationError(
            where,
            f"of the query {name} are {len(given)} values and it has {placeholders(statement)} placeholders (?); "
            "make them agree.",
        )
    return tuple(given)
