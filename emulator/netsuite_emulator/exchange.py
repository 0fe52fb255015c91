"""A request and its answer, and the pages of a collection: what every service speaks, and nothing of HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from netsuite_emulator.errors import NetSuiteError, invalid_content, invalid_parameter

__all__ = ["Answer", "Call", "Page", "collection", "error_answer", "singular"]


_RESOURCE = "application/vnd.oracle.resource+json"
_LARGEST = 1000


@dataclass(frozen=True)
class Call:
    """A request: `segments` is the path below `/services/rest`, `base` the address of the services.

    `path` is the whole path, decoded; `url` the whole address as it was sent, which signatures are about; `peer` the
    address it came from.
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
    peer: str = "127.0.0.1"

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
    return Answer(200, body, content_type=f"{_RESOURCE}; type=singular; charset=UTF-8")


def collection(body: dict[str, Any] | bytes) -> Answer:
    """A collection, as JSON or written already [section_1540810951]."""
    return Answer(200, body, content_type=f"{_RESOURCE}; type=collection; charset=UTF-8")


def error_answer(error: NetSuiteError) -> Answer:
    """A refusal."""
    return Answer(error.status, error.body(), dict(error.headers), error.content_type)


@dataclass(frozen=True)
class Page:
    """One page of a collection.

    A page has at most 1000 rows and there are at most 1000 pages, so that a small page lowers the number of rows that
    can be reached.
    """

    address: str
    query: Mapping[str, str]
    limit: int
    offset: int
    row_limit: int
    own: str
    previous: str

    @classmethod
    def read(cls, call: Call, address: str, row_limit: int, previous: str) -> Page:
        """The page a request asks for.

        Args:
            call: the request; the link to the page itself repeats its address.
            address: where the other pages are.
            row_limit: the number of rows that can be read at all.
            previous: the relation of the link to the page before.

        Raises:
            NetSuiteError: `limit` or `offset` is not a number, out of range, or they do not fit together.
        """
        query = call.query
        limit = _number(query, "limit", _LARGEST)
        offset = _number(query, "offset", 0)
        if not 1 <= limit <= _LARGEST:
            raise invalid_parameter(f"Invalid limit value {limit}: it must be from 1 to {_LARGEST}.", "limit")
        if offset < 0 or offset % limit:
            raise invalid_parameter(f"The offset {offset} must be a multiple of the limit {limit}.", "offset")
        return cls(address, query, limit, offset, min(row_limit, limit * _LARGEST), call.url or address, previous)

    @property
    def size(self) -> int:
        """How many rows the page may hold; 0 beyond the rows that can be read."""
        return max(0, min(self.limit, self.row_limit - self.offset))

    def answer(self, items: list[Any], total: int) -> dict[str, Any]:
        """The collection's body. Its end is silent: `hasMore` turns false at the limit [salto-io/salto PR 6061]."""
        reachable = min(total, self.row_limit)
        return {
            "links": self._links(reachable),
            "count": len(items),
            "hasMore": self.offset + len(items) < reachable and bool(items),
            "items": items,
            "offset": self.offset,
            "totalResults": total,
        }

    def written(self, items: list[bytes], total: int) -> bytes:
        """The same as JSON, of items that are JSON already."""
        envelope = {**self.answer(items, total), "items": None}
        before, _, after = json_text(envelope).encode().partition(b'"items":null')
        return b"".join([before, b'"items":[', b",".join(items), b"]", after])

    def _links(self, reachable: int) -> list[dict[str, str]]:
        last = max(0, (reachable - 1) // self.limit * self.limit)
        links = []
        if self.offset < last:
            links += [self._link("next", self.offset + self.limit), self._link("last", last)]
        if self.offset > 0:
            links += [self._link(self.previous, min(self.offset - self.limit, last)), self._link("first", 0)]
        return [*links, {"rel": "self", "href": self.own}]

    def _link(self, relation: str, offset: int) -> dict[str, str]:
        parameters = {**self.query, "limit": str(self.limit), "offset": str(offset)}
        return {"rel": relation, "href": f"{self.address}?{urlencode(parameters)}"}


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise invalid_parameter(f"Invalid {name} value '{query[name]}': a number is expected.", name) from None
