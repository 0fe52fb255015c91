"""Connection settings: described and checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suitetalk.account import Account
from suitetalk.errors import ConfigurationError

__all__ = ["AUTH_METHODS", "CONNECTION_SETTINGS", "ConnectionSettings"]


AUTH_METHODS = ("client_credentials", "authorization_code", "token_based")
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LONGEST_TIMEOUT = 86_400  # seconds; NetSuite itself ends a request after 15 minutes [subsect_1559222360]
LONGEST_LOGIN = 8_784  # hours

CONNECTION_SETTINGS: dict[str, dict[str, Any]] = {
    "account_id": {
        "type": "string",
        "title": "Account ID",
        "description": "As under Setup > Company > Company Information: 1234567, or 1234567_SB1 for a sandbox.",
    },
    "base_url": {
        "type": "string",
        "title": "Base URL",
        "description": "Replaces the account's address, for an emulator or a proxy; the services are below "
        "/services/rest of it. Plain http only for loopback.",
    },
    "token_url": {
        "type": "string",
        "title": "Token URL",
        "description": "Replaces the address that hands out access tokens; a host of the account or of base_url only.",
    },
    "auth_method": {
        "type": "string",
        "title": "Login method",
        "enum": list(AUTH_METHODS),
        "default": "client_credentials",
        "description": "How to log in: client_credentials (OAuth 2.0 with a certificate, for unattended runs), "
        "authorization_code (OAuth 2.0 with a person's consent, given with `suitetalk login`), or token_based "
        "(OAuth 1.0, which NetSuite ends in 2028).",
    },
    "client_id": {
        "type": "string",
        "title": "Client ID",
        "secret": True,
        "description": "Client ID (consumer key) of the integration record.",
    },
    "client_secret": {
        "type": "string",
        "title": "Client secret",
        "secret": True,
        "description": "Client secret (consumer secret) of the integration record, for token_based, and for "
        "authorization_code unless the client is public.",
    },
    "certificate_id": {
        "type": "string",
        "title": "Certificate ID",
        "description": "ID that the OAuth 2.0 Client Credentials (M2M) Setup page shows for the uploaded certificate.",
    },
    "certificate_path": {
        "type": "string",
        "title": "Certificate file",
        "description": "File with the certificate in PEM form, to warn before it ends; not needed when it lies beside "
        "private_key_path.",
    },
    "private_key": {
        "type": "string",
        "title": "Private key",
        "secret": True,
        "description": "Private key of the certificate as PEM text; line ends may be written as \\n.",
    },
    "private_key_path": {
        "type": "string",
        "title": "Private key file",
        "description": "File with the private key in PEM form, instead of private_key.",
    },
    "private_key_passphrase": {
        "type": "string",
        "title": "Private key passphrase",
        "secret": True,
        "description": "Passphrase of the private key, when it has one.",
    },
    "signing_algorithm": {
        "type": "string",
        "title": "Signature algorithm",
        "enum": list(ALGORITHMS),
        "description": "Algorithm of the signed login, for RSA keys that must not use PS256; an EC key's curve decides "
        "by itself.",
    },
    "redirect_uri": {
        "type": "string",
        "title": "Redirect URI",
        "description": "Redirect URI of the integration record, exactly as there, for authorization_code; https or a "
        "scheme of its own.",
    },
    "login_hours": {
        "type": "number",
        "title": "Hours a login lasts",
        "exclusiveMinimum": 0,
        "maximum": LONGEST_LOGIN,
        "default": 168,
        "description": "Hours that an authorization_code login lasts, to warn two days before its end; only the "
        "integration record of a public client can say other than 168.",
    },
    "token_id": {
        "type": "string",
        "title": "Token ID",
        "secret": True,
        "description": "ID of the access token, for token_based.",
    },
    "token_secret": {
        "type": "string",
        "title": "Token secret",
        "secret": True,
        "description": "Secret of the access token, for token_based.",
    },
    "max_concurrency": {
        "type": "integer",
        "title": "Most requests at once",
        "minimum": 1,
        "description": "Most requests in flight at once. Without it the account's limit is found by trying.",
    },
    "request_timeout": {
        "type": "number",
        "title": "Request time-out",
        "exclusiveMinimum": 0,
        "maximum": LONGEST_TIMEOUT,
        "default": 300,
        "description": "Seconds to wait for NetSuite to go on with an answer.",
    },
}
"""JSON Schema of each connection setting; `secret` marks what must not be shown."""


_CUSTOM_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.ASCII | re.IGNORECASE)


_HTTPS = re.compile(r"https://[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:/[!-~]*)?", re.ASCII | re.IGNORECASE)


_NO_APPLICATIONS = {"http", "file", "ftp", "ws", "wss", "data", "javascript", "blob", "about", "mailto", "vbscript"}


def check_redirect_uri(address: str) -> None:
    """Refuse what NetSuite does not take: plain http, or anything but https and custom schemes [section_157771733782].

    Raises:
        ConfigurationError: it cannot be used.
    """
    scheme = address.split(":", maxsplit=1)[0].lower()
    if scheme == "http":
        raise ConfigurationError(
            "redirect_uri", "uses plain http, which NetSuite refuses; use https or a scheme of your own."
        )
    wanted = _HTTPS if scheme == "https" else _CUSTOM_SCHEME
    if re.search(r"[@#?\\]", address) or scheme in _NO_APPLICATIONS or not wanted.fullmatch(address):
        raise ConfigurationError(
            "redirect_uri",
            "is no address to return to; use the one registered on the integration record, such as "
            "https://localhost:8443/callback or com.example.connector://callback.",
        )


_NEEDED = {
    "client_credentials": ("client_id", "certificate_id"),
    "authorization_code": ("client_id", "redirect_uri"),
    "token_based": ("client_id", "client_secret", "token_id", "token_secret"),
}
_POSSIBLE = {
    "client_credentials": (
        "certificate_path",
        "private_key",
        "private_key_path",
        "private_key_passphrase",
        "signing_algorithm",
    ),
    "authorization_code": ("client_secret",),
    "token_based": (),
}
_LOGIN_SETTINGS = {name for table in (_NEEDED, _POSSIBLE) for names in table.values() for name in names}


@dataclass(frozen=True)
class ConnectionSettings:
    """Checked connection settings; secrets stay out of its text form.

    Attributes mirror the settings' names; `account` is what `account_id`, `base_url` and `token_url` resolve to. Of
    the settings for logging in, those that `auth_method` does not take are None.
    """

    account: Account
    auth_method: str
    client_id: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    certificate_id: str | None = None
    certificate_path: str | None = None
    private_key: str | None = field(default=None, repr=False)
    private_key_path: str | None = None
    private_key_passphrase: str | None = field(default=None, repr=False)
    signing_algorithm: str | None = None
    redirect_uri: str | None = None
    login_hours: float = 168.0
    token_id: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    max_concurrency: int | None = None
    request_timeout: float = 300.0

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> ConnectionSettings:
        """Check a plain mapping of settings; other keys in it are left alone.

        Raises:
            ConfigurationError: a setting is missing, of the wrong type, not usable, or of another login method.
        """
        method = _one_of(config, "auth_method", AUTH_METHODS) or AUTH_METHODS[0]
        account = Account.resolve(
            _required(config, "account_id"), _text(config, "base_url"), _text(config, "token_url")
        )
        login = _login(config, method)
        if method == "client_credentials":
            _check_key(login)
        if login["redirect_uri"]:
            check_redirect_uri(login["redirect_uri"])
        return cls(
            account=account,
            auth_method=method,
            login_hours=_number(config, "login_hours", LONGEST_LOGIN),
            max_concurrency=_max_concurrency(config.get("max_concurrency")),
            request_timeout=_number(config, "request_timeout", LONGEST_TIMEOUT),
            **login,
        )


def _login(config: Mapping[str, Any], method: str) -> dict[str, Any]:
    """Return the settings for logging in, those of other methods as None.

    Raises:
        ConfigurationError: one is missing, or given and not used by this method.
    """
    login: dict[str, Any] = {name: _text(config, name) for name in _LOGIN_SETTINGS}
    for name in _NEEDED[method]:
        _required(config, name)
    for name in sorted(_LOGIN_SETTINGS - {*_NEEDED[method], *_POSSIBLE[method]}):
        if login[name]:
            raise ConfigurationError(
                name, f"is given, and auth_method {method} does not use it; remove it or change `auth_method`."
            )
    _one_of(config, "signing_algorithm", ALGORITHMS)
    if login["private_key_passphrase"]:
        login["private_key_passphrase"] = config["private_key_passphrase"]  # its blanks are its own
    return login


def _check_key(login: Mapping[str, Any]) -> None:
    if login["private_key"] and login["private_key_path"]:
        raise ConfigurationError("private_key", "and `private_key_path` are both given; keep one of them.")
    if not login["private_key"] and not login["private_key_path"]:
        raise ConfigurationError(
            "private_key", "is missing; give the PEM text, or name its file in `private_key_path`."
        )


def _text(config: Mapping[str, Any], name: str) -> str | None:
    value = config.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(name, f"must be text, not {type(value).__name__}; put it in quotes.")
    # Files and environment variables like to end in a line break; only a passphrase may mean its blanks.
    stripped = value.strip()
    if name in ("client_id", "client_secret", "token_id", "token_secret") and not stripped.isascii():
        raise ConfigurationError(name, "holds letters that NetSuite never uses in it; copy it again.")
    return stripped or None


def _required(config: Mapping[str, Any], name: str) -> str:
    value = _text(config, name)
    if value is None:
        raise ConfigurationError(name, f"is missing: {CONNECTION_SETTINGS[name]['description']}")
    return value


def _one_of(config: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str | None:
    value = _text(config, name)
    if value not in (None, *choices):
        raise ConfigurationError(name, f"is {value!r}; it must be one of {', '.join(choices)}.")
    return value


def _max_concurrency(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number < 1:
        raise ConfigurationError("max_concurrency", f"is {value!r}; it must be a whole number from 1 up.")
    return number


def _number(config: Mapping[str, Any], name: str, largest: float) -> float:
    """Return a number above 0, the setting's default where it is left empty."""
    schema, value = CONNECTION_SETTINGS[name], config.get(name)
    if value is None or value == "":
        return float(schema["default"])
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number <= largest:
        unit = schema["description"].split()[0].lower()
        raise ConfigurationError(name, f"is {value!r}; it must be a number of {unit} above 0, at most {largest}.")
    return number
