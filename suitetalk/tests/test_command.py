"""How a command ends: a sentence and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from suitetalk.process import TRACEBACK_VARIABLE

HEAD = "import sys\nfrom suitetalk import ConfigurationError\nfrom suitetalk.process import run_command\n"


def run(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this body in a process of its own."""
    code = f"{HEAD}def command():\n    {body}\nrun_command(command, expected=(LookupError,))\n"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


@pytest.fixture(autouse=True)
def _no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRACEBACK_VARIABLE, raising=False)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("print('done')", 0, ""),
        ("sys.exit(7)", 7, ""),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise ConfigurationError('x', 'is\\nwrong.')", 1, "Error: Setting `x` is wrong.\n"),
        ("raise LookupError('No such stream.')", 1, "Error: No such stream.\n"),
    ],
)
def test_ends(body: str, code: int, words: str) -> None:
    ended = run(body)

    assert (ended.returncode, ended.stderr) == (code, words)


def test_the_unexpected_is_named_and_can_be_looked_into() -> None:
    short, long = run("1 / 0"), run("1 / 0", **{TRACEBACK_VARIABLE: "1"})

    assert short.returncode == long.returncode == 1
    assert short.stderr.startswith("Error: Something unexpected happened (ZeroDivisionError")
    assert len(short.stderr.splitlines()) == 1
    assert "Traceback" in long.stderr


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    code = f"{HEAD}def command():\n    while True: print('x' * 1000)\nrun_command(command)\n"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(120) == 141
