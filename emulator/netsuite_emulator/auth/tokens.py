"""Access tokens: opaque, for an hour unless set otherwise, revocable all at once."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from netsuite_emulator.auth.assertions import AssertionVerifier, OAuthError
from netsuite_emulator.errors import NetSuiteError

__all__ = ["TokenEndPoint", "TokenStore"]

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenStore:
    """The tokens that are valid. Safe to use from several threads."""

    def __init__(self, lifetime: float, realm: str) -> None:
        """Tokens live `lifetime` seconds; `realm` is the account as refusals name it."""
        self._lifetime = lifetime
        self._realm = realm
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._ends[token] = time.monotonic() + self._lifetime
        return token

    def expire_all(self) -> None:
        """End every token now."""
        with self._lock:
            self._ends.clear()

    def check(self, authorization: str | None) -> None:
        """Refuse a request without a valid bearer token [subsect_158521885412, section_156570709583].

        Raises:
            NetSuiteError: 401 with the header and the body NetSuite sends.
        """
        scheme, _, token = (authorization or "").partition(" ")
        with self._lock:
            end = self._ends.get(token.strip())
        if scheme.lower() == "bearer" and end is not None and end > time.monotonic():
            return
        challenge = f'Bearer realm="{self._realm}", error="invalid_token", error_description="Invalid login attempt."'
        detail = (
            "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > "
            "Users/Roles > User Management > View Login Audit Trail."
        )
        raise NetSuiteError(401, "INVALID_LOGIN", detail, headers={"WWW-Authenticate": challenge})


class TokenEndPoint:
    """Trades assertions for access tokens [section_162790605110]."""

    def __init__(self, verifier: AssertionVerifier, tokens: TokenStore, *, lifetime: float, as_text: bool) -> None:
        """`as_text` sends `expires_in` as a string, which has been seen in the wild."""
        self._verifier = verifier
        self._tokens = tokens
        self._lifetime = lifetime
        self._as_text = as_text

    def grant(self, form: dict[str, str], host: str) -> dict[str, Any]:
        """The body of a successful answer.

        Raises:
            OAuthError: the request is refused.
        """
        kind = form.get("grant_type")
        if not kind:
            raise OAuthError("invalid_request", "grant_type is missing")
        if kind != "client_credentials":
            raise OAuthError("unsupported_grant_type", kind)
        if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
            raise OAuthError("invalid_request", "client_assertion or its type is missing")
        self._verifier.verify(form["client_assertion"], host)
        expires = max(1, int(self._lifetime))
        return {
            "access_token": self._tokens.issue(),
            "expires_in": str(expires) if self._as_text else expires,
            "token_type": "Bearer",
        }
