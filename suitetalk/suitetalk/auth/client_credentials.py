"""OAuth 2.0 client credentials with a signed assertion (machine to machine)."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests

from suitetalk.account import Account
from suitetalk.answer import Answer
from suitetalk.auth.keys import SigningKey
from suitetalk.errors import ConnectionFailedError, LoginRefusedError, SuiteTalkError

_ASSERTION_LIFE = 300  # seconds; NetSuite takes up to 3600 [section_162755359851]
_RENEW_BEFORE = 120  # seconds before the end; half the life of tokens shorter than twice that
_UNAUTHORIZED = 401


class TokenRequester(Protocol):
    """Sends the token request; the transport is one."""

    def request_token(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        """Post a form and return the token end point's JSON answer."""
        ...


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    renew_at: float  # seconds on the monotonic clock


class ClientCredentials:
    """One access token shared by all threads, renewed before it ends and after a 401.

    Thread-safe: while one thread asks for a token the others wait for it instead of asking too.
    """

    def __init__(
        self,
        account: Account,
        client_id: str,
        certificate_id: str,
        key: SigningKey,
        requester: TokenRequester,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what is needed to ask for tokens; nothing is sent yet."""
        self._account = account
        self._client_id = client_id
        self._certificate_id = certificate_id
        self._key = key
        self._requester = requester
        self._clock = clock
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._failure: SuiteTalkError | None = None
        self._times_asked = 0
        self._audiences = list(account.audiences)

    def sign(self, request: requests.PreparedRequest) -> None:
        """Set the bearer token; asks for one when there is none that still lives.

        Raises:
            LoginRefusedError: the token end point refused, with its reason and what to check.
            ConnectionFailedError: it could not be reached or answered with something else.
        """
        request.headers["Authorization"] = f"Bearer {self._current().value}"

    def wants_another_try(self, request: requests.PreparedRequest, answer: Answer) -> bool:
        """Forget the token a 401 refused, unless another thread has replaced it already."""
        if answer.status != _UNAUTHORIZED:
            return False
        with self._lock:
            if self._token and request.headers.get("Authorization") == f"Bearer {self._token.value}":
                self._token = None
        return True

    def _current(self) -> _Token:
        asked_before = self._times_asked
        with self._lock:
            if self._failure and self._times_asked != asked_before:
                raise self._failure  # of the thread this one waited for; asking again at once would end alike
            if self._token is None or self._clock() >= self._token.renew_at:
                self._token = self._ask()
            return self._token

    def _ask(self) -> _Token:
        self._failure = None
        asked_at = self._clock()
        try:
            answer = self._ask_for_audience()
            life = _lifetime(answer)
            return _Token(_access_token(answer), asked_at + life - min(_RENEW_BEFORE, life / 2))
        except SuiteTalkError as error:
            self._failure = error
            raise
        finally:
            self._times_asked += 1

    def _ask_for_audience(self) -> dict[str, Any]:
        """Ask with each audience in turn; the refusal of the likeliest one is what the user should see."""
        refusals: list[LoginRefusedError] = []
        for audience in tuple(self._audiences):
            try:
                return self._request(audience)
            except LoginRefusedError as refusal:
                refusals.append(refusal)
        raise refusals[0]

    def _request(self, audience: str) -> dict[str, Any]:
        answer = self._requester.request_token(self._account.token_url, self._form(audience))
        self._audiences.sort(key=lambda other: other != audience)
        return answer

    def _form(self, audience: str) -> dict[str, str]:
        """The token request [section_162790605110] with its assertion [section_162755359851]."""
        now = int(time.time())
        claims = {
            "iss": self._client_id,
            "scope": ["rest_webservices"],
            "aud": audience,
            "iat": now,
            "exp": now + _ASSERTION_LIFE,
            "jti": str(uuid.uuid4()),
        }
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._key.sign(claims, self._certificate_id),
        }


def _access_token(answer: dict[str, Any]) -> str:
    token, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
        raise ConnectionFailedError(
            "The token end point answered without an access_token; check `base_url` and `token_url`."
        )
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ConnectionFailedError(
            "The token end point answered with a token that is no bearer token; check `base_url` and `token_url`."
        )
    return token


def _lifetime(answer: dict[str, Any]) -> float:
    """Seconds a token lives; a number or text in the answer, an hour by rule [section_162755359851]."""
    try:
        life = float(answer.get("expires_in", 3600))
    except (TypeError, ValueError):
        life = 0.0
    if not 0 < life < float("inf"):
        raise ConnectionFailedError(
            "The token end point answered with an expires_in that is no number of seconds; "
            "check `base_url` and `token_url`."
        )
    return life
