"""What came back from NetSuite, and its refusals as exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.message import Message
from math import isfinite
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from suitetalk.errors import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    ErrorDetail,
    InvalidArgumentError,
    InvalidRequestError,
    LoginRefusedError,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ServerFaultError,
    for_refusal,
    for_token_refusal,
    speaks_of_permission,
)
from suitetalk.redaction import readable

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_BY_STATUS: dict[int, type[NetSuiteError]] = {
    401: LoginRefusedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: ConcurrencyLimitError,
}
_BLOCKED = 429
_NO_ID = "INVALID_ID"
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
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body with numbers that have a fraction as Decimal.

        Raises:
            ConnectionFailedError: the body is not JSON.
        """
        try:
            return _DECODER.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            raise ConnectionFailedError(
                f"{self.request} was answered with {kind} that is not readable JSON (status {self.status}); "
                "check `base_url`, and any proxy on the way."
            ) from None

    def text(self) -> str:
        """Return the body as text, in the character set the answer names, UTF-8 by default."""
        kind = Message()
        kind["Content-Type"] = self.headers.get("Content-Type", "text/plain")
        try:
            return self.content.decode(kind.get_content_charset("utf-8"), errors="replace")
        except LookupError:
            return self.content.decode(errors="replace")

    def created_id(self) -> str:
        """Return the id at the end of the `Location` header [section_1545141395].

        Raises:
            OutcomeUnknownError: there is no such header.
        """
        if not self.located_id:
            raise OutcomeUnknownError(
                f"{self.request} was accepted (status {self.status}) without a Location header, so the new id "
                "is unknown; look the record up in NetSuite before sending it again."
            )
        return self.located_id

    @property
    def located_id(self) -> str:
        """The id at the end of the `Location` header, empty when there is none."""
        return unquote(_path_of(self.headers.get("Location", "")).rsplit("/", 1)[-1])


def encode(body: Any) -> bytes:
    """Return a body as JSON bytes; Decimals become numbers with all their digits.

    Raises:
        InvalidArgumentError: JSON has no form for a value in it, such as NaN.
    """
    try:
        _refuse_unsayable_numbers(body)
        return _ENCODER.encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"The body cannot be sent as JSON: {error}.") from None


def refusal(answer: Answer) -> NetSuiteError:
    """Turn a refused request into its exception [section_156570709583]."""
    details = _details(answer)
    first = details[0]
    kind = _BY_STATUS.get(answer.status, InvalidRequestError)
    if answer.status >= _FIRST_SERVER_FAULT:
        kind = ServerFaultError
    elif kind is InvalidRequestError and first.code == _NO_ID:
        kind = NotFoundError
    elif kind is InvalidRequestError and speaks_of_permission(first.message):
        kind = PermissionDeniedError
    return kind(
        answer.request,
        answer.status,
        details,
        advice=for_refusal(answer.status, first.code, first.message),
        location=answer.headers.get("Location", ""),
    )


def token_refusal(answer: Answer, grant: str = "") -> NetSuiteError:
    """Turn a refused token request into its exception; its body is `{"error": …}` [subsect_158521832417].

    Args:
        answer: the refusal.
        grant: `grant_type` of the request.
    """
    if answer.status == _BLOCKED or not 400 <= answer.status < _FIRST_SERVER_FAULT:  # noqa: PLR2004 - client errors
        return refusal(answer)
    body = _body(answer)
    error = readable(body["error"]) if isinstance(body, dict) and isinstance(body.get("error"), str) else ""
    details = (ErrorDetail("the token end point refused the login", error),) if error else _details(answer)
    advised = for_token_refusal(answer.status, error, grant)
    return LoginRefusedError(answer.request, answer.status, details, advice=advised)


def _path_of(location: str) -> str:
    try:
        return urlsplit(location).path.rstrip("/")
    except ValueError:
        return ""


def _refuse_unsayable_numbers(value: Any) -> None:
    """Refuse NaN and infinities: written as null, which is what JSON encoders do, they would clear a field."""
    if isinstance(value, (float, Decimal)) and not isfinite(value):
        raise InvalidArgumentError(
            f"The body cannot be sent as JSON: it holds {value}, which is not a number to NetSuite."
        )
    if value is None or isinstance(value, (str, int, float, Decimal)):
        return
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ():
        _refuse_unsayable_numbers(inner)


def _body(answer: Answer) -> Any:
    try:
        return answer.json()
    except ConnectionFailedError:
        return None


def _details(answer: Answer) -> tuple[ErrorDetail, ...]:
    body = _body(answer)
    if not isinstance(body, dict):
        kind = readable(answer.headers.get("Content-Type", "without a type")) if answer.content else "empty"
        return (ErrorDetail(f"the answer was {kind}, not an error of NetSuite's form"),)
    listed = body.get("o:errorDetails")
    code = {"o:errorCode": body["o:errorCode"]} if "o:errorCode" in body else {}
    entries = [{**code, **entry} for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return tuple(map(_detail, entries)) or (_detail({**body, "detail": body.get("detail") or body.get("title")}),)


def _detail(entry: dict[str, Any]) -> ErrorDetail:
    places = ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")
    path = next((readable(entry[place]) for place in places if entry.get(place)), "")
    return ErrorDetail(
        readable(entry.get("detail") or "no explanation was given"), readable(entry.get("o:errorCode") or ""), path
    )
