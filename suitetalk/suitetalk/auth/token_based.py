"""Token-based authentication: OAuth 1.0 with HMAC-SHA256 [section_1534941088]."""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any, cast

import requests
from oauthlib import oauth1

from suitetalk.account import Account
from suitetalk.errors import LoginRefusedError
from suitetalk.http.response import Answer, refusal

logger = logging.getLogger(__name__)
logging.getLogger("oauthlib").setLevel(logging.WARNING)  # its debug lines show tokens and signatures

_UNAUTHORIZED = 401


class TokenBased:
    """Signs each request separately; there is no token to ask for.

    Thread-safe. Five refused logins lock the token out for half an hour [section_1534941088], so nothing is repeated
    after a 401, and every further request of this object ends in the same refusal without being sent.
    """

    def __init__(self, account: Account, client_id: str, client_secret: str, token_id: str, token_secret: str) -> None:
        """Keep what is needed to sign, and say once in a process how long NetSuite will take it."""
        self._realm = account.realm
        self._consumer = (client_id, client_secret)
        self._token = (token_id, token_secret)
        self._lock = threading.Lock()
        self._refusal: LoginRefusedError | None = None
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
        """Say no, and remember a refusal."""
        del request
        if answer.status == _UNAUTHORIZED:
            told = refusal(answer)
            with self._lock:
                self._refusal = LoginRefusedError(
                    told.request,
                    told.status,
                    told.details,
                    advice="nothing more is sent with this login, because five refusals lock it for half an hour; "
                    "check `client_id`, `client_secret`, `token_id`, `token_secret` and this machine's clock, and look "
                    "up the reason in Setup > Users/Roles > User Management > View Login Audit Trail",
                )
        return False

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
            timestamp=timestamp,
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
