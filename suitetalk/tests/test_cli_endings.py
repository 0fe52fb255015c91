"""How the command ends: exit codes, pipes, Ctrl-C, encodings."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli_runs import COMMAND, QuickShell, Shell, environment_of

from netsuite_emulator import Emulator, Fault

LINES = "SELECT uniquekey, transaction FROM transactionline ORDER BY uniquekey"


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    return Shell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Usage: suitetalk"),
        (("nonsense",), "No such command"),
        (("get",), "Missing argument 'TYPE'; see suitetalk get --help."),
        (("get", "customer", "eid:a/b"), "external id"),
        (("list", "customer", "--limit", "0"), "--limit"),
        (("request", "FETCH", "x"), "METHOD"),
    ],
)
def test_a_wrong_command_line(shell: Shell, arguments: tuple[str, ...], words: str) -> None:
    run = QuickShell(shell.folder, shell.environment).run(*arguments)

    assert run.code == 2
    assert run.out == ""
    assert words in run.err


def test_a_wrong_command_line_ends_the_process_likewise(shell: Shell) -> None:
    run = shell.run("nonsense")

    assert (run.code, run.out) == (2, "")
    assert "No such command" in run.err


@pytest.mark.slow
def test_what_netsuite_says_decides_the_exit_code(netsuite_emulator: Emulator, shell: Shell) -> None:
    assert shell.run("get", "customer", "1212", NETSUITE_CERTIFICATE_ID="another").code == 3
    assert shell.run("get", "customer", "999999").code == 4
    netsuite_emulator.faults.add(Fault(effect="status", status=403, path="/record/v1/vendor", times=1))
    assert shell.run("list", "vendor").code == 5
    netsuite_emulator.faults.add(Fault(effect="drop_after", method="POST", path="/record/v1/customer", times=1))
    lost = shell.run("create", "customer", '{"companyName": "x", "subsidiary": {"id": "1"}}')
    assert lost.code == 6
    assert "look the record up" in lost.err


def test_a_reader_that_leaves(shell: Shell) -> None:
    with subprocess.Popen(
        [*COMMAND, "query", LINES, "--all"],
        cwd=shell.folder,
        env=dict(shell.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(120) == 141


def test_control_c(netsuite_emulator: Emulator, shell: Shell) -> None:
    netsuite_emulator.faults.add(Fault(effect="delay", seconds=300, path="/suiteql", times=1))
    with subprocess.Popen(
        [*COMMAND, "query", LINES],
        cwd=shell.folder,
        env=dict(shell.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        end = time.monotonic() + 120
        while not netsuite_emulator.faults.listing()[0]["struck"]:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_what_a_program_reads_is_utf_8_whatever_the_locale(netsuite_emulator: Emulator, shell: Shell) -> None:
    netsuite_emulator.execute("UPDATE customer SET companyname = 'Ä € 日本' WHERE id = 1212")
    run = shell.done(
        "query",
        "SELECT companyname FROM customer WHERE id = 1212",
        "-f",
        "csv",
        LC_ALL="C",
        PYTHONUTF8="0",
        PYTHONIOENCODING="latin-1",
        PYTHONCOERCECLOCALE="0",
    )

    assert run.out == "companyname\nÄ € 日本\n"


@pytest.mark.slow
def test_a_terminal_gets_a_table(netsuite_emulator: Emulator, shell: Shell) -> None:
    del netsuite_emulator
    shown = on_a_terminal(shell, "query", "SELECT id, companyname FROM customer WHERE id = 1212")

    assert "companyname" in shown
    assert "\x1b[1m" in shown
    assert '"id"' not in shown
    refused = on_a_terminal(shell, "query", "SELECT id FROM customer WHERE id = 1212", "-f", "parquet")
    assert "--output" in refused


def test_completion_by_the_shell(shell: Shell) -> None:
    path = shell.folder / "config" / "suitetalk" / "profiles.ini"
    path.parent.mkdir(parents=True)
    path.write_text("[sandbox]\n")
    path.chmod(0o600)
    asked = {"_SUITETALK_COMPLETE": "bash_complete", "COMP_CWORD": "1"}

    assert "_SUITETALK_COMPLETE=bash_complete" in shell.done("completion", "bash").out
    assert shell.run(**asked, COMP_WORDS="suitetalk que").out == "plain,query\n"
    profiles = shell.run(**{**asked, "COMP_CWORD": "2"}, COMP_WORDS="suitetalk --profile s")
    assert profiles.out == "plain,sandbox\n"


def on_a_terminal(shell: Shell, *arguments: str) -> str:
    """Run the command on a terminal of its own and return what that shows."""
    main, other = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=shell.folder, env=dict(shell.environment), stdin=other, stdout=other, stderr=other
    ) as process:
        os.close(other)
        shown = b""
        while select.select([main], [], [], 30)[0]:
            try:
                part = os.read(main, 65536)
            except OSError:  # Linux says so when the other side is closed
                break
            if not part:
                break
            shown += part
        process.wait(120)
    os.close(main)
    return shown.decode()
