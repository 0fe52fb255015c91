"""The NetSuite of the demo: the emulator as a process on a free port."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from demo.failure import DemoError, end_of
from demo.processes import Processes
from demo.rooms import PROGRAMS

_SECONDS_TO_START = 120.0


def start_emulator(processes: Processes, directory: Path, log_path: Path) -> Mapping[str, str]:
    """Start the emulator and return the connection settings of its account.

    Args:
        processes: what stops it later.
        directory: for its keys.
        log_path: for what it says.

    Raises:
        DemoError: it did not come up.
    """
    ready = directory / "emulator.json"
    with log_path.open("wb") as log:
        server = processes.start(
            [PROGRAMS / "netsuite-emulator", "--port=0", "--credentials-dir", directory, "--ready-file", ready],
            output=log,
            directory=directory,
        )
    patience = time.monotonic() + _SECONDS_TO_START
    while not ready.exists():
        if server.poll() is not None or time.monotonic() > patience:
            raise DemoError(f"The emulator did not start:\n{end_of(log_path)}")
        time.sleep(0.1)
    settings = json.loads(ready.read_text(encoding="utf-8"))
    names = ("account_id", "base_url", "client_id", "certificate_id", "private_key_path")
    return {name: str(settings[name]) for name in names}
