"""What the transport expects of a login method, and what a login method expects of the transport."""

from __future__ import annotations

from typing import Any, Protocol

import requests

from suitetalk.answer import Answer


class Authentication(Protocol):
    """Signs requests, and sees the answers.

    Implementations are called from several threads at once and must be safe for that.
    """

    def sign(self, request: requests.PreparedRequest) -> None:
        """Put the login into a prepared request, asking for a token first where one is needed."""
        ...

    def wants_another_try(self, request: requests.PreparedRequest, answer: Answer) -> bool:
        """Tell whether this answer refuses the login in a way that signing anew may mend."""
        ...


class TokenRequester(Protocol):
    """Sends token requests; the transport is one."""

    def request_token(self, url: str, form: dict[str, str], *, basic: tuple[str, str] | None = None) -> dict[str, Any]:
        """Post a form, with the client's id and secret in a Basic header if given, and return the JSON answer."""
        ...
