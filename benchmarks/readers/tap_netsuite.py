"""tap-netsuite: its command, with a catalog discovered beforehand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.account import Account, account_of
from benchmarks.company import Company
from benchmarks.failure import BenchmarkError, end_of
from benchmarks.reading import private_folders

PROGRAM = Path(sys.executable).with_name("tap-netsuite")


class TapNetSuite:
    """The tap as somebody would run it who knows the account's limit."""

    name = "tap-netsuite"
    form = "Singer"

    def __init__(self, catalog: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> None:
        """Read what stands in this catalog, with these settings besides the usual ones."""
        self._settings = settings or {}
        self._entries = {entry["tap_stream_id"]: entry for entry in catalog["streams"]}

    def properties(self, stream: str) -> list[str]:
        """Return the names of a table's columns; the mark of what was deleted is the tap's own."""
        return [name for name in self._entries[stream]["schema"]["properties"] if name != "_sdc_deleted_at"]

    def command(self, account: Account, streams: Sequence[str], directory: Path) -> list[str]:
        """Return the command that reads these streams, after writing the files it needs.

        Raises:
            BenchmarkError: the catalog has no such stream.
        """
        unknown = [stream for stream in streams if stream not in self._entries]
        if unknown:
            raise BenchmarkError(f"tap-netsuite did not discover {', '.join(unknown)}.")
        config, catalog = directory / "config.json", directory / "catalog.json"
        config.write_text(json.dumps({**config_for(account), **self._settings}), encoding="utf-8")
        chosen = [_selected(self._entries[stream]) for stream in streams]
        catalog.write_text(json.dumps({"streams": chosen}), encoding="utf-8")
        return [str(PROGRAM), "--config", str(config), "--catalog", str(catalog)]


def config_for(account: Account) -> dict[str, Any]:
    """Return the settings that lead the tap to an account."""
    return {**account.certificate, "max_concurrency": account.company.slots}


def discovered(company: Company, tables: Sequence[str]) -> dict[str, Any]:
    """Return the catalog of these tables and of all record types, from an account like it that answers at once.

    Raises:
        BenchmarkError: discovery failed.
    """
    with account_of(company.twin()) as account, tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        directory = Path(name)
        config, log = directory / "config.json", directory / "log"
        config.write_text(json.dumps({**config_for(account), "tables": list(tables)}), encoding="utf-8")
        with log.open("wb") as messages:
            run = subprocess.run(
                [str(PROGRAM), "--config", str(config), "--discover"],
                stdout=subprocess.PIPE,
                stderr=messages,
                env={**os.environ, **private_folders(directory)},
                check=False,
            )
        if run.returncode:
            raise BenchmarkError(f"tap-netsuite --discover ended with exit code {run.returncode}:\n{end_of(log)}")
        catalog: dict[str, Any] = json.loads(run.stdout)
    return catalog


def _selected(entry: Mapping[str, Any]) -> dict[str, Any]:
    metadata = [
        {**part, "metadata": {**part["metadata"], "selected": True}} if part["breadcrumb"] == [] else part
        for part in entry["metadata"]
    ]
    return {**entry, "metadata": metadata}
