"""The plain SDK stream of `plain_sdk_tap.py`, as a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.account import Account

PROGRAM = Path(__file__).with_name("plain_sdk_tap.py")


class PlainSdk:
    """A tap that asks for one page after the other."""

    name = "singer-sdk REST stream"
    form = "Singer"

    def __init__(self, columns: Sequence[str]) -> None:
        """Read these columns."""
        self._columns = list(columns)

    def command(self, account: Account, streams: Sequence[str], directory: Path) -> list[str]:
        """Return the command that reads one table, after writing the files it needs."""
        (table,) = streams
        config = directory / "config.json"
        config.write_text(json.dumps({**account.certificate, "table": table, "columns": self._columns}))
        return [sys.executable, str(PROGRAM), "--config", str(config)]
