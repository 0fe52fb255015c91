"""NetSuite's refusals in terms of what the user can do about them."""

from __future__ import annotations

_BY_CODE = {
    "INVALID_LOGIN": "look up the reason in Setup > Users/Roles > User Management > View Login Audit Trail",
    "INSUFFICIENT_PERMISSION": "give the integration's role the permission for this record type",
    "NONEXISTENT_ID": "the id does not exist, or the role may not see it",
    "NONEXISTENT_FIELD": "use a field that the type's x-ns-filterable list names",
    "INVALID_HEADER": "a proxy between here and NetSuite may add or drop headers",
    "CONCURRENCY_LIMIT_EXCEEDED": (
        "lower `max_concurrency`, or see Setup > Integration > Integration Governance for what else runs"
    ),
    "UNEXPECTED_ERROR": "try again later, and give NetSuite's support the Error ID if it stays",
    "INVALID_METHOD": "this record type does not offer the operation over REST",
}

_CHECK_THE_NAME = "check the name, and that the role has the permission to view it"
_BY_WORDS = {
    "please enter value": "fill these fields; the form, features and preferences of the account make them mandatory",
    "was not found": _CHECK_THE_NAME,
    "invalid search type": _CHECK_THE_NAME,
    "invalid field value": "check the value; what it names does not exist, is inactive, or may not be used here",
    "already exists": "names and ids must be unique: change it, or update the record that has it already",
}

_WHERE_WORDS_SAY_NOTHING = {
    "USER_ERROR": (
        "rules of the account refuse it, such as a name or id that must be unique, a mandatory field, a workflow or a "
        "script; try the same in NetSuite with the integration's role"
    ),
    "INVALID_CONTENT": "compare it with what the catalog says of the record type, see `suitetalk metadata`",
}

_BY_STATUS = {
    401: _BY_CODE["INVALID_LOGIN"],
    403: _BY_CODE["INSUFFICIENT_PERMISSION"],
    404: "check the record type and id, and `base_url`",
    429: _BY_CODE["CONCURRENCY_LIMIT_EXCEEDED"],
}

_BY_ASSERTION_ERROR = {
    "invalid_client": (
        "check `client_id`, `certificate_id` and `private_key`: the certificate must be the one uploaded for this "
        "integration, still valid and not revoked"
    ),
    "invalid_grant": (
        "the assertion was not accepted: check that the certificate has not expired, that its role and employee are "
        "active, and that this machine's clock is right"
    ),
    "invalid_request": "check `private_key`, `client_id` and this machine's clock",
    "invalid_scope": "tick the REST Web Services scope on the integration record",
    "unauthorized_client": "tick Client Credentials (Machine to Machine) Grant on the integration record",
    "unsupported_grant_type": "tick Client Credentials (Machine to Machine) Grant on the integration record",
}

_TICK_CODE_GRANT = "tick Authorization Code Grant on the integration record"
_BY_CODE_ERROR = {
    "invalid_client": "check `client_id` and `client_secret`; a public client has no `client_secret`",
    "invalid_grant": (
        "the code or the login is used up, too old, or belongs to another `client_id` or `redirect_uri`; run "
        "`suitetalk login` again"
    ),
    "invalid_request": "check `client_id` and `redirect_uri`",
    "invalid_scope": _BY_ASSERTION_ERROR["invalid_scope"],
    "unauthorized_client": _TICK_CODE_GRANT,
    "unsupported_grant_type": _TICK_CODE_GRANT,
}


def for_refusal(status: int, code: str, words: str) -> str:
    """Return what to do about a refused request, empty when nothing is known.

    Args:
        status: HTTP status.
        code: `o:errorCode`.
        words: NetSuite's own text; a missing permission often hides in a 400 USER_ERROR
            [section_156570709583], and a missing one in SuiteQL looks like an unknown table [section 5.8].
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    if speaks_of_permission(words):
        return "give the role the missing permission; lists and SuiteQL also need Reports > SuiteAnalytics Workbook"
    if advised := next((advice for part, advice in _BY_WORDS.items() if part in words.lower()), ""):
        return advised
    if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
        return "redirects are not followed, so check `base_url`"
    if status >= 500:  # noqa: PLR2004 - the class of server faults
        return "try again later, and check any proxy on the way"
    return _WHERE_WORDS_SAY_NOTHING.get(code) or _BY_STATUS.get(status, "")


def for_token_refusal(status: int, error: str, grant: str) -> str:
    """Return what to do about an OAuth 2.0 `error` of the token end point [subsect_158521832417].

    Args:
        status: HTTP status.
        error: its documented name.
        grant: `grant_type` of the request.
    """
    if status == 404:  # noqa: PLR2004 - not found
        return "check `account_id`, `base_url` and `token_url`"
    by_error = _BY_CODE_ERROR if grant in ("authorization_code", "refresh_token") else _BY_ASSERTION_ERROR
    return by_error.get(error, "check the login settings and the Login Audit Trail in NetSuite")


def speaks_of_permission(words: str) -> bool:
    """Tell whether an error text is about a missing permission."""
    return "permission" in words.lower()
