"""A file of rejects that loses the lines that were settled by a replay."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from target_netsuite.errors import ReportFileError
from target_netsuite.replaying.reject_lines import DECODER, digest_of
from target_netsuite.reporting.line_file import LineFile, as_json

_BESIDE = ".replayed"


class Rewriting:
    """Keeps what became of the lines in a second file beside the first, and replaces the first by both in the end.

    So a replay that is killed has lost nothing, and the next one begins with replacing what that one had settled: a
    record that was written is not sent again. The file is locked as long as this object is open.
    """

    def __init__(self, path: Path) -> None:
        """Lock the file, and end what a killed replay has begun.

        Raises:
            ReportFileError: it cannot be opened, or another run uses it.
        """
        self._path = Path(os.path.realpath(path))
        self._beside = self._path.with_name(self._path.name + _BESIDE)
        self._file = _locked(self._path)
        self._settled: LineFile | None = None
        if self._beside.exists():
            self._replace()

    def settled(self, digest: int, reject: Mapping[str, Any] | None) -> None:
        """Take note that a line is settled, and of the line to stand there instead when its record failed again.

        Raises:
            ReportFileError: there is no room, for instance.
        """
        if not self._settled:
            self._settled = LineFile("rejects", self._beside)
        self._settled.write({"digest": digest, "reject": reject})

    def close(self) -> None:
        """Replace the file if anything was settled, and unlock it.

        Raises:
            ReportFileError: there is no room for the new file; both old ones stay, and the next replay tries again.
        """
        try:
            if self._settled:
                self._settled.close()
                self._settled = None
                self._replace()
        finally:
            self._file.close()

    def _replace(self) -> None:
        try:
            with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=self._path.name, delete=False) as new:
                try:
                    new.writelines(self._lines())
                    new.flush()
                    os.fsync(new.fileno())
                    Path(new.name).replace(self._path)
                except BaseException:
                    Path(new.name).unlink()
                    raise
            self._beside.unlink()
        except OSError as error:
            raise ReportFileError(
                f"{self._path} cannot be rewritten ({error.strerror}); what was settled is in {self._beside}, and the "
                "next replay puts both together: make room on the disk, or correct the rights of the folder."
            ) from None

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines that are not settled, and the new ones of records that failed again, in their old order."""
        with self._path.open("rb") as old, self._beside.open("rb") as beside:
            places = _places(beside)
            for line in old:
                if not line.strip():
                    continue
                found = places.get(digest_of(line))
                if not found:
                    yield line.rstrip(b"\r\n") + b"\n"
                    continue
                beside.seek(found.pop(0))
                reject = DECODER.decode(beside.readline())["reject"]
                if reject is not None:
                    yield as_json(reject) + b"\n"


def _places(beside: IO[bytes]) -> dict[int, list[int]]:
    """Return where the lines of each digest stand; a line that a power cut has cut counts as not written."""
    places: dict[int, list[int]] = {}
    place = 0
    for line in beside:
        with suppress(msgspec.DecodeError, TypeError, KeyError):
            places.setdefault(DECODER.decode(line)["digest"], []).append(place)
        place += len(line)
    return places


def _locked(path: Path) -> IO[bytes]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise ReportFileError(f"{path}, which is to be replayed, cannot be opened ({error.strerror}).") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ReportFileError(f"{path} is in use by another run; replay it when that is over.") from None
    return file
