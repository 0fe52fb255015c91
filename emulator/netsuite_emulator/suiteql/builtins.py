"""SuiteQL's own functions in the package BUILTIN [article_161950565221]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp, parse_one

from netsuite_emulator.suiteql.errors import unsupported
from netsuite_emulator.suiteql.names import column_of

if TYPE_CHECKING:
    from netsuite_emulator.company.description import Column, Company

__all__ = ["translate"]


def translate(name: str, arguments: list[exp.Expr], company: Company) -> exp.Expr:
    """DuckDB's expression for `BUILTIN.<name>(…)`.

    Raises:
        NetSuiteError: no such function, or not on this argument.
    """
    if not arguments:
        raise unsupported()
    if name == "DF":
        return _display(arguments[0], company)
    if name == "CF":
        return _canonical(arguments[0])
    if name in ("CONSOLIDATE", "CURRENCY_CONVERT"):
        # Amounts are kept in one currency only as far as these functions go: the rate is taken as 1.
        return arguments[0].copy()
    raise unsupported()


def _display(argument: exp.Expr, company: Company) -> exp.Expr:
    """What people see instead of the value [article_1029114613]."""
    column = column_of(argument)
    if column is None or not isinstance(argument, exp.Column):
        return argument.copy()
    template = _display_template(column, company)
    if template is None:
        return argument.copy()
    return _fill(template, argument)


def _display_template(column: Column, company: Company) -> str | None:
    if column.kind == "reference" and column.target in company.tables:
        table = company.tables[column.target]
        return f'SELECT {table.display} FROM main."{table.name}" WHERE "{table.key[0]}" = _value_'
    if column.kind == "choice":
        return f"SELECT name FROM main.choice WHERE list = '{column.target}' AND id = _value_"
    if column.kind == "status":
        return (
            "SELECT max(_named_.fullname) FROM main.transactionstatus _named_ "
            "WHERE _named_.id = _value_ AND _named_.trantype = _type_"
        )
    if column.kind == "flag":
        return "CASE _value_ WHEN 'T' THEN 'Yes' WHEN 'F' THEN 'No' END"
    return None


def _canonical(argument: exp.Expr) -> exp.Expr:
    """The value that filters need: the status `B` of an invoice is `CustInvc:B` [article_1029114514]."""
    column = column_of(argument)
    if column is None or column.kind != "status":
        return argument.copy()
    return _fill("_type_ || ':' || _value_", argument)


def _fill(template: str, argument: exp.Expr) -> exp.Expr:
    node: exp.Expr = exp.Paren(this=parse_one(template, dialect="duckdb"))
    node.meta["kind"] = "text"
    for table in node.find_all(exp.Table):
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier("_shown_")))
    for column in list(node.find_all(exp.Column)):
        if column.name == "_value_":
            column.replace(argument.copy())
        elif column.name == "_type_":
            source = argument.args.get("table")
            column.replace(exp.column("type", table=source.copy() if source else None))
        elif not column.table and node.find(exp.Table) is not None:
            column.set("table", exp.to_identifier("_shown_"))
    return node
