"""Any request, as the caller makes it up, for what no other method covers."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from suitetalk.account import REST_ROOT
from suitetalk.errors import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    InvalidArgumentError,
    LoginRefusedError,
    NetSuiteError,
    OutcomeUnknownError,
    ServerFaultError,
    SuiteTalkError,
)
from suitetalk.http.governor import RetryPolicy
from suitetalk.http.response import Answer, encode
from suitetalk.http.transport import Transport
from suitetalk.redaction import printable

SERVICES = ("record", "query", "async", "system", "document", "auth")
"""The services a short path may belong to; `auth` is `auth/oauth2`."""

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_ONCE = RetryPolicy(attempts=1)
_LONGEST_WAIT = 300.0  # seconds
_FROM_THE_ROOT = re.compile(rf"/(?:{'|'.join(SERVICES)})/(?:v\d+|oauth2)(?:/|$)", re.ASCII)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # of HTTP: methods and names of header fields
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_NOT_YOURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_JSON_FIRST = "application/json, application/vnd.oracle.resource+json, */*;q=0.1"


@dataclass(frozen=True)
class Retries:
    """How a raw request is tried again.

    Attributes:
        count: further tries after the first.
        delay: seconds before each of them.
        exponential: double the delay each time.
        all_errors: try again whatever NetSuite answered, and after a write whose answer was lost, which may carry it
            out twice. Else after network errors, 429, 500 and above, unless that could carry a write out twice.
    """

    count: int = 0
    delay: float = 1.0
    exponential: bool = False
    all_errors: bool = False

    def wait(self, failed: int) -> float:
        """Return the seconds to wait after this many failed tries."""
        return min(self.delay * (2.0 ** min(failed - 1, 30) if self.exponential else 1.0), _LONGEST_WAIT)

    def covers(self, error: SuiteTalkError) -> bool:
        """Tell whether another try is in order after this error."""
        if self.all_errors:
            return isinstance(error, (NetSuiteError, ConnectionFailedError)) and not isinstance(
                error, LoginRefusedError
            )
        lost = isinstance(error, ConnectionFailedError) and not isinstance(error, OutcomeUnknownError)
        return lost or isinstance(error, (ServerFaultError, ConcurrencyLimitError))


@dataclass(frozen=True)
class File:
    """One file of a multipart body: the form field it belongs to, its name, and what is in it."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Body:
    """What a raw request carries: JSON, or text, or a form.

    Attributes:
        json: any value that JSON has.
        text: sent as it is.
        form: names and values of form fields.
        files: files of a multipart form.
        multipart: send form fields as multipart form data even without files.
    """

    json: Any = None
    text: str | bytes | None = None
    form: Sequence[tuple[str, str]] = ()
    files: Sequence[File] = ()
    multipart: bool = False


