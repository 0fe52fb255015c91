"""Tap and target as plain processes with a pipe between them, as a shell would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.processes import Processes
from demo.warehouse import Warehouse

PROGRAMS = Path(sys.executable).parent
LOADER = "meltanolabs-target-postgres==0.8.1"
DBT = (
    "dbt-core==1.11.16",
    "dbt-postgres==1.11.0",
    "dbt-duckdb==1.11.1",
)  # dbt-core 1.12 does not install without a download
_PROJECT = Path(__file__).resolve().parent.parent / "dbt"
_SECONDS = 240.0


def install(directory: Path, *packages: str) -> Path:
    """Install packages into a new environment and return the folder of its programs."""
    venv.create(directory, with_pip=False)
    programs = directory / "bin"
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(programs / "python"), *packages]
    subprocess.run(uv, check=True)
    return programs


def install_loader(directory: Path) -> Path:
    """Install target-postgres into an environment of its own and return the command."""
    return install(directory, LOADER) / "target-postgres"


@contextmanager
def running_warehouse(directory: Path) -> Iterator[tuple[Warehouse, Path]]:
    """A PostgreSQL, and the folder of its socket, which is what clients call its host."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="wh-") as short:  # a socket's path has some hundred characters
        processes = Processes(directory)
        warehouse = Warehouse(Path(short) / "warehouse", directory / "postgres.log")
        try:
            warehouse.start(processes)
            yield warehouse, Path(short) / "warehouse"
        finally:
            processes.stop_all()


class Plugin:
    """A plugin with its configuration in a file."""

    def __init__(self, program: Path, directory: Path, config: Mapping[str, Any]) -> None:
        self.program = program
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.config = directory / "config.json"
        self.config.write_text(json.dumps(config), encoding="utf-8")

    def command(self, **files: Path | None) -> list[str]:
        options = [f"--{name}={path}" for name, path in files.items() if path]
        return [str(self.program), f"--config={self.config}", *options]


class Tap(Plugin):
    """tap-netsuite."""

    def __init__(self, directory: Path, config: Mapping[str, Any]) -> None:
        super().__init__(PROGRAMS / "tap-netsuite", directory, config)

    def catalog(self, streams: Sequence[str]) -> Path:
        """Discover, select these streams alone, and return the catalog's file."""
        discovered = subprocess.run(
            [*self.command(), "--discover"], stdout=subprocess.PIPE, check=True, timeout=_SECONDS
        )
        catalog = json.loads(discovered.stdout)
        catalog["streams"] = [entry for entry in catalog["streams"] if entry["tap_stream_id"] in streams]
        assert {entry["tap_stream_id"] for entry in catalog["streams"]} == set(streams)
        path = self.directory / "catalog.json"
        path.write_text(json.dumps(catalog), encoding="utf-8")
        return path


class Pipe:
    """`tap | target`, running."""

    def __init__(self, source: Sequence[str], sink: Sequence[str]) -> None:
        self.source = subprocess.Popen(source, stdout=subprocess.PIPE)
        self.sink = subprocess.Popen(sink, stdin=self.source.stdout, stdout=subprocess.PIPE)
        assert self.source.stdout
        self.source.stdout.close()  # so that the tap notices when the target is gone

    def wait(self) -> tuple[int, int]:
        """Wait for both and return their exit codes."""
        assert self.sink.stdout
        try:
            self.states = [json.loads(line) for line in self.sink.stdout]
            return self.source.wait(timeout=_SECONDS), self.sink.wait(timeout=_SECONDS)
        finally:
            self.sink.stdout.close()
            for process in (self.source, self.sink):
                process.kill()
                process.wait()

    def state_file(self, directory: Path) -> Path | None:
        """Return a file with the last state, None when there is none."""
        if not self.states:
            return None
        path = directory / "state.json"
        path.write_text(json.dumps(self.states[-1]), encoding="utf-8")
        return path


def postgres(host: Path) -> dict[str, Any]:
    """Return the connection that dbt needs for a running warehouse."""
    return {
        "type": "postgres",
        "host": str(host),
        "port": 5432,
        "user": "demo",
        "password": "none",
        "dbname": "postgres",
    }


class Dbt:
    """dbt with the package's project, on one warehouse."""

    def __init__(
        self, program: Path, warehouse: Mapping[str, Any], directory: Path, *, raw: str, views: str, statements: str
    ) -> None:
        self._program, self._directory = program, directory
        self._variables = json.dumps({"singer_schema": raw, "netsuite_schema": views})
        output = {**warehouse, "schema": statements, "threads": 2}
        profile = {"netsuite_singer": {"target": "test", "outputs": {"test": output}}}
        (directory / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        folders = ["--project-dir", str(_PROJECT), "--profiles-dir", str(self._directory)]
        kept = ["--target-path", str(self._directory / "target"), "--log-path", str(self._directory / "logs")]
        return subprocess.run(
            [str(self._program), "--no-use-colors", *command, *folders, *kept, "--vars", self._variables],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        )

    def build(self, *options: str) -> str:
        done = self.run("build", *options)
        assert done.returncode == 0, done.stdout
        return done.stdout
