"""How SuiteQL is read: Oracle's grammar, with every function left as it is written."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.oracle import Oracle
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]  # public, though not listed as such

from netsuite_emulator.suiteql.errors import unsupported

__all__ = ["parse"]

_LONGEST_IN = 1000  # [article_0824094533]
_FORBIDDEN_TOKENS = {TokenType.L_BRACKET, TokenType.R_BRACKET, TokenType.SEMICOLON, TokenType.WITH}
_LITERAL_TYPES = {TokenType.DATE, TokenType.TIMESTAMP, TokenType.TIMESTAMPTZ}


class SuiteQL(Oracle):
    """Oracle's dialect without knowledge of functions: which exist, and what they mean, is decided here."""

    class Parser(Oracle.Parser):  # type: ignore[misc, valid-type]  # how sqlglot wants dialects written
        """The parser."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: Oracle.Parser.FUNCTION_PARSERS[name] for name in ("CAST", "DECODE", "EXTRACT", "TRIM")
        }


def parse(text: str) -> exp.Query:
    """Read a statement; identifiers come out in lower case [section_156257796125].

    Raises:
        NetSuiteError: it is not a SELECT that SuiteQL understands [article_0824094533, section_156257796125].
    """
    try:
        _check_tokens(text)
        statements = SuiteQL().parse(text)
    except (SqlglotError, RecursionError, ValueError):
        raise unsupported() from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise unsupported()
    tree = statements[0]
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    for node in tree.find_all(exp.In):
        if len(node.expressions) > _LONGEST_IN:
            raise unsupported()
    return tree


def _check_tokens(text: str) -> None:
    tokens = SuiteQL().tokenize(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.token_type in _FORBIDDEN_TOKENS:
            raise unsupported()
        is_literal = token.token_type in _LITERAL_TYPES and following is not None
        if is_literal and following is not None and following.token_type == TokenType.STRING:
            raise unsupported()
