"""Logging in as a person: the authorization code grant with PKCE [section_158081944642, section_158081952044]."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlencode

from suitetalk.account import REVOKE_PATH
from suitetalk.auth.redirects import code_of
from suitetalk.auth.refreshed_login import client_fields, login_end, login_name
from suitetalk.auth.token_answer import Grant
from suitetalk.auth.token_store import Tokens, TokenStore
from suitetalk.errors import ConfigurationError, ConnectionFailedError, SuiteTalkError
from suitetalk.governor import Governor
from suitetalk.settings import ConnectionSettings
from suitetalk.transport import Transport


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


def begin(settings: ConnectionSettings) -> Consent:
    """Make the address of the consent page, with a state and a verifier of its own.

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
        raise SuiteTalkError(f"The login worked, but its tokens cannot be kept in {store.place}; mend that and repeat.")
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
