"""NetSuite's refusals, as exceptions that know their answer."""

from __future__ import annotations

import random
import string
from typing import Any

__all__ = [
    "NetSuiteError",
    "concurrency_exceeded",
    "hidden_record_type",
    "insufficient_permission",
    "invalid_content",
    "invalid_method",
    "invalid_parameter",
    "missing_permission",
    "nonexistent_id",
    "refused_statement",
    "unexpected_detail",
    "unsupported_search",
    "user_error",
]

_TITLES = {
    400: ("Bad Request", "15.5.1"),
    401: ("Unauthorized", "15.5.2"),
    403: ("Forbidden", "15.5.4"),
    404: ("Not Found", "15.5.5"),
    405: ("Method Not Allowed", "15.5.6"),
    429: ("Bad Request", "15.5.1"),
    500: ("Internal Server Error", "15.6.1"),
    503: ("Service Unavailable", "15.6.4"),
}


class NetSuiteError(Exception):
    """A request NetSuite refuses [section_156570709583].

    Args:
        status: the HTTP status.
        code: `o:errorCode`.
        detail: the sentence for people.
        path: JSON path of the culprit in the body (`o:errorPath`).
        query_parameter: name of the culprit in the URL (`o:errorQueryParam`).
        header: name of the culprit among the headers (`o:errorHeader`).
        url: the culprit is the address (`o:errorUrl`).
        top_code: an `o:errorCode` at the top of the body, which 429 has too.
        headers: headers of the answer.
    """

    content_type = "application/vnd.oracle.resource+json; type=error"

    def __init__(  # noqa: PLR0913 - one for each member of the body
        self,
        status: int,
        code: str,
        detail: str,
        *,
        path: str | None = None,
        query_parameter: str | None = None,
        header: str | None = None,
        url: str | None = None,
        top_code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Keep what the answer will say."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.top_code = top_code
        self._optional = {
            "o:errorPath": path,
            "o:errorQueryParam": query_parameter,
            "o:errorHeader": header,
            "o:errorUrl": url,
        }

    def body(self) -> dict[str, Any]:
        """The error body of the answer."""
        title, section = _TITLES.get(self.status, ("Error", "15"))
        detail = {"detail": self.detail, "o:errorCode": self.code}
        detail.update({key: value for key, value in self._optional.items() if value is not None})
        body: dict[str, Any] = {
            "type": f"https://www.rfc-editor.org/rfc/rfc9110.html#section-{section}",
            "title": title,
            "status": self.status,
        }
        if self.top_code:
            body["o:errorCode"] = self.top_code
        body["o:errorDetails"] = [detail]
        return body


def invalid_content(detail: str, path: str | None = None) -> NetSuiteError:
    """A value in the body cannot be used [section_156570709583]."""
    return NetSuiteError(400, "INVALID_CONTENT", detail, path=path)


def invalid_parameter(detail: str, name: str) -> NetSuiteError:
    """A query parameter cannot be used."""
    return NetSuiteError(400, "INVALID_PARAMETER", detail, query_parameter=name)


def user_error(detail: str, path: str | None = None) -> NetSuiteError:
    """A business rule refuses the request."""
    return NetSuiteError(400, "USER_ERROR", f"Error while accessing a resource. {detail}", path=path)


def missing_permission() -> NetSuiteError:
    """The role may not do this; the status is not 403 [PO-client]."""
    return user_error("Your current role does not have permission to perform this action.")


def nonexistent_id() -> NetSuiteError:
    """No such record [section_156570709583]."""
    return NetSuiteError(
        404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID."
    )


def hidden_record_type(name: str) -> NetSuiteError:
    """No such record type."""
    return NetSuiteError(404, "NONEXISTENT_ID", f"Record type '{name}' does not exist.")


def insufficient_permission(name: str) -> NetSuiteError:
    """The role may not see the record type [airbytehq/airbyte]."""
    detail = f"Permission Violation: You need a higher permission for '{name}' to access this page."
    return NetSuiteError(403, "INSUFFICIENT_PERMISSION", detail)


def invalid_method(name: str, allowed: frozenset[str]) -> NetSuiteError:
    """The address does not take the verb; the text lists those it takes [airbytehq/airbyte#69274]."""
    verbs = ", ".join(sorted(allowed))
    return NetSuiteError(
        405,
        "INVALID_METHOD",
        f"This operation is not allowed for '{name}'. Valid operations: {verbs}.",
        headers={"Allow": verbs},
    )


def concurrency_exceeded(headers: dict[str, str]) -> NetSuiteError:
    """The refusal of a request too many."""
    return NetSuiteError(
        429,
        "CONCURRENCY_LIMIT_EXCEEDED",
        "Concurrent request limit exceeded. Request blocked.",
        top_code="USER_ERROR",
        headers=headers,
    )


def refused_statement(detail: str) -> NetSuiteError:
    """SuiteQL refuses a statement."""
    return invalid_parameter(f"Invalid search query. Detailed unprocessed description follows. {detail}", "q")


def unsupported_search() -> NetSuiteError:
    """The statement is not understood."""
    return refused_statement("Search error occurred: Invalid or unsupported search.")


def unexpected_detail() -> str:
    """The sentence of an unexpected error, with an id of 25 characters, another one each time [reference 14.2]."""
    characters = string.ascii_lowercase + string.digits
    return f"An unexpected error occurred. Error ID: {''.join(random.choices(characters, k=25))}"  # noqa: S311 - no secret
