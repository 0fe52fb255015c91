"""Expressions of SuiteQL as DuckDB has them.

First `BUILTIN`, then format models of dates and numbers, then operators and functions, whose meaning depends on whether
they are about dates, texts or numbers.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sqlglot import exp, parse_one

from netsuite_emulator.company.description import Column, Company
from netsuite_emulator.errors import unsupported_search
from netsuite_emulator.storage.functions import DATE_FUNCTIONS, MACROS, NATIVE, TEXT_FUNCTIONS
from netsuite_emulator.suiteql.names import column_of

__all__ = ["kind_of", "translate_node"]

_TOKENS = {
    "YYYY": "%Y", "RRRR": "%Y", "IYYY": "%G", "YY": "%y", "RR": "%y", "MM": "%m", "DDD": "%j", "DD": "%d",
    "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S", "FF3": "%g", "FF6": "%f", "FF": "%f",
    "AM": "%p", "PM": "%p", "IW": "%V", "WW": "%W", "MONTH": "%B", "MON": "%b", "DAY": "%A", "DY": "%a",
    "Q": "", "D": "",
}  # fmt: skip
_LONGEST_FIRST = "|".join(sorted(_TOKENS, key=len, reverse=True))
_PATTERN = re.compile(rf'"[^"]*"|FM|{_LONGEST_FIRST}|.', re.IGNORECASE | re.DOTALL)
_SPECIAL = frozenset({"Q", "D", "MON", "MONTH", "DAY", "DY"})
_UNPADDED = {"%m": "%-m", "%d": "%-d", "%H": "%-H", "%I": "%-I", "%j": "%-j"}
_NOW = (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp, exp.Systimestamp)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_KINDS = {
    "date": "date", "datetime": "date", "text": "text", "long": "text", "flag": "text", "choice": "text",
    "status": "text", "multiselect": "text",
}  # fmt: skip
_ROUNDED_TO = {
    "YYYY": "year", "YEAR": "year", "YY": "year", "Q": "quarter", "MM": "month", "MONTH": "month", "MON": "month",
    "IW": "week", "DD": "day", "DDD": "day", "J": "day", "HH": "hour", "HH24": "hour", "MI": "minute",
}  # fmt: skip
_OPERANDS = 2  # of CONCAT
_PASSING = ("NVL", "COALESCE", "MAX", "MIN", "GREATEST", "LEAST", "NULLIF")


def translate_builtin(name: str, arguments: list[exp.Expr], company: Company) -> exp.Expr:
    """DuckDB's expression for `BUILTIN.<name>(…)`.

    Raises:
        NetSuiteError: no such function, or not on this argument.
    """
    if not arguments:
        raise unsupported_search()
    if name == "DF":
        return _display(arguments[0], company)
    if name == "CF":
        return _canonical(arguments[0])
    if name in ("CONSOLIDATE", "CURRENCY_CONVERT"):
        # Amounts are kept in one currency only as far as these functions go: the rate is taken as 1.
        return arguments[0].copy()
    raise unsupported_search()


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
    if column.kind == "choice" and column.target:
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
    node = _raw(template, "text")
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


def is_number_format(model: str) -> bool:
    """Whether a format model is one for numbers."""
    return bool(re.fullmatch(r"(FM)?[$SLMI]*[90,.GD]+(MI|PR|S)?", model.strip(), re.IGNORECASE))


def format_number_sql(value: str, model: str) -> str:
    """DuckDB's expression for a number in a format model; `value` is an SQL expression."""
    upper = model.upper().replace("FM", "").replace("G", ",").replace("D", ".")
    places = len(upper.partition(".")[2].strip("MIPRS")) if "." in upper else 0
    grouped = "," if "," in upper else ""
    text = f"format('{{:{grouped}.{places}f}}', ({value})::DOUBLE)"
    if "$" in upper:
        text = f"'$' || {text}"
    return text if model.upper().startswith("FM") else f"' ' || {text}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def to_char_sql(value: str, model: str) -> str:
    """DuckDB's expression for a date or time in a format model; `value` is an SQL expression."""
    moment = f"({value})::TIMESTAMP"
    pieces: list[str] = []
    plain = ""  # what one strftime can write

    def flush() -> None:
        nonlocal plain
        if plain:
            pieces.append(f"strftime({moment}, {_quoted(plain)})")
        plain = ""

    unpadded = False
    for token in _PATTERN.findall(model):
        upper = token.upper()
        if upper == "FM":
            unpadded = not unpadded
        elif upper in _SPECIAL:
            flush()
            pieces.append(_special(moment, token))
        elif upper in _TOKENS:
            code = _TOKENS[upper]
            plain += _UNPADDED.get(code, code) if unpadded else code
        else:
            literal = token[1:-1] if token.startswith('"') and len(token) > 1 else token
            plain += literal.replace("%", "%%")
    flush()
    return " || ".join(pieces) or "NULL"


