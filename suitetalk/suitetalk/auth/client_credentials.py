"""OAuth 2.0 client credentials with a signed assertion (machine to machine)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from suitetalk.account import Account
from suitetalk.auth.keys import SigningKey
from suitetalk.auth.login import BearerLogin, Grant, NetSuiteClock, TokenRequester
from suitetalk.auth.token_store import Tokens, TokenStore, name_of
from suitetalk.errors import LoginRefusedError

_ASSERTION_LIFE = 300  # seconds; NetSuite takes up to 3600 [section_162755359851]


class ClientCredentials(BearerLogin):
    """Trades an assertion signed with the certificate's key for an access token."""

    def __init__(
        self,
        account: Account,
        client_id: str,
        certificate_id: str,
        key: SigningKey,
        requester: TokenRequester,
        store: TokenStore | None = None,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Keep what is needed to ask for tokens; nothing is sent yet.

        Args:
            account: whose token end point to ask.
            client_id: of the integration record.
            certificate_id: of the certificate that belongs to the key.
            key: signs the assertions.
            requester: sends the token requests.
            store: shares the token with other processes; None to keep it in memory.
            clock: seconds since the epoch.
        """
        parts = (account.token_url, client_id, certificate_id, key.fingerprint)
        super().__init__(name_of(account.realm, "client_credentials", *parts), store, clock)
        self._account = account
        self._client_id = client_id
        self._certificate_id = certificate_id
        self._key = key
        self._requester = requester
        self._dates = NetSuiteClock()
        self._audiences = list(account.audiences)

    def _ask(self, kept: Tokens | None) -> Tokens:
        """Ask for a new token; there are no refresh tokens in this flow [section_162755359851]."""
        del kept
        asked_at = self._clock()
        try:
            answer = self._ask_for_audience()
        except LoginRefusedError:
            if not self._dates.is_set_by(self._requester.clock_offset):
                raise
            answer = self._ask_for_audience()
        grant = Grant.read(answer)
        return Tokens(grant.access_token, asked_at + grant.life, grant.life)

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
        now = int(self._dates.now())
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
