"""A file of rejects as input."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from array import array
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, cast

from target_netsuite.errors import UNKNOWN_OPERATION, ReportFileError
from target_netsuite.intents import Intent, Operation, Refusal, Settled
from target_netsuite.messages import read_json
from target_netsuite.reporting.line_file import LineFile, as_json
from target_netsuite.reporting.report import RejectsKeeper, Report

STREAM_MAP_FAILED = "STREAM_MAP_FAILED"
"""The code of a record that a stream map failed on: its payload is what the tap sent, not what the map made of it."""

_DIGEST_BYTES = 8
_BESIDE = ".replayed"
WITHOUT_EFFECT = ("stream_maps", "stream_map_config", "faker_config", "flattening_enabled", "flattening_max_depth")
"""Settings that a replay goes without: its records have been through the stream maps."""


class Replay:
    """A file of rejects whose records are sent again; nobody else writes to it meanwhile.

    What failed in a stream map, deletes of a mirror, which no record stands for, and what asked for an operation that
    does not exist, where no column can say another one, are left.
    """

    def __init__(self, path: Path, rejects: Path | None, say_operations: Collection[str] = ()) -> None:
        """Read the whole file once, and bring to an end what a killed replay has left.

        Args:
            path: the file to be replayed.
            rejects: where failed records are to go; when that is the same file, its lines are replaced in the end,
                otherwise it stays as it is.
            say_operations: streams whose records say in a column what is to become of them.

        Raises:
            ReportFileError: it cannot be read, is in use, or a line in it is broken; the text names the line.
        """
        self._path = path
        self._say_operations = say_operations
        self._rewriting = Rewriting(path)
        self._is_rewritten = rejects is not None and rejects.exists() and rejects.samefile(path)
        self._keys: dict[str, dict[str, None]] = {}
        self._digests: dict[str, array[int]] = {}
        try:
            self._count()
        except ReportFileError:
            self._rewriting.close()
            raise

    @property
    def messages(self) -> IO[str]:
        """Singer messages, line by line: SCHEMAs without columns, then RECORDs.

        Each RECORD has the `operation` that it was refused with; one that the record names itself counts more.
        """
        return cast("IO[str]", self._messages())  # its reader only goes from line to line

    @property
    def keeper(self) -> RejectsKeeper | None:
        """What keeps the records that fail again; None when they go to another file, or nowhere."""
        return _Keeper(self._rewriting, self._digests) if self._is_rewritten else None

    def begin(self, report: Report) -> IO[str]:
        """Report the records that are not sent again, as refused and with the number 0; return the rest as input."""
        for reject in rejects_in(self._path):
            why = self._why_left(reject)
            if why:
                intent = Intent(
                    reject.stream, 0, reject.key, reject.operation or Operation.UPSERT, "", payload=reject.payload
                )
                report.add(Settled(intent, refusal=Refusal("invalid", why, code=reject.code)))
        return self.messages

    def close(self) -> None:
        """Put the file in order, and let others have it; once.

        Raises:
            ReportFileError: there is no room for the new file, for instance.
        """
        self._rewriting.close()

    def _why_left(self, reject: Reject) -> str:
        """Return why the record cannot be sent again automatically; empty when it can."""
        if reject.code == STREAM_MAP_FAILED:
            return "its stream map failed, and a replay runs none; correct `stream_maps` and let the tap send it again"
        if not reject.payload:
            return "there is no record to send again; the next mirror finds it"
        if not reject.operation and reject.stream not in self._say_operations:
            return (
                "the `operation` that it asked for does not exist, and "
                f"`streams.{reject.stream}.operation_column` names no column that says another one; correct its "
                "line, or set the column"
            )
        return ""

    def _count(self) -> None:
        for reject in rejects_in(self._path):
            if not self._why_left(reject):
                self._keys.setdefault(reject.stream, {}).update(dict.fromkeys(reject.key))
                self._digests.setdefault(reject.stream, array("Q")).append(reject.digest)

    def _messages(self) -> Iterator[str]:
        for stream, keys in self._keys.items():
            schema = {"type": "object", "properties": {}}
            yield json.dumps({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": list(keys)})
        for reject in rejects_in(self._path):
            if not self._why_left(reject):
                message: dict[str, Any] = {"type": "RECORD", "stream": reject.stream, "record": reject.payload}
                if reject.operation:
                    message["operation"] = reject.operation
                yield as_json(message).decode()


class _Keeper:
    """Finds the line of a settled record: it is the one whose number in its stream the intent has."""

    def __init__(self, rewriting: Rewriting, digests: Mapping[str, array[int]]) -> None:
        self._rewriting = rewriting
        self._digests = digests

    def settled(self, intent: Intent, reject: Mapping[str, Any] | None) -> None:
        if intent.number > 0:
            self._rewriting.settled(self._digests[intent.stream][intent.number - 1], reject)

    def close(self) -> None:
        self._rewriting.close()


@dataclass(frozen=True)
class Reject:
    """One line of a file of rejects.

    Attributes:
        stream: the record's stream, as the settings name it.
        key: what identifies the record.
        operation: what was to become of it; None when it asked for an operation that does not exist.
        code: why it failed.
        payload: the record, as it came out of the stream maps.
        digest: of the line, to find it again.
    """

    stream: str
    key: dict[str, Any]
    operation: Operation | None
    code: str
    payload: dict[str, Any]
    digest: int


def rejects_in(path: Path) -> Iterator[Reject]:
    """Yield what the lines of a file say, without the blank ones.

    Raises:
        ReportFileError: the file cannot be read, or a line is broken; the text names the line.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _reject(path, number, line)
    except OSError as error:
        raise ReportFileError(f"{path}, which is to be replayed, cannot be read ({error.strerror}).") from None


