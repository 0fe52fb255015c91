"""The command as users run it: exit codes, sentences, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.run_here import run_here
from tests.target_runs import COMMAND, QUICK_COMMAND, Run, finish, lines, record, schema, state

from netsuite_emulator import Emulator, Fault
from suitetalk import CONNECTION_SETTINGS
from suitetalk.descriptions import schema_of
from target_netsuite.__main__ import main
from target_netsuite.settings import Settings, StreamSettings

Command = Callable[..., Run]
Spawn = Callable[..., "subprocess.Popen[str]"]


def _stream(prefix: str, **settings: Any) -> dict[str, Any]:
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", **settings}}


def _people(*numbers: int) -> list[dict[str, Any]]:
    """Return a record and a STATE for each number."""
    return [message for n in numbers for message in (record("people", id=n, companyName=f"No {n}"), state(n))]


def _ids(emulator: Emulator, prefix: str) -> list[int]:
    rows = emulator.execute(f"SELECT externalid FROM customer WHERE externalid LIKE '{prefix}-%'")
    return sorted(int(external_id.rpartition("-")[2]) for (external_id,) in rows)


def _begin(process: subprocess.Popen[str], *messages: dict[str, Any]) -> None:
    """Send messages and leave the input open."""
    assert process.stdin
    process.stdin.write(lines(*messages))
    process.stdin.flush()


def _first_state(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def _wait_for_fault(emulator: Emulator, times: int = 1) -> None:
    """Wait until a request has run into the fault."""
    deadline = time.monotonic() + 120
    while emulator.faults.listing()[0]["struck"] < times:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_all_written_is_exit_code_0(emulator: Emulator, spawn: Spawn, prefix: str) -> None:
    run = finish(spawn(_stream(prefix)), lines(schema("people"), *_people(1, 2)))
    assert (run.exit_code, run.states, _ids(emulator, prefix)) == (0, [1, 2], [1, 2])
    assert run.summary == {"people": {"created": 2}}


def test_a_refused_record_is_exit_code_1_after_all_state(emulator: Emulator, spawn: Spawn, prefix: str) -> None:
    messages = [schema("people"), *_people(1), record("people", id=2, nonsense=True), *_people(3)]
    run = finish(spawn(_stream(prefix)), lines(*messages))
    assert (run.exit_code, run.states, _ids(emulator, prefix)) == (1, [1, 3], [1, 3])
    assert run.refused[0]["key"] == {"id": 2}
    assert run.sentence == (
        "Error: 1 of 3 records were refused, and `max_rejects` allows 0; each is reported above in a line with REFUSED."
    )


@pytest.mark.slow
def test_a_fault_that_stays_is_exit_code_1_and_a_sentence(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str
) -> None:
    emulator.faults.add(Fault(effect="bad_gateway", path=f"{prefix}-2"))
    process = spawn(_stream(prefix), command=QUICK_COMMAND)
    _begin(process, schema("people"), *_people(1))
    run = finish(process, lines(*_people(2, 3)), before=_first_state(process))
    assert (run.exit_code, run.states) == (1, [1])
    assert _ids(emulator, prefix) in ([1], [1, 3])  # the third goes beside the second
    assert run.sentence.startswith("Error: Stopped at a record of stream `people`")
    assert 'the key {"id": 2}' in run.sentence
    assert "Traceback" not in run.log

    emulator.faults.clear()
    again = command(_stream(prefix), schema("people"), *_people(2, 3))
    assert (again.exit_code, again.states, _ids(emulator, prefix)) == (0, [2, 3], [1, 2, 3])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"account_id": "1234/x"}, "Error: Setting `account_id`"),
        ({"streams": {"people": {"record_type": "customer", "operation": "update"}}}, "`streams.people.id_field`"),
        ({"streams": {"others": {"record_type": "customer"}}}, "no entry for the stream `people`"),
        ({"streams": None}, "Setting `streams` is missing"),
    ],
)
def test_a_wrong_setting_is_exit_code_1_and_one_sentence(
    command: Command, settings: dict[str, Any], words: str
) -> None:
    streams = settings.pop("streams", {"people": {"record_type": "customer"}})
    run = command(streams, schema("people"), *_people(1), **settings)
    assert (run.exit_code, run.states) == (1, [])
    assert words in run.sentence
    assert "Traceback" not in run.log


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "config.json given with --config cannot be read"),
        ("{", "is not JSON"),
        ("[1]", "a JSON array"),
        ("7", "number"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    ended = run_here(main, ["--config", str(path)])
    assert ended.code == 1
    assert words in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_closed_streams_are_sentences() -> None:
    for closed, words in (("<&-", "Standard input is closed"), (">&-", "Standard output is closed")):
        ended = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND],
            capture_output=True,
            text=True,
            check=False,
            input="",
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"Error: {words}")
        assert len(ended.stderr.splitlines()) == 1


@pytest.mark.slow
def test_settings_come_from_the_environment_too(emulator: Emulator, prefix: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {**emulator.connection, "streams": json.dumps(_stream(prefix)), "request_timeout": "20"}
    environment = {**os.environ, **{f"TARGET_NETSUITE_{name.upper()}": value for name, value in settings.items()}}

    def run(**changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "--config", "ENV"],
            env={**environment, **changes},
            input=lines(schema("people"), *_people(1)),
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

    assert (run().returncode, _ids(emulator, prefix)) == (0, [1])
    wrong = run(TARGET_NETSUITE_MAX_CONCURRENCY="many")
    assert wrong.returncode == 1
    assert "`max_concurrency`" in wrong.stderr.splitlines()[-1]


@pytest.mark.slow
def test_about_describes_every_setting_and_marks_secrets() -> None:
    ended = subprocess.run([*COMMAND, "--about", "--format=json"], capture_output=True, text=True, check=True)
    about = json.loads(ended.stdout)
    settings = about["settings"]["properties"]
    ours = set(schema_of(Settings)["properties"])
    sdks = {name for name in settings if name.startswith(("stream_map", "faker", "flattening"))}
    assert set(settings) - sdks == ours > set(CONNECTION_SETTINGS)
    assert {name for name in ours if settings[name].get("secret")} == {
        "client_id", "client_secret", "concurrency_redis", "private_key", "private_key_passphrase", "token_id",
        "token_secret",
    }  # fmt: skip
    stream = settings["streams"]["additionalProperties"]
    assert set(stream["properties"]) == set(schema_of(StreamSettings)["properties"])
    assert stream["properties"]["operation"]["enum"] == ["create", "update", "upsert", "delete", "inactivate", "mirror"]
    assert all(part.get("description") for part in [*settings.values(), *stream["properties"].values()])
    assert about["version"] != "[could not be detected]"


def test_an_input_that_ends_early_acknowledges_what_is_settled_only(
    emulator: Emulator, command: Command, prefix: str
) -> None:
    whole = lines(schema("people"), *_people(1), record("people", id=2, companyName="No 2"))
    run = command(_stream(prefix), whole)
    assert (run.exit_code, run.states, _ids(emulator, prefix)) == (0, [1], [1, 2])
    cut = command(_stream(prefix), whole, lines(*_people(3))[:30])
    assert (cut.exit_code, cut.states, _ids(emulator, prefix)) == (1, [1], [1, 2])
    assert "Input line 5 is not a complete JSON object" in cut.sentence


@pytest.mark.slow
def test_a_reader_of_the_state_that_leaves_ends_the_run_quietly(spawn: Spawn, prefix: str) -> None:
    process = spawn(_stream(prefix))
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(lines(schema("people"), *_people(1, 2, 3)))
    process.stdin.close()
    log = process.stderr.read()
    assert process.wait(120) == 141, log
    assert "Traceback" not in log


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_mid_request_lets_it_settle_and_begins_no_other(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str, number: signal.Signals
) -> None:
    process = spawn(_stream(prefix), max_concurrency=1)
    _begin(process, schema("people"), *_people(1))
    seen = _first_state(process)
    emulator.faults.add(Fault(effect="delay", seconds=2, method="PUT", path=prefix))
    _begin(process, *_people(2, 3, 4))
    _wait_for_fault(emulator)  # one of the three is on its way, the others wait for their turn
    process.send_signal(number)
    run = finish(process, before=seen)
    assert run.exit_code == 128 + number
    written = _ids(emulator, prefix)
    assert len(written) == 2
    assert run.states == ([1, 2] if written == [1, 2] else [1])
    assert run.summary == {"people": {"created": 2}}
    assert "Traceback" not in run.log

    emulator.faults.clear()
    rest = [n for n in (2, 3, 4) if n not in run.states]
    again = command(_stream(prefix), schema("people"), *_people(*rest))
    assert (again.exit_code, again.states, _ids(emulator, prefix)) == (0, rest, [1, 2, 3, 4])


@pytest.mark.slow
def test_a_second_signal_ends_the_run_at_once(emulator: Emulator, spawn: Spawn, prefix: str) -> None:
    emulator.faults.add(Fault(effect="delay", seconds=15, path=f"{prefix}-2"))
    process = spawn(_stream(prefix), request_timeout=60)
    _begin(process, schema("people"), *_people(1))
    seen = _first_state(process)
    _begin(process, *_people(2))
    _wait_for_fault(emulator)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # two of a kind might melt into one
    run = finish(process, before=seen)
    assert run.exit_code in (130, 143)  # which of two pending signals comes first is the system's matter
    assert run.states == [1]
    assert _ids(emulator, prefix) == [1]  # the second would have been there had it waited
    assert "Traceback" not in run.log


@pytest.mark.slow
def test_a_signal_between_two_tries_ends_the_run_at_once(emulator: Emulator, spawn: Spawn, prefix: str) -> None:
    emulator.faults.add(Fault(effect="unavailable", seconds=300, path=f"{prefix}-2"))
    process = spawn(_stream(prefix))
    _begin(process, schema("people"), *_people(1))
    seen = _first_state(process)
    _begin(process, *_people(2))
    assert process.stderr
    while "trying again" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGTERM)
    run = finish(process, before=seen)
    assert (run.exit_code, run.states, _ids(emulator, prefix)) == (143, [1], [1])
    assert "Traceback" not in run.log


@pytest.mark.slow
@pytest.mark.parametrize("write_mode", ["batch", "single"])
def test_creates_that_nothing_tells_of_are_there_once_after_a_signal_and_another_run(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str, write_mode: str
) -> None:
    streams = {"people": {"record_type": "customer", "write_mode": write_mode}}
    messages = [
        schema("people", keys=("companyName",)),
        *(record("people", companyName=f"{prefix} {number}") for number in range(6)),
        state("end"),
    ]
    emulator.faults.add(Fault(effect="delay", seconds=2, method="POST", path="/record/v1/customer"))
    process = spawn(streams, max_concurrency=1)
    _begin(process, *messages)
    _wait_for_fault(emulator)
    process.send_signal(signal.SIGTERM)
    run = finish(process)
    assert (run.exit_code, run.states) == (143, [])
    assert "Traceback" not in run.log

    emulator.faults.clear()
    again = command(streams, *messages)
    assert (again.exit_code, again.states, again.summary) == (0, ["end"], {"people": {"created": 6}}), again.log
    found = emulator.execute(f"SELECT companyname FROM customer WHERE companyname LIKE '{prefix} %' ORDER BY 1")
    assert found == [(f"{prefix} {number}",) for number in range(6)]


def test_a_signal_while_waiting_for_input_ends_the_run_at_once(spawn: Spawn, prefix: str) -> None:
    process = spawn(_stream(prefix))
    _begin(process, schema("people"), *_people(1))
    seen = _first_state(process)
    process.send_signal(signal.SIGTERM)
    run = finish(process, before=seen)
    assert (run.exit_code, run.states) == (143, [1])
    assert "Interrupted by signal 15" in run.log
    assert "Traceback" not in run.log


def test_a_run_that_is_killed_has_acknowledged_only_what_was_written(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str
) -> None:
    emulator.faults.add(Fault(effect="delay", seconds=2, path=f"{prefix}-2"))
    process = spawn(_stream(prefix))
    _begin(process, schema("people"), *_people(1, 2, 3))
    seen = _first_state(process)
    _wait_for_fault(emulator)
    process.kill()
    run = finish(process, before=seen)
    assert (run.exit_code, run.states) == (-signal.SIGKILL, [1, 2, 3][: len(run.states)])
    assert set(run.states) <= set(_ids(emulator, prefix))
    again = command(_stream(prefix), schema("people"), *_people(2, 3))
    assert (again.exit_code, again.states, _ids(emulator, prefix)) == (0, [2, 3], [1, 2, 3])


@pytest.mark.slow
def test_the_installed_command_is_the_same() -> None:
    command = Path(sys.executable).with_name("target-netsuite")
    ended = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("target-netsuite v")
