"""Places that keep tokens between runs: the system's keyring, or files of the user's own."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol

from suitetalk.folders import close_to_others, make_private

logger = logging.getLogger(__name__)

SERVICE = "suitetalk"
"""Under what name the keyring shows the entries."""

_FORGOTTEN_AFTER = 2 * 24 * 3600.0  # seconds
_LEAST_PRIORITY = 1  # keyring's own mark of what is to be recommended; less is plain text or no place at all


class Keeper(Protocol):
    """Keeps a text under a name. Each method raises OSError when the place cannot be used."""

    place: str
    """What to call the place in messages."""

    def read(self, name: str) -> str | None:
        """Return what is kept, None when there is nothing."""
        ...

    def write(self, name: str, text: str) -> None:
        """Keep this instead of what was kept; whoever reads meanwhile gets the one or the other whole."""
        ...

    def delete(self, name: str) -> None:
        """Keep nothing any more."""
        ...


class FileKeeper:
    """One file of mode 0600 for each name, in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        """Keep the files there; the folder is made when it is needed."""
        self._folder = folder
        self.place = str(folder)

    def read(self, name: str) -> str | None:
        """Return what is kept; a file that others could read is closed to them, with a warning."""
        path = self._path(name)
        if not path.exists():
            return None
        if close_to_others(path):
            logger.warning(
                "The token file %s could be read by other users and has been closed to them; "
                "if they may have done so, revoke the login in NetSuite.",
                path,
            )
        return path.read_text(encoding="utf-8", errors="replace")

    def write(self, name: str, text: str) -> None:
        """Write beside the file and put it in its place in one step; on the disk before this returns."""
        make_private(self._folder)
        descriptor, beside = tempfile.mkstemp(dir=self._folder, prefix=".new-")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(self._path(name))
            self._sweep()
        except BaseException:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise

    def delete(self, name: str) -> None:
        """Remove the file."""
        self._path(name).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove files of keys and accounts that are used no more: what they hold ended within the hour.

        Losing the lock of such a login costs a token request at worst, unlike that of a login by consent.
        """
        long_ago = time.time() - _FORGOTTEN_AFTER
        for path in self._folder.glob("*-client_credentials-*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < long_ago:
                    path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


class KeyringKeeper:
    """Entries of the system's keyring, through the package `keyring`."""

    def __init__(self, keyring: Any) -> None:
        """Keep them with this module's functions."""
        self._keyring = keyring
        self.place = "the system's keyring"

    @classmethod
    def if_there_is_one(cls) -> KeyringKeeper | None:
        """Return one where the package is installed and found a place that is safe."""
        try:
            keyring = importlib.import_module("keyring")
            return cls(keyring) if keyring.get_keyring().priority >= _LEAST_PRIORITY else None
        except Exception:  # noqa: BLE001 - whatever a backend of some desktop raises, there is none then
            return None

    def read(self, name: str) -> str | None:
        """Return what is kept."""
        kept = self._call("get_password", name)
        return kept if isinstance(kept, str) else None

    def write(self, name: str, text: str) -> None:
        """Keep this."""
        self._call("set_password", name, text)

    def delete(self, name: str) -> None:
        """Remove the entry."""
        if self.read(name) is not None:
            self._call("delete_password", name)

    def _call(self, function: str, *arguments: str) -> Any:
        try:
            return getattr(self._keyring, function)(SERVICE, *arguments)
        except Exception as error:  # noqa: BLE001 - each backend raises its own; none of their texts is shown
            raise OSError(f"the keyring failed ({type(error).__name__})") from None
