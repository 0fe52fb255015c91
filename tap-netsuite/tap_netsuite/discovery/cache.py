"""What discovery found, kept on disk for a while: asking takes hundreds of requests."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from suitetalk.catalog_cache import CatalogCache
from tap_netsuite.discovery.entry import Discovery, Finding, Status, StreamEntry
from tap_netsuite.settings import TapSettings

logger = logging.getLogger(__name__)

_FORMAT = 1


class DiscoveryCache:
    """The discovery of one login with one choice of settings, in the user's cache folder [chapter_1540810168].

    Whatever goes wrong with the file, NetSuite is asked instead.
    """

    def __init__(self, settings: TapSettings) -> None:
        """Find the place; nothing is read yet."""
        age = settings.discovery.catalog_cache_seconds
        self._settings = settings
        self._documents = CatalogCache.of_login(settings.connection, age) if age else None

    def get(self) -> Discovery | None:
        """Return what is kept; None when it is too old, damaged, unwanted, or not there."""
        if self._documents is None or self._settings.discovery.refresh_catalog:
            return None
        kept = self._documents.get(self._name())
        try:
            return None if kept is None else _read(json.loads(kept))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            logger.debug("The kept catalog is damaged: %s", error)
            return None

    def put(self, discovery: Discovery) -> None:
        """Keep what was found."""
        if self._documents is not None:
            self._documents.put(self._name(), json.dumps(asdict(discovery), separators=(",", ":")).encode())

    def _name(self) -> str:
        """Return a name that is another one for settings that find something else."""
        settings = self._settings
        found_by = [
            _FORMAT,
            version("netsuite-singer"),
            settings.tables,
            [asdict(query) for query in settings.queries],
            settings.discovery.booleans,
            settings.discovery.multi_selects,
            settings.discovery.display_values,
        ]
        return "tap-netsuite " + hashlib.sha256(json.dumps(found_by).encode()).hexdigest()


def _read(kept: dict[str, Any]) -> Discovery:
    return Discovery(tuple(map(_entry, kept["streams"])), tuple(map(_finding, kept["findings"])))


def _entry(kept: dict[str, Any]) -> StreamEntry:
    if not isinstance(kept["schema"]["properties"], dict):
        raise TypeError(kept["name"])
    return StreamEntry(**{**kept, "keys": tuple(kept["keys"])})


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(**{**kept, "status": Status(kept["status"]), "left_out": tuple(kept["left_out"])})
