"""OAuth 2.0 with a person's consent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlencode, urlsplit

from suitetalk.account import REVOKE_PATH, Account
from suitetalk.auth.login import BearerLogin, Grant, TokenRequester
from suitetalk.auth.token_store import Tokens, TokenStore, name_of
from suitetalk.errors import (
    ConfigurationError,
    ConnectionFailedError,
    LoginNeededError,
    LoginRefusedError,
    SuiteTalkError,
)
from suitetalk.http.governor import Governor
from suitetalk.http.transport import Transport
from suitetalk.settings import ConnectionSettings

logger = logging.getLogger(__name__)
LOGIN_HOURS = 168.0
"""How long a consent lasts unless the integration record says otherwise [section_158082518856]."""

_WARN_BEFORE = 48 * 3600.0  # seconds
_AGAIN = "run `suitetalk login` to log in again."
_END = "run `suitetalk login` again; a login from before, if there is one, still counts"
_ADVICE = {
    "access_denied": "it was refused on the page, or the role may not log in using OAuth 2.0; ",
    "invalid_request": "check that `redirect_uri` is exactly the one on the integration record; ",
    "invalid_scope": "tick the REST Web Services scope on the integration record; ",
    "unauthorized_client": "tick Authorization Code Grant on the integration record; ",
}


def begin(settings: ConnectionSettings) -> Consent:
    """Make the address of the consent page, with a fresh state and verifier.

    Raises:
        ConfigurationError: the settings are for another login method.
    """
    _check_method(settings)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "scope": "rest_webservices",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return Consent(settings, f"{settings.account.authorize_url}?{urlencode(query)}", state, verifier)


@dataclass(frozen=True)
class Consent:
    """A login that waits for a person's consent.

    Attributes:
        settings: whose login it is.
        url: the page to open in a browser.
        state: what the redirect must carry.
        verifier: proves to NetSuite that who brings the code is who asked for it (PKCE).
    """

    settings: ConnectionSettings = field(repr=False)
    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def finish(consent: Consent, redirect_address: str, *, store: TokenStore | None = None) -> LoginStatus:
    """Trade the code in the address NetSuite redirected to for tokens, and keep them.

    Args:
        consent: what `begin` returned.
        redirect_address: complete, as the browser shows it.
        store: where to keep the tokens; the user's own if None.

    Raises:
        LoginNeededError: the state does not match, the consent was not given, or is for another account.
        LoginRefusedError: the token end point refused the code.
        ConnectionFailedError: it could not be reached or answered with something else.
        SuiteTalkError: the tokens cannot be kept.
    """
    settings = consent.settings
    code = code_of(redirect_address, settings.redirect_uri or "", consent.state, settings.account.realm)
    fields, basic = client_fields(settings.client_id, settings.client_secret)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.redirect_uri or "",
        "code_verifier": consent.verifier,
        **fields,
    }
    asked_at = time.time()
    with _transport(settings) as transport:
        grant = Grant.read(transport.request_token(settings.account.token_url, form, basic=basic))
    if not grant.refresh_token:
        raise ConnectionFailedError(
            "The token end point answered without a refresh_token; check `base_url`, `token_url` and the integration "
            "record."
        )
    tokens = Tokens(grant.access_token, asked_at + grant.life, grant.life, grant.refresh_token, asked_at)
    return _keep(settings, tokens, store or TokenStore.open())


def status(settings: ConnectionSettings, *, store: TokenStore | None = None) -> LoginStatus | None:
    """Return what is kept of this login, None when there is nothing."""
    _check_method(settings)
    store = store or TokenStore.open()
    tokens = store.read(login_name(settings.account, settings.client_id))
    return _status(settings, tokens, store) if tokens and tokens.refresh_token else None


def log_out(settings: ConnectionSettings, *, store: TokenStore | None = None) -> bool:
    """Forget this login here and revoke it in NetSuite [section_161071224088]; tell whether there was one.

    Raises:
        SuiteTalkError: NetSuite could not be asked; what was kept here is forgotten all the same.
    """
    _check_method(settings)
    store = store or TokenStore.open()
    name = login_name(settings.account, settings.client_id)
    with store.locked(name, needed=True):
        tokens = store.read(name)
        store.delete(name)
    if not tokens or not tokens.refresh_token:
        return False
    fields, basic = client_fields(settings.client_id, settings.client_secret)
    with _transport(settings) as transport:
        transport.revoke_token(
            settings.account.base_url + REVOKE_PATH, {"token": tokens.refresh_token, **fields}, basic=basic
        )
    return True


@dataclass(frozen=True)
class LoginStatus:
    """A login that is kept.

    Attributes:
        place: where, in words.
        consented_at: when the person gave the consent.
        ends_at: when it ends, as far as known; a public client's login that is not used ends before.
    """

    place: str
    consented_at: datetime
    ends_at: datetime


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


def login_name(account: Account, client_id: str) -> str:
    """Return the name of this login's entry in the token store."""
    return name_of(account.realm, "authorization_code", account.token_url, client_id)


