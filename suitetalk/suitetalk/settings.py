"""Connection settings: described and checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from suitetalk.account import Account, account_in, is_loopback
from suitetalk.descriptions import Special, read, read_one, schema_of, setting
from suitetalk.errors import ConfigurationError

__all__ = [
    "AUTH_METHODS",
    "CONNECTION_SETTINGS",
    "LOGIN_GROUPS",
    "NEEDED",
    "ConnectionSettings",
    "check_redirect_uri",
    "check_setting",
    "unused_settings",
]


AuthMethod = Literal["client_credentials", "authorization_code", "token_based"]
Algorithm = Literal["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]

AUTH_METHODS: tuple[str, ...] = get_args(AuthMethod)
LONGEST_TIMEOUT = 86_400  # seconds; NetSuite itself ends a request after 15 minutes [subsect_1559222360]
LONGEST_LOGIN = 8_784  # hours

_CUSTOM_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.ASCII | re.IGNORECASE)


_WEB = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:/[!-~]*)?", re.ASCII | re.IGNORECASE)


_NO_APPLICATIONS = {"http", "file", "ftp", "ws", "wss", "data", "javascript", "blob", "about", "mailto", "vbscript"}
NEEDED = {
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
_KEYS = ("private_key_path", "private_key")  # one of them, for client_credentials
_LOGIN_SETTINGS = {name for table in (NEEDED, _POSSIBLE) for names in table.values() for name in names}
LOGIN_GROUPS: tuple[tuple[str, ...], ...] = (
    *(("account_id", *NEEDED["client_credentials"], key) for key in _KEYS),
    *(("account_id", *NEEDED[method]) for method in AUTH_METHODS if method != "client_credentials"),
)
"""Settings that have to be given together to log in, one group for each way; `auth_method` says which."""


def check_redirect_uri(address: str) -> None:
    """Refuse what NetSuite does not take: anything but https and custom schemes [section_157771733782].

    Live accounts take plain http for this machine itself, such as http://localhost:8080/callback.

    Raises:
        ConfigurationError: it cannot be used.
    """
    scheme = address.split(":", maxsplit=1)[0].lower()
    is_local = scheme == "http" and is_loopback(_host(address))
    if scheme == "http" and not is_local:
        raise ConfigurationError(
            "redirect_uri",
            "uses plain http for another machine, which NetSuite refuses; use https, http://localhost or a custom "
            "scheme.",
        )
    wanted = _WEB if scheme == "https" or is_local else _CUSTOM_SCHEME
    if re.search(r"[@#?\\]", address) or (scheme in _NO_APPLICATIONS and not is_local) or not wanted.fullmatch(address):
        raise ConfigurationError(
            "redirect_uri",
            "is not an address to return to; use the one registered on the integration record, such as "
            "https://localhost:8443/callback or com.example.connector://callback.",
        )


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _credential(text: str) -> str:
    if not text.isascii():
        raise ValueError("contains letters that NetSuite never uses in it; copy it again.")
    if len(text.split()) > 1:
        raise ValueError("contains a blank, which NetSuite never uses in it; copy it again.")
    return text


Credential = Annotated[str, Special(_credential)]


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", text):
        raise ValueError(f"is {text!r}; write it like en-US or de-DE.")
    return text


Language = Annotated[str, Special(_language)]
Verbatim = Annotated[str, Special(str, strip=False)]


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """Checked connection settings; secrets stay out of their text form.

    Of the settings for logging in, those that `auth_method` does not use are None.
    """

    account_id: str = setting(
        "", "Account ID", "As under Setup > Company > Company Information: 1234567, or 1234567_SB1 for a sandbox."
    )
    base_url: str | None = setting(
        None,
        "Base URL",
        "Replaces the account's address, for an emulator or a proxy; the services are expected under /services/rest. "
        "Plain http is accepted for loopback addresses only.",
    )
    token_url: str | None = setting(
        None,
        "Token URL",
        "Replaces the address that issues access tokens; it must be on a host of the account or of base_url.",
    )
    auth_method: AuthMethod = setting(
        "client_credentials",
        "Login method",
        "How to log in: client_credentials (OAuth 2.0 with a certificate, for unattended runs), authorization_code "
        "(OAuth 2.0 with a person's consent, given with `suitetalk login`), or token_based (OAuth 1.0, which NetSuite "
        "ends in 2028). client_credentials needs client_id, certificate_id and private_key or private_key_path; "
        "authorization_code needs client_id, redirect_uri and, unless the client is public, client_secret; token_based "
        "needs client_id, client_secret, token_id and token_secret.",
    )
    client_id: Credential = setting(
        ..., "Client ID", "Client ID (consumer key) of the integration record.", secret=True
    )
    client_secret: Credential | None = setting(
        None,
        "Client secret",
        "Client secret (consumer secret) of the integration record, for token_based, and for authorization_code unless "
        "the client is public.",
        secret=True,
    )
    certificate_id: str | None = setting(
        None,
        "Certificate ID",
        "ID that the OAuth 2.0 Client Credentials (M2M) Setup page shows for the uploaded certificate, for "
        "client_credentials.",
    )
    certificate_path: str | None = setting(
        None,
        "Certificate file",
        "File with the certificate in PEM form, used to warn before it expires; not needed when it is in the same "
        "folder as private_key_path.",
    )
    private_key: str | None = setting(
        None,
        "Private key",
        "Private key of the certificate as PEM text; line breaks may be written as \\n.",
        secret=True,
    )
    private_key_path: str | None = setting(
        None, "Private key file", "File with the private key in PEM form, instead of private_key."
    )
    private_key_passphrase: Verbatim | None = setting(
        None, "Private key passphrase", "Passphrase of the private key, if it has one.", secret=True
    )
    signing_algorithm: Algorithm | None = setting(
        None,
        "Signature algorithm",
        "Algorithm of the signed login, for RSA keys that must not use PS256; ignored for EC keys, whose curve "
        "determines it.",
    )
    redirect_uri: str | None = setting(
        None,
        "Redirect URI",
        "Redirect URI for authorization_code, exactly as on the integration record; https, a custom scheme, or http://localhost.",
    )
    login_hours: float = setting(
        168,
        "Hours a login lasts",
        "Hours that an authorization_code login lasts, used to warn two days before it ends; only the integration "
        "record of a public client can set anything other than 168.",
        above=0,
        maximum=LONGEST_LOGIN,
        unit="hours",
    )
    token_id: Credential | None = setting(None, "Token ID", "ID of the access token, for token_based.", secret=True)
    token_secret: Credential | None = setting(
        None, "Token secret", "Secret of the access token, for token_based.", secret=True
    )
    max_concurrency: int | None = setting(
        None,
        "Most requests at once",
        "Most requests in flight at once, counted together with those of others who share the account's limit and have "
        "this setting. Without it the account's limit is found by trying.",
        minimum=1,
    )
    concurrency_folder: str | None = setting(
        None,
        "Folder of shared limits",
        "Folder in which a user's processes on one host share each account's limit of requests at once; it holds "
        "nothing else and is on a local disk. A folder in the user's cache when absent; off to share no limit.",
    )
    concurrency_redis: str | None = setting(
        None,
        "Redis of shared limits",
        "Address of a Redis server, such as redis://host:6379/0, through which several hosts share each account's "
        "limit of requests at once, instead of the folder; needs the extra redis.",
        secret=True,
    )
    request_timeout: float = setting(
        300,
        "Request timeout",
        "Seconds to wait for data before a request times out.",
        above=0,
        maximum=LONGEST_TIMEOUT,
        unit="seconds",
    )
    busy_patience: float = setting(
        600,
        "Patience with a busy account",
        "Seconds to go on with one request at a time while NetSuite refuses every try of a request for the account's "
        "concurrency limit; 0 gives up at once.",
        minimum=0,
        maximum=LONGEST_TIMEOUT,
        unit="seconds",
    )
    language: Language | None = setting(
        None,
        "Company language",
        "The company's language, such as en-US, sent as Accept-Language; without it, it is sent as soon as NetSuite "
        "asks for it.",
    )

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> ConnectionSettings:
        """Check a plain mapping of settings; other keys in it are left alone.

        Raises:
            ConfigurationError: a setting is missing, of the wrong type, not usable, or of another login method.
        """
        if not config.get("account_id") and (named := account_in(str(config.get("token_url") or ""))):
            config = {**config, "account_id": named}
        if not str(config.get("account_id") or "").strip():
            raise ConfigurationError("account_id", f"is missing: {CONNECTION_SETTINGS['account_id']['description']}")
        return read(cls, config)

    @cached_property
    def account(self) -> Account:
        """What `account_id`, `base_url` and `token_url` resolve to.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        return Account.resolve(self.account_id, self.base_url, self.token_url)

    def check(self, place: str) -> None:
        """Make sure that the settings for logging in are those of the method, and lead to an account.

        Raises:
            ConfigurationError: one is missing, or is given and not used by this method.
        """
        del place  # they are at the top
        _ = self.account
        for name in NEEDED[self.auth_method]:
            if not getattr(self, name):
                raise ConfigurationError(name, f"is missing: {CONNECTION_SETTINGS[name]['description']}")
        for name in unused_settings(self.auth_method):
            if getattr(self, name):
                raise ConfigurationError(
                    name,
                    f"is given, and auth_method {self.auth_method} does not use it; remove it or change `auth_method`.",
                )
        if self.auth_method == "client_credentials":
            self._check_key()
        if self.redirect_uri:
            check_redirect_uri(self.redirect_uri)

    def _check_key(self) -> None:
        if self.private_key and self.private_key_path:
            raise ConfigurationError("private_key", "and `private_key_path` are both given; keep one of them.")
        if not self.private_key and not self.private_key_path:
            raise ConfigurationError(
                "private_key", "is missing; give the PEM text, or name its file in `private_key_path`."
            )


CONNECTION_SETTINGS: dict[str, dict[str, Any]] = schema_of(ConnectionSettings)["properties"]
"""JSON Schema of each connection setting; `secret` marks what must not be shown."""


def unused_settings(auth_method: str) -> list[str]:
    """Return the settings for logging in that a login method does not use, in alphabetical order."""
    return sorted(_LOGIN_SETTINGS - {*NEEDED[auth_method], *_POSSIBLE[auth_method]})


def check_setting(name: str, text: str) -> str:
    """Check one setting as far as that goes without the others, and return it as it is to be kept.

    Raises:
        ConfigurationError: it cannot be used.
    """
    value = str(read_one(ConnectionSettings, name, text))
    if name == "account_id":
        value = account_in(value) or value  # an address of the account's pages was given
        return Account.resolve(value).realm
    if name == "redirect_uri":
        check_redirect_uri(value)
    return value
