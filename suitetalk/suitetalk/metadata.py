"""The metadata catalog: which record types there are, and what they look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from suitetalk.answer import Answer
from suitetalk.catalog_cache import CatalogCache
from suitetalk.errors import ConnectionFailedError, SuiteTalkError
from suitetalk.shapes import FieldShape, fields_of
from suitetalk.transport import Transport

_PATH = "/record/v1/metadata-catalog"


class MetadataCatalog:
    """Reads the catalog as the role sees it [chapter_1540810168]. Thread-safe."""

    def __init__(self, transport: Transport, cache: CatalogCache | None = None) -> None:
        """Send through this transport; what the cache has is not asked for."""
        self._transport = transport
        self._cache = cache

    def record_types(self, select: Sequence[str] = ()) -> list[str]:
        """Return the names of all record types, sorted, spelled as NetSuite does [section_1540810174].

        Args:
            select: those of these names only, which spares NetSuite the rest.

        Raises:
            ConnectionFailedError: the answer is no list of types.
            NetSuiteError: NetSuite refused.
        """
        problem = "The metadata catalog was answered with no list of types; check `base_url`."
        body = self._document(_PATH, "", select, _is_list, problem)
        return sorted({str(item["name"]) for item in body["items"] if isinstance(item, dict) and item.get("name")})

    def json_schema(self, record_type: str, *, refresh: bool = False) -> dict[str, Any]:
        """Return the JSON Schema of one type with NetSuite's `x-ns-…` keys [section_1545129726].

        Args:
            record_type: such as `customer`.
            refresh: whether NetSuite is asked although the cache has it.

        Raises:
            NotFoundError: the type does not exist, or the role may not see it.
            NetSuiteError: NetSuite refused.
        """
        if not record_type.strip("."):
            raise SuiteTalkError("A record type is needed, such as customer.")
        path = f"{_PATH}/{quote(record_type, safe='')}"
        problem = f"GET {path} was answered with no JSON Schema; check `base_url`."
        accept = "application/schema+json"
        schema: dict[str, Any] = self._document(path, accept, (), _is_schema, problem, refresh=refresh)
        return schema

    def fields(self, record_type: str) -> list[FieldShape]:
        """Return the fields of a type, its sublists with their keys, and the fields of these [section_1545129726].

        Raises:
            NotFoundError: the type does not exist, or the role may not see it.
            NetSuiteError: NetSuite refused.
        """
        return list(fields_of(self.json_schema(record_type)))

    def open_api(self, select: Sequence[str] = ()) -> dict[str, Any]:
        """Return the catalog as an OpenAPI 3.0 document [section_1545126526].

        Args:
            select: record types to describe. Without it all are, which takes long in large accounts.

        Raises:
            NetSuiteError: NetSuite refused.
        """
        problem = "The metadata catalog was answered with no OpenAPI document; check `base_url`."
        document: dict[str, Any] = self._document(_PATH, "application/swagger+json", select, _is_open_api, problem)
        return document

    def _document(
        self,
        path: str,
        accept: str,
        select: Sequence[str],
        is_right: Callable[[Any], bool],
        problem: str,
        *,
        refresh: bool = False,
    ) -> Any:
        parameters = {"select": ",".join(select)} if select else {}
        name = "\n".join((accept, path, *parameters.values()))
        kept = self._cache.get(name) if self._cache and not refresh else None
        body = _read(kept) if kept is not None else None
        if is_right(body):
            return body
        headers = {"Accept": accept} if accept else None
        answer = self._transport.request("GET", path, parameters=parameters, headers=headers, repeatable=True)
        body = answer.json()
        if not is_right(body):
            raise ConnectionFailedError(problem)
        if self._cache:
            self._cache.put(name, answer.content)
        return body


def _read(content: bytes) -> Any:
    """Read a document from the disk, None when it is damaged."""
    try:
        return Answer("", 200, {}, content).json()
    except ConnectionFailedError:
        return None


def _is_list(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("items"), list)


def _is_schema(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("properties"), dict)


def _is_open_api(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("paths"), dict)
