"""Folders of the user's own, outside every project: for what lasts, such as tokens, and for what may be thrown away."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

_FOR_OTHERS = 0o077
_NAME = "suitetalk"


def state_folder() -> Path:
    """Return the folder for what lasts from run to run, which need not exist yet.

    `$XDG_STATE_HOME/suitetalk` or its usual place where there is no such variable; on Windows and macOS the place
    those systems give to applications.

    Raises:
        OSError: the user has no home folder.
    """
    return _folder("XDG_STATE_HOME", windows=(), macos=("Application Support",), others=(".local", "state"))


def cache_folder() -> Path:
    """Return the folder for what may be thrown away, which need not exist yet; found as the other one is.

    Raises:
        OSError: the user has no home folder.
    """
    return _folder("XDG_CACHE_HOME", windows=("Cache",), macos=("Caches",), others=(".cache",))


def _folder(variable: str, *, windows: tuple[str, ...], macos: tuple[str, ...], others: tuple[str, ...]) -> Path:
    configured = Path(os.environ.get(variable, ""))
    if configured.is_absolute():  # the specification wants a relative one ignored
        return configured / _NAME
    try:
        home = Path.home()
    except RuntimeError as error:
        raise OSError(str(error)) from None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local", _NAME, *windows)
    if sys.platform == "darwin":
        return Path(home, "Library", *macos, _NAME)
    return Path(home, *others, _NAME)


def make_private(folder: Path) -> None:
    """Make the folder, for the user alone; one that is open to others is closed to them.

    Raises:
        OSError: it cannot be made, or belongs to somebody else.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    _close_to_others(folder, folder.stat(), 0o700)


def close_to_others(path: Path) -> bool:
    """Take a file's rights from everybody but the user, and tell whether somebody else had any.

    Raises:
        OSError: it cannot be done, the file belongs to somebody else, or it is not a plain file.
    """
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(f"{path} is not a plain file")
    return _close_to_others(path, facts, 0o600)


def _close_to_others(path: Path, facts: os.stat_result, mode: int) -> bool:
    if sys.platform == "win32":  # access lists govern there, and the profile's are the user's own
        return False
    if facts.st_uid != os.getuid():
        raise OSError(f"{path} belongs to another user")
    if not facts.st_mode & _FOR_OTHERS:
        return False
    path.chmod(mode)
    return True
