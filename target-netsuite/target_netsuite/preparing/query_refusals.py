"""What NetSuite's refusal of a statement means [section 5.8]."""

from __future__ import annotations

import re

from suitetalk import InvalidRequestError, NetSuiteError, PermissionDeniedError

WORKBOOK = "Reports > SuiteAnalytics Workbook"
"""The permission that SuiteQL and lists need [article_5085602973]."""

_UNKNOWN = re.compile(r"Unknown identifier '([^']+)'")
_NO_TABLE = re.compile(r"Invalid search type|Record .* was not found")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def is_word(name: str) -> bool:
    """Tell whether a name may stand in a statement as a table or column."""
    return _WORD.fullmatch(name) is not None


def unknown_column(refusal: NetSuiteError) -> str:
    """Return the column that NetSuite says it does not know, in lower case; empty when it names none."""
    found = _UNKNOWN.search(refusal.detail)
    return found[1].lower().rpartition(".")[2] if found else ""


def is_about_table(refusal: NetSuiteError) -> bool:
    """Tell whether the role cannot read the table at all, or there is none, so that no statement on it fares better."""
    return isinstance(refusal, PermissionDeniedError) or _NO_TABLE.search(refusal.detail) is not None


def is_about_statement(refusal: NetSuiteError) -> bool:
    """Tell whether NetSuite refused what the statement says, in whole or in part; another statement may pass."""
    return isinstance(refusal, InvalidRequestError)
