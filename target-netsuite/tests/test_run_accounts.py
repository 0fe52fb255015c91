"""Accounts that lack something, and journals that cannot be used: whole runs."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.target_runs import COMMAND, Run, finish, lines, record, schema, state

from netsuite_emulator import Emulator, Fault, Role

Listen = Callable[..., Run]
Command = Callable[..., Run]
Spawn = Callable[..., "subprocess.Popen[str]"]
Factory = Callable[..., Emulator]

_PEOPLE = {"people": {"record_type": "customer"}}


def _people(prefix: str, count: int, comments: str = "none") -> list[dict[str, Any]]:
    return [
        schema("people", keys=("companyName",)),
        *(record("people", companyName=f"{prefix} {number}", comments=comments) for number in range(count)),
        state("end"),
    ]


def _names(emulator: Emulator, prefix: str) -> list[str]:
    """Return what follows the prefix in the names of customers, in order of number, each as often as it is there."""
    rows = emulator.execute(f"SELECT companyname FROM customer WHERE companyname LIKE '{prefix} %'")
    return sorted((name.removeprefix(f"{prefix} ") for (name,) in rows), key=int)


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("external_id", [None, "{prefix}-{{number}}"])
def test_an_account_without_batches(
    netsuite_emulator_factory: Factory, listen: Listen, prefix: str, external_id: str | None
) -> None:
    emulator = netsuite_emulator_factory(one_world=False, batch_requests=False)
    template = {"external_id": external_id.format(prefix=prefix)} if external_id else {}
    streams = {"people": {"record_type": "customer", "fields": {"name": "companyName"}, **template}}
    people = [record("people", number=number, name=f"{prefix} {number}") for number in range(30)]
    run = listen(streams, schema("people", keys=("number",)), *people, state("end"), **emulator.connection)
    assert (run.error, run.states, run.summary) == (None, ["end"], {"people": {"created": 30}})
    assert _names(emulator, prefix) == [str(number) for number in range(30)]
    assert run.log.count("one by one") == 1


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 120])
def test_creates_that_come_again_where_the_role_may_not_ask_suiteql(
    netsuite_emulator_factory: Factory, listen: Listen, prefix: str, count: int
) -> None:
    emulator = netsuite_emulator_factory(one_world=False, role=Role(analytics=False))
    people_settings = {"record_type": "customer", "operation": "create", "fields": {"name": "companyName"}}
    streams = {"people": {**people_settings, "external_id": f"{prefix}-{{id}}"}}
    people = [record("people", id=number, name=f"{prefix} {number}") for number in range(count)]

    first = listen(streams, schema("people"), *people, state(1), **emulator.connection)
    people[1]["record"]["name"] = f"{prefix} other"
    dry = listen(streams, schema("people"), *people, **emulator.connection, dry_run=True)
    again = listen(streams, schema("people"), *people, state(2), **emulator.connection, max_rejects=1)

    assert (first.error, first.states, first.summary) == (None, [1], {"people": {"created": count}})
    assert dry.summary == {"people": {"dry_run": True, "unchanged": count - 1, "invalid": 1, "refused": 1}}
    assert (again.error, again.states) == (None, [2])
    assert again.summary == {"people": {"unchanged": count - 1, "invalid": 1, "refused": 1}}
    assert [(one["key"], one["code"]) for one in again.refused] == [({"id": 1}, "EXTERNAL_ID_EXISTS")]
    assert len(_names(emulator, prefix)) == count


@pytest.mark.parametrize("where", ["folder", "below a file", "/proc/nowhere/journal.sqlite"])
def test_a_journal_that_cannot_be_used_ends_the_run_before_anything_is_sent(
    emulator: Emulator, command: Command, prefix: str, tmp_path: Path, where: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "journal.sqlite" if where == "below a file" else tmp_path / where
    run = command(_PEOPLE, *_people(prefix, 2), journal=str(path))
    assert (run.exit_code, run.states, _names(emulator, prefix)) == (1, [], [])
    assert run.sentence.startswith("Error: The journal ")
    assert "another file in the setting `journal`" in run.sentence
    assert "Traceback" not in run.log


@pytest.mark.slow
def test_a_journal_that_another_run_uses_ends_the_run_before_anything_is_sent(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str
) -> None:
    first = spawn(_PEOPLE)
    assert first.stdin
    assert first.stdout
    first.stdin.write(lines(*_people(prefix, 1)))
    first.stdin.flush()
    seen = first.stdout.readline()
    second = command(_PEOPLE, *_people(f"{prefix}B", 1))
    assert (second.exit_code, second.states, _names(emulator, f"{prefix}B")) == (1, [], [])
    assert "is in use by another run" in second.sentence
    ended = finish(first, before=seen)
    assert (ended.exit_code, ended.states, _names(emulator, prefix)) == (0, ["end"], ["0"])


@pytest.mark.slow
def test_a_disk_that_fills_up_under_the_journal_loses_and_repeats_nothing(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str
) -> None:
    small = ["bash", "-c", 'ulimit -f 300 && exec "$@"', "small", *COMMAND]  # no file beyond 300 kilobytes
    messages = _people(prefix, 1200, "x" * 900)
    run = finish(spawn(_PEOPLE, command=small), lines(*messages))
    assert (run.exit_code, run.states) == (1, [])
    assert "Error: The journal " in run.sentence
    assert "make room" in run.sentence
    assert "Traceback" not in run.log

    again = command(_PEOPLE, *messages)
    assert (again.exit_code, again.states, again.summary) == (0, ["end"], {"people": {"created": 1200}})
    assert _names(emulator, prefix) == [str(number) for number in range(1200)]


@pytest.mark.slow
def test_a_signal_ends_a_run_that_waits_for_a_job_and_so_it_does_the_next_that_looks_after_it(
    netsuite_emulator_factory: Factory, spawn: Spawn, command: Command, prefix: str
) -> None:
    emulator = netsuite_emulator_factory(one_world=False, job_seconds=600.0)  # longer than any test waits
    messages = _people(prefix, 3)

    def is_asked_after() -> bool:
        return sum("/async/v1/job/" in one.path for one in emulator.requests) > 1

    for _ in range(2):
        emulator.clear_requests()
        process = spawn(_PEOPLE, **emulator.connection)
        assert process.stdin
        process.stdin.write(lines(*messages))
        process.stdin.flush()
        _wait_until(is_asked_after)
        process.send_signal(signal.SIGTERM)
        run = finish(process)
        assert (run.exit_code, run.states) == (143, [])
        assert "Traceback" not in run.log

    emulator.advance(3600)
    last = command(_PEOPLE, *messages, **emulator.connection)
    assert (last.exit_code, last.states, last.summary) == (0, ["end"], {"people": {"created": 3}})
    assert _names(emulator, prefix) == ["0", "1", "2"]


@pytest.mark.slow
def test_a_kill_at_any_time_loses_and_repeats_nothing(
    emulator: Emulator, spawn: Spawn, command: Command, prefix: str
) -> None:
    messages = _people(prefix, 150)  # so short that the pipe takes them all
    for effect in ("submitted", "answered"):
        emulator.faults.clear()
        emulator.faults.add(
            Fault(effect="delay", seconds=1, method="POST" if effect == "submitted" else "GET", path="customer|async")
        )
        process = spawn(_PEOPLE)
        assert process.stdin
        process.stdin.write(lines(*messages))
        process.stdin.flush()
        _wait_until(lambda: bool(emulator.faults.listing()[0]["struck"]))
        process.kill()
        killed = finish(process)
        assert (killed.exit_code, killed.states) == (-signal.SIGKILL, [])
    emulator.faults.clear()
    last = command(_PEOPLE, *messages)
    assert (last.exit_code, last.states, last.summary) == (0, ["end"], {"people": {"created": 150}}), last.log
    assert _names(emulator, prefix) == [str(number) for number in range(150)]


@pytest.mark.parametrize(("max_rejects", "exit_code"), [(1, 1), (2, 0), ("19%", 1), ("20%", 0)])
def test_how_many_may_fail(
    command: Command, emulator: Emulator, prefix: str, tmp_path: Path, max_rejects: int | str, exit_code: int
) -> None:
    rejects, receipts = tmp_path / "rejects.jsonl", tmp_path / "receipts.jsonl"
    streams = {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}"}}
    emulator.faults.add(Fault(effect="status", status=400, path=f"{prefix}-3$"))
    people = [record("people", id=number, companyName=f"{prefix} {number}") for number in range(1, 10)]
    messages = [schema("people"), *people, record("people", id=10, nonsense=1), state("end")]
    files = {"rejects": str(rejects), "receipts": str(receipts)}
    run = command(streams, *messages, **files, max_rejects=max_rejects, write_mode="single")
    assert (run.exit_code, run.states) == (exit_code, ["end"])
    assert run.summary == {"people": {"created": 8, "invalid": 1, "rejected": 1, "refused": 2}}
    failed = [json.loads(text) for text in rejects.read_text().splitlines()]
    assert {(line["key"]["id"], line["stage"], line["attempts"]) for line in failed} == {
        (3, "rejected", 1), (10, "invalid", 0),
    }  # fmt: skip
    written = {line["key"]["id"]: line for line in map(json.loads, receipts.read_text().splitlines())}
    there = dict(emulator.execute(f"SELECT externalid, id FROM customer WHERE externalid LIKE '{prefix}-%'"))
    assert {line["external_id"]: int(line["internal_id"]) for line in written.values()} == there
    assert set(written) == set(range(1, 10)) - {3}
    assert {line["outcome"] for line in written.values()} == {"created"}


@pytest.mark.few(2)
@pytest.mark.parametrize("write_mode", ["batch", "single"])
@pytest.mark.parametrize("has_external_id", [True, False])
def test_receipts_have_the_ids_that_belong_to_the_records(
    emulator: Emulator, listen: Listen, prefix: str, tmp_path: Path, write_mode: str, *, has_external_id: bool
) -> None:
    template = {"external_id": f"{prefix}-{{number}}"} if has_external_id else {}
    streams = {"people": {"record_type": "customer", "fields": {"name": "companyName"}, **template}}
    receipts = tmp_path / "receipts.jsonl"
    people = [record("people", number=number, name=f"{prefix} {number}") for number in range(130)]
    run = listen(streams, schema("people", keys=("number",)), *people, receipts=str(receipts), write_mode=write_mode)
    assert run.error is None
    joined = {
        f"{prefix} {line['key']['number']}": int(line["internal_id"])
        for line in map(json.loads, receipts.read_text().splitlines())
    }
    assert joined == dict(emulator.execute(f"SELECT companyname, id FROM customer WHERE companyname LIKE '{prefix} %'"))
    assert len(joined) == 130
