"""A request and its answer, free of any web framework."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from netsuite_emulator.errors import NetSuiteError, invalid_content

__all__ = ["Answer", "Call", "collection", "error_answer", "json_text", "singular"]

_RESOURCE = "application/vnd.oracle.resource+json"


@dataclass(frozen=True)
class Call:
    """A request: `segments` is the path below `/services/rest`, `base` the address of the services.

    `path` is the whole path, decoded; `url` the whole address as it was sent, which signatures are about.
    """

    method: str
    segments: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str
    host: str
    path: str = ""
    url: str = ""

    def json(self) -> Any:
        """The body.

        Raises:
            NetSuiteError: it is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise invalid_content("Invalid content in the request body. Could not parse JSON.") from None

    def flag(self, name: str) -> bool:
        """Whether a query parameter is `true`."""
        return self.query.get(name, "").lower() == "true"


@dataclass
class Answer:
    """An answer; `body` is sent as JSON, text and bytes as they are, None as nothing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def encoded(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json_text(self.body).encode("utf-8", "surrogatepass")


def json_text(value: Any) -> str:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def singular(body: dict[str, Any]) -> Answer:
    """One record [section_1545142037]."""
    return Answer(200, body, content_type=f"{_RESOURCE}; type=singular")


def collection(body: dict[str, Any] | bytes) -> Answer:
    """A collection, as JSON or written already [section_1540810951]."""
    return Answer(200, body, content_type=f"{_RESOURCE}; type=collection")


def error_answer(error: NetSuiteError) -> Answer:
    """A refusal."""
    return Answer(error.status, error.body(), dict(error.headers), error.content_type)