def _special(moment: str, token: str) -> str:
    """What strftime does not know, and names, which follow the case of the model: MON gives JAN, Mon gives Jan."""
    upper = token.upper()
    if upper == "Q":
        return f"quarter({moment})::VARCHAR"
    if upper == "D":
        return f"(dayofweek({moment}) + 1)::VARCHAR"
    name = f"strftime({moment}, '{_TOKENS[upper]}')"
    if token.isupper():
        return f"upper({name})"
    return f"lower({name})" if token.islower() else name


def parse_formats(model: str) -> list[str]:
    """The `strptime` formats of a model: in full, and without the time, which Oracle lets one leave out."""
    text = ""
    dates_only = ""
    for token in _PATTERN.findall(model):
        upper = token.upper()
        if upper == "FM":
            continue
        if upper in ("HH24", "HH12", "HH") and not dates_only:
            dates_only = text.rstrip(" T")
        text += _TOKENS[upper] if upper in _TOKENS else token.strip('"').replace("%", "%%")
    return [text, dates_only] if dates_only else [text]


def kind_of(node: exp.Expr) -> str:  # noqa: PLR0911 - one for each form
    """Whether an expression is a `date`, a `text`, a `number`, or of no known kind (the empty string)."""
    column = column_of(node)
    if column is not None:
        return _KINDS.get(column.kind, "number")
    if node.meta.get("kind"):
        return str(node.meta["kind"])
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, (exp.Paren, exp.Alias)):
        return kind_of(node.this)
    if isinstance(node, exp.DPipe):
        return "text"
    if isinstance(node, (exp.Mul, exp.Div)):
        return "number"
    return ""


def translate_node(node: exp.Expr, company: Company) -> exp.Expr:  # noqa: PLR0911 - one for each form
    """What takes the place of a node whose children are translated already; the node itself where nothing does.

    Raises:
        NetSuiteError: SuiteQL does not know the function.
    """
    if isinstance(node, exp.Literal):
        return exp.null() if node.is_string and not node.name else node  # Oracle's empty string is null
    if isinstance(node, _NOW):
        return _call("NOW")
    if isinstance(node, exp.DPipe):
        return _joined(node.left, node.right)
    if isinstance(node, (exp.Add, exp.Sub)):
        return _arithmetic(node)
    if isinstance(node, _COMPARISONS):
        return _comparison(node)
    if isinstance(node, (exp.In, exp.Between)):
        return _membership(node)
    if isinstance(node, exp.Anonymous):
        return _function(node, company)
    if isinstance(node, (exp.GroupConcat, exp.WithinGroup)):
        raise unsupported_search()
    return node


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    call = exp.Anonymous(this=f"ora_{name.lower()}", expressions=[argument.copy() for argument in arguments])
    call.meta["kind"] = "date" if name in DATE_FUNCTIONS else "text" if name in TEXT_FUNCTIONS else ""
    return call


