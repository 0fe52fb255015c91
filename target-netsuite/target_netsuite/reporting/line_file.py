"""A file that gets whole lines of JSON, from several threads and from several runs."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from suitetalk.folders import open_privately
from target_netsuite.errors import ReportFileError
from target_netsuite.messages import with_replacements

_ENCODER = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


class LineFile:
    """Appends lines; each is there as a whole when `write` returns, and when it raises it is not there.

    A line is one write of the operating system, so a run that is killed leaves no half of one, and lines of several
    runs do not mix. It is with the system then, not on the disk yet: it outlasts the process, not a power cut.
    """

    def __init__(self, setting: str, path: Path) -> None:
        """Open the file, or make it, readable for its owner only: lines hold records.

        Raises:
            ReportFileError: that is not possible, or a replay is rewriting the file.
        """
        self._setting = setting
        self._path = path
        try:
            self._file = _opened(path)
            self._begin_a_row()
        except BlockingIOError:
            raise ReportFileError(
                f"Setting `{setting}` names {path}, which another run replays; wait for it."
            ) from None
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from None

    def write(self, content: Mapping[str, Any]) -> None:
        """Append a line; decimals keep all their digits.

        Raises:
            ReportFileError: there is no room, for instance.
        """
        line = as_json(content) + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from None
        if written < len(line):
            self._take_back(written)
            raise self._failed("the disk has no room for a whole line")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _begin_a_row(self) -> None:
        """Begin a new line after one that a power cut has cut short."""
        is_readable = fcntl.fcntl(self._file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR  # /dev/stdout may not be
        size = os.fstat(self._file).st_size if is_readable else 0
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")

    def _take_back(self, written: int) -> None:
        """Remove part of a line, unless somebody else has written after it."""
        with suppress(OSError):  # what was written to a pipe or a device cannot be taken back
            end = os.lseek(self._file, 0, os.SEEK_CUR)
            if os.fstat(self._file).st_size == end:
                os.ftruncate(self._file, end - written)

    def _failed(self, why: str) -> ReportFileError:
        return ReportFileError(
            f"The file {self._path} of the setting `{self._setting}` cannot be written ({why}); "
            "correct the path or its rights, or make room on the disk, and run again."
        )


def as_json(content: Mapping[str, Any]) -> bytes:
    """Return one line of JSON without its end; what JSON has no form for is written as text.

    Half characters are escaped, and NaN and infinities are bare words, as the writers they come from do.
    """
    try:
        return _ENCODER.encode(content)
    except ValueError:
        return _ENCODER.encode(_escaped(content))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return msgspec.Raw(json.dumps(value).encode())
    if isinstance(value, Decimal) and not value.is_finite():
        return msgspec.Raw(str(value).encode())
    if isinstance(value, Mapping):
        return {with_replacements(name): _escaped(inside) for name, inside in value.items()}
    return [_escaped(inside) for inside in value] if isinstance(value, (list, tuple)) else value


def _opened(path: Path) -> int:
    """Open a file and share it with all that append to it; a replay replaces the file, so look again after that.

    Devices and pipes, such as `/dev/stdout`, are not locked.
    """
    while True:
        file = open_privately(path)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return file
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), path.stat()):
                return file
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(file)
            raise
        os.close(file)
