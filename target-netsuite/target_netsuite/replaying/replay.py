"""The records of a file of rejects, as messages for the target."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from target_netsuite.intents import Intent, Refusal, Settled
from target_netsuite.replaying.reject_lines import rejects_in
from target_netsuite.replaying.rewriting import Rewriting
from target_netsuite.reporting.line_file import as_json
from target_netsuite.reporting.report import RejectsKeeper

WITHOUT_EFFECT = ("stream_maps", "stream_map_config", "faker_config", "flattening_enabled", "flattening_max_depth")
"""Settings that a replay goes without: its records have been through the stream maps."""


class Replay:
    """A file of rejects whose records are sent again; nobody else writes to it meanwhile.

    What failed in a stream map, and deletes of a mirror, which no record stands for, are left.
    """

    def __init__(self, path: Path, rejects: Path | None) -> None:
        """Read the whole file once, and bring to an end what a killed replay has left.

        Args:
            path: the file to be replayed.
            rejects: where failed records are to go; when that is the same file, its lines are replaced in the end,
                otherwise it stays as it is.

        Raises:
            ReportFileError: it cannot be read, is in use, or a line in it is broken; the text names the line.
        """
        self._path = path
        self._rewriting = Rewriting(path)
        self._is_rewritten = rejects is not None and rejects.exists() and rejects.samefile(path)
        self._keys: dict[str, dict[str, None]] = {}
        self._digests: dict[str, array[int]] = {}
        for reject in rejects_in(path):
            if not reject.why_left:
                self._keys.setdefault(reject.stream, {}).update(dict.fromkeys(reject.key))
                self._digests.setdefault(reject.stream, array("Q")).append(reject.digest)

    @property
    def messages(self) -> IO[str]:
        """Singer messages, line by line: SCHEMAs without columns, then RECORDs that name their `operation` too."""
        return cast("IO[str]", self._messages())  # its reader only goes from line to line

    @property
    def keeper(self) -> RejectsKeeper | None:
        """What keeps the records that fail again; None when they go to another file, or nowhere."""
        return _Keeper(self._rewriting, self._digests) if self._is_rewritten else None

    def left(self) -> Iterator[Settled]:
        """Yield the records that are not sent again, as refused; their `number` is 0."""
        for reject in rejects_in(self._path):
            if reject.why_left:
                intent = Intent(reject.stream, 0, reject.key, reject.operation, "", payload=reject.payload)
                yield Settled(intent, refusal=Refusal("invalid", reject.why_left, code=reject.code))

    def close(self) -> None:
        """Put the file in order, and let others have it; once.

        Raises:
            ReportFileError: there is no room for the new file, for instance.
        """
        self._rewriting.close()

    def _messages(self) -> Iterator[str]:
        for stream, keys in self._keys.items():
            schema = {"type": "object", "properties": {}}
            yield json.dumps({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": list(keys)})
        for reject in rejects_in(self._path):
            if not reject.why_left:
                record = {"stream": reject.stream, "record": reject.payload, "operation": reject.operation}
                yield as_json({"type": "RECORD", **record}).decode()


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
