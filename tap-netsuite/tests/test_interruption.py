"""A run that is interrupted: whole lines, no STATE ahead of its rows, the exit code, and the same rows in the end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import COMMAND, PATIENCE, Json, Run, TapProcess, command, read, selected

from netsuite_emulator import Emulator

TABLE = "customrecord_site_visit"
ROWS = 6000


@pytest.fixture
def busy_account(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    """An account with a table of several pages, five rows to a second."""
    emulator = netsuite_emulator_factory(time_zone="UTC")
    emulator.execute(f"DELETE FROM {TABLE}")
    emulator.execute(
        f"INSERT INTO {TABLE} (id, name, lastmodified) SELECT range, 'visit ' || range, "
        f"TIMESTAMP '2024-01-01 00:00:00' + to_seconds(range // 5) FROM range(1, {ROWS + 1})"
    )
    return emulator


@pytest.fixture
def given(busy_account: Emulator, catalog: Json) -> dict[str, Any]:
    return {"config": {**busy_account.connection, "account_timezone": "UTC"}, "catalog": selected(catalog, TABLE)}


def ids(lines: list[str]) -> set[int]:
    return {record["id"] for record in Run(lines).records(TABLE)}


def assert_no_state_is_ahead(lines: list[str]) -> None:
    """Check that each STATE comes behind every row that lies below it."""
    seen: set[int] = set()
    whole = 0  # that and all rows before it have come
    for message in Run(lines).messages:
        if message["type"] == "RECORD":
            seen.add(message["record"]["id"])
        elif message["type"] == "STATE":
            bookmark = message["value"].get("bookmarks", {}).get(TABLE, {}).get("replication_key_value")
            while whole + 1 in seen:
                whole += 1
            assert not bookmark or whole == ROWS or stamp(whole + 1) >= bookmark


def stamp(number: int) -> str:
    minutes, seconds = divmod(number // 5, 60)
    return f"2024-01-01T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z"


def interrupted(process: TapProcess, number: int, after: int) -> Run:
    """Send a signal once some lines were read."""
    lines = [process.line() for _ in range(after)]
    process.send_signal(number)
    return process.finished("".join(lines))


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("number", "exit_code", "after"),
    [(signal.SIGTERM, 143, 2500), (signal.SIGINT, 130, 10), (signal.SIGKILL, -9, 3500)],
)
def test_interrupted_and_run_again_everything_has_come(
    given: dict[str, Any], busy_account: Emulator, tmp_path: Path, number: int, exit_code: int, after: int
) -> None:
    with TapProcess(command(tmp_path, **given)) as process:
        first = interrupted(process, number, after)
    assert first.exit_code == exit_code
    assert "Traceback" not in first.log
    if number == signal.SIGKILL and not first.lines[-1].endswith("}"):
        first.lines.pop()
    assert len(ids(first.lines)) < ROWS
    assert_no_state_is_ahead(first.lines)

    assert busy_account.wait_until_quiet(PATIENCE)  # what the first run has asked for takes places of the second
    second = read(**given, state=first.state)
    assert second.error is None
    assert_no_state_is_ahead(first.lines + second.lines)
    assert ids(first.lines) | ids(second.lines) == set(range(1, ROWS + 1))
    assert len(ids(second.lines)) < ROWS or after < 1000


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_a_signal_while_the_reader_stands_still_leaves_whole_lines(
    given: dict[str, Any], tmp_path: Path, busy_account: Emulator, number: int, unbuffered: str
) -> None:
    busy_account.execute(f"UPDATE {TABLE} SET name = repeat('x', 100000) WHERE id < 50")  # longer than a pipe holds
    with TapProcess(command(tmp_path, **given), environment={**os.environ, "PYTHONUNBUFFERED": unbuffered}) as process:
        assert process.line()
        process.send_signal(number)
        run = process.finished()
    assert run.exit_code == 128 + number
    assert all(message["type"] for message in run.messages)


@pytest.mark.slow
def test_a_second_signal_does_not_wait_for_a_reader_that_stands_still(
    given: dict[str, Any], tmp_path: Path, busy_account: Emulator
) -> None:
    busy_account.execute(f"UPDATE {TABLE} SET name = repeat('x', 1000000) WHERE id = 1")
    with TapProcess(command(tmp_path, **given)) as process:
        assert [json.loads(process.line())["type"] for _ in range(2)] == ["SCHEMA", "STATE"]
        assert process.stdout
        process.stdout.read(1)  # of a line that is far longer than what the pipe holds
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        for _ in range(PATIENCE):  # one that comes before the first was noticed is the same signal to the system
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
                break
        assert process.returncode == 143


@pytest.mark.slow
def test_a_reader_of_the_catalog_that_leaves_ends_discovery_quietly(given: dict[str, Any], tmp_path: Path) -> None:
    arguments = [*COMMAND, *command(tmp_path, given["config"], "--discover")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        log = process.stderr.read()
        assert process.wait(PATIENCE) == 141, log
        assert "Traceback" not in log


def test_a_reader_that_leaves_ends_the_run_quietly(given: dict[str, Any], tmp_path: Path) -> None:
    with TapProcess(command(tmp_path, **given)) as process:
        process.line()
        process.leave()
        assert process.wait(PATIENCE) == 141
        log = process.log()
    assert "Traceback" not in log
    assert "Exception ignored" not in log


def test_a_signal_while_requests_are_waited_for(busy_account: Emulator, catalog: Json, tmp_path: Path) -> None:
    chosen = selected(catalog, "record_customer")
    with TapProcess(command(tmp_path, busy_account.connection, catalog=chosen)) as process:
        assert [process.line() for _ in range(3)][-1]
        process.send_signal(signal.SIGTERM)
        run = process.finished()
    assert run.exit_code == 143
    assert all(message["type"] for message in run.messages)


WRITER = """
from tap_netsuite.sync import WholeLineWriter
rows = (b'{"row": %d, "text": "%s"}\\n' % (row, b'x' * (row % 700)) for row in range(20000))
WholeLineWriter().write_lines(b''.join(rows))
"""


@pytest.mark.parametrize("taken", [0, 100_001])
def test_a_kill_leaves_no_part_of_a_line_in_a_pipe(taken: int) -> None:
    """Whether the pipe was empty or half full, what is in it ends with a line."""
    with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, bufsize=0) as writer:
        output = writer.stdout
        assert output
        content = b""
        while len(content) < taken:
            content += output.read(taken - len(content))
        wait_until_full(output.fileno())
        writer.kill()
        content += b"".join(iter(lambda: output.read(65536), b""))

    assert content.endswith(b"}\n")
    assert [json.loads(line)["row"] for line in content.splitlines()] == list(range(content.count(b"\n")))


def wait_until_full(pipe: int) -> None:
    """Wait until a writer cannot write any more because nobody reads."""
    held = -1
    while True:
        now = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"1234"))[0]
        if now and now == held:
            return
        held = now
        time.sleep(0.1)
