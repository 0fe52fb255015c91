"""The example for Airflow as it is: its scheduler, its pools, two accounts."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Settings
from tests.pipelines import PROGRAMS, install
from tests.test_hub import ROOT, Project, connected

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(1800)]

AIRFLOW = "apache-airflow==3.3.2"
EXAMPLE = ROOT / "examples" / "airflow"
LOADED = {"acme-lists": "account", "acme-books": "customer", "globex-lists": "currency"}


class Airflow:
    """Airflow's commands and processes, with everything they keep in one folder."""

    def __init__(self, programs: Path, home: Path, environment: Mapping[str, str]) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        self.programs, self.home, self.port = programs, home, port
        self.environment = {
            **environment,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret that all of its processes share, for this test",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "PATH": f"{programs}:{environment['PATH']}",
        }

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.programs / "airflow"), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    @contextmanager
    def running(self, *components: str) -> Iterator[None]:
        processes = []
        try:
            for component in components:
                with (self.home / f"{component}.log").open("wb") as log:
                    command = [str(self.programs / "airflow"), component]
                    processes.append(
                        subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
                    )
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def wait_for_its_server(self, seconds: float) -> None:
        """Wait until tasks can report; a task that cannot has failed."""
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), timeout=5)):
                return
            time.sleep(0.5)
        raise AssertionError(self.said({}))

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return the first run of each task, as Airflow's database has it."""
        with closing(sqlite3.connect(self.home / "airflow.db", timeout=30)) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute(
                "SELECT dag_id, task_id, state, pool, pool_slots, start_date, end_date "
                "FROM task_instance ORDER BY start_date DESC"
            ).fetchall()
        return {f"{row['dag_id'].removeprefix('netsuite_')}-{row['task_id']}": dict(row) for row in rows}

    def finished(self, count: int, seconds: float) -> dict[str, dict[str, Any]]:
        """Wait until so many tasks have succeeded, and return them."""
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            tasks = self.tasks()
            states = [task["state"] for task in tasks.values()]
            assert not {"failed", "up_for_retry", "upstream_failed"} & set(states), self.said(tasks)
            if states.count("success") == count:
                return tasks
            time.sleep(2)
        raise AssertionError(self.said(self.tasks()))

    def said(self, tasks: Mapping[str, Any]) -> str:
        logs = [*self.home.glob("*.log"), *self.home.glob("logs/**/attempt=*.log")]
        ends = (f"--- {path}\n{path.read_text(encoding='utf-8', errors='replace')[-3000:]}" for path in logs)
        return "\n".join([repr(tasks), *ends])


def test_two_accounts_each_within_its_pool(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder)
    for place in ("output/acme", "output/globex", "keys"):
        (folder / place).mkdir(parents=True)
    # Room for one of the two tasks of this account at a time.
    pools = json.loads((folder / "pools.json").read_text(encoding="utf-8"))
    pools["netsuite_acme"]["slots"] = 2
    (folder / "pools.json").write_text(json.dumps(pools), encoding="utf-8")
    project = Project(folder, XDG_CACHE_HOME=str(tmp_path / "cache"), XDG_STATE_HOME=str(tmp_path / "state"))
    project.add("tap-netsuite")
    project.run("install")
    home = tmp_path / "airflow home"
    home.mkdir()

    with Emulator(Settings(scale=0.05)) as acme, Emulator(Settings(scale=0.05, account_id="7654321")) as globex:
        for name in LOADED:
            project.environment |= connected(f"tap-netsuite--{name}", acme if name.startswith("acme") else globex)
        project.environment |= {"NETSUITE_PROJECT": str(folder), "MELTANO": shlex.quote(str(PROGRAMS / "meltano"))}
        project.environment["AIRFLOW__CORE__DAGS_FOLDER"] = str(folder / "dags")
        airflow = Airflow(install(tmp_path / "airflow", AIRFLOW), home, project.environment)
        airflow.run("db", "migrate")
        airflow.run("pools", "import", str(folder / "pools.json"))
        with airflow.running("api-server"):
            airflow.wait_for_its_server(seconds=300)
            with airflow.running("dag-processor", "scheduler"):
                tasks = airflow.finished(len(LOADED), seconds=900)
        assert acme.highest_in_flight <= 2
        assert globex.highest_in_flight <= 2
        assert not [request for request in (*acme.requests, *globex.requests) if request.status == 429]

    assert {(name, task["pool"], task["pool_slots"]) for name, task in tasks.items()} == {
        (name, f"netsuite_{name.split('-')[0]}", 2) for name in LOADED
    }
    first, second = sorted((tasks["acme-lists"], tasks["acme-books"]), key=lambda task: str(task["start_date"]))
    assert first["end_date"] <= second["start_date"]
    for name, table in LOADED.items():
        assert (folder / "output" / name.split("-")[0] / f"{table}.jsonl").read_text(encoding="utf-8").count("\n") > 1
