"""An authorization code login at work: access tokens from the refresh token of a person's consent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone

from suitetalk.account import Account
from suitetalk.auth.bearer import BearerLogin
from suitetalk.auth.flow import TokenRequester
from suitetalk.auth.token_answer import Grant
from suitetalk.auth.token_store import Tokens, TokenStore, name_of
from suitetalk.errors import LoginNeededError, LoginRefusedError

logger = logging.getLogger(__name__)

LOGIN_HOURS = 168.0
"""How long a consent lasts unless the integration record says otherwise [section_158082518856]."""

_WARN_BEFORE = 48 * 3600.0  # seconds


class AuthorizationCode(BearerLogin):
    """Renews access tokens with the refresh token that `suitetalk login` left in the store.

    A public client's refresh tokens are good for one use each [section_158082518856]. So one process at a time
    refreshes, reads the store before, and has kept the new refresh token before the new access token is used.
    """

    _one_at_a_time = True

    def __init__(
        self,
        account: Account,
        client_id: str,
        client_secret: str | None,
        requester: TokenRequester,
        store: TokenStore | None = None,
        login_hours: float = LOGIN_HOURS,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Keep what is needed to ask for tokens; nothing is sent yet.

        Args:
            account: whose token end point to ask.
            client_id: of the integration record.
            client_secret: of a confidential client; None for a public one.
            requester: sends the token requests.
            store: where the login's tokens are.
            login_hours: how long a consent lasts.
            clock: seconds since the epoch.
        """
        super().__init__(login_name(account, client_id), store, clock)
        self._account = account
        self._client = client_fields(client_id, client_secret)
        self._requester = requester
        self._login_hours = login_hours
        self._warned = False

    def _ask(self, kept: Tokens | None) -> Tokens:
        """Refresh [section_158082518856]; a confidential client keeps its refresh token."""
        if kept is None or not kept.refresh_token:
            raise LoginNeededError(
                f"Nobody has logged in to account {self._account.realm} with these settings on this machine, or the "
                f"login is not to be found in {self._store.place}; run `suitetalk login`."
            )
        asked_at = self._clock()
        fields, basic = self._client
        form = {"grant_type": "refresh_token", "refresh_token": kept.refresh_token, **fields}
        try:
            grant = Grant.read(self._requester.request_token(self._account.token_url, form, basic=basic))
        except LoginRefusedError as refusal:
            if refusal.code != "invalid_grant":
                raise
            raise LoginNeededError(self._why_it_ended(kept)) from None
        refresh_token = grant.refresh_token or kept.refresh_token
        return Tokens(grant.access_token, asked_at + grant.life, grant.life, refresh_token, kept.consented_at)

    def _took(self, tokens: Tokens) -> None:
        """Warn once when the consent ends within two days."""
        left = self._end(tokens) - self._clock()
        if self._warned or not 0 < left <= _WARN_BEFORE:
            return
        self._warned = True
        logger.warning(
            "The login to account %s ends on %s UTC, in %d hours; run `suitetalk login` before that.",
            self._account.realm,
            _date(self._end(tokens)),
            left // 3600,
        )

    def _end(self, tokens: Tokens) -> float:
        return login_end(tokens, self._login_hours)

    def _why_it_ended(self, kept: Tokens) -> str:
        account, end = self._account.realm, self._end(kept)
        if self._clock() >= end:
            life = "seven days" if self._login_hours == LOGIN_HOURS else f"{self._login_hours:g} hours"
            return f"The login to account {account} ended on {_date(end)} UTC, when its {life} were over; " + _AGAIN
        return (
            f"NetSuite does not accept the login to account {account} any more: it was revoked, or renewed elsewhere, "
            "or not used for longer than the integration record allows (48 hours for a public client unless set "
            f"otherwise); {_AGAIN}"
        )


_AGAIN = "run `suitetalk login` to log in again."


def login_name(account: Account, client_id: str) -> str:
    """Return the name of this login's entry in the token store."""
    return name_of(account.realm, "authorization_code", account.token_url, client_id)


def login_end(tokens: Tokens, login_hours: float) -> float:
    """Return when the consent behind these tokens ends, in seconds since the epoch."""
    return (tokens.consented_at or tokens.expires_at - tokens.life) + login_hours * 3600


def client_fields(client_id: str, client_secret: str | None) -> tuple[dict[str, str], tuple[str, str] | None]:
    """Return how a client names itself: fields of the form, or a Basic header [section_158081952044]."""
    return ({}, (client_id, client_secret)) if client_secret else ({"client_id": client_id}, None)


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"