def digest_of(line: bytes) -> int:
    """Return a number that no other line has, with or without the end of the row."""
    return int.from_bytes(blake2b(line.strip(), digest_size=_DIGEST_BYTES).digest(), "big")


def _reject(path: Path, number: int, line: bytes) -> Reject:
    try:
        content = read_json(line)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        is_utf_16 = line.startswith((b"\xff\xfe", b"\xfe\xff"))
        raise _broken(
            path, number, "the file is UTF-16, not UTF-8" if is_utf_16 else "it is not a complete JSON object"
        )
    stream, key, payload = content.get("stream"), content.get("key"), content.get("payload")
    if not (isinstance(stream, str) and isinstance(key, dict) and isinstance(payload, dict)):
        raise _broken(path, number, "it lacks a usable `stream`, `key` and `payload`")
    code = str(content.get("code", ""))
    try:
        operation = Operation(content.get("operation"))
    except ValueError:
        if code == UNKNOWN_OPERATION:
            return Reject(stream, key, None, code, payload, digest_of(line))
        raise _broken(path, number, f"its `operation` is {content.get('operation')!r}") from None
    return Reject(stream, key, operation, code, payload, digest_of(line))


def _broken(path: Path, number: int, why: str) -> ReportFileError:
    return ReportFileError(
        f"Line {number} of {path} is not a line of a file of rejects: {why}; correct or remove it. Nothing was sent."
    )


class Rewriting:
    """Keeps what became of the lines in a second file beside the first, and replaces the first by both in the end.

    So a replay that is killed has lost nothing, and the next one begins with replacing what that one settled: a
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
                reject = read_json(beside.readline())["reject"]
                if reject is not None:
                    yield as_json(reject) + b"\n"


def _places(beside: IO[bytes]) -> dict[int, list[int]]:
    """Return where the lines of each digest stand; a line that a power cut has cut counts as not written."""
    places: dict[int, list[int]] = {}
    place = 0
    for line in beside:
        with suppress(ValueError, TypeError, KeyError):
            places.setdefault(read_json(line)["digest"], []).append(place)
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
