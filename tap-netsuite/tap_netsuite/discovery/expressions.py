"""What the columns of a SELECT hold, as far as the statement itself tells."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from tap_netsuite.known_tables import known_tables
from tap_netsuite.values import Kind

_NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
_OF_THE_SAME_KIND = (exp.Max, exp.Min, exp.Coalesce, exp.Paren)
_COMPUTED = (exp.Sum, exp.Avg, exp.Abs, exp.Round)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)


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

    def named_columns(self) -> dict[str, Kind]:
        """Return the columns as the statement names them, each with a guess; empty where that cannot be told."""
        if self._query is None or self._query.is_star:
            return {}
        return {
            selected.alias_or_name.lower(): self._kind(selected.unalias())
            for selected in self._query.selects
            if selected.alias_or_name
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
