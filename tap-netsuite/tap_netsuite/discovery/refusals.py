"""What NetSuite's refusal of a table means: no permission, a feature that is off, or no such table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from suitetalk import InvalidRequestError, NetSuiteError, NotFoundError, PermissionDeniedError, ServerFaultError
from suitetalk.advice import speaks_of_permission
from tap_netsuite.discovery.entry import Finding, Status
from tap_netsuite.known_tables import feature_of, main_table, permission_of

REFUSALS = (InvalidRequestError, PermissionDeniedError, NotFoundError, ServerFaultError)
"""What NetSuite answers to what it does not accept; see `raise_outage` for the last of them."""

_SERVER_FAULT = 500
_NO_TABLE = "Invalid search type"
_UNSEEN = re.compile(r"Record .* was not found")


def raise_outage(refusal: NetSuiteError) -> None:
    """Raise what is no refusal of the statement but the server being away for a while.

    A plain 500 may be an answer to a heavy statement [section 5.8]; 502, 503 and 504 say nothing about it.

    Raises:
        ServerFaultError: NetSuite cannot be asked now.
    """
    if refusal.status > _SERVER_FAULT:
        raise refusal


def is_about_table(refusal: NetSuiteError) -> bool:
    """Tell whether a refusal is about the table as such, so that no other statement on it fares better."""
    return _NO_TABLE in refusal.detail or _is_unseen(refusal)


def refused_table(table: str, refusal: NetSuiteError, *, is_record_type: bool) -> Finding:
    """Return what became of a table that SuiteQL refuses [section 5.8].

    Args:
        table: name of the table.
        refusal: SuiteQL's answer.
        is_record_type: whether the metadata catalog shows the role a record type of this name.
    """
    if _is_unseen(refusal):
        return Finding(table, Status.NOT_PERMITTED, _permission_note(table, is_record_type=is_record_type))
    if _NO_TABLE not in refusal.detail:
        return Finding(table, Status.FAILED, refusal.detail)
    if is_record_type:
        return Finding(table, Status.RECORD_ONLY, f"read it as record_{table}")
    feature = feature_of(table)
    if feature:
        return Finding(table, Status.FEATURE_OFF, f"{feature}, or the role may not see it")
    return Finding(table, Status.UNKNOWN)


def with_features_that_are_on(findings: Sequence[Finding]) -> list[Finding]:
    """Take back that a feature is off where its main table can be read: the table is missing for another reason."""
    readable = {finding.name for finding in findings if finding.status.is_stream}
    return [
        Finding(finding.name, Status.UNKNOWN)
        if finding.status is Status.FEATURE_OFF and main_table(feature_of(finding.name)) in readable
        else finding
        for finding in findings
    ]


def refused_record_type(stream: str, record_type: str, error: Exception) -> Finding:
    """Return what became of a record type that is listed and whose schema cannot be read."""
    if isinstance(error, NetSuiteError) and _is_unseen(error):
        return Finding(stream, Status.NOT_PERMITTED, _permission_note(record_type.lower(), is_record_type=False))
    return Finding(stream, Status.FAILED, f"its schema: {error}")


def _is_unseen(refusal: NetSuiteError) -> bool:
    """Tell whether a permission is missing; NetSuite says so in several ways [section_156570709583]."""
    return (
        isinstance(refusal, PermissionDeniedError)
        or refusal.code == "USER_ERROR"
        or speaks_of_permission(refusal.detail)
        or _UNSEEN.search(refusal.detail) is not None
    )


def _permission_note(table: str, *, is_record_type: bool) -> str:
    permission = permission_of(table)
    if not permission and is_record_type:
        return f"or not in SuiteQL at all; the role sees the record type, so read it as record_{table}"
    return f"the role needs {permission or 'View on it'}"
