"""Tap and target share one login."""

import json
import subprocess
from pathlib import Path

import pytest

from netsuite_emulator import Emulator, Settings
from tests.pipelines import PROGRAMS, Plugin, Tap

MESSAGES = [
    {
        "type": "SCHEMA",
        "stream": "people",
        "schema": {"properties": {"id": {"type": "integer"}}},
        "key_properties": ["id"],
    },
    {"type": "RECORD", "stream": "people", "record": {"id": 1}},
]


@pytest.mark.slow
def test_two_plugins_that_start_together_ask_for_one_token(tmp_path: Path) -> None:
    with Emulator(Settings(scale=0.05)) as emulator:
        tap = Tap(tmp_path / "tap", {**emulator.connection, "tables": ["currency"]})
        streams = {"people": {"record_type": "customer", "operation": "delete", "external_id": "NOBODY-{id}"}}
        target = Plugin(PROGRAMS / "target-netsuite", tmp_path / "target", {**emulator.connection, "streams": streams})
        reading = subprocess.Popen([*tap.command(), "--discover"], stdout=subprocess.DEVNULL)
        writing = subprocess.run(
            target.command(), input="".join(f"{json.dumps(message)}\n" for message in MESSAGES), text=True, check=False
        )
        assert reading.wait(timeout=120) == 0
        assert writing.returncode == 0
        asked = [request for request in emulator.requests if request.path.endswith("/oauth2/v1/token")]
        assert len(asked) == 1
        assert len(emulator.requests) > 3
