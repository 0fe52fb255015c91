"""The command as a person types it, in an environment of its own: as a process, or in this one where that is alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.run_here import run_here

from suitetalk.cli.__main__ import main

COMMAND = [sys.executable, "-m", "suitetalk.cli"]


@dataclass(frozen=True)
class Run:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shell:
    """A folder to work in, and the environment there."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Run:
        """Run the command in a process of its own."""
        ended = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Run(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def done(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Run:
        """Run what must end well, without a word on standard error but notes."""
        run = self.run(*arguments, stdin=stdin, **environment)
        assert run.code == 0, run.err
        return run


class QuickShell(Shell):
    """The same without a process, for tests of what the command does and not of how it lives."""

    def run(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Run:
        """Run the command here."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            return Run(*run_here(main, arguments, stdin=stdin, environment={**self.environment, **environment}))
        finally:
            os.chdir(before)


def environment_of(connection: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return an environment with the settings and with nothing of this machine's user."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "COVERAGE_PROCESS_START", "HOME")}
    own = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state"), "LC_ALL": "C.UTF-8"}
    return {**kept, **own, **{f"NETSUITE_{name.upper()}": str(value) for name, value in connection.items()}}
