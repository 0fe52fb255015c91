"""What `/emulator/` answers: the log of requests, faults, churn, SQL behind NetSuite's back, and time that passes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from netsuite_emulator.churning import Churning
from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.faults import EFFECTS, Fault, FaultBoard
from netsuite_emulator.http.governance import Governor
from netsuite_emulator.settings import Churn

__all__ = ["Control", "LoggedRequest", "RequestLog"]


_KEPT_BODY = 20_000
_KEPT_REQUESTS = 100_000


@dataclass
class LoggedRequest:
    """One request: `time` in seconds since the epoch; `status` 0 while it runs, -1 where no answer was sent.

    `in_flight` counts the governed requests that ran when this one was let in, itself included.
    """

    time: float
    method: str
    path: str
    query: str
    body: str
    status: int = 0
    seconds: float = 0.0
    in_flight: int = 0


class RequestLog:
    """The last 100,000 requests, oldest first; the control end points and bodies of token requests are left out."""

    def __init__(self) -> None:
        """Begin empty."""
        self._requests: deque[LoggedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, query: str, body: bytes) -> LoggedRequest:
        """Note a request."""
        kept = "" if "/auth/" in path else body[:_KEPT_BODY].decode("utf-8", "replace")
        entry = LoggedRequest(time.time(), method, path, query, kept)
        with self._lock:
            self._requests.append(entry)
        return entry

    def all(self) -> list[LoggedRequest]:
        """The requests that are kept."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._requests.clear()

    def listing(self) -> list[dict[str, Any]]:
        """The same as JSON."""
        return [asdict(entry) for entry in self.all()]


_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Control:
    """Faults, the request log, and the database behind the services."""

    def __init__(
        self,
        faults: FaultBoard,
        log: RequestLog,
        governor: Governor,
        churning: Churning,
        *,
        execute: Callable[[str], list[tuple[Any, ...]]],
        advance: Callable[[float], None],
        failures: list[str],
    ) -> None:
        """`execute` runs DuckDB's SQL, `advance` lets time pass, `failures` has mistakes of the emulator itself."""
        self._faults = faults
        self._log = log
        self._governor = governor
        self._churning = churning
        self._execute = execute
        self._advance = advance
        self.failures = failures

    def note_failure(self, text: str) -> None:
        """Remember a mistake of the emulator itself."""
        self.failures.append(text)

    def answer(self, call: Call, path: str) -> Answer:  # noqa: C901, PLR0911 - one for each end point
        """Answer a control request."""
        if call.host.rpartition(":")[0] not in _LOCAL and call.host not in _LOCAL:
            return Answer(403, {"error": "The control end points answer on the loopback address only."})
        match (call.method, path):
            case ("GET", "/emulator/requests"):
                body = {"requests": self._log.listing(), "highestInFlight": self._governor.highest}
                return Answer(200, {**body, "failures": self.failures})
            case ("DELETE", "/emulator/requests"):
                self._log.clear()
                return Answer(200, {})
            case ("GET", "/emulator/faults"):
                return Answer(200, {"faults": self._faults.listing(), "effects": EFFECTS})
            case ("POST", "/emulator/faults"):
                return self._add_fault(call)
            case ("DELETE", "/emulator/faults"):
                self._faults.clear()
                return Answer(200, {})
            case ("GET", "/emulator/churn"):
                return Answer(200, self._churning.listing())
            case ("POST", "/emulator/churn"):
                return self._start_churn(call)
            case ("DELETE", "/emulator/churn"):
                self._churning.stop()
                return Answer(200, {})
            case ("POST", "/emulator/sql"):
                return self._sql(call)
            case ("POST", "/emulator/advance"):
                return self._let_time_pass(call)
        return Answer(404, {"error": f"No such control end point: {call.method} {path}"})

    def _add_fault(self, call: Call) -> Answer:
        try:
            return Answer(200, {"id": self._faults.add(Fault(**call.json()))})
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the caller should read it
            return Answer(400, {"error": str(error)})

    def _start_churn(self, call: Call) -> Answer:
        try:
            self._churning.start(Churn(**call.json()))
        except (NetSuiteError, ValueError, TypeError) as error:
            return Answer(400, {"error": str(error)})
        return Answer(200, {})

    def _let_time_pass(self, call: Call) -> Answer:
        try:
            self._advance(float(call.json()["seconds"]))
        except (NetSuiteError, ValueError, KeyError, TypeError) as error:
            return Answer(400, {"error": str(error)})
        return Answer(200, {})

    def _sql(self, call: Call) -> Answer:
        try:
            rows = self._execute(str(call.json()["sql"]))
        except (duckdb.Error, KeyError, TypeError) as error:
            return Answer(400, {"error": str(error)})
        return Answer(200, {"rows": [[_plain(value) for value in row] for row in rows]})


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
