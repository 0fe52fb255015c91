"""Signatures of token-based authentication: OAuth 1.0 with HMAC-SHA256 [section_1534941295]."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HeaderError", "base_string", "read_header", "signature"]

_PARAMETER = re.compile(r'\s*([A-Za-z0-9_]+)="([^"]*)"\s*')
_ESCAPED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class HeaderError(ValueError):
    """An Authorization header that cannot be read; `unescaped` where a value is not percent-encoded."""

    def __init__(self, message: str, *, unescaped: bool = False) -> None:
        """Keep what is wrong."""
        super().__init__(message)
        self.unescaped = unescaped


def read_header(authorization: str) -> dict[str, str]:
    """The parameters of `Authorization: OAuth …`, decoded.

    Raises:
        HeaderError: it is not of that form.
    """
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth":
        raise HeaderError("the scheme is not OAuth")
    found: dict[str, str] = {}
    for part in rest.strip().split(","):
        match = _PARAMETER.fullmatch(part)
        if match is None or match[1] in found:
            raise HeaderError("a parameter cannot be read, or stands twice")
        if match[1] != "realm" and not _ESCAPED.fullmatch(match[2]):
            raise HeaderError(f"{match[1]} is not percent-encoded", unescaped=True)
        found[match[1]] = unquote(match[2])
    return found


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What is signed: verb, address without query, and all parameters, those of the query among them.

    Args:
        method: the verb.
        url: the whole address, as it was sent.
        parameters: the `oauth_*` parameters; `realm` and the signature itself are passed over.
    """
    address = urlsplit(url)
    host = (address.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if address.port not in (None, _DEFAULT_PORTS.get(address.scheme)):
        host = f"{host}:{address.port}"
    everything = [(name, value) for name, value in parameters if name not in ("realm", "oauth_signature")]
    everything += parse_qsl(address.query, keep_blank_values=True)
    encoded = sorted((_encode(name), _encode(value)) for name, value in everything)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    base = f"{address.scheme.lower()}://{host}{address.path or '/'}"
    return "&".join(_encode(part) for part in (method.upper(), base, joined))


def signature(text: str, consumer_secret: str, token_secret: str) -> str:
    """The signature of a base string, before it is percent-encoded for the header."""
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
