"""The account that is read: the emulator in another process, and what it knows of the reading."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import requests

from benchmarks.company import Company
from benchmarks.failure import BenchmarkError

_BLOCKED = 429
_SECONDS_TO_ANSWER = 300
_SECONDS_TO_END = 10


class Request(msgspec.Struct):
    """A request that the account was sent.

    Attributes:
        time: seconds since the epoch.
        path: address without host and query.
        body: what was sent.
        status: of the answer.
        seconds: from arrival to the answer.
    """

    time: float
    path: str
    body: str
    status: int
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether there were too many at once."""
        return self.status == _BLOCKED

    @property
    def is_login(self) -> bool:
        """Whether a token was asked for, which takes no place among the requests at once."""
        return "/auth/" in self.path


class _Log(msgspec.Struct):
    requests: list[Request]
    failures: list[str]


@dataclass(frozen=True)
class TableSize:
    """What a table really holds.

    Attributes:
        rows: how many.
        highest_id: 0 where there are none.
    """

    rows: int
    highest_id: int


class Account:
    """A running account.

    Attributes:
        company: what it was made from.
        certificate: settings of a login with client credentials.
        token: settings of a login with token-based authentication.
    """

    def __init__(self, company: Company, certificate: Mapping[str, str], token: Mapping[str, str]) -> None:
        """Use the account that listens there."""
        self.company = company
        self.certificate = certificate
        self.token = token
        self._control = f"{certificate['base_url']}/emulator"

    def sizes(self, tables: Sequence[str]) -> dict[str, TableSize]:
        """Return what these tables hold, by name."""
        counts = " UNION ALL ".join(
            f"SELECT '{table}', count(*), coalesce(max(id), 0) FROM {table}" for table in dict.fromkeys(tables)
        )
        return {table: TableSize(rows, highest) for table, rows, highest in self._rows(counts)}

    def number(self, statement: str) -> int:
        """Return what a statement that asks for one number finds."""
        return int(self._rows(statement)[0][0])

    def requests(self) -> list[Request]:
        """Return what was asked since `forget_requests`, logins included.

        Raises:
            BenchmarkError: the emulator itself failed.
        """
        answer = requests.get(f"{self._control}/requests", timeout=_SECONDS_TO_ANSWER)
        log = msgspec.json.decode(answer.content, type=_Log)
        if log.failures:
            raise BenchmarkError(f"The emulator failed:\n{log.failures[0]}")
        return log.requests

    def _rows(self, statement: str) -> list[list[Any]]:
        answer = requests.post(f"{self._control}/sql", json={"sql": statement}, timeout=_SECONDS_TO_ANSWER)
        answer.raise_for_status()
        rows: list[list[Any]] = answer.json()["rows"]
        return rows

    def forget_requests(self) -> None:
        """Begin a new log."""
        requests.delete(f"{self._control}/requests", timeout=_SECONDS_TO_ANSWER)


@contextmanager
def account_of(company: Company) -> Iterator[Account]:
    """Run an account of this company.

    Raises:
        BenchmarkError: it did not start; what it said is on standard error.
    """
    command = [sys.executable, "-m", "benchmarks.account_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            wanted = {"settings": company.settings(), "statements": company.statements()}
            ways = _first_line(process, wanted)
            yield Account(company, ways["certificate"], ways["token"])
        finally:
            _end(process)


def _first_line(process: subprocess.Popen[str], wanted: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the emulator's process was not started with pipes")
    process.stdin.write(json.dumps(wanted) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise BenchmarkError("The emulator did not start; the lines above say why.")
    ways: dict[str, dict[str, str]] = json.loads(line)
    return ways


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
