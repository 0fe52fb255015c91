"""The connection settings, under the same names wherever they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suitetalk.account import Account
from suitetalk.auth.redirects import check_redirect_uri
from suitetalk.errors import ConfigurationError
from suitetalk.setting_descriptions import (
    ALGORITHMS,
    AUTH_METHODS,
    CONNECTION_SETTINGS,
    LONGEST_LOGIN,
    LONGEST_TIMEOUT,
)

__all__ = ["AUTH_METHODS", "CONNECTION_SETTINGS", "ConnectionSettings"]

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
