"""Telling a refusal of one question from a NetSuite that is not itself."""

from __future__ import annotations

from suitetalk import ConcurrencyLimitError, LoginRefusedError, NetSuiteError, SuiteTalkError

_REFUSALS = range(400, 500)
_NOT_ABOUT_THE_QUESTION = frozenset({407, 408})  # a proxy wants a login; the server tired of waiting


def is_refusal(error: SuiteTalkError) -> bool:
    """Tell whether NetSuite refused just this: the role may not, or there is no such thing."""
    if not isinstance(error, NetSuiteError) or isinstance(error, (LoginRefusedError, ConcurrencyLimitError)):
        return False
    return error.status in _REFUSALS and error.status not in _NOT_ABOUT_THE_QUESTION
