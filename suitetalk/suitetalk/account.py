"""From an account id, or a configured address, to the hosts requests may go to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from suitetalk.errors import ConfigurationError

REST_ROOT = "/services/rest"
TOKEN_PATH = f"{REST_ROOT}/auth/oauth2/v1/token"
REVOKE_PATH = f"{REST_ROOT}/auth/oauth2/v1/revoke"
_CONSENT_PATH = "/app/login/oauth2/authorize.nl"
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9]{1,40}(?:[_-][A-Za-z0-9]{1,20})?")
_SERVICE_HOSTS = ("suitetalk.api", "restlets.api", "app")
# Stricter than the standard: what two parsers might read differently is refused, such as non-ASCII names.
_HOST = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]"
_OF_AN_ACCOUNT = re.compile(rf"([a-z0-9-]+)\.(?:{'|'.join(map(re.escape, _SERVICE_HOSTS))})\.netsuite\.com")
_ADDRESS = re.compile(rf"https?://(?:{_HOST})(?::\d{{1,5}})?(?:/[!-~]*)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Account:
    """Where one NetSuite account is reached.

    Attributes:
        realm: the id as the user interface and OAuth 1.0 spell it, such as `1234567_SB1`.
        base_url: address without a trailing slash; the services are below `/services/rest` of it.
        token_url: where access tokens are asked for.
        audiences: the `aud` values to try in assertions, the likeliest first.
        authorize_url: the page where a person gives consent.
        restlets_url: address of the services that NetSuite's pages show on the account's other API host.
    """

    realm: str
    base_url: str
    token_url: str
    audiences: tuple[str, ...]
    authorize_url: str
    restlets_url: str

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
        own_token = own_url + TOKEN_PATH
        likeliest_first = (token, own_token) if is_loopback(_host(token)) else (own_token, token)
        # The consent page belongs to the user interface, which a proxy for the REST services does not show.
        pages = base if is_loopback(_host(base)) else f"https://{label}.app.netsuite.com"
        realm = label.upper().replace("-", "_")
        audiences = tuple(dict.fromkeys(likeliest_first))
        restlets = f"https://{label}.restlets.api.netsuite.com" if base == own_url else base
        return cls(realm, base, token, audiences, pages + _CONSENT_PATH, restlets)

    @property
    def pages_url(self) -> str:
        """Where NetSuite's pages for people are, without a slash at the end [section_4834765371]."""
        return self.authorize_url.removesuffix(_CONSENT_PATH)


def account_in(address: str) -> str:
    """Return the id of the account that an address of NetSuite's belongs to, empty when it names none."""
    found = _OF_AN_ACCOUNT.fullmatch(_host(address)) if _ADDRESS.fullmatch(address) else None
    return found[1] if found else ""


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address, without brackets, is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host_label(account_id: str) -> str:
    stripped = account_id.strip()
    if not _ACCOUNT_ID.fullmatch(stripped):
        raise ConfigurationError(
            "account_id",
            f"is {account_id!r}, which is not an account id; use the one under Setup > Company > Company Information, "
            "such as 1234567 or 1234567_SB1.",
        )
    return stripped.lower().replace("_", "-")


def _base_address(base_url: str) -> str:
    _check_address("base_url", base_url)
    return base_url.rstrip("/").removesuffix(REST_ROOT).rstrip("/")


def _token_address(token_url: str, base: str, label: str) -> str:
    _check_address("token_url", token_url)
    host = _host(token_url)
    own_hosts = [f"{label}.{service}.netsuite.com" for service in _SERVICE_HOSTS]
    if host not in (_host(base), *own_hosts):
        raise ConfigurationError(
            "token_url",
            f"points to {host}, which is neither the account's host nor that of `base_url`; "
            "credentials are sent to no other host, so correct or remove it.",
        )
    return token_url


def _check_address(setting: str, address: str) -> None:
    """Refuse what is not a plain address; the text shows none of it, because a password may stand before an @."""
    if re.search(r"[@?#\\]", address):
        raise ConfigurationError(setting, "must be scheme, host and path only: no user name, query or fragment.")
    if not _ADDRESS.fullmatch(address) or not _has_valid_port(address):
        raise ConfigurationError(
            setting, "is not a web address; use the form https://1234567.suitetalk.api.netsuite.com."
        )
    if address.lower().startswith("http:") and not is_loopback(_host(address)):
        raise ConfigurationError(
            setting,
            f"uses plain http for {_host(address)}; credentials need https, only loopback addresses may do without.",
        )


def _has_valid_port(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
