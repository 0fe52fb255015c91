"""Tokens kept between runs, under a lock."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec
from filelock import FileLock, Timeout

from suitetalk.errors import ConfigurationError, ConnectionFailedError
from suitetalk.folders import close_to_others, make_private, state_folder

logger = logging.getLogger(__name__)
SERVICE = "suitetalk"
"""Under what name the keyring shows the entries."""

_FORGOTTEN_AFTER = 2 * 24 * 3600.0  # seconds
_LEAST_PRIORITY = 1  # keyring's own mark of what is to be recommended; less is plain text or no place at all
STORE_VARIABLE = "NETSUITE_TOKEN_STORE"
"""Environment variable that says where tokens are kept: keyring, file or off; without it keyring, else file."""

_PLACES = ("", "keyring", "file", "off")
_RENEW_BEFORE = 120  # seconds before the end; half the life of tokens shorter than twice that
_CLOCK_SLACK = 60  # seconds by which the clock may have been put back


class TokenStore:
    """Keeps tokens by name; where the place fails, it warns and keeps them in memory.

    Without a keeper everything stays in memory, and nothing is shared with other processes.
    """

    def __init__(self, keeper: Keeper | None = None, lock_folder: Path | None = None, wait: float = 60.0) -> None:
        """Keep tokens with this keeper.

        Args:
            keeper: where, None for memory alone.
            lock_folder: where the lock files lie, None to lock nothing.
            wait: seconds to wait for another process that holds a lock.
        """
        self._keeper = keeper
        self._lock_folder = lock_folder
        self._wait = wait
        self._memory: dict[str, Tokens] = {}
        self._warned = False

    @classmethod
    def open(cls) -> TokenStore:
        """Return the store of this user, in the place that NETSUITE_TOKEN_STORE names.

        Raises:
            ConfigurationError: it names no place, or a keyring where there is none.
        """
        place = os.environ.get(STORE_VARIABLE, "").strip().lower()
        if place not in _PLACES:
            raise ConfigurationError(STORE_VARIABLE, "must be keyring, file or off.")
        if place == "off":
            return cls()
        keyring = KeyringKeeper.if_there_is_one() if place != "file" else None
        if place == "keyring" and keyring is None:
            raise ConfigurationError(
                STORE_VARIABLE, "is keyring, and there is none; install the package keyring, or use file."
            )
        try:
            folder = state_folder()
        except OSError as error:
            store = cls(keyring)
            store._warn(error)
            return store
        return cls(keyring or FileKeeper(folder), folder)

    @property
    def place(self) -> str:
        """Where tokens are kept, in words."""
        return self._keeper.place if self._keeper else "memory alone"

    @property
    def lasts(self) -> bool:
        """Whether tokens are meant to last longer than this object."""
        return self._keeper is not None

    @contextmanager
    def locked(self, name: str, *, needed: bool = False) -> Iterator[None]:
        """Hold the login against other processes, as far as that can be done here.

        Args:
            name: the login.
            needed: whether going on beside a process that holds it would do harm.

        Raises:
            ConnectionFailedError: another process did not give it back in time, and it is needed.
        """
        lock = self._acquire(name, needed=needed)
        try:
            yield
        finally:
            if lock:
                lock.release()

    def read(self, name: str) -> Tokens | None:
        """Return the tokens of a login, None when there are none that can be read."""
        if name in self._memory or not self._keeper:
            return self._memory.get(name)
        try:
            kept = self._keeper.read(name)
        except OSError as error:
            self._warn(error)
            return None
        return None if kept is None else self._decoded(kept)

    def write(self, name: str, tokens: Tokens) -> bool:
        """Keep the tokens, and tell whether the next process will find them."""
        self._memory[name] = tokens
        if not self._keeper:
            return False
        try:
            self._keeper.write(name, msgspec.json.encode(tokens).decode())
        except OSError as error:
            self._warn(error)
            return False
        del self._memory[name]  # from here on another process may know better
        return True

    def delete(self, name: str) -> None:
        """Forget the tokens of a login."""
        self._memory.pop(name, None)
        try:
            if self._keeper:
                self._keeper.delete(name)
        except OSError as error:
            self._warn(error)

    def _acquire(self, name: str, *, needed: bool) -> FileLock | None:
        if not self._lock_folder:
            return None
        try:
            make_private(self._lock_folder)
            lock = FileLock(self._lock_folder / f"{name}.lock", timeout=self._wait, mode=0o600)
            lock.acquire()
        except Timeout:
            if needed:
                raise ConnectionFailedError(
                    f"Another process has been renewing this login for {self._wait:g} seconds; wait for it, or end it."
                ) from None
            return None
        except (OSError, NotImplementedError) as error:  # the latter on file systems without locks
            self._warn(error)
            return None
        return lock

    def _decoded(self, text: str) -> Tokens | None:
        try:
            return msgspec.json.decode(text, type=Tokens)
        except msgspec.DecodeError:  # its text would show what stands there
            logger.warning("The stored login in %s is damaged and is ignored.", self.place)
            return None

    def _warn(self, error: Exception) -> None:
        """Say once why tokens are not kept."""
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        why = getattr(error, "strerror", None) or error
        logger.log(
            level,
            "Tokens cannot be saved in %s (%s), so each process logs in separately; fix that, or set %s=off.",
            self.place,
            why,
            STORE_VARIABLE,
        )


@dataclass(frozen=True)
class Tokens:
    """What one login holds.

    Attributes:
        access_token: for `Authorization: Bearer`.
        expires_at: when it ends, seconds since the epoch.
        life: seconds it had when it was handed out.
        refresh_token: of an authorization code login; good for one use if the client is public.
        consented_at: when a person gave the consent it rests on, seconds since the epoch.
    """

    access_token: str = field(repr=False)
    expires_at: float
    life: float
    refresh_token: str | None = field(default=None, repr=False)
    consented_at: float | None = None

    def is_fresh(self, now: float) -> bool:
        """Tell whether the access token can be used for a while yet; not when the clock says it is from the future."""
        renew_at = self.expires_at - min(_RENEW_BEFORE, self.life / 2)
        return self.expires_at - self.life - _CLOCK_SLACK <= now < renew_at


def name_of(realm: str, method: str, *parts: str) -> str:
    """Return the name of a login's entry: account and method to read, all that distinguishes logins as a digest."""
    digest = hashlib.sha256(json.dumps([realm, method, *parts]).encode()).hexdigest()
    return f"{realm}-{method}-{digest[:32]}"


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
