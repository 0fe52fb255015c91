"""The user's state and cache folders, and files that nobody else may read."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs

_FOR_OTHERS = 0o077
_NAME = "suitetalk"
_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})", re.ASCII)


def state_folder() -> Path:
    """Return the folder for what lasts from run to run, which need not exist yet.

    `$XDG_STATE_HOME/suitetalk` or its usual place where there is no such variable; on Windows and macOS the place
    those systems give to applications.

    Raises:
        OSError: the user has no home folder.
    """
    return _found(platformdirs.user_state_path)


def cache_folder() -> Path:
    """Return the folder for what may be thrown away, which need not exist yet; found as the other one is.

    Raises:
        OSError: the user has no home folder.
    """
    return _found(platformdirs.user_cache_path)


def _found(path_of: Callable[..., Path]) -> Path:
    try:
        folder = path_of(_NAME, appauthor=False)
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # as older releases of platformdirs return it
        raise OSError("the user has no home folder")
    return folder


def make_private(folder: Path) -> None:
    """Make the folder, for the user alone; one that is open to others is closed to them.

    Raises:
        OSError: it cannot be made, or belongs to somebody else.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    _close_to_others(folder, folder.stat(), 0o700)


def open_privately(path: Path) -> int:
    """Open a file to read and append, or make it, and return its descriptor; what is in it concerns the user alone.

    A regular file is closed to others even when it existed, and is not opened through a link, which somebody else may
    have put there. A device or a pipe is opened as it is; `/dev/stdout` and the like are the process's own descriptors.

    Raises:
        OSError: it cannot be opened, belongs to somebody else, or is a link.
    """
    number = _STREAMS.get(str(path))
    found = _DESCRIPTOR.fullmatch(str(path))
    if number is not None or found:
        return os.dup(int(found[1]) if found else number or 0)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    if not _is_device(path):
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a link; name the file that it leads to")
        flags |= getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path, flags, 0o600)
    try:
        facts = os.fstat(file)
        if stat.S_ISREG(facts.st_mode):
            _close_to_others(path, facts, 0o600)
    except BaseException:
        os.close(file)
        raise
    return file


def _is_device(path: Path) -> bool:
    """Tell whether a path leads to something that exists and is not a regular file."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


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
