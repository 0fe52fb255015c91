"""What `/emulator/` answers: the log of requests, faults, limits, churn, SQL behind NetSuite's back, time that passes.

Who may ask is the business of `page.py`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count, islice
from typing import Any

import duckdb

from netsuite_emulator.churning import Churning
from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.faults import EFFECTS, Asked, Fault, FaultBoard
from netsuite_emulator.http.governance import Governor
from netsuite_emulator.settings import Churn

__all__ = ["Control", "LoggedRequest", "RequestLog"]


_KEPT_BODY = 20_000
_KEPT_REQUESTS = 100_000
_SHOWN_REQUESTS = 100
_SHOWN_BODY = 2000
_LONGEST_LATENCY = 600.0


@dataclass
class LoggedRequest:
    """One request: `time` in seconds since the epoch; `status` 0 while it runs, -1 where no answer was sent.

    `in_flight` counts the governed requests that ran when this one was let in, itself included; `faults` are the
    effects of those that struck it; `number` counts from 1.
    """

    time: float
    method: str
    path: str
    query: str
    body: str
    status: int = 0
    seconds: float = 0.0
    in_flight: int = 0
    faults: tuple[str, ...] = ()
    number: int = 0

    @property
    def is_in_trouble(self) -> bool:
        """Whether it was refused, cut off or struck by a fault."""
        return bool(self.faults) or self.status < 0 or self.status >= 400  # noqa: PLR2004 - refusals


class RequestLog:
    """The last 100,000 requests, oldest first; the control end points and bodies of token requests are left out."""

    def __init__(self) -> None:
        """Begin empty."""
        self._requests: deque[LoggedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, query: str, body: bytes) -> LoggedRequest:
        """Note a request."""
        kept = "" if "/auth/" in path else body[:_KEPT_BODY].decode("utf-8", "replace")
        entry = LoggedRequest(time.time(), method, path, query, kept)
        with self._lock:
            entry.number = next(self._numbers)
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

    def last(self, most: int, *, in_trouble: bool) -> list[LoggedRequest]:
        """The newest requests, newest first; all, or those `in_trouble`."""
        newest = reversed(self.all())
        wanted = (entry for entry in newest if entry.is_in_trouble) if in_trouble else newest
        return list(islice(wanted, most))


class Control:
    """Faults, the request log, and the database behind the services."""

    def __init__(  # noqa: PLR0913 - a name for each thing it gives access to
        self,
        faults: FaultBoard,
        log: RequestLog,
        governor: Governor,
        churning: Churning,
        *,
        execute: Callable[[str], list[tuple[Any, ...]]],
        query: Callable[[Call], Answer],
        tables: Callable[[], list[dict[str, Any]]],
        advance: Callable[[float], None],
        failures: list[str],
    ) -> None:
        """Look into an account, and change it.

        Args:
            faults: those that are switched on.
            log: the requests so far.
            governor: the limit, and how busy the account was.
            churning: changes of the company while it is read.
            execute: runs DuckDB's SQL.
            query: answers a request for SuiteQL, whoever asks.
            tables: lists the tables of SuiteQL.
            advance: lets time pass.
            failures: mistakes of the emulator itself.
        """
        self._faults = faults
        self._log = log
        self._governor = governor
        self._churning = churning
        self._execute = execute
        self._query = query
        self._tables = tables
        self._advance = advance
        self.failures = failures

    def note_failure(self, text: str) -> None:
        """Remember a mistake of the emulator itself."""
        self.failures.append(text)

    def answer(self, call: Call, path: str) -> Answer:  # noqa: C901, PLR0911, PLR0912 - one for each end point
        """Answer a control request."""
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
            case ("DELETE", _) if path.startswith("/emulator/faults/"):
                number = path.rpartition("/")[2]
                self._faults.remove(int(number) if number.isdecimal() else 0)
                return Answer(200, {})
            case ("GET", "/emulator/activity"):
                return self._activity(call)
            case ("GET", "/emulator/limits"):
                return Answer(200, {"limit": self._governor.limit, "latency": self._governor.latency})
            case ("POST", "/emulator/limits"):
                return self._set_limits(call)
            case ("GET", "/emulator/tables"):
                return Answer(200, {"tables": self._tables()})
            case ("POST", "/emulator/suiteql"):
                return self._query(call)
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

    def _activity(self, call: Call) -> Answer:
        """How busy the account is and was, its last requests and its faults: what the page shows."""
        governor, total = self._governor, self._governor.total()
        last = self._log.last(_SHOWN_REQUESTS, in_trouble=call.flag("trouble"))
        body = {
            "now": time.time(),
            "limit": governor.limit,
            "latency": governor.latency,
            "inFlight": governor.in_flight,
            "highestInFlight": governor.highest,
            "answered": total.answered,
            "refused": total.refused,
            "spoiled": total.spoiled,
            "seconds": [asdict(second) for second in governor.seconds()],
            "requests": [_shown(entry) for entry in last],
            "faults": self._faults.listing(),
            "failures": len(self.failures),
        }
        return Answer(200, body)

    def _set_limits(self, call: Call) -> Answer:
        """Change the limit, the latency, or both; requests that run are not affected."""
        try:
            given = call.json()
            unknown = set(given) - {"limit", "latency"}
            limit, latency = given.get("limit", self._governor.limit), given.get("latency", self._governor.latency)
            if unknown or not given:
                return Answer(400, {"error": "Give limit, latency, or both."})
            if isinstance(limit, bool) or limit != int(limit) or limit < 1:
                return Answer(400, {"error": "The limit must be a whole number from 1 on."})
            if isinstance(latency, bool) or not 0 <= latency <= _LONGEST_LATENCY:
                return Answer(400, {"error": f"The latency must be from 0 to {_LONGEST_LATENCY:g} seconds."})
        except (NetSuiteError, ValueError, TypeError, AttributeError) as error:
            return Answer(400, {"error": str(error)})
        self._governor.limit, self._governor.latency = int(limit), float(latency)
        return Answer(200, {"limit": self._governor.limit, "latency": self._governor.latency})

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


def _shown(entry: LoggedRequest) -> dict[str, Any]:
    """A request as the page shows it, with its statement and without the rest of a long body."""
    asked = Asked(entry.method, entry.path, entry.body.encode("utf-8", "surrogatepass"))
    return {**asdict(entry), "statement": asked.statement[:_SHOWN_BODY], "body": entry.body[:_SHOWN_BODY]}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
