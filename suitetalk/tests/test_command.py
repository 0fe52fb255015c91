"""How a command ends: a sentence and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suitetalk import InvalidArgumentError
from suitetalk.process import TRACEBACK_VARIABLE, check_files

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


@pytest.mark.few(2)
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


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--config", '{"a": 1}'.encode("utf-16"), "is UTF-16"),
        ("--config", b'\xef\xbb\xbf{"a": 1}', "begins with a byte order mark"),
        ("--config", b'{"a": "\xfc"}', "is not UTF-8 text"),
        ("--config", b"null", "holds null; it must be a JSON object"),
        ("--config", b"[]", "holds a JSON array"),
        ("--config", b"", "is not JSON"),
        ("--catalog", b"{}", "has no list `streams`"),
        ("--state", b'{"bookmarks": {}}\n{"bookmarks": {}}\n', "keep the last line alone"),
    ],
)
@pytest.mark.parametrize("joined", [True, False])
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, option: str, content: bytes, words: str, *, joined: bool
) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content)

    with pytest.raises(InvalidArgumentError, match=f"^The file .*given.json given with {option} ") as refused:
        check_files([f"{option}={path}"] if joined else [option, str(path)])

    assert words in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"nosuch\.json given with --state cannot be read \(No such file"):
        check_files(["--state", str(tmp_path / "nosuch.json")])


def test_what_is_not_a_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"streams": []}')

    check_files(["--config", "ENV", "--discover", "--catalog", str(tmp_path / "a.json"), "--state"])


def test_a_closed_standard_output_is_a_sentence() -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "{sys.executable}" -m suitetalk.cli types >&-'],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("Error: Standard output is closed")
    assert len(ended.stderr.splitlines()) == 1


def test_a_file_does_not_become_a_closed_standard_error(tmp_path: Path) -> None:
    code = f"{HEAD}def command():\n    print(open({str(tmp_path / 'x')!r}, 'w').fileno())\nrun_command(command)\n"
    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "{sys.executable}" -c "$0" 2>&-', code], capture_output=True, text=True, check=False
    )

    assert int(ended.stdout) > 2
