"""What came back from NetSuite, and its refusals as exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from suitetalk import advice
from suitetalk.errors import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    ErrorDetail,
    InvalidRequestError,
    LoginRefusedError,
    NetSuiteError,
    NotFoundError,
    PermissionDeniedError,
    ServerFaultError,
)

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_BY_STATUS: dict[int, type[NetSuiteError]] = {
    401: LoginRefusedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: ConcurrencyLimitError,
}
_FIRST_SERVER_FAULT = 500


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    Attributes:
        request: method and path it answers, for messages.
        status: HTTP status.
        headers: header fields, names in any case.
        content: the body, complete.
    """

    request: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return the body with numbers that have a fraction as Decimal.

        Raises:
            ConnectionFailedError: the body is no JSON.
        """
        try:
            return _DECODER.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            raise ConnectionFailedError(
                f"{self.request} was answered with {kind} that is no readable JSON (status {self.status}); "
                "check `base_url`, and any proxy on the way."
            ) from None

    def created_id(self) -> str:
        """Return the id at the end of the `Location` header [section_1545141395].

        Raises:
            ConnectionFailedError: there is no such header.
        """
        path = urlsplit(self.headers.get("Location", "")).path.rstrip("/")
        if not path:
            raise ConnectionFailedError(
                f"{self.request} was accepted (status {self.status}) without a Location header, so the new id "
                "is unknown; look the record up in NetSuite before sending it again."
            )
        return unquote(path.rsplit("/", 1)[-1])


def encode(body: Any) -> bytes:
    """Return a body as JSON bytes; Decimals become numbers with all their digits."""
    return msgspec.json.Encoder(decimal_format="number").encode(body)


def refusal(answer: Answer) -> NetSuiteError:
    """Turn a refused request into its exception [section_156570709583]."""
    details = _details(answer)
    first = details[0]
    kind = _BY_STATUS.get(answer.status, InvalidRequestError)
    if answer.status >= _FIRST_SERVER_FAULT:
        kind = ServerFaultError
    elif kind is InvalidRequestError and advice.speaks_of_permission(first.message):
        kind = PermissionDeniedError
    return kind(
        answer.request,
        answer.status,
        details,
        advice=advice.for_refusal(answer.status, first.code, first.message),
    )


def token_refusal(answer: Answer) -> NetSuiteError:
    """Turn a refused token request into its exception; its body is `{"error": …}` [subsect_158521832417]."""
    try:
        error = str(answer.json()["error"])
    except (ConnectionFailedError, KeyError, TypeError):
        return refusal(answer)
    words = ErrorDetail("the token end point refused the login", error)
    return LoginRefusedError(answer.request, answer.status, (words,), advice=advice.for_token_refusal(error))


def _details(answer: Answer) -> tuple[ErrorDetail, ...]:
    try:
        body = answer.json()
    except ConnectionFailedError:
        body = None
    if not isinstance(body, dict):
        return (ErrorDetail(f"the answer was {answer.headers.get('Content-Type', 'empty')}, not NetSuite's JSON"),)
    listed = body.get("o:errorDetails")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    details = tuple(_detail(entry) for entry in entries)
    return details or (_detail({"detail": body.get("detail") or body.get("title"), **body}),)


def _detail(entry: dict[str, Any]) -> ErrorDetail:
    places = ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")
    path = next((str(entry[place]) for place in places if entry.get(place)), "")
    return ErrorDetail(
        str(entry.get("detail") or "no explanation was given"), str(entry.get("o:errorCode") or ""), path
    )