def login_end(tokens: Tokens, login_hours: float) -> float:
    """Return when the consent these tokens rest on ends, in seconds since the epoch."""
    return (tokens.consented_at or tokens.expires_at - tokens.life) + login_hours * 3600


def client_fields(client_id: str, client_secret: str | None) -> tuple[dict[str, str], tuple[str, str] | None]:
    """Return how a client names itself: fields of the form, or a Basic header [section_158081952044]."""
    return ({}, (client_id, client_secret)) if client_secret else ({"client_id": client_id}, None)


def code_of(address: str, redirect_uri: str, state: str, realm: str) -> str:
    """Return the code in the address NetSuite redirected to [section_158081944642].

    Args:
        address: complete, as the browser shows it.
        redirect_uri: where the redirect was to lead.
        state: what the consent was asked for with; checked before anything else is believed.
        realm: the account the consent must be for.

    Raises:
        LoginNeededError: it answers another login, is for another account, or the consent was not given.
    """
    address = "".join(address.split())  # mail programs and terminals break long lines
    if not _leads_to(address, redirect_uri):
        raise LoginNeededError(f"This is not an address below `redirect_uri`, {redirect_uri}; {_END}.")
    answer = parse_qs(urlsplit(address).query, keep_blank_values=True)
    if not hmac.compare_digest(_only(answer, "state").encode(), state.encode()):
        raise LoginNeededError(f"The `state` in the address is not that of this login, so {_END}.")
    if error := _only(answer, "error"):
        raise LoginNeededError(f"NetSuite did not grant the consent ({_word(error)}): {_ADVICE.get(error, '')}{_END}.")
    company = _only(answer, "company")
    if company and company.upper().replace("-", "_") != realm:
        raise LoginNeededError(f"The consent is for account {_word(company)}, not for {realm}; {_END}.")
    code = _only(answer, "code")
    if not code:
        raise LoginNeededError(f"There is no code in the address; copy all of it; {_END}.")
    return code


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"


def _leads_to(address: str, redirect_uri: str) -> bool:
    try:
        got, wanted = urlsplit(address), urlsplit(redirect_uri)
    except ValueError:
        return False
    same_host = got.netloc.lower() == wanted.netloc.lower()
    return got.scheme == wanted.scheme and same_host and (got.path or "/") == (wanted.path or "/")


def _only(answer: dict[str, list[str]], name: str) -> str:
    """Return a parameter's value; one that stands there twice is none."""
    values = answer.get(name, [])
    return values[0] if len(values) == 1 else ""


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "?", text)[:40]


def _check_method(settings: ConnectionSettings) -> None:
    if settings.auth_method != "authorization_code":
        raise ConfigurationError(
            "auth_method", f"is {settings.auth_method}, which needs no login by a person; set it to authorization_code."
        )


def _keep(settings: ConnectionSettings, tokens: Tokens, store: TokenStore) -> LoginStatus:
    name = login_name(settings.account, settings.client_id)
    with store.locked(name, needed=True):
        kept = store.write(name, tokens)
    if not kept and store.lasts:
        raise SuiteTalkError(
            f"The login worked, but its tokens cannot be saved in {store.place}; fix that and log in again."
        )
    return _status(settings, tokens, store)


def _status(settings: ConnectionSettings, tokens: Tokens, store: TokenStore) -> LoginStatus:
    begun, end = tokens.consented_at or tokens.expires_at - tokens.life, login_end(tokens, settings.login_hours)
    return LoginStatus(store.place, _time(begun), _time(end))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


@contextmanager
def _transport(settings: ConnectionSettings) -> Iterator[Transport]:
    transport = Transport(settings.account, Governor(), timeout=settings.request_timeout)
    try:
        yield transport
    finally:
        transport.close()
