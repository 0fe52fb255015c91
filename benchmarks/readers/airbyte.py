"""airbyte-source-netsuite in its own environment."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.account import Account
from benchmarks.failure import NotInstalledError

ENVIRONMENT = Path(__file__).resolve().parent.parent / ".environments" / "airbyte-source-netsuite"
REQUIREMENTS = Path(__file__).with_name("airbyte_requirements.txt")
PROGRAM = Path(__file__).with_name("airbyte_source.py")
_PYTHONS = ((3, 11), (3, 10))  # what its newest release accepts; from 3.12 on installers fall back to the old 0.1.3
_BEFORE_ALL = "2020-01-01T00:00:00Z"  # nothing in the emulator's company is older
# One window for everything: where two meet, the connector asks for what is BEFORE a day and for what is AFTER it, and
# whether NetSuite leaves that day out, as the emulator does, is documented nowhere.
_WINDOW_DAYS = 36_500


class AirbyteSource:
    """The connector as it is, told where to go; see `airbyte_source.py`."""

    name = "airbyte-source-netsuite"
    form = "Airbyte"

    def command(self, account: Account, streams: Sequence[str], directory: Path) -> list[str]:
        """Return the command that reads these record types, after writing the files it needs.

        Raises:
            NotInstalledError: its packages cannot be installed.
        """
        config, catalog = directory / "config.json", directory / "catalog.json"
        token = account.token
        settings = {
            "realm": token["account_id"],
            "base_url": token["base_url"],
            "consumer_key": token["client_id"],
            "consumer_secret": token["client_secret"],
            "token_key": token["token_id"],
            "token_secret": token["token_secret"],
            "object_types": list(streams),
            "start_datetime": _BEFORE_ALL,
            "window_in_days": _WINDOW_DAYS,
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        catalog.write_text(json.dumps({"streams": [_configured(stream) for stream in streams]}), encoding="utf-8")
        python = str(prepared_environment())
        return [python, str(PROGRAM), "read", "--config", str(config), "--catalog", str(catalog)]


def _configured(stream: str) -> dict[str, object]:
    described = {"name": stream, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    return {"stream": described, "sync_mode": "full_refresh", "destination_sync_mode": "append"}


def prepared_environment() -> Path:
    """Return the Python of the environment, which is made when it is not there or no longer right.

    Raises:
        NotInstalledError: there is no Python for it, or the packages cannot be had.
    """
    python = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / ".prepared"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted or not python.exists():
        print(f"Installing airbyte-source-netsuite into {ENVIRONMENT} ...", flush=True)
        _run(_python(), "-m", "venv", "--clear", str(ENVIRONMENT))
        _run(sys.executable, "-m", "uv", "pip", "install", "--python", str(python), "-r", str(REQUIREMENTS))
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _python() -> str:
    """Return a Python that the connector's newest release accepts."""
    if sys.version_info[:2] in _PYTHONS:
        return sys.executable
    for major, minor in _PYTHONS:
        if (found := shutil.which(f"python{major}.{minor}")) is not None:
            return found
    raise NotInstalledError("airbyte-source-netsuite needs Python 3.10 or 3.11, and neither is on PATH.")


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise NotInstalledError(f"airbyte-source-netsuite could not be installed:\n{done.stdout[-2000:]}")
