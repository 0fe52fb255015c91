"""The connection settings, under the same names wherever they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suitetalk.account import Account
from suitetalk.errors import ConfigurationError

AUTH_METHODS = ("client_credentials", "authorization_code", "token_based")

_LONGEST_TIMEOUT = 86_400  # seconds; NetSuite itself ends a request after 15 minutes [subsect_1559222360]

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
        "description": "How to log in: client_credentials (OAuth 2.0 with a certificate). "
        "authorization_code and token_based are not available yet.",
    },
    "client_id": {
        "type": "string",
        "title": "Client ID",
        "secret": True,
        "description": "Client ID (consumer key) of the integration record.",
    },
    "certificate_id": {
        "type": "string",
        "title": "Certificate ID",
        "description": "ID that the OAuth 2.0 Client Credentials (M2M) Setup page shows for the uploaded certificate.",
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
        "maximum": _LONGEST_TIMEOUT,
        "default": 300,
        "description": "Seconds to wait for NetSuite to go on with an answer.",
    },
}
"""JSON Schema of each connection setting; `secret` marks what must not be shown."""


@dataclass(frozen=True)
class ConnectionSettings:
    """Checked connection settings; secrets stay out of its text form.

    Attributes mirror the settings' names; `account` is what `account_id`, `base_url` and `token_url` resolve to.
    """

    account: Account
    client_id: str = field(repr=False)
    certificate_id: str
    private_key: str | None = field(default=None, repr=False)
    private_key_path: str | None = None
    private_key_passphrase: str | None = field(default=None, repr=False)
    max_concurrency: int | None = None
    request_timeout: float = 300.0

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> ConnectionSettings:
        """Check a plain mapping of settings; other keys in it are left alone.

        Raises:
            ConfigurationError: a setting is missing, of the wrong type, or not usable.
        """
        _check_auth_method(_text(config, "auth_method"))
        account = Account.resolve(
            _required(config, "account_id"), _text(config, "base_url"), _text(config, "token_url")
        )
        settings = cls(
            account=account,
            client_id=_required(config, "client_id"),
            certificate_id=_required(config, "certificate_id"),
            private_key=_text(config, "private_key"),
            private_key_path=_text(config, "private_key_path"),
            private_key_passphrase=_passphrase(config),
            max_concurrency=_max_concurrency(config.get("max_concurrency")),
            request_timeout=_request_timeout(config.get("request_timeout")),
        )
        if settings.private_key and settings.private_key_path:
            raise ConfigurationError("private_key", "and `private_key_path` are both given; keep one of them.")
        if not settings.private_key and not settings.private_key_path:
            raise ConfigurationError(
                "private_key", "is missing; give the PEM text, or name its file in `private_key_path`."
            )
        return settings


def _text(config: Mapping[str, Any], name: str) -> str | None:
    value = config.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(name, f"must be text, not {type(value).__name__}; put it in quotes.")
    # Files and environment variables like to end in a line break; only a passphrase may mean its blanks.
    return value.strip() or None


def _passphrase(config: Mapping[str, Any]) -> str | None:
    return config["private_key_passphrase"] if _text(config, "private_key_passphrase") else None


def _required(config: Mapping[str, Any], name: str) -> str:
    value = _text(config, name)
    if value is None:
        raise ConfigurationError(name, f"is missing: {CONNECTION_SETTINGS[name]['description']}")
    return value


def _check_auth_method(method: str | None) -> None:
    if method not in (None, *AUTH_METHODS):
        raise ConfigurationError("auth_method", f"is {method!r}; it must be one of {', '.join(AUTH_METHODS)}.")
    if method not in (None, "client_credentials"):
        raise ConfigurationError(
            "auth_method", f"is {method!r}, which this version cannot do yet; use client_credentials."
        )


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


def _request_timeout(value: Any) -> float:
    if value is None or value == "":
        return float(CONNECTION_SETTINGS["request_timeout"]["default"])
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise ConfigurationError(
            "request_timeout", f"is {value!r}; it must be a number of seconds above 0, at most {_LONGEST_TIMEOUT}."
        )
    return seconds
