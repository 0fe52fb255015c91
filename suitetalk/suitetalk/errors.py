"""One tree of exceptions; the text of each is one sentence that a user can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"  # key
    r"|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"  # assertion or access token
    r"|(?<=\bBearer )(?!realm=)\S+"
    r"|(?<=\bBasic )(?!realm=)\S+"
    r"|\boauth_(?:consumer_key|token|signature)=\S+"
    r"|\b(?:client_secret|refresh_token|access_token|code|code_verifier|token_secret)=[^&\s]+",  # fields of a form
    re.DOTALL,
)


class SuiteTalkError(Exception):
    """Anything this library raises on purpose."""


class ConfigurationError(SuiteTalkError):
    """A setting is missing or wrong; the text names it."""

    def __init__(self, setting: str, problem: str) -> None:
        """Name the setting and say what is wrong with it and what to do."""
        super().__init__(f"Setting `{setting}` {problem}")
        self.setting = setting


class ConnectionFailedError(SuiteTalkError):
    """No usable answer came: refused connection, time-out, cut connection, unreadable body."""


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


def readable(words: object) -> str:
    """Return somebody else's words on one line, without what looks like a key or a token.

    NetSuite echoes no login, but a proxy may show the request it could not pass on.
    """
    return _SECRETS.sub("[hidden]", " ".join(str(words).split()))


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
    """400, and every other refusal below 500 that has no class of its own."""


class LoginRefusedError(NetSuiteError):
    """401, or the token end point refused the credentials."""


class LoginNeededError(SuiteTalkError):
    """A person has to log in: nobody has, or the login has ended, or the attempt has failed."""


class PermissionDeniedError(NetSuiteError):
    """403, or a 400 whose text speaks of a missing permission [section_156570709583]."""


class NotFoundError(NetSuiteError):
    """404."""


class ConcurrencyLimitError(NetSuiteError):
    """429, and the retries were used up."""


class ServerFaultError(NetSuiteError):
    """500 and above."""
