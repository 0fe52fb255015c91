"""What can be chosen about signing in."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["REFUSED_SCHEMES", "SignInSettings"]

_DAY = 86400.0
REFUSED_SCHEMES = ("http", "javascript", "data", "file", "")


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """The integration records, what they allow, and how long things last (seconds)."""

    # the integration record with a secret
    client_id: str = "emulator-client"
    client_secret: str = "emulator-client-secret"  # noqa: S105 - the account is made up
    certificate_id: str = "emulator-certificate"
    token_id: str = "emulator-token"  # noqa: S105 - of a NetSuite that holds no secrets
    token_secret: str = "emulator-token-secret"  # noqa: S105 - the same
    # the one without
    public_client_id: str = "emulator-public-client"
    # of both
    redirect_uris: tuple[str, ...] = ("https://localhost:8111/callback", "netsuite-emulator://callback")
    http_redirects: bool = False
    consent: str = "ask"
    pkce_required: bool = False
    authorization_code_grant: bool = True
    client_credentials_grant: bool = True
    token_based_authentication: bool = True
    # how long things last
    clock_offset: float = 0.0
    token_lifetime: float = 3600.0
    code_lifetime: float = 600.0
    refresh_token_lifetime: float = 7 * _DAY
    public_refresh_token_lifetime: float = 2 * _DAY
    public_rotation_lifetime: float = 7 * _DAY
    timestamp_tolerance: float = 300.0
    lockout_failures: int = 5
    lockout_seconds: float = 1800.0
    # open points
    access_token_algorithm: str = "RS256"  # noqa: S105 - a name
    expires_in_as_text: bool = False
