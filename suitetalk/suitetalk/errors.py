"""The exception tree, and what a user can do about each."""

from __future__ import annotations

from dataclasses import dataclass

_NOT_ABOUT_THE_REQUEST = frozenset({407, 408})  # a proxy wants a login; the server tired of waiting
_BY_CODE = {
    "INVALID_LOGIN": "look up the reason in Setup > Users/Roles > User Management > View Login Audit Trail",
    "INSUFFICIENT_PERMISSION": "give the integration's role the permission for this record type",
    "NONEXISTENT_ID": "the id does not exist, or the role may not see it",
    "INVALID_ID": "give an internal id such as 107, or eid: and an external id",
    "NONEXISTENT_FIELD": "use a field that the type's x-ns-filterable list names",
    "INVALID_HEADER": (
        "set `language` where it asks for the company's language; else a proxy between here and NetSuite may add or "
        "drop headers"
    ),
    "CONCURRENCY_LIMIT_EXCEEDED": (
        "lower `max_concurrency`, or see Setup > Integration > Integration Governance for what else runs"
    ),
    "UNEXPECTED_ERROR": "try again later; if it stays, NetSuite cannot answer this very request, so ask for less or in "
    "another way",
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
    "INVALID_CONTENT": "compare it with what the catalog says of the record type, which `suitetalk schema TYPE` shows",
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


class SuiteTalkError(Exception):
    """Anything this library raises on purpose."""


class InvalidArgumentError(SuiteTalkError):
    """What the library was called with cannot be sent, such as a body with NaN in it; nothing was sent."""


class ConfigurationError(SuiteTalkError):
    """A setting is missing or wrong; the text names it."""

    def __init__(self, setting: str, problem: str) -> None:
        """Name the setting and say what is wrong with it and what to do."""
        super().__init__(f"Setting `{setting}` {problem}")
        self.setting = setting


class ConnectionFailedError(SuiteTalkError):
    """No usable answer came: refused connection, time-out, cut connection, unreadable body."""


class AnswerTimedOutError(ConnectionFailedError):
    """No answer came in time, or it was larger than any may be: asking for less at once may help."""


class OutcomeUnknownError(ConnectionFailedError):
    """A write was sent and no answer tells what became of it, so repeating it may do it twice.

    Attributes:
        idempotency_key: of an asynchronous write; submitted once more under it, it is not done twice. Else empty.
        job_id: the job that carries it out, when that is known. Else empty.
        record_id: internal id in the answer to a request that was to be done in the background and was done at once.
            Else empty.
    """

    def __init__(self, text: str, *, idempotency_key: str = "", job_id: str = "", record_id: str = "") -> None:
        """Say what is known."""
        super().__init__(text)
        self.idempotency_key = idempotency_key
        self.job_id = job_id
        self.record_id = record_id


class JobUnfinishedError(SuiteTalkError):
    """A job was not waited for any longer; it goes on in NetSuite.

    Attributes:
        job_id: what to wait for later.
    """

    def __init__(self, job_id: str, why: str) -> None:
        """Name the job and say why it is not waited for."""
        super().__init__(f"Job {job_id} goes on in NetSuite and {why}; wait for it later by its id.")
        self.job_id = job_id


class IncompleteResultError(SuiteTalkError):
    """NetSuite delivered fewer rows or lines than it counted itself."""


@dataclass(frozen=True)
class ErrorDetail:
    """One entry of `o:errorDetails` [section_156570709583].

    Attributes:
        message: NetSuite's own words.
        code: `o:errorCode`, empty when absent.
        path: `o:errorPath`, `o:errorQueryParam`, `o:errorHeader` or `o:errorUrl`, empty when absent.
    """

    message: str
    code: str = ""
    path: str = ""


class NetSuiteError(SuiteTalkError):
    """NetSuite answered and refused.

    Attributes:
        status: HTTP status.
        code: the most telling `o:errorCode`, empty when there was none.
        path: where in the request the fault is, empty when NetSuite did not say.
        detail: NetSuite's own words.
        details: every entry of `o:errorDetails`.
        advice: what the user can do, empty when nothing is known.
        request: method and path of the refused request, such as `GET /record/v1/customer/7`.
        location: the `Location` header of the refusal, empty when absent; NetSuite names the first job in it when
            an idempotency key is used again [subsect_164494900632].
    """

    def __init__(
        self,
        request: str,
        status: int,
        details: tuple[ErrorDetail, ...],
        *,
        advice: str = "",
        location: str = "",
    ) -> None:
        """Build the sentence from the parts."""
        first = details[0] if details else ErrorDetail("no explanation was given")
        where = " ".join(part for part in (str(status), first.code, f"at {first.path}" if first.path else "") if part)
        words = "; ".join(detail.message.rstrip(". ") for detail in details) or first.message
        super().__init__(f"NetSuite refused {request} ({where}): {words}" + (f"; {advice}" if advice else ""))
        self.request = request
        self.location = location
        self.status = status
        self.details = details
        self.code = first.code
        self.path = first.path
        self.detail = words
        self.advice = advice


class InvalidRequestError(NetSuiteError):
    """400, and every other refusal below 500 without a class of its own."""


class LoginRefusedError(NetSuiteError):
    """401, or the token end point refused the credentials."""


class LoginNeededError(SuiteTalkError):
    """A person has to log in: nobody has, or the login has ended, or the attempt has failed."""


class PermissionDeniedError(NetSuiteError):
    """403, or a 400 whose text speaks of a missing permission [section_156570709583]."""


class NotFoundError(NetSuiteError):
    """404, or a 400 for an id that no record can have [section 14.1]."""


class ConcurrencyLimitError(NetSuiteError):
    """429, and the retries were used up."""


class ServerFaultError(NetSuiteError):
    """500 and above."""


class UnexpectedError(ServerFaultError):
    """500 in all tries, which is also how NetSuite refuses some statements and records, each time [section 14.2]."""


class TooSlowError(ServerFaultError):
    """504: what answers for NetSuite did not wait for it any longer."""


def is_refusal(error: SuiteTalkError) -> bool:
    """Tell whether NetSuite refused this one request and did nothing, so that others may still pass."""
    if not isinstance(error, NetSuiteError) or isinstance(error, (LoginRefusedError, ConcurrencyLimitError)):
        return False
    return 400 <= error.status < 500 and error.status not in _NOT_ABOUT_THE_REQUEST  # noqa: PLR2004 - client errors


REFUSALS = (InvalidRequestError, NotFoundError, PermissionDeniedError)
"""The refusals of a question that may not be asked here: by this role, in this account, of this release."""


STATEMENT_REFUSALS = (*REFUSALS, UnexpectedError)
"""What NetSuite answers, after all tries, to what it does not take in this form."""

TOO_SLOW = (TooSlowError, AnswerTimedOutError)
"""How a statement ends that NetSuite works on for too long."""

STATEMENT_FAILURES = (*STATEMENT_REFUSALS, *TOO_SLOW)
"""What another statement may be tried after."""


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
        return "give the role the missing permission; lists and SuiteQL need Reports > SuiteAnalytics Workbook"
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
