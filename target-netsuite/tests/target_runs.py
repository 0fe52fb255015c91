"""Messages for the target, and what comes out of it."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suitetalk import RetryPolicy
from target_netsuite.target import TargetNetSuite

QUICK_COMMAND = [sys.executable, str(Path(__file__).with_name("quick_target.py"))]
COMMAND = [sys.executable, "-m", "target_netsuite"]


class QuickTarget(TargetNetSuite):
    """Tries a few times, without long waits."""

    retry = RetryPolicy(attempts=3, first_wait=0.01)


@dataclass
class Run:
    """What one run of the target said.

    Attributes:
        states: the STATE values it passed on.
        log: its log.
        error: what ended it, None when nothing did.
        exit_code: that of the process, None when there was none.
    """

    states: list[Any]
    log: str
    error: BaseException | None = None
    exit_code: int | None = None

    @property
    def refused(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in re.findall(r"REFUSED: (\{.*\})", self.log)]

    @property
    def summary(self) -> dict[str, dict[str, int]]:
        """Counts that are not 0, by stream."""
        lines = [json.loads(text) for text in re.findall(r"SUMMARY: (\{.*\})", self.log)]
        return {line.pop("stream"): {name: count for name, count in line.items() if count} for line in lines}

    @property
    def sentence(self) -> str:
        """The last line on stderr of a process, or the text of the error."""
        return str(self.error) if self.error else self.log.strip().splitlines()[-1]


def schema(stream: str, properties: dict[str, Any] | None = None, keys: tuple[str, ...] = ("id",)) -> dict[str, Any]:
    """Return a SCHEMA message; columns without a description may hold anything."""
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties or {}},
        "key_properties": list(keys),
    }


def record(stream: str, **columns: Any) -> dict[str, Any]:
    """Return a RECORD message."""
    return {"type": "RECORD", "stream": stream, "record": columns}


def state(value: Any) -> dict[str, Any]:
    """Return a STATE message."""
    return {"type": "STATE", "value": value}


def lines(*messages: dict[str, Any] | str) -> str:
    """Return messages as input; a text goes as it is."""
    return "".join(message if isinstance(message, str) else json.dumps(message) + "\n" for message in messages)


def finish(process: subprocess.Popen[str], text: str = "", before: str = "") -> Run:
    """Send the rest of the input to a process, and return what it said when it has ended.

    Args:
        process: the process.
        text: what to send before the input is closed.
        before: what has been read from its stdout already.
    """
    output, log = process.communicate(text, timeout=120)
    return Run([json.loads(line) for line in (before + output).splitlines()], log, exit_code=process.returncode)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as a disk that is full would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