class RawRequests:
    """Sends any request to any service of the account. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def request(
        self,
        method: str,
        path: str,
        *,
        service: str = "record",
        parameters: Mapping[str, Any] | Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        body: Body | None = None,
        timeout: float | None = None,
        retries: Retries | None = None,
    ) -> Answer:
        """Send a request and return its answer: `.json()`, `.text()`, `.content`, `.status`, `.headers`.

        Args:
            method: HTTP method.
            path: of the service, such as `customer/107` or `/customer/107`; or from the root, `/services/rest/…` or
                `/record/v1/…`; or a whole address of the account.
            service: whose path it is, one of SERVICES.
            parameters: query parameters, not yet encoded.
            headers: further header fields; one that is repeated is sent with all its values.
            body: what to send with it.
            timeout: seconds to wait for the next part of the answer, instead of the setting.
            retries: instead of the usual ones.

        Raises:
            InvalidArgumentError: the path leads to another host, the method or a header field cannot be sent,
                the body is of two kinds, or the timeout is not a number above 0.
            OutcomeUnknownError: a write went out and its answer was lost.
            ConnectionFailedError: no usable answer after all tries.
        """
        method = _checked_method(method)
        _check_timeout(timeout)
        target = self._path(path, service)
        request = requests.Request(
            method,
            self._transport.account.base_url + REST_ROOT + target,
            params=list(parameters.items()) if isinstance(parameters, Mapping) else list(parameters),
            headers=_joined(headers),
        )
        _set_default(request, "Accept", _JSON_FIRST)
        _fill(request, body or Body())
        name = f"{method} {urlsplit(target).path}"
        repeatable = method in _REPEATABLE or target.startswith("/query/")
        if retries is None:
            return self._transport.send(request, name, repeatable=repeatable, timeout=timeout)
        failed = 0
        while True:
            try:
                return self._transport.send(request, name, repeatable=repeatable, timeout=timeout, retry=_ONCE)
            except SuiteTalkError as error:
                failed += 1
                if failed > retries.count or not retries.covers(error):
                    raise
                time.sleep(retries.wait(failed))

    def _path(self, path: str, service: str) -> str:
        """Return the path below `/services/rest`; credentials go to no other host."""
        path, mark, query = path.partition("?")
        base = self._transport.account.base_url
        if "://" in path or path.startswith("//"):
            if not path.lower().startswith(base.lower() + "/"):
                raise InvalidArgumentError(
                    f"The address is not below {base}, and credentials are sent to no other host."
                )
            path = path[len(base) :]
        if ".." in re.split(r"[/\\]", _decoded(path)):
            raise InvalidArgumentError("The path steps out of its folder with .., so write it in full.")
        if path.startswith(REST_ROOT + "/"):
            return path.removeprefix(REST_ROOT) + mark + query
        if _FROM_THE_ROOT.match(path):
            return path + mark + query
        if service not in SERVICES:
            raise InvalidArgumentError(f"There is no service {service!r}; it is one of {', '.join(SERVICES)}.")
        root = "/auth/oauth2/v1" if service == "auth" else f"/{service}/v1"
        return f"{root}/{path.removeprefix('/')}{mark}{query}"


def _decoded(path: str) -> str:
    """Undo percent-encoding, however often a server before NetSuite might."""
    while (plain := unquote(path)) != path:
        path = plain
    return path


def _check_timeout(timeout: Any) -> None:
    if timeout is not None and not (isinstance(timeout, (int, float)) and 0 < timeout < math.inf):
        raise InvalidArgumentError(f"A timeout is a number of seconds above 0, so it cannot be {timeout!r}.")


def _checked_method(method: Any) -> str:
    if not isinstance(method, str) or not _TOKEN.fullmatch(method):
        raise InvalidArgumentError(f"{printable(str(method))!r} is not an HTTP method; give one such as GET or POST.")
    return method.upper()


def _joined(headers: Mapping[Any, Any] | Sequence[tuple[Any, Any]]) -> dict[str, str]:
    """Return header fields by name; the values of a repeated one are joined, which means the same [RFC 9110, 5.3]."""
    joined: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise InvalidArgumentError(f"{printable(str(name))!r} is not the name of a header field.")
        if name.lower() in _NOT_YOURS:
            raise InvalidArgumentError(f"The header field {name} is set by the client; leave it out.")
        if not isinstance(value, str):
            raise InvalidArgumentError(f"The header field {name} is {value!r}, which is not text; put it in quotes.")
        if not _FIELD_VALUE.fullmatch(value):
            raise InvalidArgumentError(
                f"The header field {name} holds a line break, a control character or a letter outside Latin-1; "
                "encode the value first."
            )
        first = spelled.setdefault(name.lower(), name)
        joined[first] = f"{joined[first]}, {value}" if first in joined else value
    return joined


def _fill(request: requests.Request, body: Body) -> None:
    is_form = bool(body.form or body.files or body.multipart)
    if sum([body.json is not None, body.text is not None, is_form]) > 1:
        raise InvalidArgumentError("A body is JSON, or text, or a form: give one of them.")
    if body.json is not None:
        request.data = encode(body.json)
        _set_default(request, "Content-Type", "application/json")
    elif body.text is not None:
        request.data = body.text.encode() if isinstance(body.text, str) else body.text
        _set_default(request, "Content-Type", "text/plain; charset=utf-8")
    elif body.files or body.multipart:
        fields = [(name, (None, value)) for name, value in body.form]
        request.files = [*fields, *((file.field, (file.name, file.content)) for file in body.files)]
        if not request.files:
            raise InvalidArgumentError("A multipart body needs a field or a file.")
    elif body.form:
        request.data = list(body.form)


def _set_default(request: requests.Request, name: str, value: str) -> None:
    if name.lower() not in {given.lower() for given in request.headers}:
        request.headers[name] = value
