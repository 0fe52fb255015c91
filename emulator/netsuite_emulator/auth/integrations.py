"""Integration records: the applications that may sign in [section_157771733782]."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from netsuite_emulator.auth.errors import OAuthError
from netsuite_emulator.auth.settings import REFUSED_SCHEMES, SignInSettings
from netsuite_emulator.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SCOPES", "Integration", "Integrations"]

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
