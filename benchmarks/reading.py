"""One reader reading one account, with everything that is known of it afterwards."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.account import Account, Request
from benchmarks.measured_process import Usage, measure
from benchmarks.rows_read import RowsRead, count_rows

PAGE = 1000
"""Rows that NetSuite gives in one answer at most."""


class Reader(Protocol):
    """A program that reads.

    Attributes:
        name: for people.
        form: how it writes rows, one of `rows_read.FORMS`.
    """

    name: str
    form: str

    def command(self, account: Account, streams: Sequence[str], directory: Path) -> list[str]:
        """Return the command that reads these streams, after writing the files it needs."""


@dataclass(frozen=True)
class Reading:
    """What came of it.

    Attributes:
        reader: its name.
        rows: what it wrote.
        begun: when its process was started, in seconds since the epoch.
        usage: what it needed.
        asked: what it asked, logins included.
        pages: requests that cannot be done without.
        account: which was read.
    """

    reader: str
    rows: RowsRead
    begun: float
    usage: Usage
    asked: Sequence[Request]
    pages: int
    account: Account

    @property
    def requests(self) -> list[Request]:
        """What it asked, logins left out."""
        return [request for request in self.asked if not request.is_login]

    @property
    def ideal_seconds(self) -> float:
        """The time that the account itself takes: pages x latency / slots."""
        return self.pages * self.account.company.latency / self.account.company.slots

    @property
    def times_ideal(self) -> float | None:
        """How many times that it took; None where the account takes none."""
        return self.usage.seconds / self.ideal_seconds if self.ideal_seconds else None


def read(reader: Reader, account: Account, streams: Mapping[str, str], *, documents: bool = False) -> Reading:
    """Let a reader read.

    Args:
        reader: which.
        account: from where.
        streams: tables of the account by the reader's names of the streams.
        documents: whether each row takes a separate request besides its place in the list.

    Raises:
        BenchmarkError: the reader failed.
    """
    held = account.sizes(list(streams.values()))
    sizes = {stream: held[table] for stream, table in streams.items()}
    with tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        directory = Path(name)
        command = reader.command(account, list(streams), directory)
        output = directory / "output"
        account.forget_requests()
        begun = time.time()
        usage = measure(command, output, private_folders(directory))
        rows = count_rows(output, reader.form, sizes)
    pages = sum(math.ceil(size.rows / PAGE) + (size.rows if documents else 0) for size in sizes.values())
    return Reading(reader.name, rows, begun, usage, account.requests(), pages, account)


def private_folders(directory: Path) -> dict[str, str]:
    """Return variables that keep a reader's tokens and caches out of the home of whoever runs it."""
    return {
        "NETSUITE_TOKEN_STORE": "file",
        "XDG_STATE_HOME": str(directory / "state"),
        "XDG_CACHE_HOME": str(directory / "cache"),
    }
