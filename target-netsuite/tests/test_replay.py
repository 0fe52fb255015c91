"""Records that failed, sent again by the command."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.target_runs import COMMAND, QUICK_COMMAND, Run, files_of_at_most, lines, record, schema, state

from netsuite_emulator import Emulator, Fault
from target_netsuite.errors import ReportFileError
from target_netsuite.intents import Intent, Operation, Refusal
from target_netsuite.replay import Replay, digest_of
from target_netsuite.reporting.line_file import LineFile
from target_netsuite.reporting.report import reject_line

Spawn = Callable[..., "subprocess.Popen[str]"]
Command = Callable[..., Run]
BUSY = Fault(effect="status", status=400, body={"o:errorDetails": [{"detail": "Not today.", "o:errorCode": "CLOSED"}]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejects.jsonl"


def refuse(emulator: Emulator, prefix: str, *numbers: int) -> None:
    for number in numbers:
        emulator.faults.add(Fault(**{**vars(BUSY), "path": f"{prefix}-{number}"}))


def stream(prefix: str) -> dict[str, Any]:
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}"}}


def people(*numbers: int) -> str:
    return lines(
        schema("people"), *(record("people", id=number, companyName=f"No {number}") for number in numbers), state(1)
    )


def replay(path: Path) -> list[str]:
    return ["--replay", str(path)]


def ids(path: Path) -> list[int]:
    return [json.loads(line)["key"]["id"] for line in path.read_text().splitlines()]


def written(emulator: Emulator, prefix: str) -> list[int]:
    rows = emulator.execute(f"SELECT externalid FROM customer WHERE externalid LIKE '{prefix}-%'")
    return sorted(int(external_id.rpartition("-")[2]) for (external_id,) in rows)


def some_rejects(path: Path, *numbers: int) -> None:
    """Write a file of rejects as a run would."""
    file = LineFile("rejects", path)
    for number in numbers:
        payload = {"id": number, "companyName": f"No {number}"}
        intent = Intent("people", number, {"id": number}, Operation.UPSERT, "customer", payload=payload)
        file.write(reject_line(intent, Refusal("rejected", "Not today.", code="CLOSED", status=400)))
    file.close()


def test_what_failed_is_sent_again_and_leaves_the_file(
    emulator: Emulator, command: Command, prefix: str, path: Path
) -> None:
    refuse(emulator, prefix, 2, 3, 5)
    run = command(stream(prefix), people(1, 2, 3, 4, 5), rejects=str(path))
    assert (run.exit_code, run.states, written(emulator, prefix), ids(path)) == (1, [1], [1, 4], [2, 3, 5])
    assert str(path) in run.sentence

    emulator.faults.clear()
    refuse(emulator, prefix, 3)
    run = command(stream(prefix), arguments=replay(path), rejects=str(path))
    assert (run.exit_code, run.states, written(emulator, prefix), ids(path)) == (1, [], [1, 2, 4, 5], [3])

    emulator.faults.clear()
    run = command(stream(prefix), arguments=replay(path), rejects=str(path))
    assert (run.exit_code, run.states, written(emulator, prefix), ids(path)) == (0, [], [1, 2, 3, 4, 5], [])
    assert run.summary == {"people": {"created": 1}}
    assert [file.name for file in path.parent.glob("rejects*")] == [path.name]


def test_a_record_that_asked_for_an_unknown_operation_is_replayed_as_it_is_corrected(
    emulator: Emulator, command: Command, prefix: str, path: Path
) -> None:
    command(stream(prefix), people(1))
    settings = {"people": {**stream(prefix)["people"], "operation_column": "op"}}
    asked = [record("people", id=number, companyName=f"No {number}", op="remove") for number in (1, 2, 3)]
    busy = record("people", id=4, companyName="No 4", op="upsert")
    refuse(emulator, prefix, 4)
    run = command(settings, schema("people", {"id": {}, "op": {}}), *asked, busy, rejects=str(path))
    assert run.exit_code == 1
    rejects = [json.loads(line) for line in path.read_text().splitlines()]
    operations = {reject["key"]["id"]: reject["operation"] for reject in rejects}
    assert operations == {1: "remove", 2: "remove", 3: "remove", 4: "upsert"}
    assert [refused["operation"] for refused in run.refused] == [operations[one["key"]["id"]] for one in run.refused]

    emulator.faults.clear()
    corrected = {1: "delete", 2: "create", 4: "delete"}
    for reject in rejects:
        reject["payload"]["op"] = corrected.get(reject["key"]["id"], "remove")
    path.write_text("".join(json.dumps(reject) + "\n" for reject in rejects))
    run = command(settings, arguments=replay(path), rejects=str(path))
    assert (run.exit_code, written(emulator, prefix)) == (1, [2])
    assert run.summary == {"people": {"deleted": 2, "already_gone": 1, "created": 1, "invalid": 1, "refused": 1}}
    (left,) = map(json.loads, path.read_text().splitlines())
    assert (left["key"], left["operation"], left["code"]) == ({"id": 3}, "remove", "UNKNOWN_OPERATION")


def test_what_asked_for_an_unknown_operation_is_not_written_when_the_operation_column_is_gone(
    emulator: Emulator, command: Command, prefix: str, path: Path
) -> None:
    command(stream(prefix), people(1, 2, 3))
    settings = {"people": {**stream(prefix)["people"], "operation_column": "op"}}
    asked = [record("people", id=number, companyName="Changed", op="remove") for number in (1, 2)]
    command(settings, schema("people", {"id": {}, "op": {}}), *asked, rejects=str(path))
    first, second = path.read_text().splitlines()
    corrected = second.replace('"operation":"remove"', '"operation":"delete"')
    path.write_text(f"{first}\n{corrected}\n")

    run = command(
        {"people": {**stream(prefix)["people"], "unwritable": "leave_out"}}, arguments=replay(path), rejects=str(path)
    )

    assert (run.exit_code, written(emulator, prefix)) == (1, [1, 3])
    assert run.summary == {"people": {"deleted": 1, "invalid": 1, "refused": 1}}
    assert "`streams.people.operation_column` names no column" in run.refused[0]["message"]
    assert path.read_text() == f"{first}\n"
    names = emulator.execute("SELECT companyname FROM customer WHERE externalid = ?", [f"{prefix}-1"])
    assert names != [("Changed",)]


def test_another_file_gets_what_fails_again(emulator: Emulator, command: Command, prefix: str, path: Path) -> None:
    some_rejects(path, 1, 2)
    refuse(emulator, prefix, 2)
    other = path.with_name("other.jsonl")
    run = command(stream(prefix), arguments=replay(path), rejects=str(other))
    assert (run.exit_code, ids(path), ids(other)) == (1, [1, 2], [2])


def test_lines_that_were_not_reached_stay(emulator: Emulator, command: Command, prefix: str, path: Path) -> None:
    some_rejects(path, 1, 2, 3)
    emulator.faults.add(Fault(effect="bad_gateway", path=f"{prefix}-2"))
    run = command(stream(prefix), arguments=replay(path), rejects=str(path))
    assert (run.exit_code, written(emulator, prefix), ids(path)) == (1, [1, 3], [2])
    assert run.sentence.startswith("Error: Stopped at a record")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_replay_that_is_ended_loses_nothing_when_it_begins_again(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str, path: Path, number: signal.Signals
) -> None:
    some_rejects(path, 1, 2, 3, 4)
    refuse(emulator, prefix, 2)
    emulator.faults.add(Fault(effect="delay", seconds=2, path=f"{prefix}-3"))
    process = spawn(stream(prefix), command=[*QUICK_COMMAND, *replay(path)], rejects=str(path))
    deadline = time.monotonic() + 120
    while not any(prefix + "-3" in request.path for request in emulator.requests):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    process.wait(120)
    emulator.faults.clear()
    some_rejects(path, 7)  # another run fails on something meanwhile
    run = command(stream(prefix), arguments=replay(path), rejects=str(path))
    assert (run.exit_code, ids(path)) == (0, [])
    assert written(emulator, prefix) == [1, 2, 3, 4, 7]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"stream": "people", "key"', "not a complete JSON object"),
        ("7", "not a complete JSON object"),
        ('{"stream": "people", "key": {}, "operation": "upsert"}', "`payload`"),
        ('{"stream": "people", "key": {}, "operation": "guess", "payload": {}}', "'guess'"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_sent(
    emulator: Emulator, command: Command, prefix: str, path: Path, line: str, words: str
) -> None:
    some_rejects(path, 1)
    path.write_text(f"{path.read_text()}\n{line}\n")
    before = path.read_text()
    run = command(stream(prefix), arguments=replay(path), rejects=str(path))
    assert run.exit_code == 1
    assert f"Error: Line 3 of {path}" in run.sentence
    assert words in run.sentence
    assert (written(emulator, prefix), path.read_text()) == ([], before)


def test_what_no_record_stands_for_is_reported_and_stays(command: Command, prefix: str, path: Path) -> None:
    about = {"stream": "people", "key": {"id": 1}, "operation": "upsert"}
    left = [{**about, "payload": {}}, {**about, "payload": {"id": 1}, "code": "STREAM_MAP_FAILED"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in left))
    run = command(stream(prefix), arguments=replay(path), rejects=str(path))
    assert (run.exit_code, len(run.refused), ids(path)) == (1, 2, [1, 1])


def test_stream_maps_are_not_run_twice(emulator: Emulator, command: Command, prefix: str, path: Path) -> None:
    maps = {"people": {"id": "id + 10", "__else__": None, "companyName": "companyName", "__alias__": "persons"}}
    streams = {"persons": stream(prefix)["people"]}
    refuse(emulator, prefix, 11)
    columns = {"id": {"type": "integer"}, "companyName": {"type": "string"}}
    text = lines(schema("people", columns), record("people", id=1, companyName="A"))
    command(streams, text, rejects=str(path), stream_maps=maps)
    assert ids(path) == [11]
    emulator.faults.clear()
    run = command(streams, arguments=replay(path), rejects=str(path), stream_maps=maps)
    assert (run.exit_code, written(emulator, prefix), ids(path)) == (0, [11], [])


def test_digits_and_the_operation_outlast_a_replay(path: Path) -> None:
    payload = '{"id":1,"amount":12345678901234567890.10,"rate":1E+400}'
    path.write_text(f'{{"stream":"people","key":{{"id":1}},"operation":"update","payload":{payload}}}\n')
    replayed = Replay(path, None)
    head, message = replayed.messages
    replayed.close()
    assert json.loads(head)["key_properties"] == ["id"]
    assert payload in message
    assert json.loads(message)["operation"] == "update"


def test_a_file_in_use_is_not_replayed_and_one_that_is_replayed_not_used(path: Path) -> None:
    some_rejects(path, 1)
    used = LineFile("rejects", path)
    with pytest.raises(ReportFileError, match="in use by another run"):
        Replay(path, path)
    used.close()
    replayed = Replay(path, path)
    with pytest.raises(ReportFileError, match="another run replays"):
        LineFile("rejects", path)
    replayed.close()


@pytest.mark.slow
def test_no_file_is_a_wrong_command_line(tmp_path: Path) -> None:
    started = [*COMMAND, "--replay", str(tmp_path / "none")]
    ended = subprocess.run(started, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "does not exist" in ended.stderr


@pytest.mark.parametrize("setting", ["rejects", "receipts"])
def test_a_full_disk_stops_the_run_and_no_state_passes(
    emulator: Emulator, command: Command, prefix: str, setting: str
) -> None:
    refuse(emulator, prefix, 2)
    run: Run = command(stream(prefix), people(2 if setting == "rejects" else 1), **{setting: "/dev/full"})
    assert (run.exit_code, run.states) == (1, [])
    assert f"The file /dev/full of the setting `{setting}` cannot be written (No space left on device)" in run.sentence
    assert "Traceback" not in run.log


def test_what_a_killed_replay_has_settled_is_not_sent_by_the_next(path: Path) -> None:
    some_rejects(path, 1, 2, 3)
    _, done, failed = (digest_of(line) for line in path.read_bytes().splitlines())
    again = Intent("people", 3, {"id": 3}, Operation.UPSERT, "customer", payload={"id": 3})
    beside = LineFile("rejects", path.with_name(f"{path.name}.replayed"))
    beside.write({"digest": done, "reject": None})
    beside.write({"digest": failed, "reject": reject_line(again, Refusal("rejected", "Still not."))})
    beside.close()
    some_rejects(path, 4)
    left = Replay(path, path)
    assert [json.loads(line)["record"]["id"] for line in left.messages if "RECORD" in line] == [1, 3, 4]
    left.close()
    assert [json.loads(line)["message"] for line in path.read_text().splitlines()][1] == "Still not."


def test_a_disk_that_fills_up_while_a_file_is_replaced_loses_nothing(path: Path) -> None:
    some_rejects(path, *range(1, 20))
    replayed = Replay(path, path)
    keeper = replayed.keeper
    assert keeper
    keeper.settled(Intent("people", 1, {"id": 1}, Operation.UPSERT, "customer"), None)
    with files_of_at_most(1000), pytest.raises(ReportFileError, match="next replay puts both together"):
        replayed.close()
    assert ids(path) == list(range(1, 20))
    Replay(path, path).close()
    assert ids(path) == list(range(2, 20))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_in_utf_16_is_named_as_such(path: Path) -> None:
    path.write_text('{"stream": "people"}\n', encoding="utf-16")
    with pytest.raises(ReportFileError, match="the file is UTF-16"):
        Replay(path, None)
