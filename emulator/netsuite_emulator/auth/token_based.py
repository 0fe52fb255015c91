"""Token-based authentication: OAuth 1.0 signatures, read and checked as NetSuite does [section_1530099787]."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from netsuite_emulator.auth.errors import invalid_login
from netsuite_emulator.clock import Clock
from netsuite_emulator.exchange import Call
from netsuite_emulator.settings import Settings

__all__ = ["TokenBasedVerifier", "base_string", "signature"]


_PARAMETER = re.compile(r'\s*([A-Za-z0-9_]+)="([^"]*)"\s*')
_ESCAPED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SHORTEST_NONCE = 6
_REQUIRED = ("oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature")


class HeaderError(ValueError):
    """An Authorization header that cannot be read; `unescaped` where a value is not percent-encoded."""

    def __init__(self, message: str, *, unescaped: bool = False) -> None:
        """Keep what is wrong."""
        super().__init__(message)
        self.unescaped = unescaped


def read_header(authorization: str) -> dict[str, str]:
    """The parameters of `Authorization: OAuth …`, decoded.

    Raises:
        HeaderError: it is not of that form.
    """
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth":
        raise HeaderError("the scheme is not OAuth")
    found: dict[str, str] = {}
    for part in rest.strip().split(","):
        match = _PARAMETER.fullmatch(part)
        if match is None or match[1] in found:
            raise HeaderError("a parameter cannot be read, or stands twice")
        if match[1] != "realm" and not _ESCAPED.fullmatch(match[2]):
            raise HeaderError(f"{match[1]} is not percent-encoded", unescaped=True)
        found[match[1]] = unquote(match[2])
    return found


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What is signed: verb, address without query, and all parameters, those of the query among them.

    Args:
        method: the verb.
        url: the whole address, as it was sent.
        parameters: the `oauth_*` parameters; `realm` and the signature itself are passed over.
    """
    address = urlsplit(url)
    host = (address.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if address.port not in (None, _DEFAULT_PORTS.get(address.scheme)):
        host = f"{host}:{address.port}"
    everything = [(name, value) for name, value in parameters if name not in ("realm", "oauth_signature")]
    everything += parse_qsl(address.query, keep_blank_values=True)
    encoded = sorted((_encode(name), _encode(value)) for name, value in everything)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    base = f"{address.scheme.lower()}://{host}{address.path or '/'}"
    return "&".join(_encode(part) for part in (method.upper(), base, joined))


def signature(text: str, consumer_secret: str, token_secret: str) -> str:
    """The signature of a base string, before it is percent-encoded for the header."""
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-._~")


class _RejectedError(Exception):
    """A refusal, by the name the Login Audit Trail gives it."""


class TokenBasedVerifier:
    """Knows one pair of consumer and token. Safe to use from several threads."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Nothing was signed yet."""
        self._settings = settings
        self._clock = clock
        self._seen: dict[tuple[str, int], float] = {}
        self._failures = 0
        self._locked_until = 0.0
        self._lock = threading.Lock()

    def check(self, call: Call) -> None:
        """Refuse a request whose signature does not hold.

        Raises:
            NetSuiteError: 401.
        """
        try:
            parameters = read_header(call.headers.get("authorization", ""))
        except HeaderError as error:
            code = "INVALID_LOGIN_ATTEMPT" if error.unescaped else "INVALID_LOGIN"  # [section_1530099787]
            raise self._refusal(str(error), code) from None
        with self._lock:
            try:
                self._check(call, parameters)
            except _RejectedError as rejection:
                raise self._refusal(str(rejection)) from None

    def _check(self, call: Call, parameters: dict[str, str]) -> None:
        self._check_parties(parameters)
        if self._locked_until > self._clock.age():
            raise _RejectedError("temporary_locked")
        try:
            self._check_signature(call, parameters)
        except _RejectedError:
            self._failures += 1
            if self._failures >= self._settings.lockout_failures:
                self._locked_until = self._clock.age() + self._settings.lockout_seconds
                self._failures = 0
            raise
        self._failures = 0

    def _check_parties(self, parameters: dict[str, str]) -> None:
        if not self._settings.token_based_authentication:
            raise _RejectedError("FeatureDisabled")
        if any(not parameters.get(name) for name in _REQUIRED):
            raise _RejectedError("token_rejected")
        if parameters.get("oauth_version", "1.0") != "1.0":
            raise _RejectedError("VersionRejected")
        if parameters.get("oauth_signature_method") != "HMAC-SHA256":
            raise _RejectedError("UnknownAlgorithm")
        if parameters["oauth_consumer_key"] != self._settings.client_id:
            raise _RejectedError("consumer_key_unknown")
        if parameters["oauth_token"] != self._settings.token_id or parameters.get("realm") != self._settings.realm:
            raise _RejectedError("token_rejected")

    def _check_signature(self, call: Call, parameters: dict[str, str]) -> None:
        now = self._clock.now()
        try:
            timestamp = int(parameters["oauth_timestamp"])
        except ValueError:
            raise _RejectedError("InvalidTimestamp") from None
        if abs(timestamp - now) > self._settings.timestamp_tolerance:
            raise _RejectedError("InvalidTimestamp")
        text = base_string(call.method, call.url, parameters.items())
        expected = signature(text, self._settings.client_secret, self._settings.token_secret)
        if not hmac.compare_digest(expected.encode(), parameters["oauth_signature"].encode()):
            raise _RejectedError("InvalidSignature")
        self._use_nonce(parameters["oauth_nonce"], timestamp, now)

    def _use_nonce(self, nonce: str, timestamp: int, now: float) -> None:
        too_old = now - 2 * self._settings.timestamp_tolerance
        if len(self._seen) > 10_000:  # noqa: PLR2004 - now and then
            self._seen = {key: seen for key, seen in self._seen.items() if key[1] > too_old}
        if len(nonce) < _SHORTEST_NONCE or (nonce, timestamp) in self._seen:
            raise _RejectedError("NonceUsed")
        self._seen[nonce, timestamp] = now

    def _refusal(self, reason: str, code: str = "INVALID_LOGIN") -> Exception:
        return invalid_login(self._settings.realm, reason, scheme="OAuth", code=code, error="token_rejected")
