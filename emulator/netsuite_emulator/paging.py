"""`limit`, `offset` and the links of collections [section_156414087576]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from netsuite_emulator.errors import invalid_parameter
from netsuite_emulator.exchange import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Page"]

_LARGEST = 1000


@dataclass(frozen=True)
class Page:
    """One page of a collection.

    `row_limit` is the number of rows that can be read at all; a page has at most 1000 rows and there are at most 1000
    pages, so that a small page lowers the number of rows that can be reached.
    """

    address: str
    query: Mapping[str, str]
    limit: int
    offset: int
    row_limit: int

    @classmethod
    def read(cls, address: str, query: Mapping[str, str], row_limit: int) -> Page:
        """The page a request asks for.

        Raises:
            NetSuiteError: `limit` or `offset` is not a number, out of range, or they do not fit together.
        """
        limit = _number(query, "limit", _LARGEST)
        offset = _number(query, "offset", 0)
        if not 1 <= limit <= _LARGEST:
            raise invalid_parameter(f"Invalid limit value {limit}: it must be from 1 to {_LARGEST}.", "limit")
        if offset < 0 or offset % limit:
            raise invalid_parameter(f"The offset {offset} must be a multiple of the limit {limit}.", "offset")
        return cls(address, query, limit, offset, min(row_limit, limit * _LARGEST))

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
            links += [self._link("prev", min(self.offset - self.limit, last)), self._link("first", 0)]
        own = f"{self.address}?{urlencode(self.query)}" if self.query else self.address
        return [*links, {"rel": "self", "href": own}]

    def _link(self, relation: str, offset: int) -> dict[str, str]:
        parameters = {**self.query, "limit": str(self.limit), "offset": str(offset)}
        return {"rel": relation, "href": f"{self.address}?{urlencode(parameters)}"}


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise invalid_parameter(f"Invalid {name} value '{query[name]}': a number is expected.", name) from None
