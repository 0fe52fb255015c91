"""A SuiteQL statement, parsed in Oracle's dialect and translated to DuckDB's SQL.

`translate` is the whole way; the functions below it are its steps, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.oracle import Oracle
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]  # public, though not listed as such
from sqlglot.transforms import eliminate_join_marks

from netsuite_emulator.company.description import Company
from netsuite_emulator.errors import unsupported_search
from netsuite_emulator.suiteql.expressions import translate_node
from netsuite_emulator.suiteql.names import name_of, resolve, unknown_identifier

__all__ = ["Statement", "parse", "translate"]


_LONGEST_IN = 1000  # [article_0824094533]
_FORBIDDEN_TOKENS = {TokenType.L_BRACKET, TokenType.R_BRACKET, TokenType.SEMICOLON, TokenType.WITH}
_LITERAL_TYPES = {TokenType.DATE, TokenType.TIMESTAMP, TokenType.TIMESTAMPTZ}
_PLAIN_PARTS = frozenset({"expressions", "from_", "joins", "where", "order"})
_OF_ONE_ROW = (exp.Array, exp.Cast, exp.StrToTime, exp.TimeToStr)


class SuiteQL(Oracle):
    """Oracle's dialect without knowledge of functions: which exist, and what they mean, is decided here."""

    class Parser(Oracle.Parser):  # type: ignore[misc, valid-type]  # how sqlglot wants dialects written
        """The parser."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: Oracle.Parser.FUNCTION_PARSERS[name] for name in ("CAST", "DECODE", "EXTRACT", "TRIM")
        }


try:
    SuiteQL().parser()
except TypeError:  # what is compiled takes no dialects
    raise ImportError(
        "The emulator cannot add SuiteQL to the compiled form of sqlglot; uninstall the package `sqlglotc`."
    ) from None


def parse(text: str) -> exp.Query:
    """Read a statement; identifiers come out in lower case [section_156257796125].

    Raises:
        NetSuiteError: it is not a SELECT that SuiteQL understands [article_0824094533, section_156257796125].
    """
    try:
        dialect = SuiteQL()
        tokens = dialect.tokenize(text)
        _check_tokens(tokens)
        statements = dialect.parser().parse(tokens, text)
    except (SqlglotError, RecursionError, ValueError):
        raise unsupported_search() from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise unsupported_search()
    tree = statements[0]
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    for node in tree.find_all(exp.In):
        if len(node.expressions) > _LONGEST_IN:
            raise unsupported_search()
    return tree


def _check_tokens(tokens: Sequence[Token]) -> None:
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.token_type in _FORBIDDEN_TOKENS:
            raise unsupported_search()
        is_literal = token.token_type in _LITERAL_TYPES and following is not None
        if is_literal and following is not None and following.token_type == TokenType.STRING:
            raise unsupported_search()


@dataclass(frozen=True)
class Statement:
    """A translated statement.

    Attributes:
        sql: DuckDB's SQL.
        names: the names of the columns it gives.
        ascending: the place of the column its rows are sorted by first, upwards; None where there is no such column.
        is_ordered: whether its rows have an order.
        counted: DuckDB's SQL for as many rows, without what is only shown of them, which takes long to plan.
    """

    sql: str
    names: tuple[str, ...]
    ascending: int | None
    is_ordered: bool
    counted: str

    def shuffled(self, seed: int) -> Statement:
        """The statement with its rows in some order, another one for another seed."""
        return replace(self, sql=f"SELECT * FROM ({self.sql}) AS rows ORDER BY hash(rows, {seed})", ascending=None)

    @property
    def is_timeless(self) -> bool:
        """Whether it gives the same rows as long as nothing is written: it does not ask for the time."""
        return "ORA_NOW" not in self.sql.upper()


def translate(text: str, parameters: Sequence[Any], company: Company, *, ignores_offset: bool = True) -> Statement:
    """DuckDB's SQL for a SuiteQL statement, and what is known of its columns.

    Args:
        text: the statement.
        parameters: values of its `?`, in order [section_N3950559].
        company: whose tables it may read.
        ignores_offset: OFFSET changes nothing [reference 14.2].

    Raises:
        NetSuiteError: NetSuite would refuse the statement.
    """
    tree = parse(text)
    if ignores_offset:
        for query in tree.find_all(exp.Query):
            query.set("offset", None)
    _bind(tree, parameters)
    _join_builtins(tree)
    _name_subselects(tree)
    names = resolve(tree, company)
    if "links" in names:
        # Every row has a member `links` of NetSuite's own [section_157909186990].
        raise unknown_identifier("links", {})
    ascending, is_ordered = _first_ascending(tree, names), tree.args.get("order") is not None
    _name_expressions(tree)
    _translate_all(tree, company)
    for select in list(tree.find_all(exp.Select)):
        _translate_rownum(select)
        _group_by_position(select)
    _point_tables_at_views(tree)
    has_marks = any(column.args.get("join_mark") for column in tree.find_all(exp.Column))
    plain = eliminate_join_marks(tree) if has_marks else tree
    sql = _duckdb(plain)
    return Statement(sql, tuple(names), ascending, is_ordered, _duckdb(_counted(plain)) if _is_plain(plain) else sql)


def _duckdb(tree: exp.Expr) -> str:
    return DuckDB().generate(tree, identify=True, comments=False)


def _is_plain(tree: exp.Expr) -> bool:
    """Whether a statement has a row for each row that it reads."""
    if not isinstance(tree, exp.Select) or {name for name, value in tree.args.items() if value} - _PLAIN_PARTS:
        return False
    calls = (node for selected in tree.selects for node in selected.find_all(exp.Func, exp.Window))
    return all(isinstance(node, _OF_ONE_ROW) or _is_macro(node) for node in calls)


def _is_macro(call: exp.Expr) -> bool:
    """Whether a call is one of the macros, none of which looks at more than one row."""
    return isinstance(call, exp.Anonymous) and call.name.startswith("ora_")


def _counted(tree: exp.Expr) -> exp.Select:
    parts = {name: value for name, value in tree.args.items() if name not in {"expressions", "order"}}
    return exp.Select(expressions=[exp.Literal.number(1)], **parts)


def _first_ascending(tree: exp.Query, names: list[str]) -> int | None:
    order = tree.args.get("order")
    if not isinstance(tree, exp.Select) or order is None:
        return None
    first = order.expressions[0]
    column = first.this
    if not isinstance(column, exp.Column) or first.args.get("desc") or first.args.get("nulls_first"):
        return None
    if not column.table or any(selected.is_star for selected in tree.selects):
        return names.index(column.name) if names.count(column.name) == 1 else None
    selected = [item.unalias() for item in tree.selects]
    return selected.index(column) if column in selected else None


def _bind(tree: exp.Query, parameters: Sequence[Any]) -> None:
    places = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(parameters):
        raise unsupported_search()
    for place, value in zip(places, parameters, strict=True):
        if value is None:
            place.replace(exp.null())
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            place.replace(exp.Literal.number(value))
        else:
            place.replace(exp.Literal.string("T" if value is True else "F" if value is False else value))


def _join_builtins(tree: exp.Query) -> None:
    for dot in list(tree.find_all(exp.Dot)):
        function = dot.expression
        if dot.this.name != "builtin" or not isinstance(function, exp.Anonymous):
            raise unsupported_search()
        function.set("this", f"BUILTIN.{function.name.upper()}")
        dot.replace(function)


def _name_subselects(tree: exp.Query) -> None:
    for number, subselect in enumerate(tree.find_all(exp.Subquery), 1):
        if not subselect.alias and isinstance(subselect.parent, (exp.From, exp.Join)):
            subselect.set("alias", exp.TableAlias(this=exp.to_identifier(f"subselect_{number}")))


def _name_expressions(tree: exp.Query) -> None:
    for query in tree.find_all(exp.Select):
        for number, selected in enumerate(query.selects, 1):
            if not isinstance(selected, (exp.Alias, exp.Column)) and not selected.is_star:
                selected.replace(exp.alias_(selected.copy(), name_of(selected, number), quoted=True))


def _translate_all(tree: exp.Query, company: Company) -> None:
    for node in reversed(list(tree.walk(bfs=False))):
        replacement = translate_node(node, company)
        if replacement is not node:
            node.replace(replacement)


def _is_rownum(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name == "rownum"


def _translate_rownum(select: exp.Select) -> None:
    """ROWNUM counts rows before ORDER BY sorts them; a plain upper bound becomes a LIMIT."""
    where = select.args.get("where")
    conditions = list(where.this.flatten()) if where and isinstance(where.this, exp.And) else []
    if where and not conditions:
        conditions = [where.this]
    bounds = [condition for condition in conditions if any(_is_rownum(node) for node in condition.walk())]
    if bounds:
        kept = [condition for condition in conditions if condition not in bounds]
        select.set("where", exp.Where(this=exp.and_(*kept)) if kept else None)
        plain = not any(select.args.get(part) for part in ("order", "group", "distinct", "limit"))
        limit = _upper_bound(bounds[0]) if plain and len(bounds) == 1 else None
        if limit is not None:
            select.limit(limit, copy=False)
        else:
            select.set("qualify", exp.Qualify(this=exp.and_(*[bound.copy() for bound in bounds])))
    for node in list(select.find_all(exp.Column)):
        if _is_rownum(node):
            node.replace(exp.Window(this=exp.RowNumber()))


def _upper_bound(condition: exp.Expr) -> int | None:
    if not isinstance(condition, (exp.LT, exp.LTE)) or not _is_rownum(condition.this):
        return None
    bound = condition.expression
    if not bound.is_int:
        return None
    return int(bound.name) - (1 if isinstance(condition, exp.LT) else 0)


def _group_by_position(select: exp.Select) -> None:
    """DuckDB matches grouped expressions that hold a subselect only by their position."""
    group = select.args.get("group")
    if group is None:
        return
    selected = [item.unalias() for item in select.selects]
    for expression in list(group.expressions):
        if not isinstance(expression, exp.Column) and expression in selected:
            expression.replace(exp.Literal.number(selected.index(expression) + 1))


def _point_tables_at_views(tree: exp.Query) -> None:
    for table in tree.find_all(exp.Table):
        if not table.db:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("db", exp.to_identifier("suiteql"))
