"""Clients that are not ours work against the emulator, unchanged but for the address."""

import json
import subprocess
from pathlib import Path

import pytest

from netsuite_emulator import Emulator, Settings
from tests.pipelines import install

CLIENT = "netsuite[rest_api]==0.12.0"
SCRIPT = Path(__file__).with_name("other_client.py")


@pytest.mark.slow
def test_the_package_netsuite_logs_in_by_token_reads_and_writes(tmp_path: Path) -> None:
    programs = install(tmp_path / "venv", CLIENT)
    with Emulator(Settings(scale=0.05)) as emulator:
        done = subprocess.run(
            [programs / "python", SCRIPT],
            input=json.dumps(emulator.token_based_connection),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["currencies"] == emulator.execute("SELECT count(*) FROM currency")[0][0]
        assert told["phone"] == "555 0100"
        assert told["fields"] > 10
