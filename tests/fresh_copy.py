"""A copy of the repository as a clone would give it, in a path with a space in it, and the demo run there."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from demo.processes import MARK

ROOT = Path(__file__).resolve().parent.parent
_NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git",
    ".venv",
    ".cache",
    "build",
    "dist",
    ".demo",
    ".meltano",
    ".env",
    ".environments",
    ".hypothesis",
    "__pycache__",
    ".*_cache",
)
_SECONDS_TO_END = 60.0
NO_HOME = {"HOME": "/dev/null/home"}
"""A home that is not there, and that nobody can make, not even root."""


class Running:
    """A command under way in a session of its own, as in a terminal of its own."""

    def __init__(self, command: list[str], directory: Path, **others: str) -> None:
        self.lines: list[str] = []
        self._new: queue.Queue[str | None] = queue.Queue()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**environment, "MAKEFLAGS": "", **others},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str, seconds: float = 600.0) -> None:
        """Wait until a line with this text has come."""
        patience = time.monotonic() + seconds
        while (line := self._next(patience)) is not None:
            if text in line:
                return
        raise AssertionError(f"{text!r} did not come:\n{self.output}")

    def wait(self, seconds: float = 600.0) -> int:
        """Wait for the end and return the exit code, below zero for a signal."""
        patience = time.monotonic() + seconds
        while self._next(patience) is not None:
            pass
        return self.process.wait(timeout=_SECONDS_TO_END)

    def interrupt(self) -> None:
        """Do as Ctrl-C in a terminal does: signal every process of the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        """Leave nothing behind, whatever became of the test."""
        if self.process.poll() is None:
            self.interrupt()
        try:
            self.process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _next(self, patience: float) -> str | None:
        try:
            line = self._new.get(timeout=max(0.0, patience - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"It took too long:\n{self.output}") from None
        if line is not None:
            self.lines.append(line)
        return line

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self._new.put(line)
        self._new.put(None)


class FreshCopy:
    """The repository as somebody has it who has just cloned it."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / "a fresh clone"
        shutil.copytree(ROOT, self.path, ignore=_NOT_IN_A_CLONE)

    @contextmanager
    def running(self, *command: str, **environment: str) -> Iterator[Running]:
        running = Running(list(command), self.path, **environment)
        try:
            yield running
        finally:
            running.end()

    def make(self, target: str) -> list[str]:
        """Return the command that makes a target with the Python that runs the tests."""
        return ["make", f"PYTHON={Path(sys.base_prefix) / 'bin' / 'python3'}", target]

    def forget(self, stamp: str) -> None:
        """Let the next run install again what this stamp says is installed."""
        (self.path / stamp).unlink(missing_ok=True)

    def survivors(self) -> list[str]:
        """Return the command lines of processes that the demo has left."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(MARK) == str(self.path / ".demo") or str(self.path) in process.cmdline():
                    found.append(" ".join(process.cmdline()))
        return found

    def leftovers(self) -> list[Path]:
        """Return the short-lived folders that the demo has left."""
        pointer = self.path / ".demo" / "fleeting"
        return [Path(pointer.read_text(encoding="utf-8"))] if pointer.exists() else []
