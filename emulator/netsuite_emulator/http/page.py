"""The page at `/`, and who may open it and use the control end points.

The account has no secrets worth stealing, but whoever may use these can run SQL on this machine. So they are for
programs on it and for the page itself: not for other machines, not for a name that somebody's DNS leads here, and not
for pages of other sites that are open in the same browser.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cached_property
from html import escape
from importlib.resources import files
from ipaddress import IPv6Address, ip_address

from netsuite_emulator.exchange import Answer, Call

__all__ = ["Gate"]

_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_TOKEN = "x-emulator-token"  # noqa: S105 - the name of a header
_FOR_OTHERS_ONLY = (
    "The page and the control end points answer on the loopback address only; "
    "--control-host allows another name or address of this emulator."
)


class Gate:
    """Lets in whoever may open the page and use the control end points."""

    def __init__(self, hosts: Iterable[str], account_id: str) -> None:
        """`hosts` may be asked for from other machines as well: names or addresses as they stand in `Host`."""
        self._hosts = frozenset(host.lower() for host in hosts)
        self._account_id = account_id
        self._token = secrets.token_urlsafe(24)

    def refusal(self, call: Call) -> Answer | None:
        """Why a request may not pass; None where it may.

        A browser says where a request comes from. One that changes something needs the token of the page then, which
        no other site can read, nor send without being asked about by a preflight that nobody answers.
        """
        host = _without_port(call.host).lower()
        if host not in self._hosts and not (host in _LOCAL and _is_loopback(call.peer)):
            return Answer(403, {"error": _FOR_OTHERS_ONLY})
        is_from_a_browser = "origin" in call.headers or "sec-fetch-site" in call.headers
        given = call.headers.get(_TOKEN, "").encode("latin-1", "replace")
        if call.method == "GET" or not is_from_a_browser or secrets.compare_digest(given, self._token.encode()):
            return None
        detail = "A browser needs the page's token to change something. Load the page again."
        return Answer(403, {"error": detail})

    def page(self) -> Answer:
        """The page, which loads nothing from elsewhere and may be shown in no frame."""
        nonce = secrets.token_urlsafe(16)
        text = self._template.replace("{{token}}", self._token).replace("{{nonce}}", nonce)
        text = text.replace("{{account}}", escape(self._account_id))
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return Answer(200, text, headers, content_type="text/html; charset=utf-8")

    @cached_property
    def _template(self) -> str:
        return files(__package__).joinpath("page.html").read_text(encoding="utf-8")


def _without_port(host: str) -> str:
    return host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
