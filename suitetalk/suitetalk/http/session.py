"""The requests session, and one that shows its traffic."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from suitetalk.account import is_loopback
from suitetalk.redaction import HIDDEN, printable, without_secrets

MOST_BYTES = 256 * 2**20
"""Of one answer, unpacked."""
LONGEST_ANSWER = 600.0
"""Seconds for a whole answer, and for the tries that had none in time; twice the time-out where that is more."""

_PART = 2**16  # bytes
_POOL_SIZE = 64
_LONGEST_BODY = 4000  # characters
_SECRET_HEADERS = re.compile(r"authorization|cookie|token|secret|key$|password", re.IGNORECASE)
_HARMLESS_HEADERS = frozenset({"x-netsuite-idempotency-key"})


def longest_wait(timeout: float) -> float:
    """Return the seconds that an answer may take in all, given those that its next part may."""
    return max(LONGEST_ANSWER, 2 * timeout)


class UnboundedAnswerError(requests.RequestException):
    """An answer was cut off, because it was larger than any page, or took longer than any request may."""


class Session(requests.Session):
    """A session that threads can share, and that sends to the address it is given and nowhere else.

    It follows no redirect and reads no login from a netrc file. It keeps no cookies: `requests` guards their jar
    badly against several threads, and NetSuite's services need none. Plain http to this machine passes no proxy,
    which could read it; https goes through the proxies of the environment, which see nothing of it.
    """

    def __init__(self) -> None:
        """Prepare one pool of connections per host."""
        super().__init__()
        adapter = _Adapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.auth = _unchanged  # without one, requests looks into netrc files
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that no answer is a redirect; requests would otherwise read its target, well-formed or not."""
        del resp

    def merge_environment_settings(self, url: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        """Take proxies and trusted certificates from the environment, but no proxy for this machine itself."""
        settings = super().merge_environment_settings(url, *args, **kwargs)
        return {**settings, "proxies": {}} if is_loopback(_host(url)) else settings


class _Adapter(HTTPAdapter):
    """Gives answers whose bodies are bounded, in size and in time."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and bound what is read of the answer."""
        timeout = kwargs.get("timeout")
        waits = timeout[-1] if isinstance(timeout, tuple) else timeout
        ends = time.monotonic() + longest_wait(waits or 0.0)
        response = super().send(request, *args, **kwargs)
        response.raw = _BoundedBody(response.raw, ends)
        return response


class _BoundedBody:
    """The body of an answer, which may neither come in drops for ever nor swell without end when it is unpacked."""

    def __init__(self, raw: Any, ends: float) -> None:
        self._raw = raw
        self._ends = ends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int, *, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the body as it comes, as urllib3 does it; but never wait until a part is full.

        Raises:
            UnboundedAnswerError: it is too large, or takes too long.
        """
        came = 0
        while part := self._raw.read1(max(amt, _PART), decode_content=decode_content):
            came += len(part)
            if came > MOST_BYTES:
                self._raw.close()
                raise UnboundedAnswerError(f"the answer is larger than {MOST_BYTES // 2**20} MB")
            if time.monotonic() > self._ends:
                self._raw.close()
                raise UnboundedAnswerError("the answer came too slowly")
            yield part


class TellingSession(Session):
    """A session that shows what passes through it: `NetSuite(settings, session=TellingSession())`."""

    def __init__(self, secrets: Sequence[str] = (), tell: Callable[[str], object] | None = None) -> None:
        """Show requests and answers.

        Args:
            secrets: values to hide wherever they appear, besides everything that looks like a secret.
            tell: takes one line; standard error unless given.
        """
        super().__init__()
        self._write = tell or _to_standard_error
        self._secrets = [secret for text in secrets for secret in {text, text.strip()} if secret]

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Show the request, send it, and show what came of it."""
        is_login = "/auth/oauth2/" in (request.url or "")
        self._tell(
            ">",
            f"{request.method} {request.url}",
            request.headers,
            _text(request.body),
            form=is_login or _is_form(request),
        )
        started = time.monotonic()
        try:
            response = super().send(request, **kwargs)
        except OSError as error:
            self._write(f"< {type(error).__name__} after {time.monotonic() - started:.2f} s")
            raise
        head = f"{response.status_code} {response.reason or ''} ({time.monotonic() - started:.2f} s)"
        self._tell("<", head, response.headers, _text(response.content, response.headers.get("Content-Type", "")))
        return response

    def _tell(self, mark: str, head: str, headers: Mapping[str, Any], body: str, *, form: bool = False) -> None:
        lines = [head, *(f"{name}: {_header(name, str(value))}" for name, value in headers.items())]
        if body:
            shown = self._redacted(body, form=form)
            cut = f" … ({len(shown)} characters)" if len(shown) > _LONGEST_BODY else ""
            lines += ["", *(shown[:_LONGEST_BODY] + cut).splitlines()]
        for line in self._redacted("\n".join(lines)).splitlines():
            self._write(f"{mark} {printable(line)}")

    def _redacted(self, text: str, *, form: bool = False) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return without_secrets(text, form=form)


def tell_retries(logger: logging.Logger) -> None:
    """Show what the library logs, such as tries that are repeated, on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("# %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _host(url: str | bytes | None) -> str:
    text = url.decode() if isinstance(url, bytes) else url or ""
    return urlsplit(text).hostname or ""


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _to_standard_error(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _header(name: str, value: str) -> str:
    if name.lower() in _HARMLESS_HEADERS or not _SECRET_HEADERS.search(name):
        return value
    kind, _, rest = value.partition(" ")
    return f"{kind} {HIDDEN}" if rest and kind.isalpha() else HIDDEN


def _is_form(request: requests.PreparedRequest) -> bool:
    return str(request.headers.get("Content-Type", "")).startswith("application/x-www-form-urlencoded")


def _text(body: Any, kind: str = "") -> str:
    if not body:
        return ""
    if isinstance(body, str):
        return body
    if not isinstance(body, bytes):
        return f"[{type(body).__name__}]"
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"[{len(body)} bytes{' of ' + kind if kind else ''}]"
