"""Redirect addresses of the authorization code grant: which may be used, and what an answer in one says."""

from __future__ import annotations

import hmac
import re
from urllib.parse import parse_qs, urlsplit

from suitetalk.errors import ConfigurationError, LoginNeededError

_CUSTOM_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.ASCII | re.IGNORECASE)
_HTTPS = re.compile(r"https://[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:/[!-~]*)?", re.ASCII | re.IGNORECASE)
_NO_APPLICATIONS = {"http", "file", "ftp", "ws", "wss", "data", "javascript", "blob", "about", "mailto", "vbscript"}
_END = "the login has been ended; run `suitetalk login` again"


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


def code_of(address: str, redirect_uri: str, state: str, realm: str) -> str:
    """Return the code in the address NetSuite redirected to [section_158081944642].

    Args:
        address: complete, as the browser shows it.
        redirect_uri: where the redirect was to lead.
        state: what the consent was asked for with; checked before anything else is believed.
        realm: the account the consent must be for.

    Raises:
        LoginNeededError: it answers another login, is for another account, or the consent was not given.
    """
    address = "".join(address.split())  # mail programs and terminals break long lines
    if not _leads_to(address, redirect_uri):
        raise LoginNeededError(f"This is not an address below `redirect_uri`, {redirect_uri}; {_END}.")
    answer = parse_qs(urlsplit(address).query, keep_blank_values=True)
    if not hmac.compare_digest(_only(answer, "state").encode(), state.encode()):
        raise LoginNeededError(f"The `state` in the address is not that of this login, so {_END}.")
    if error := _only(answer, "error"):
        raise LoginNeededError(f"NetSuite did not grant the consent ({_word(error)}): {_ADVICE.get(error, '')}{_END}.")
    company = _only(answer, "company")
    if company and company.upper().replace("-", "_") != realm:
        raise LoginNeededError(f"The consent is for account {_word(company)}, not for {realm}; {_END}.")
    code = _only(answer, "code")
    if not code:
        raise LoginNeededError(f"There is no code in the address; copy all of it; {_END}.")
    return code


_ADVICE = {
    "access_denied": "it was refused on the page, or the role may not log in using OAuth 2.0; ",
    "invalid_request": "check that `redirect_uri` is exactly the one on the integration record; ",
    "invalid_scope": "tick the REST Web Services scope on the integration record; ",
    "unauthorized_client": "tick Authorization Code Grant on the integration record; ",
}


def _leads_to(address: str, redirect_uri: str) -> bool:
    try:
        got, wanted = urlsplit(address), urlsplit(redirect_uri)
    except ValueError:
        return False
    same_host = got.netloc.lower() == wanted.netloc.lower()
    return got.scheme == wanted.scheme and same_host and (got.path or "/") == (wanted.path or "/")


def _only(answer: dict[str, list[str]], name: str) -> str:
    """Return a parameter's value; one that stands there twice is none."""
    values = answer.get(name, [])
    return values[0] if len(values) == 1 else ""


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "?", text)[:40]
