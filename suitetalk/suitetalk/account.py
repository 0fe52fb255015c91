"""From an account id, or a configured address, to the hosts requests may go to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from suitetalk.errors import ConfigurationError

REST_ROOT = "/services/rest"
TOKEN_PATH = f"{REST_ROOT}/auth/oauth2/v1/token"
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)?")


@dataclass(frozen=True)
class Account:
    """Where one NetSuite account is reached.

    Attributes:
        realm: the id as the user interface and OAuth 1.0 spell it, such as `1234567_SB1`.
        base_url: address without a trailing slash; the services are below `/services/rest` of it.
        token_url: where access tokens are asked for.
        audiences: the `aud` values to try in assertions, the likeliest first.
    """

    realm: str
    base_url: str
    token_url: str
    audiences: tuple[str, ...]

    @classmethod
    def resolve(cls, account_id: str, base_url: str | None = None, token_url: str | None = None) -> Account:
        """Derive the addresses of an account.

        Either spelling of the id (`1234567_SB1`, `1234567-sb1`) is accepted; host names carry the second,
        the realm the first [section_4609939018]. A `base_url` replaces the account's address. Credentials go
        to no other host than that of the account or of `base_url`.

        Raises:
            ConfigurationError: the id or an address cannot be used.
        """
        label = _host_label(account_id)
        own_url = f"https://{label}.suitetalk.api.netsuite.com"
        base = _base_address(base_url) if base_url else own_url
        token = _token_address(token_url, base, label) if token_url else base + TOKEN_PATH
        # Behind a proxy NetSuite still wants its own address in the assertion, a local stand-in wants the one called.
        audiences = tuple(dict.fromkeys((token, own_url + TOKEN_PATH)))
        return cls(label.upper().replace("-", "_"), base, token, audiences)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host_label(account_id: str) -> str:
    stripped = account_id.strip()
    if not _ACCOUNT_ID.fullmatch(stripped):
        raise ConfigurationError(
            "account_id",
            f"is {account_id!r}, which is no account id; use the one under Setup > Company > Company Information, "
            "such as 1234567 or 1234567_SB1.",
        )
    return stripped.lower().replace("_", "-")


def _base_address(base_url: str) -> str:
    _check_address("base_url", base_url)
    return base_url.rstrip("/").removesuffix(REST_ROOT)


def _token_address(token_url: str, base: str, label: str) -> str:
    _check_address("token_url", token_url)
    host = (urlsplit(token_url).hostname or "").lower()
    own = host.startswith(f"{label}.") and host.endswith(".netsuite.com")
    if host != urlsplit(base).hostname and not own:
        raise ConfigurationError(
            "token_url",
            f"points to {host}, which is neither the account's host nor that of `base_url`; "
            "credentials are sent to no other host, so correct or remove it.",
        )
    return token_url


def _check_address(setting: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            setting,
            f"is {address!r}, which is no web address; use the form https://1234567.suitetalk.api.netsuite.com.",
        )
    if "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\\]", address):
        raise ConfigurationError(setting, "must be scheme, host and path only: no user name, query or fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            setting,
            f"uses plain http for {host}; credentials need https, only loopback addresses may do without.",
        )
