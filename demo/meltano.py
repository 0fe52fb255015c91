"""Meltano, run in the repository's own project but with a system directory and a state of the demo's."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from demo.display import Step
from demo.failure import DemoError, end_of
from demo.processes import Processes
from demo.rooms import PROGRAMS, REPOSITORY, Rooms

PLUGINS = ("tap-netsuite", "target-postgres", "tap-postgres", "target-netsuite", "dbt-postgres")
_PREFIXES = (
    "DBT_",
    "MELTANO_",
    "NETSUITE_",
    "WAREHOUSE_",
    *(f"{plugin.replace('-', '_').upper()}_" for plugin in PLUGINS),
)
_INSTALLED = re.compile(r"^.*\bInstalled (?:extractor|loader|utility) '([^']+)'", re.MULTILINE)
_SECONDS_BETWEEN_LOOKS = 1.0


class Meltano:
    """Runs `meltano` and keeps what it says in a log per call."""

    def __init__(self, rooms: Rooms, processes: Processes, settings: Mapping[str, str]) -> None:
        """Prepare the surroundings.

        Args:
            rooms: for plugins, state and logs.
            processes: what starts and stops Meltano.
            settings: environment variables with the plugins' settings.
        """
        self._rooms = rooms
        self._processes = processes
        self._system = rooms.kept / "meltano"
        self._calls = 0
        # What the user has set for an account of theirs must not get in, so that the demo cannot reach it.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
        empty = rooms.fleeting / "empty.env"
        empty.touch()
        self._options = ("--env-file", empty, "--environment", "emulator")
        self._environment = {
            **inherited,
            **settings,
            "NETSUITE_TOKEN_STORE": "off",  # tokens of an emulator that is gone in a minute are worth nothing
            "DBT_POSTGRES_TARGET_PATH": str(rooms.kept / "dbt"),
            "DBT_POSTGRES_LOG_PATH": str(rooms.logs),
            "MELTANO_SYS_DIR_ROOT": str(self._system),
            "MELTANO_DATABASE_URI": f"sqlite:///{rooms.fleeting / 'meltano.db'}",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "1",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_COLOR": "1",
        }

    def install(self, step: Step) -> None:
        """Install the plugins, unless the last run installed the same.

        Raises:
            DemoError: Meltano could not.
        """
        stamp = self._system / "installed"
        wanted = _fingerprint()
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            step.note("kept from the last run")
            return
        stamp.unlink(missing_ok=True)
        step.total(len(PLUGINS))
        self._call(("install", "--clean", *PLUGINS), lambda log: step.at(len(set(_INSTALLED.findall(log)))))
        stamp.write_text(wanted, encoding="utf-8")

    def run(self, *blocks: str, look: Callable[[], None] = lambda: None) -> None:
        """Run one pipeline.

        Args:
            blocks: names of a tap and a target, or a utility with its command.
            look: called now and then while it runs.

        Raises:
            DemoError: the pipeline failed.
        """
        self._call(("run", *blocks), lambda _log: look())

    def _call(self, arguments: tuple[str, ...], look: Callable[[str], None]) -> None:
        self._calls += 1
        path = self._rooms.logs / f"{self._calls}-meltano-{'-'.join(arguments[:1])}.log"
        with path.open("wb") as log:
            process = self._processes.start(
                [PROGRAMS / "meltano", *self._options, *arguments],
                output=log,
                directory=REPOSITORY,
                environment=self._environment,
            )
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_BETWEEN_LOOKS)
                break
            look(path.read_text(encoding="utf-8", errors="replace"))
        look(path.read_text(encoding="utf-8", errors="replace"))
        if process.returncode:
            raise DemoError(f"`meltano {' '.join(arguments)}` failed:\n{end_of(path)}")


def _fingerprint() -> str:
    """Return what the plugins were installed from."""
    digest = hashlib.sha256(f"{REPOSITORY}\n{sys.version}".encode())
    for name in ("meltano.yml", "pyproject.toml"):
        digest.update((REPOSITORY / name).read_bytes())
    return digest.hexdigest()
