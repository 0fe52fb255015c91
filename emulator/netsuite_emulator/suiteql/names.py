"""Which table and column each name of a statement means, and how a name that means nothing is refused."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from netsuite_emulator.company.description import Column, Company
from netsuite_emulator.errors import NetSuiteError, refused_statement

__all__ = ["column_of", "name_of", "resolve", "unknown_identifier"]

_PSEUDO_COLUMNS = frozenset({"rownum"})
_OUT_OF_SIGHT = {
    "removed": "REMOVED - Field is removed",
    "not_exposed": "NOT_EXPOSED - Not available for channel SEARCH",
    "internal": "NOT_EXPOSED - Field is marked as internal for channel SEARCH",
}


def unknown_table(name: str) -> NetSuiteError:
    """No such table."""
    return refused_statement(f"Invalid search type: {name}.")


def record_not_found(name: str) -> NetSuiteError:
    """A table the role may not see."""
    return refused_statement(f"Search error occurred: Record '{name}' was not found.")


def unknown_identifier(name: str, available: dict[str, str]) -> NetSuiteError:
    """No such column; the text names the tables of the query by their aliases."""
    listed = ", ".join(f"{alias}={table}" for alias, table in available.items())
    detail = f"Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{listed}}}."
    return refused_statement(detail)


def column_of(node: exp.Expr) -> Column | None:
    """The described column a node stands for, once `resolve` has run."""
    found: Column | None = node.meta.get("column")
    return found


def resolve(tree: exp.Expr, company: Company) -> list[str]:
    """Mark every column node with the column it means, and return the names of the columns the statement gives.

    Raises:
        NetSuiteError: a table or a column does not exist, or the role may not see it.
    """
    for table in tree.find_all(exp.Table):
        _check_table(table, company)
    scopes = traverse_scope(tree)
    for scope in scopes:
        _check_joins(scope, company)
        for column in scope.columns:
            if not column.meta.get("resolved") and column.name not in _PSEUDO_COLUMNS:
                _resolve_column(column, scope, company)
    first = tree
    while isinstance(first, (exp.SetOperation, exp.Subquery)):
        first = first.this  # a union is named by its first part
    return next(output_names(scope, company) for scope in scopes if scope.expression is first)


def _check_table(table: exp.Table, company: Company) -> None:
    name = table.name
    if name == "dual":
        return
    if company.table_of_query(name) is None or table.db:
        raise unknown_table(table.sql())
    if not company.sees_table(name):
        raise record_not_found(name)


def _check_joins(scope: Scope, company: Company) -> None:
    joined = {source.name for source in scope.sources.values() if isinstance(source, exp.Table)}
    for first, *others in company.refused_joins:
        if first in joined and set(others) <= joined:
            name = ", ".join(others)
            raise refused_statement(f"Search error occurred: Record Join '{name}' for record '{first}' was not found.")


def _check_visible(column: exp.Column, scope: Scope, company: Company) -> None:
    """Refuse a column that is there and out of sight as this account does [reference 14.2]."""
    reason = _OUT_OF_SIGHT.get(company.hidden_column_text)
    for alias, source in scope.sources.items():
        if reason is None or not isinstance(source, exp.Table) or column.table not in ("", alias):
            continue
        table = company.tables.get(source.name)
        if table is not None and table.column(column.name) is not None:
            detail = f"Field '{column.name}' for record '{table.name}' was not found. Reason: {reason}"
            raise refused_statement(f"Search error occurred: {detail}")


def _resolve_column(column: exp.Column, scope: Scope, company: Company) -> None:
    searched: Scope | None = scope
    while searched is not None:
        found = _find(column, searched, company)
        if found is not None:
            alias, meant = found
            column.meta["resolved"] = True
            column.meta["column"] = meant
            if not column.table and not _orders_by_alias(column, scope):
                column.set("table", exp.to_identifier(alias))
            return
        searched = searched.parent
    if _orders_by_alias(column, scope):
        column.meta["resolved"] = True
        return
    _check_visible(column, scope, company)
    available = {
        alias: source.name if isinstance(source, exp.Table) else alias for alias, source in scope.sources.items()
    }
    raise unknown_identifier(column.sql(), available)


def _orders_by_alias(column: exp.Column, scope: Scope) -> bool:
    order = scope.expression.args.get("order")
    if column.table or order is None or column.find_ancestor(exp.Order, exp.Select) is not order:
        return False
    return column.name in [name_of(selected, number) for number, selected in enumerate(_selects(scope), 1)]


def _selects(scope: Scope) -> list[exp.Expr]:
    return scope.expression.selects if isinstance(scope.expression, exp.Query) else []


def name_of(selected: exp.Expr, number: int) -> str:
    """The name of a selected expression: its alias, its column, or `expr1`, `expr2`, … by its place."""
    if isinstance(selected, (exp.Alias, exp.Column)):
        return selected.alias_or_name
    return f"expr{number}"


def output_names(scope: Scope, company: Company) -> list[str]:
    """The names of the columns a statement gives, in order."""
    names: list[str] = []
    for number, selected in enumerate(_selects(scope), 1):
        if not selected.is_star:
            names.append(name_of(selected, number))
            continue
        starred = selected.table if isinstance(selected, exp.Column) else ""
        for alias, source in scope.sources.items():
            if starred in ("", alias):
                names += _names_of_source(source, company)
    return names


def _names_of_source(source: Any, company: Company) -> list[str]:
    if isinstance(source, Scope):
        return output_names(source, company)
    if source.name == "dual":
        return ["dummy"]
    return [column.name for column in company.tables[source.name].visible()]


def _find(column: exp.Column, scope: Scope, company: Company) -> tuple[str, Column | None] | None:
    """The alias of the source that has the column, and what is known of the column."""
    for alias, source in scope.sources.items():
        if column.table in ("", alias):
            found = _column_of_source(source, column.name, company)
            if found is not None:
                return alias, found[0]
    return None


def _column_of_source(source: Any, name: str, company: Company) -> tuple[Column | None] | None:
    """The column `name` of a table or of a subselect; None where there is none, `(None,)` where it is computed."""
    if isinstance(source, exp.Table):
        if source.name == "dual":
            return (None,) if name == "dummy" else None
        column = company.tables[source.name].column(name)
        return None if column is None or column.hidden else (column,)
    if isinstance(source, Scope):
        return _column_of_subselect(source, name, company)
    return None


def _column_of_subselect(scope: Scope, name: str, company: Company) -> tuple[Column | None] | None:
    for number, selected in enumerate(_selects(scope), 1):
        if selected.is_star:
            starred = selected.table if isinstance(selected, exp.Column) else ""
            for alias, source in scope.sources.items():
                found = _column_of_source(source, name, company) if starred in ("", alias) else None
                if found is not None:
                    return found
        elif name_of(selected, number) == name:
            return (column_of(selected.unalias()),)
    return None
