"""The metadata catalog, its copy on disk, its fields."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from suitetalk.errors import ConnectionFailedError, InvalidArgumentError
from suitetalk.folders import cache_folder, make_private
from suitetalk.http.response import Answer
from suitetalk.http.transport import Transport
from suitetalk.settings import ConnectionSettings

_REFERENCE = frozenset({"id", "refName", "externalId", "links"})
logger = logging.getLogger(__name__)
_PATH = "/record/v1/metadata-catalog"


class MetadataCatalog:
    """Reads the catalog as the role sees it [chapter_1540810168]. Thread-safe."""

    def __init__(self, transport: Transport, cache: CatalogCache | None = None, *, within: float | None = None) -> None:
        """Send through this transport; what the cache has is not asked for."""
        self._transport = transport
        self._cache = cache
        self._within = within

    def within(self, seconds: float) -> MetadataCatalog:
        """Return one that waits so many seconds for an answer, and does not ask again when none comes in time."""
        return MetadataCatalog(self._transport, self._cache, within=seconds)

    def record_types(self, select: Sequence[str] = ()) -> list[str]:
        """Return the names of all record types, sorted, spelled as NetSuite does [section_1540810174].

        Args:
            select: those of these names only, which spares NetSuite the rest.

        Raises:
            ConnectionFailedError: the answer is not a list of types.
        """
        problem = "The metadata catalog answered with something other than a list of types; check `base_url`."
        body = self._document(_PATH, "", select, _is_list, problem)
        return sorted({str(item["name"]) for item in body["items"] if isinstance(item, dict) and item.get("name")})

    def json_schema(self, record_type: str, *, refresh: bool = False) -> dict[str, Any]:
        """Return the JSON Schema of one type with NetSuite's `x-ns-…` keys [section_1545129726].

        Args:
            record_type: such as `customer`.
            refresh: whether NetSuite is asked although the cache has it.

        Raises:
            NotFoundError: the type does not exist, or the role may not see it.
        """
        if not record_type.strip("."):
            raise InvalidArgumentError("A record type is needed, such as customer.")
        path = f"{_PATH}/{quote(record_type, safe='')}"
        problem = f"GET {path} was answered with something other than a JSON Schema; check `base_url`."
        accept = "application/schema+json"
        schema: dict[str, Any] = self._document(path, accept, (), _is_schema, problem, refresh=refresh)
        return schema

    def fields(self, record_type: str) -> list[FieldShape]:
        """Return the fields of a type, its sublists with their keys, and the fields of these [section_1545129726].

        Raises:
            NotFoundError: the type does not exist, or the role may not see it.
        """
        return list(fields_of(self.json_schema(record_type)))

    def open_api(self, select: Sequence[str] = ()) -> dict[str, Any]:
        """Return the catalog as an OpenAPI 3.0 document [section_1545126526].

        Args:
            select: record types to describe. Without it all are, which takes long in large accounts.
        """
        problem = "The metadata catalog answered with something other than an OpenAPI document; check `base_url`."
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
        answer = self._transport.request(
            "GET", path, parameters=parameters, headers=headers, repeatable=True, within=self._within
        )
        body = answer.json()
        if not is_right(body):
            raise ConnectionFailedError(problem)
        if self._cache:
            self._cache.put(name, answer.content)
        return body


@dataclass(frozen=True)
class FieldShape:
    """One field of a record type, or of a line of one of its sublists.

    Attributes:
        name: as in record bodies; with the sublist or subrecord and a dot before it where it is in one.
        kind: text, integer, number, boolean, date, date-time, reference, enum, multi-select, sublist or subrecord.
        title: label in the user interface.
        filterable: whether `q` may name it.
        read_only: whether NetSuite says that it cannot be written.
        custom: whether the account added it.
        keys: names that find a line of a sublist again; empty for a sublist without a key.
        choices: values of an enum.
        new_keys: names that tell new lines of a sublist apart, where those are not its keys.
    """

    name: str
    kind: str
    title: str = ""
    filterable: bool = False
    read_only: bool = False
    custom: bool = False
    keys: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    new_keys: tuple[str, ...] = ()


def fields_of(schema: Mapping[str, Any], prefix: str = "") -> Iterator[FieldShape]:
    """Yield the fields of a type, those of its sublists and subrecords after each of them [section_1545129726].

    Parts that are not of the documented form are passed over.
    """
    filterable = {name.lower() for name in _names(schema.get("x-ns-filterable"))}
    for name, entry in _mapping(schema.get("properties")).items():
        if name == "links" or not isinstance(entry, Mapping):
            continue
        inner, kind = _inside(entry), _kind(entry)
        yield FieldShape(
            name=prefix + name,
            kind=kind,
            title=str(entry.get("title") or ""),
            filterable=name.lower() in filterable,
            read_only=entry.get("readOnly") is True,
            custom=entry.get("x-ns-custom-field") is True,
            keys=_keys(inner, "existing") if kind == "sublist" else (),
            choices=_choices(inner) if kind == "enum" else (),
            new_keys=_keys(inner, "new") if kind == "sublist" else (),
        )
        if kind in ("sublist", "subrecord"):
            yield from fields_of(inner, f"{prefix}{name}.")


class CatalogCache:
    """Documents of one login to one account, since what a catalog shows depends on the role [chapter_1540810168].

    Files of the user's own (0600 in a folder of 0700). Whatever goes wrong with them, the catalog is asked instead.
    Safe for threads and processes: a file appears whole or not at all.
    """

    def __init__(self, folder: Path, max_age: float) -> None:
        """Keep documents in this folder; those older than `max_age` seconds are not used."""
        self._folder = folder
        self._max_age = max_age

    @classmethod
    def of_login(cls, settings: ConnectionSettings, max_age: float) -> CatalogCache | None:
        """Return the cache of this login below the user's cache folder.

        None for a login by consent, which does not say whose role it has, and where the user has no home folder.
        """
        if settings.auth_method == "authorization_code":
            return None
        who = (settings.account.realm, settings.account.base_url, settings.auth_method)
        login = (settings.client_id, settings.certificate_id or "", settings.token_id or "")
        try:
            return cls(cache_folder() / f"catalog-{_digest(*who, *login)}", max_age)
        except OSError as error:
            logger.debug("The metadata catalog is not kept on disk: %s", error)
            return None

    def get(self, name: str) -> bytes | None:
        """Return a document, None when there is none that is young enough."""
        try:
            make_private(self._folder)
            path = self._path(name)
            age = time.time() - path.stat().st_mtime
            return path.read_bytes() if 0 <= age < self._max_age else None
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.debug("The metadata catalog's copy on disk cannot be read: %s", error)
            return None

    def put(self, name: str, content: bytes) -> None:
        """Keep a document, or not, when the disk will not have it."""
        try:
            make_private(self._folder)
            self._write(self._path(name), content)
        except OSError as error:
            logger.debug("The metadata catalog cannot be kept on disk: %s", error)

    def _write(self, path: Path, content: bytes) -> None:
        descriptor, draft = tempfile.mkstemp(dir=self._folder)  # 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(draft).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise

    def _path(self, name: str) -> Path:
        return self._folder / f"{_digest(name)}.json"


def _kind(entry: Mapping[str, Any]) -> str:
    properties = entry.get("properties")
    if isinstance(properties, Mapping):
        if "items" in properties:
            line = _inside(entry)
            plain = "x-ns-sublistkey" not in line and _REFERENCE.issuperset(_mapping(line.get("properties")))
            return "multi-select" if plain else "sublist"
        if not {"id", "refName"} <= properties.keys():
            return "subrecord"
        return "reference" if properties.keys() & {"links", "externalId"} else "enum"
    if entry.get("format") in ("date", "date-time"):
        return str(entry["format"])
    kind = str(entry.get("type") or "")
    return {"string": "text", "object": "subrecord", "": "reference"}.get(kind, kind)


def _inside(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a sublist's lines, or the entry itself."""
    items = _mapping(entry.get("properties")).get("items")
    lines = items.get("items") if isinstance(items, Mapping) else None
    return lines if isinstance(lines, Mapping) else entry


def _keys(line: Mapping[str, Any], lines: str) -> tuple[str, ...]:
    key = _mapping(line.get("x-ns-sublistkey"))
    return _names(_mapping(key.get("value")).get(lines)) if key.get("present") is True else ()


def _choices(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return _names(_mapping(_mapping(entry.get("properties")).get("id")).get("enum"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


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
