"""The command `netsuite-emulator`, as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from netsuite_emulator import Settings
from netsuite_emulator.settings import SettingsError

COMMAND = [sys.executable, "-m", "netsuite_emulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_says_where_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    ready, keys = tmp_path / "ready.json", tmp_path / "keys"
    arguments = ["--port", "0", "--scale", "0.02", "--ready-file", str(ready), "--credentials-dir", str(keys)]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        connection = json.loads(ready.read_text())
        assert set(connection) == {"account_id", "base_url", "client_id", "certificate_id", "private_key_path"}
        assert Path(connection["private_key_path"]).stat().st_mode & 0o777 == 0o600
        assert ready.stat().st_mode & 0o777 == 0o600
        assert requests.get(f"{connection['base_url']}/emulator/requests", timeout=10).status_code == 200
    finally:
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert connection["base_url"] in said
    assert "export NETSUITE_CLIENT_ID='emulator-client'" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--time-zone", "Mars/Olympus"], "Unknown time zone 'Mars/Olympus'"),
        (["--certificate", "x=/nowhere.pem"], "The certificate /nowhere.pem cannot be read"),
    ],
)
def test_bad_settings_are_one_sentence(arguments: list[str], sentence: str) -> None:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"date_format": "YY"}, "Unknown date format 'YY'"),
        ({"account_id": "a.evil/"}, "is not an account id"),
        ({"scale": 0}, "scale must be"),
        ({"latency": -1}, "latency must not be negative"),
        ({"concurrency_limit": 0}, "concurrency_limit must be 1 or more"),
    ],
)
def test_settings_that_cannot_work(setting: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings(**setting)


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        arguments = [*COMMAND, "--port", port, "--scale", "0.02"]
        ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
