"""What the token end point hands out, checked before it is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from suitetalk.errors import ConnectionFailedError


@dataclass(frozen=True)
class Grant:
    """A granted token request.

    Attributes:
        access_token: for `Authorization: Bearer`.
        life: seconds it lives.
        refresh_token: None where the answer has none: client credentials, and the refresh of a confidential client.
    """

    access_token: str = field(repr=False)
    life: float
    refresh_token: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, answer: dict[str, Any]) -> Grant:
        """Check the answer of the token end point [section_162790605110, section_158081952044].

        Raises:
            ConnectionFailedError: it is not of that shape; the text shows nothing of it.
        """
        refresh = answer.get("refresh_token")
        if refresh is not None and not _is_token(refresh):
            raise _misshapen("with a refresh_token that is no token")
        return cls(_access_token(answer), _lifetime(answer), refresh)


def _access_token(answer: dict[str, Any]) -> str:
    token, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not _is_token(token):
        raise _misshapen("without an access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _misshapen("with a token that is no bearer token")
    return str(token)


def _is_token(value: object) -> bool:
    """Tell whether it can stand in a header: what could end the header line is no token."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value.strip())


def _lifetime(answer: dict[str, Any]) -> float:
    """Seconds a token lives; a number or text in the answer, an hour by rule [section_162755359851]."""
    try:
        life = float(answer.get("expires_in", 3600))
    except (TypeError, ValueError):
        life = 0.0
    if not 0 < life < float("inf"):
        raise _misshapen("with an expires_in that is no number of seconds")
    return life


def _misshapen(what: str) -> ConnectionFailedError:
    return ConnectionFailedError(f"The token end point answered {what}; check `base_url` and `token_url`.")
