"""Faults that can be switched on, and what they answer."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from netsuite_emulator.errors import NetSuiteError, concurrency_exceeded
from netsuite_emulator.exchange import Answer, error_answer

__all__ = ["EFFECTS", "Fault", "FaultBoard", "spoiled"]


EFFECTS = {
    "status": "answer with `status` and `body` (JSON) instead of doing the work",
    "bad_gateway": "answer 502 with an HTML page",
    "too_many_requests": "answer 429 as NetSuite does; with `seconds`, a Retry-After of so many",
    "unavailable": "answer 503; with `seconds`, a Retry-After of so many",
    "delay": "wait `seconds`, then do the work",
    "cut_body": "do the work, announce the whole answer, send half of it and close the connection",
    "drop_before": "close the connection without an answer and without doing the work",
    "drop_after": "do the work and close the connection without an answer",
    "expire_tokens": "end every access token, then go on",
    "malformed_json": "do the work and send JSON that is cut short, with a length that fits",
    "wrong_token": "answer a token request with JSON that holds no token",
    "fail_task": "let the task of an asynchronous request end with `status` and `body` instead of its work",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong, and with which requests.

    Args:
        effect: one of `EFFECTS`.
        method: only requests with this verb.
        path: only requests whose path this regular expression is found in.
        nth: only the nth matching request, counted from 1, and `times - 1` after it.
        times: how many requests it spoils; None for all.
        probability: the share of matching requests it spoils, drawn from `seed`.
        seconds: for `delay`, `too_many_requests` and `unavailable`; a delay ends when the fault is switched off.
        status: for `status` and `fail_task`.
        body: JSON for them; None for NetSuite's error body of an unexpected error.
    """

    effect: str
    method: str | None = None
    path: str | None = None
    nth: int | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float | None = None
    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be matched.

        Raises:
            ValueError: the effect is unknown, or the path is not a regular expression.
        """
        if self.effect not in EFFECTS:
            raise ValueError(f"Unknown effect '{self.effect}'. Effects: {', '.join(EFFECTS)}.")
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"'{self.path}' is not a regular expression: {error}.") from None

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one this fault is about."""
        return self.method in (None, method) and (self.path is None or re.search(self.path, path) is not None)


@dataclass
class _Armed:
    fault: Fault
    draws: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        self.seen += 1
        if self.fault.nth is not None and self.seen < self.fault.nth:
            return False
        times = 1 if self.fault.times is None and self.fault.nth is not None else self.fault.times
        if times is not None and self.struck >= times:
            return False
        if self.draws.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True


class FaultBoard:
    """The faults that are switched on. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin without faults."""
        self._armed: dict[int, _Armed] = {}
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> int:
        """Switch a fault on; the number returned switches it off again."""
        with self._lock:
            number = next(self._numbers)
            self._armed[number] = _Armed(fault, random.Random(fault.seed))  # noqa: S311 - not for secrets
            return number

    def remove(self, number: int) -> None:
        """Switch one fault off; unknown numbers are ignored."""
        with self._lock:
            self._armed.pop(number, None)

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._armed.clear()

    def is_on(self, fault: Fault) -> bool:
        """Whether a fault has not been switched off again."""
        with self._lock:
            return any(armed.fault is fault for armed in self._armed.values())

    def listing(self) -> list[dict[str, Any]]:
        """The faults that are on, with how many matching requests they saw and spoiled."""
        with self._lock:
            return [
                {"id": number, **asdict(armed.fault), "seen": armed.seen, "struck": armed.struck}
                for number, armed in self._armed.items()
            ]

    def strike(self, method: str, path: str, *, task: bool = False) -> list[Fault]:
        """The faults that spoil this request, or this task of a job, in the order in which they were added."""
        with self._lock:
            return [
                armed.fault
                for armed in self._armed.values()
                if (armed.fault.effect == "fail_task") == task and armed.fault.fits(method, path) and armed.strikes()
            ]


_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def spoiled(fault: Fault) -> Answer:
    """The answer a fault gives in place of the work."""
    headers = dict(fault.headers)
    if fault.effect in ("too_many_requests", "unavailable") and fault.seconds is not None:
        headers["Retry-After"] = f"{fault.seconds:g}"
    if fault.effect == "bad_gateway":
        return Answer(502, _HTML, headers, "text/html")
    if fault.effect == "too_many_requests":
        return error_answer(concurrency_exceeded(headers))
    if fault.effect == "wrong_token":
        return Answer(200, {"token": "none", "expires": 0}, headers)
    if fault.effect == "unavailable":
        return error_answer(NetSuiteError(503, "UNEXPECTED_ERROR", "Service unavailable.", headers=headers))
    if fault.body is not None:
        return Answer(fault.status, fault.body, headers)
    detail = "An unexpected error occurred. Error ID: fault"
    return error_answer(NetSuiteError(fault.status, "UNEXPECTED_ERROR", detail, headers=headers))
