"""From settings to the login method they ask for."""

from __future__ import annotations

from datetime import datetime

from suitetalk.auth.authorization_code import AuthorizationCode
from suitetalk.auth.client_credentials import ClientCredentials
from suitetalk.auth.keys import SigningKey, certificate_of, end_of, warn_of_end
from suitetalk.auth.login import TokenRequester
from suitetalk.auth.token_store import TokenStore
from suitetalk.errors import ConfigurationError
from suitetalk.http.transport import Authentication
from suitetalk.settings import ConnectionSettings


def authentication_for(
    settings: ConnectionSettings, requester: TokenRequester, store: TokenStore | None = None
) -> Authentication:
    """Return the login of these settings; nothing is sent yet.

    Args:
        settings: checked settings.
        requester: sends token requests.
        store: keeps tokens; the user's own if None.

    Raises:
        ConfigurationError: the private key or the certificate cannot be used.
    """
    if settings.auth_method == "token_based":
        return _token_based(settings)
    store = store or TokenStore.open()
    if settings.auth_method == "authorization_code":
        return AuthorizationCode(
            settings.account, settings.client_id, settings.client_secret, requester, store, settings.login_hours
        )
    key = signing_key(settings)
    end = certificate_end(settings, key)
    if end:
        warn_of_end(end)
    return ClientCredentials(settings.account, settings.client_id, settings.certificate_id or "", key, requester, store)


def signing_key(settings: ConnectionSettings) -> SigningKey:
    """Return the private key of the settings.

    Raises:
        ConfigurationError: it cannot be used.
    """
    return SigningKey.read(
        settings.private_key,
        settings.private_key_path,
        settings.private_key_passphrase,
        settings.signing_algorithm,
    )


def certificate_end(settings: ConnectionSettings, key: SigningKey) -> datetime | None:
    """Return when the certificate of the settings' key ends, None when this machine does not have it.

    Raises:
        ConfigurationError: `certificate_path` names no certificate of this key.
    """
    certificate = certificate_of(key, settings.private_key, settings.private_key_path, settings.certificate_path)
    return end_of(certificate) if certificate else None


def _token_based(settings: ConnectionSettings) -> Authentication:
    try:
        from suitetalk.auth.token_based import TokenBased  # noqa: PLC0415 - only this method needs oauthlib
    except ModuleNotFoundError:
        raise ConfigurationError(
            "auth_method", "is token_based, which needs the package oauthlib; install it."
        ) from None
    return TokenBased(
        settings.account,
        settings.client_id,
        settings.client_secret or "",
        settings.token_id or "",
        settings.token_secret or "",
    )
