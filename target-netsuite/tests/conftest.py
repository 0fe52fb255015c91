"""A NetSuite to write to, and ways to run the target against it."""

from __future__ import annotations

import io
import json
import logging
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.run_here import run_here
from tests.target_runs import COMMAND, QuickTarget, Run, lines

from netsuite_emulator import Emulator, Settings
from target_netsuite.__main__ import main

_TABLES = ("customer", "vendor", "customrecord_warranty")


@pytest.fixture(scope="session")
def _running_emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05, one_world=False)) as emulator:
        yield emulator


@pytest.fixture
def emulator(_running_emulator: Emulator) -> Iterator[Emulator]:
    """A NetSuite without faults, and without what other tests have written: names of customers are unique."""
    _running_emulator.clear_requests()
    newest = {
        table: _running_emulator.execute(f"SELECT max(id) FROM {table}")[0][0] for table in ("customer", "vendor")
    }
    yield _running_emulator
    _running_emulator.faults.clear()
    assert _running_emulator.wait_until_quiet(120), "a job or a request of the test before does not end"
    for table, number in newest.items():
        _running_emulator.execute(f"DELETE FROM {table} WHERE id > {number}")


@pytest.fixture
def prefix() -> str:
    """A beginning of external ids that no other test uses."""
    return f"T{uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Take back the signal handlers that each target installs."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def config(emulator: Emulator, tmp_path: Path) -> dict[str, Any]:
    """Settings that lead to the emulator, without `streams`, and with a journal of this test's own."""
    return {**emulator.connection, "request_timeout": 120, "journal": str(tmp_path / "journal.sqlite")}


@pytest.fixture
def listen(config: dict[str, Any], caplog: pytest.LogCaptureFixture) -> Callable[..., Run]:
    """Return a function that runs the target in this process: listen(streams, message, …, setting=value)."""

    def run(streams: dict[str, Any], *messages: dict[str, Any] | str, **settings: Any) -> Run:
        caplog.clear()
        output, error = io.StringIO(), None
        with caplog.at_level(logging.INFO), redirect_stdout(output):
            try:
                target = QuickTarget(config={**config, "streams": streams, **settings})
                target.listen(io.StringIO(lines(*messages)))
            except Exception as caught:  # noqa: BLE001 - the test looks at it
                error = caught
        return Run([json.loads(line) for line in output.getvalue().splitlines()], caplog.text, error)

    return run


@pytest.fixture
def command(config: dict[str, Any], tmp_path: Path) -> Callable[..., Run]:
    """Return a function that runs the command here: command(streams, message, …, arguments=[…], setting=value)."""

    def run(
        streams: dict[str, Any], *messages: dict[str, Any] | str, arguments: Sequence[str] = (), **settings: Any
    ) -> Run:
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**config, "streams": streams, **settings}))
        ended = run_here(partial(main, QuickTarget), ["--config", str(path), *arguments], stdin=lines(*messages))
        return Run([json.loads(line) for line in ended.out.splitlines()], ended.err, exit_code=ended.code)

    return run


@pytest.fixture
def spawn(config: dict[str, Any], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts the target as a process: spawn(streams, setting=value, command=[…])."""
    started: list[subprocess.Popen[str]] = []

    def start(streams: dict[str, Any], command: list[str] | None = None, **settings: Any) -> subprocess.Popen[str]:
        path = tmp_path / f"config{len(started)}.json"
        path.write_text(json.dumps({**config, "streams": streams, **settings}))
        process = subprocess.Popen(
            [*(command or COMMAND), "--config", str(path)],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]  # all three are there