def _joined(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Two texts as one; Oracle joins null as if it were empty.

    All parts of a chain stand in one call: nested ones would repeat each part for each call around it.
    """
    is_chain = isinstance(left, exp.Anonymous) and left.name == "ora_concat"
    texts = left.expressions[0].expressions if is_chain else [_as_text(left)]
    return _call("CONCAT", exp.Array(expressions=[*texts, _as_text(right)]))


def _as_text(node: exp.Expr) -> exp.Expr:
    return node if kind_of(node) == "text" else _call("TEXT", node)


@lru_cache(maxsize=1000)
def _parsed(sql: str) -> exp.Expr:
    return parse_one(sql, dialect="duckdb")


def _raw(sql: str, kind: str) -> exp.Expr:
    node = exp.Paren(this=_parsed(sql).copy())
    node.meta["kind"] = kind
    return node


def _arithmetic(node: exp.Add | exp.Sub) -> exp.Expr:
    kinds = kind_of(node.left), kind_of(node.right)
    if isinstance(node, exp.Sub) and kinds == ("date", "date"):
        return _call("DAYS", node.left, node.right)
    if kinds[0] == "date":
        days = node.right.copy() if isinstance(node, exp.Add) else exp.Neg(this=exp.Paren(this=node.right.copy()))
        return _call("SHIFT", node.left, days)
    if kinds[1] == "date" and isinstance(node, exp.Add):
        return _call("SHIFT", node.right, node.left)
    return node


def _comparison(node: exp.Expr) -> exp.Expr:
    """Oracle turns the text into a number where a text meets a number."""
    for side, other in (("this", "expression"), ("expression", "this")):
        text, number = node.args[side], node.args[other]
        if kind_of(text) == "text" and kind_of(number) == "number" and not isinstance(text, exp.Literal):
            node.set(side, _call("NUMBER", text))
    return node


def _membership(node: exp.Expr) -> exp.Expr:
    values = node.expressions if isinstance(node, exp.In) else [node.args["low"], node.args["high"]]
    if kind_of(node.this) == "text" and any(kind_of(value) == "number" for value in values):
        node.set("this", _call("NUMBER", node.this))
    return node


def _function(node: exp.Anonymous, company: Company) -> exp.Expr:
    name = node.name.upper()
    arguments = node.expressions
    if name.startswith("ORA_") and name != "ORA_HASH":
        if node.meta.get("kind") is None:
            raise unsupported_search()
        return node  # a call this module has put in already
    if name.startswith("BUILTIN."):
        return translate_builtin(name.partition(".")[2], arguments, company)
    if name in ("TO_CHAR", "TO_DATE", "TO_TIMESTAMP", "TO_TIMESTAMP_TZ", "TRUNC", "ROUND"):
        return _formatted(name, node)
    if name == "CONCAT" and len(arguments) == _OPERANDS:
        return _joined(*arguments)
    if name in MACROS:
        call = _call(name, *arguments)
    elif name in NATIVE:
        call = exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
        call.meta["kind"] = "date" if name in DATE_FUNCTIONS else "text" if name in TEXT_FUNCTIONS else ""
    else:
        raise unsupported_search()
    if name in _PASSING and arguments:
        call.meta["kind"] = kind_of(arguments[0])
    return call


def _formatted(name: str, node: exp.Anonymous) -> exp.Expr:
    arguments = node.expressions
    if not arguments:
        raise unsupported_search()
    value = arguments[0]
    if name in ("TRUNC", "ROUND"):
        return _rounded(name, arguments)
    if len(arguments) == 1:
        return _call("TO_CHAR", value) if name == "TO_CHAR" else _replaced(value, "CAST(_value_ AS TIMESTAMP)", "date")
    if not isinstance(arguments[1], exp.Literal):
        raise unsupported_search()
    model = arguments[1].name
    if name != "TO_CHAR":
        formats = ", ".join("'" + text.replace("'", "''") + "'" for text in parse_formats(model))
        return _replaced(value, f"strptime(CAST(_value_ AS VARCHAR), [{formats}])", "date")
    if is_number_format(model):
        return _replaced(value, format_number_sql("_value_", model), "text")
    if kind_of(value) == "text":  # to Oracle it is then a number, and no format of a time is one of numbers
        raise unsupported_search()
    return _replaced(value, to_char_sql("_value_", model), "text")


def _replaced(value: exp.Expr, template: str, kind: str) -> exp.Expr:
    """`template` with `value` in place of its name `_value_`, the nodes of `value` kept with what is known of them."""
    node = _raw(template, kind)
    for column in list(node.find_all(exp.Column)):
        if column.name == "_value_":
            column.replace(value.copy())
    return node


def _rounded(name: str, arguments: list[exp.Expr]) -> exp.Expr:
    if name == "TRUNC" and kind_of(arguments[0]) == "date":
        model = arguments[1].name.upper() if len(arguments) > 1 else "DD"
        if model not in _ROUNDED_TO:
            raise unsupported_search()
        return _call("TRUNC_DATE", arguments[0], exp.Literal.string(_ROUNDED_TO[model]))
    if name == "TRUNC":
        return _call("TRUNC_NUMBER", *arguments)
    rounded = exp.Anonymous(this="round", expressions=[argument.copy() for argument in arguments])
    rounded.meta["kind"] = "number"
    return rounded
