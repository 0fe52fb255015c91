"""The integration records, and what users allowed them: authorization codes and refresh tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from netsuite_emulator.auth.errors import OAuthError
from netsuite_emulator.clock import Clock
from netsuite_emulator.settings import REFUSED_SCHEMES, SettingsError, SignInSettings

__all__ = ["SCOPES", "Consent", "Consents", "Integration", "Integrations"]


SCOPES = frozenset({"rest_webservices", "restlets", "suite_analytics", "mcp"})


@dataclass
class Integration:
    """One integration record; without a secret it is a public client."""

    name: str
    client_id: str
    secret: str | None
    redirect_uris: set[str] = field(default_factory=set)

    @property
    def public(self) -> bool:
        """Whether it has no secret."""
        return self.secret is None


class Integrations:
    """The integration records of the account."""

    def __init__(self, settings: SignInSettings) -> None:
        """Make one with a secret and a public one.

        Raises:
            SettingsError: a redirect URI is of a kind NetSuite refuses.
        """
        self._http = settings.http_redirects
        self.confidential = Integration("Emulator", settings.client_id, settings.client_secret)
        self.public = Integration("Emulator (public client)", settings.public_client_id, None)
        for uri in settings.redirect_uris:
            self.register(uri)

    def register(self, uri: str) -> None:
        """Register a redirect URI with both integration records.

        Raises:
            SettingsError: plain http, unless the settings allow it, or no URI at all.
        """
        scheme = urlsplit(uri).scheme.lower()
        if scheme in REFUSED_SCHEMES and not (scheme == "http" and self._http):
            raise SettingsError(
                f"'{uri}' cannot be a redirect URI: NetSuite takes https or a scheme of one's own "
                "(the setting http_redirects allows plain http)."
            )
        for integration in (self.confidential, self.public):
            integration.redirect_uris.add(uri)

    def get(self, client_id: str | None) -> Integration | None:
        """The integration record with a client id."""
        known = (self.confidential, self.public)
        return next((integration for integration in known if integration.client_id == client_id), None)

    def authenticate(self, authorization: str | None, form: Mapping[str, str]) -> Integration:
        """Who calls: by HTTP Basic, or, for a public client, by `client_id` in the form [section_158081952044].

        Raises:
            OAuthError: 401, the caller is not known or did not prove who it is.
        """
        name, secret = _basic(authorization) if authorization else (form.get("client_id"), "")
        integration = self.get(name)
        if integration is None:
            raise OAuthError("invalid_client", "InvalidIntegration")
        if not hmac.compare_digest((integration.secret or "").encode(), secret.encode()):
            raise OAuthError("invalid_client", "the client secret is wrong")
        if authorization and form.get("client_id") not in (None, name):
            raise OAuthError("invalid_client", "ClientIdMismatch")
        return integration


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        scheme, name, colon, secret = "", "", "", ""
    if scheme.lower() != "basic" or not colon:
        raise OAuthError("invalid_client", "the Authorization header is not HTTP Basic")
    return name, secret


@dataclass(frozen=True)
class Consent:
    """What a user allowed, and how the code must be asked for."""

    id: str
    client_id: str
    public: bool
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None


@dataclass(frozen=True)
class _Code:
    consent: Consent
    end: float


@dataclass(frozen=True)
class _RefreshToken:
    consent: Consent
    end: float
    last_rotation: float


class Consents:
    """The codes and refresh tokens that are valid. Safe to use from several threads."""

    def __init__(self, settings: SignInSettings, clock: Clock) -> None:
        """Nobody allowed anything yet."""
        self._settings = settings
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._refresh_tokens: dict[str, _RefreshToken] = {}
        self._lock = threading.Lock()

    def code(self, consent: Consent) -> str:
        """A code, to be traded once."""
        text = secrets.token_hex(32)
        with self._lock:
            self._codes[text] = _Code(consent, self._clock.age() + self._settings.code_lifetime)
        return text

    def redeem(self, text: str, integration: Integration, redirect_uri: str, verifier: str | None) -> Consent:
        """Trade a code; it is gone afterwards, even where the trade is refused.

        Raises:
            OAuthError: the code is not valid, or not this caller's.
        """
        with self._lock:
            code = self._codes.pop(text, None)
        if code is None or code.end <= self._clock.age():
            raise OAuthError("invalid_grant", "the authorization code is unknown, used or too old")
        consent = code.consent
        if consent.client_id != integration.client_id:
            raise OAuthError("invalid_grant", "ClientIdMismatch")
        if consent.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", "the redirect URI is not that of the authorization request")
        if consent.challenge is not None and not _fits(consent.challenge, verifier):
            raise OAuthError("invalid_grant", "the code verifier does not fit the code challenge")
        return consent

    def refresh_token(self, consent: Consent) -> str:
        """The first refresh token of a consent."""
        now, settings = self._clock.age(), self._settings
        if not consent.public:
            return self._keep(_RefreshToken(consent, now + settings.refresh_token_lifetime, 0))
        last = now + settings.public_rotation_lifetime
        return self._keep(_RefreshToken(consent, min(now + settings.public_refresh_token_lifetime, last), last))

    def refresh(self, text: str, integration: Integration) -> tuple[Consent, str | None]:
        """Use a refresh token: the consent, and for a public client the next refresh token.

        Raises:
            OAuthError: it is unknown, used, too old or another client's.
        """
        now = self._clock.age()
        with self._lock:
            token = self._refresh_tokens.get(text)
            if token is None or token.end <= now or token.consent.client_id != integration.client_id:
                raise OAuthError("invalid_grant", "the refresh token is unknown, used or too old")
            if not token.consent.public:
                return token.consent, None
            del self._refresh_tokens[text]  # usable once
        end = min(now + self._settings.public_refresh_token_lifetime, token.last_rotation)
        return token.consent, self._keep(_RefreshToken(token.consent, end, token.last_rotation))

    def revoke(self, text: str, integration: Integration) -> str | None:
        """End a refresh token; the id of its consent, None where nothing was to end."""
        with self._lock:
            token = self._refresh_tokens.get(text)
            if token is None or token.consent.client_id != integration.client_id:
                return None
            del self._refresh_tokens[text]
        return token.consent.id

    def _keep(self, token: _RefreshToken) -> str:
        text = secrets.token_urlsafe(64)
        with self._lock:
            self._refresh_tokens[text] = token
        return text


def _fits(challenge: str, verifier: str | None) -> bool:
    if verifier is None or not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
