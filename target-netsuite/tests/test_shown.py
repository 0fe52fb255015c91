"""What a run shows: to a person at a terminal, and in the log."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.target_runs import COMMAND, finish, lines, record, schema

from netsuite_emulator import Emulator, Fault

ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("LOGLEVEL", "NO_COLOR")}


def stream(prefix: str) -> dict[str, Any]:
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}"}}


class Terminal:
    """A target whose log goes to a terminal."""

    def __init__(self, config: dict[str, Any], tmp_path: Path) -> None:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        self._terminal, there = pty.openpty()
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.said = ""
        self.process = subprocess.Popen(
            [*COMMAND, "--config", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=there,
            env={**ENVIRONMENT, "TERM": "xterm"},
        )
        os.close(there)

    def send(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def read_until(self, pattern: str) -> None:
        while not re.search(pattern, self.said) and self._read():
            pass

    def finish(self) -> int:
        """Close the input, read to the end, and return the exit code."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        while self._read():
            pass
        self.process.stdout.close()
        os.close(self._terminal)
        return self.process.wait(120)

    def _read(self) -> bool:
        try:
            read = os.read(self._terminal, 65536)
        except OSError:  # nobody writes any more
            return False
        self.said += read.decode()
        return bool(read)


@pytest.mark.slow
def test_a_person_sees_how_far_it_is_and_in_the_end_a_table(
    emulator: Emulator, config: dict[str, Any], prefix: str, tmp_path: Path
) -> None:
    target = Terminal({**config, "streams": stream(prefix)}, tmp_path)
    target.send(lines(schema("people"), record("people", id=1, companyName="A"), record("people", id=2, nonsense=1)))
    target.read_until(r"2 of 2 records settled \| \d+ records/s \| 0/\d+ requests \| 1 refused \| 0:\d\d so far")
    assert target.finish() == 1
    *_, head, row, totals, sentence = target.said.replace("\r\n", "\n").strip().splitlines()
    assert head.split("\x1b[J")[-1].split() == (
        ["Stream", "Created", "Updated", "Unchanged", "Deleted", "Invalid", "Rejected"]
    )
    assert row.split() == ["people", "1", "0", "0", "0", "1", "0"]
    assert re.fullmatch(
        r"2 records read, 2 settled, 1 refused, \d+ requests, 0 throttled, [\d.]+ seconds, \d+ records/s", totals
    )
    assert sentence.startswith("Error: 1 of 2 records were refused")
    assert "REFUSED: " in target.said
    assert "SUMMARY: " not in target.said


@pytest.mark.slow
def test_a_log_says_the_same_with_fields(
    emulator: Emulator, spawn: Callable[..., subprocess.Popen[str]], prefix: str
) -> None:
    emulator.faults.add(Fault(effect="too_many_requests", path=f"{prefix}-1", times=1))
    run = finish(spawn(stream(prefix)), lines(schema("people"), record("people", id=1, companyName="A")))
    assert run.exit_code == 0
    assert re.search(r"End of the run: 1 record read, 1 settled, 0 refused, \d+ requests, 1 throttled, ", run.log)
    assert run.summary == {"people": {"created": 1}}
    assert '"metric":"record_count","value":1' in run.log.replace(" ", "")
