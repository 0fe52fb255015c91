"""Batches, jobs, and what can be done with a record besides reading and changing it."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path

import pytest
from tests.cli_runs import COMMAND, QuickShell, Shell, environment_of

from netsuite_emulator import Emulator, Fault


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    return QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))


def body(number: int, **changes: object) -> dict[str, object]:
    return {"companyName": f"Nr. {number}", "subsidiary": {"id": "1"}, "externalId": f"N-{number}", **changes}


@pytest.mark.slow
def test_more_than_one_job_of_records_from_birth_to_death(netsuite_emulator: Emulator, shell: Shell) -> None:
    lines = "\n".join(json.dumps(body(number)) for number in range(120))

    made = shell.done("batch", "create", "customer", "-", stdin=lines)
    rows = made.lines()
    (shell.folder / "made.jsonl").write_text(made.out)
    assert made.err == "120 done, 0 failed.\n"
    assert [row["index"] for row in rows] == list(range(120))
    assert len({row["job"] for row in rows}) == 2

    changes = json.dumps([{"id": row["id"], "phone": "5"} for row in rows[:3]])
    shell.done("batch", "update", "customer", changes, "--parallel")
    shell.done("batch", "upsert", "customer", json.dumps([{"externalId": "N-0", "fax": "6"}]))
    read = shell.done("batch", "get", "customer", "eid:N-0,eid:N-1", "--fields", "phone,fax").lines()
    assert [(row["record"].get("phone"), row["record"].get("fax")) for row in read] == [("5", "6"), ("5", None)]

    shell.done("batch", "delete", "customer", "@made.jsonl")
    assert netsuite_emulator.execute("SELECT count(*) FROM customer WHERE externalid LIKE 'N-%'") == [(0,)]


@pytest.mark.parametrize(("form", "lines"), [("jsonl", 100), ("csv", 101)])
def test_results_are_written_while_more_records_are_to_come(shell: Shell, form: str, lines: int) -> None:
    command = [*COMMAND, "batch", "upsert", "customer", "-", "--jobs-at-once", "1", "--format", form]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=dict(shell.environment), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        end = threading.Timer(60, process.kill)
        end.start()
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"".join(json.dumps(body(number)).encode() + b"\n" for number in range(101)))
        process.stdin.flush()

        before_the_end = [process.stdout.readline() for _ in range(lines)]

        assert all(line.endswith(b"\n") for line in before_the_end)
        rest, _ = process.communicate(timeout=60)
        end.cancel()
        assert (process.returncode, rest.count(b"\n")) == (0, 1)


def test_some_records_are_refused(shell: Shell) -> None:
    records = json.dumps([body(1), body(2, compnyName="x"), body(3)])

    run = shell.run("batch", "create", "customer", records, "-f", "csv")

    assert run.code == 1
    assert run.err == "2 done, 1 failed.\n"
    assert "compnyName" in run.out.splitlines()[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "customer", '{"a": 1}\n{'), "Line 2 is not JSON"),
        (("create", "customer", "[1]"), "Record 1 of the input is not a JSON object"),
        (("create", "customer", "@missing"), "cannot be read"),
        (("update", "customer", '{"a": 1}'), "names no record"),
        (("delete", "customer", "[null]"), "None is not an id"),
        (("create", "customer", "{}", "--fields", "a"), "--fields"),
        (("replace", "customer", "{}"), "OPERATION"),
    ],
)
def test_input_that_is_none(netsuite_emulator: Emulator, shell: Shell, arguments: tuple[str, ...], words: str) -> None:
    run = shell.run("batch", *arguments)

    assert run.code == 2, run.err
    assert words in run.err
    assert netsuite_emulator.execute("SELECT count(*) FROM customer WHERE externalid LIKE 'N-%'") == [(0,)]


def test_nothing_to_do(shell: Shell) -> None:
    assert shell.done("batch", "create", "customer", "-", stdin="\n").err == "0 done, 0 failed.\n"
    assert shell.done("batch", "delete", "customer", "[]").out == ""


def test_jobs_that_are_not_waited_for(shell: Shell) -> None:
    records = "\n".join(json.dumps(record) for record in (body(1), body(2, compnyName="x")))
    submitted = shell.done("batch", "create", "customer", "-", "--no-wait", stdin=records).lines()
    assert [(row["first"], row["records"]) for row in submitted] == [(0, 2)]

    results = shell.run("job", submitted[0]["job"], "--results", "--wait")
    tasks = shell.done("job", submitted[0]["job"])

    assert results.code == 1
    assert [row["status"] for row in results.lines()] == [204, 400]
    assert results.lines()[0]["id"].isdecimal()
    assert "compnyName" in results.lines()[1]["error"]
    assert [task["completed"] for task in tasks.lines()] == [True, True]
    assert "is completed" in tasks.err
    assert shell.run("job", "999").code == 4


def test_transform_and_actions(netsuite_emulator: Emulator, shell: Shell) -> None:
    order = str(
        netsuite_emulator.execute("SELECT id FROM transaction WHERE type = 'SalesOrd' ORDER BY id LIMIT 1")[0][0]
    )
    netsuite_emulator.execute(f"UPDATE transaction SET status = 'A', approvalstatus = '1' WHERE id = {order}")

    approved = shell.done("action", "salesOrder", order, "approve").json()
    invoice = shell.done("transform", "salesOrder", order, "invoice", '{"memo": "by hand"}').out.strip()

    assert approved["result"] is True
    assert "!transform/invoice" in [row["name"] for row in shell.done("actions", "salesOrder").lines()]
    assert shell.done("get", "invoice", invoice).json()["memo"] == "by hand"
    assert shell.run("action", "salesOrder", order, "nonsense").code == 1
    netsuite_emulator.faults.add(Fault(effect="drop_after", path="!transform", times=1))
    assert shell.run("transform", "salesOrder", order, "invoice").code == 6


def test_attach_and_detach(netsuite_emulator: Emulator, shell: Shell) -> None:
    contact = str(netsuite_emulator.execute("SELECT id FROM contact ORDER BY id LIMIT 1")[0][0])

    done = shell.done("attach", "customer", "1212", "contact", contact, "--role", "-10")
    assert done.err == f"Attached contact {contact} to customer 1212.\n"
    assert netsuite_emulator.execute("SELECT count(*) FROM attachment") == [(1,)]
    shell.done("detach", "customer", "1212", "contact", contact)
    assert netsuite_emulator.execute("SELECT count(*) FROM attachment") == [(0,)]
    assert shell.run("detach", "customer", "1212", "contact", contact).code == 1


def test_datasets(shell: Shell) -> None:
    listed = shell.done("datasets").lines()
    rows = shell.done("dataset", listed[0]["id"], "--all").lines()

    assert rows
    assert shell.done("dataset", listed[0]["id"], "--limit", "1").lines() == rows[:1]
    assert shell.run("dataset", "custdataset_nonsense").code == 4


@pytest.mark.few(2)
@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_results_that_have_come_are_kept_when_the_rest_fails(shell: Shell, form: str) -> None:
    (shell.folder / "in.jsonl").write_text(
        "".join(f"{json.dumps(body(number))}\n" for number in range(100)) + "{broken\n"
    )
    file = shell.folder / f"out.{form}"

    run = shell.run("batch", "create", "customer", "@in.jsonl", "--jobs-at-once", "1", "-o", str(file))

    assert run.code != 0
    assert not file.exists()
    kept = file.with_name(f"{file.name}.incomplete").read_text()
    assert kept.count('"job"' if form != "csv" else "\n") == (101 if form == "csv" else 100)
    assert f"{file} is not complete; what has come is in {file}.incomplete." in run.err
    assert [one.name for one in shell.folder.glob(".*.part")] == []
