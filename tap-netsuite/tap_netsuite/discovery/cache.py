"""What discovery found, kept on disk for a while: asking takes hundreds of requests."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, fields, is_dataclass
from importlib.metadata import version
from typing import Any

from suitetalk.catalog_cache import CatalogCache
from tap_netsuite.discovery.entry import Discovery, Finding, Status, StreamEntry
from tap_netsuite.settings import TapSettings

logger = logging.getLogger(__name__)

_FORMAT = 1
_AS_TEXT = " as text"


class DiscoveryCache:
    """The discovery of one login with one choice of settings, in the user's cache folder [chapter_1540810168].

    Whatever goes wrong with the file, NetSuite is asked instead.
    """

    def __init__(self, settings: TapSettings) -> None:
        """Find the place; nothing is read yet."""
        age = settings.discovery.catalog_cache_seconds
        self._settings = settings
        self._documents = CatalogCache.of_login(settings.connection, age) if age else None
        self._kept = b""

    def get(self) -> Discovery | None:
        """Return what is kept; None when it is too old, damaged, unwanted, or not there."""
        if self._documents is None or self._settings.discovery.refresh_catalog:
            return None
        kept = self._documents.get(self._name())
        if kept is None:
            return None
        try:
            discovery = _read(json.loads(kept))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            logger.debug("The kept catalog is damaged: %s", error)
            return None
        self._kept = kept
        return discovery

    def put(self, discovery: Discovery) -> None:
        """Keep what was found."""
        if self._documents is not None:
            self._kept = json.dumps(asdict(discovery), separators=(",", ":")).encode()
            self._documents.put(self._name(), self._kept)

    def catalog_text(self) -> str | None:
        """Return the catalog as it was written for what is kept, None when there is none: to make it takes a second."""
        if self._documents is None or not self._kept:
            return None
        made_from, _, text = (self._documents.get(self._name() + _AS_TEXT) or b"").partition(b"\n")
        try:
            return text.decode() if made_from == self._digest() else None
        except UnicodeDecodeError:
            return None

    def put_catalog_text(self, text: str) -> None:
        """Keep the catalog that was written for what is kept."""
        if self._documents is not None and self._kept:
            self._documents.put(self._name() + _AS_TEXT, self._digest() + b"\n" + text.encode())

    def _digest(self) -> bytes:
        """Identify what a catalog is made of: the streams found, and whatever settings may add to them."""
        settings = {
            field.name: getattr(self._settings, field.name)
            for field in fields(self._settings)
            if field.name != "connection"
        }
        made_of = self._kept + json.dumps(settings, default=_plain, sort_keys=True).encode()
        return hashlib.sha256(made_of).hexdigest().encode()

    def _name(self) -> str:
        """Return a name that is another one for settings that find something else."""
        settings = self._settings
        found_by = [
            _FORMAT,
            version("netsuite-singer"),
            settings.tables,
            [asdict(query) for query in settings.queries],
            [asdict(dataset) for dataset in settings.datasets],
            settings.discovery.booleans,
            settings.discovery.multi_selects,
            settings.discovery.display_values,
            asdict(settings.deletions),
        ]
        return "tap-netsuite " + hashlib.sha256(json.dumps(found_by, default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


def _read(kept: dict[str, Any]) -> Discovery:
    return Discovery(tuple(map(_entry, kept["streams"])), tuple(map(_finding, kept["findings"])))


def _entry(kept: dict[str, Any]) -> StreamEntry:
    if not isinstance(kept["schema"]["properties"], dict):
        raise TypeError(kept["name"])
    return StreamEntry(**{**kept, "keys": tuple(kept["keys"])})


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(**{**kept, "status": Status(kept["status"]), "left_out": tuple(kept["left_out"])})
