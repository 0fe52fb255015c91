"""Token-based authentication: OAuth 1.0 with HMAC-SHA256 [section_1534941088]."""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any, cast

import requests
from oauthlib import oauth1

from suitetalk.account import Account
from suitetalk.auth.login import NetSuiteClock
from suitetalk.errors import LoginRefusedError
from suitetalk.http.response import Answer, refusal

logger = logging.getLogger(__name__)
logging.getLogger("oauthlib").setLevel(logging.WARNING)  # its debug lines show tokens and signatures

_FIRST_REDIRECT = 300
_PROVING = frozenset({400, 404})  # what only a request that is let in is answered
_MOST_REFUSALS = 3  # in a row, of the five that lock it
_UNAUTHORIZED = 401


class TokenBased:
    """Signs each request separately; there is no token to ask for.

    Thread-safe. Five refused logins lock the token out for half an hour [section_1534941088]. So one request goes alone
    until one has been accepted, and after a refusal every further request of this object ends in the same refusal
    without being sent.
    """

    def __init__(self, account: Account, client_id: str, client_secret: str, token_id: str, token_secret: str) -> None:
        """Keep what is needed to sign, and say once in a process how long NetSuite will take it."""
        self._realm = account.realm
        self._consumer = (client_id, client_secret)
        self._token = (token_id, token_secret)
        self._lock = threading.Lock()
        self._refusal: LoginRefusedError | None = None
        self._refusals = 0  # in a row
        self._is_accepted = False
        self._clock = NetSuiteClock()
        announce_end()

    def sign(self, request: requests.PreparedRequest) -> None:
        """Set the Authorization header; body and realm are not part of what is signed [section_1534941295].

        Raises:
            LoginRefusedError: NetSuite has refused this login before.
        """
        with self._lock:
            if self._refusal:
                raise self._refusal
        request.headers["Authorization"] = self.header(request.method or "GET", request.url or "")

    def wants_another_try(self, request: requests.PreparedRequest, answer: Answer) -> bool:
        """Say no where a refusal is the first answer there is; and remember it, so that nothing more is sent.

        A login that has worked may be refused in passing, or NetSuite's clock shows that this machine's is off.
        """
        del request
        with self._lock:
            if answer.status != _UNAUTHORIZED:
                if answer.status < _FIRST_REDIRECT or answer.status in _PROVING:
                    self._is_accepted, self._refusals = True, 0
                return False
            self._refusals += 1
            if self._refusals < _MOST_REFUSALS and (self._clock.is_set_by(answer.clock_offset) or self._is_accepted):
                return True
            told = refusal(answer)
            self._refusal = LoginRefusedError(
                told.request,
                told.status,
                told.details,
                advice="nothing more is sent with this login, because five refusals lock it for half an hour; "
                "check `client_id`, `client_secret`, `token_id`, `token_secret` and this machine's clock, and look "
                "up the reason in Setup > Users/Roles > User Management > View Login Audit Trail",
            )
            self._is_accepted = False
        return False

    @property
    def is_accepted(self) -> bool:
        """Whether NetSuite has accepted a request signed with it."""
        return self._is_accepted

    @property
    def goes_alone(self) -> bool:
        """Whether one request at most may be on its way: until one was accepted, and after a refusal."""
        return not self._is_accepted or self._refusals > 0

    def header(self, method: str, url: str, nonce: str | None = None, timestamp: str | None = None) -> str:
        """Return the Authorization header of a request.

        Args:
            method: HTTP method.
            url: with the query as it is sent.
            nonce: 6 characters or more, never used before; a fresh one if None.
            timestamp: seconds since the epoch, within five minutes of NetSuite's clock; now if None.
        """
        client = oauth1.Client(
            *self._consumer,
            *self._token,
            signature_method=oauth1.SIGNATURE_HMAC_SHA256,
            signature_type=oauth1.SIGNATURE_TYPE_AUTH_HEADER,
            realm=self._realm,
            nonce=nonce,
            timestamp=timestamp or str(int(self._clock.now())),
        )
        _, headers, _ = client.sign(url, http_method=cast("Any", method))  # its types know nine methods only
        return str(headers["Authorization"])


@functools.cache
def announce_end() -> None:
    """Say, once in a process, how long this method lasts [section_0525020842, section_158921905537]."""
    logger.warning(
        "Token-based authentication (auth_method token_based) is coming to its end: from release 2027.1 NetSuite takes "
        "no new integrations with it, and in 2028 it stops for all; change to client_credentials, for which "
        "`suitetalk keygen` makes the key."
    )
