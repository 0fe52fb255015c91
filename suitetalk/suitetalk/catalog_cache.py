"""The metadata catalog kept on disk for a while: it is slow to ask for and seldom changes [section_1540810174]."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from suitetalk.folders import cache_folder, make_private
from suitetalk.settings import ConnectionSettings

logger = logging.getLogger(__name__)


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


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
