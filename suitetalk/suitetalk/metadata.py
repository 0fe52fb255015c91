"""The metadata catalog: which record types there are, and what they look like."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from suitetalk.errors import ConnectionFailedError
from suitetalk.transport import Transport

_PATH = "/record/v1/metadata-catalog"


class MetadataCatalog:
    """Reads the catalog as the role sees it [chapter_1540810168]. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def record_types(self) -> list[str]:
        """Return the names of all record types, sorted, spelled as NetSuite does [section_1540810174].

        Raises:
            ConnectionFailedError: the answer is no list of types.
            NetSuiteError: NetSuite refused.
        """
        body = self._transport.request("GET", _PATH, repeatable=True).json()
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise ConnectionFailedError("The metadata catalog was answered with no list of types; check `base_url`.")
        return sorted({str(item["name"]) for item in items if isinstance(item, dict) and item.get("name")})

    def json_schema(self, record_type: str) -> dict[str, Any]:
        """Return the JSON Schema of one type with NetSuite's `x-ns-…` keys [section_1545129726].

        Raises:
            NotFoundError: the type does not exist, or the role may not see it.
            NetSuiteError: NetSuite refused.
        """
        path = f"{_PATH}/{quote(record_type, safe='')}"
        headers = {"Accept": "application/schema+json"}
        body = self._transport.request("GET", path, headers=headers, repeatable=True).json()
        if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
            raise ConnectionFailedError(f"GET {path} was answered with no JSON Schema; check `base_url`.")
        return body
