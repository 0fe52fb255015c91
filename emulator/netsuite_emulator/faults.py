"""What can go wrong on purpose: faults, the requests they hit, and the answers they give.

A `Fault` says what happens and to which requests; the `FaultBoard` holds those that are switched on and counts;
`spoiled` is the answer in place of the work, `edited` one that is changed after it.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

from netsuite_emulator.errors import NetSuiteError, concurrency_exceeded, unexpected_detail, unsupported_search
from netsuite_emulator.exchange import Answer, collection, error_answer

__all__ = ["EFFECTS", "SENDING", "Asked", "Fault", "FaultBoard", "edited", "spoiled"]


EFFECTS = {
    "status": "answer with `status`, and `body` or the error body of `code` and `detail`, without doing the work",
    "unsupported": 'refuse the statement: 400, "Invalid or unsupported search"',
    "bad_gateway": "answer 502 with an HTML page",
    "timeout": "wait `seconds`, then answer 504 with an HTML page, without doing the work",
    "too_many_requests": "answer 429 as NetSuite does; with `seconds`, a Retry-After of that many",
    "unavailable": "answer 503; with `seconds`, a Retry-After of that many",
    "no_rows": "answer with a collection of no rows, without an error",
    "delay": "wait `seconds`, then do the work",
    "page_as_total": "do the work, and say that there are no rows but the page's: `totalResults` is its `count`",
    "no_more": "do the work, and say that there is no other page: `hasMore` is false, without a link to the next",
    "fewer_rows": "do the work, and leave out every third row, as if these were all: `count` and `totalResults` "
    "agree, and `hasMore` is false",
    "html": "do the work, and send an HTML page with status 200 instead of its answer",
    "cut_body": "do the work, announce the whole answer, send half of it and close the connection",
    "drop_before": "close the connection without an answer and without doing the work",
    "drop_after": "do the work and close the connection without an answer",
    "expire_tokens": "end every access token, then go on",
    "malformed_json": "do the work and send JSON that is cut short, with a length that fits",
    "wrong_token": "answer a token request with JSON that holds no token",
    "fail_task": "let the task of an asynchronous request end with `status` and `body` instead of its work",
}
# What is done to an answer after the work.
_EDITS = ("page_as_total", "no_more", "fewer_rows", "html")
SENDING = ("cut_body", "drop_after", "malformed_json")
"""Effects on how an answer is sent."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong, and with which requests. Patterns are regular expressions, found anywhere, in any case.

    Args:
        effect: one of `EFFECTS`.
        method: only requests with this verb.
        path: only requests whose path this pattern is found in.
        statement: only SuiteQL requests whose statement this pattern is found in.
        begins_at: nothing happens before a request whose path or statement this pattern is found in.
        lasts: how many seconds after it began it ends: an outage.
        nth: only the nth matching request, counted from 1, and `times - 1` after it.
        times: how many requests it spoils; None for all.
        probability: the share of matching requests it spoils, drawn from `seed`.
        seconds: for `delay`, `timeout`, `too_many_requests` and `unavailable`; waiting ends when the fault is switched
            off.
        status: for `status` and `fail_task`.
        code: the `o:errorCode` for them.
        detail: the sentence for them; None for that of an unexpected error.
        body: JSON for them in place of NetSuite's error body.
    """

    effect: str
    method: str | None = None
    path: str | None = None
    statement: str | None = None
    begins_at: str | None = None
    lasts: float | None = None
    nth: int | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float | None = None
    status: int = 500
    code: str = "UNEXPECTED_ERROR"
    detail: str | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be matched.

        Raises:
            ValueError: the effect is unknown, or a pattern is not a regular expression.
        """
        if self.effect not in EFFECTS:
            raise ValueError(f"Unknown effect '{self.effect}'. Effects: {', '.join(EFFECTS)}.")
        for pattern in (self.path, self.statement, self.begins_at):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise ValueError(f"'{pattern}' is not a regular expression: {error}.") from None

    @property
    def replaces_work(self) -> bool:
        """Whether the work is not done."""
        return self.effect not in ("delay", "expire_tokens", "drop_before", *_EDITS, *SENDING)

    def fits(self, request: Asked) -> bool:
        """Whether a request is one this fault is about."""
        return (
            self.method in (None, request.method)
            and _is_in(self.path, request.path)
            and (self.statement is None or _is_in(self.statement, request.statement))
        )

    def begins(self, request: Asked) -> bool:
        """Whether a request is the one it begins with."""
        if self.begins_at is None:
            return self.fits(request)
        return _is_in(self.begins_at, request.path) or _is_in(self.begins_at, request.statement)


class Asked:
    """What a fault knows of a request: verb, path, and the statement of one for SuiteQL."""

    def __init__(self, method: str, path: str, body: bytes = b"") -> None:
        """`body` is read when a fault asks for the statement."""
        self.method, self.path, self._body = method, path, body

    @cached_property
    def statement(self) -> str:
        """The statement; empty where there is none."""
        if not self.path.endswith("/suiteql"):
            return ""
        try:
            return str(json.loads(self._body)["q"])
        except (ValueError, KeyError, TypeError):
            return ""


def _is_in(pattern: str | None, text: str) -> bool:
    return pattern is None or re.search(pattern, text, re.IGNORECASE) is not None


@dataclass
class _Armed:
    fault: Fault
    draws: random.Random
    began: float | None = None
    seen: int = 0
    struck: int = 0

    def strikes(self, request: Asked) -> bool:
        now = time.monotonic()
        if self.began is None:
            if not self.fault.begins(request):
                return False
            self.began = now
        if not self.fault.fits(request) or (self.fault.lasts is not None and now - self.began > self.fault.lasts):
            return False
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

    def strike(self, request: Asked, *, task: bool = False) -> list[Fault]:
        """The faults that spoil this request, or this task of a job, in the order in which they were added."""
        with self._lock:
            return [
                armed.fault
                for armed in self._armed.values()
                if (armed.fault.effect == "fail_task") == task and armed.strikes(request)
            ]


def edited(answer: Answer, effect: str) -> Answer:
    """An answer after the work, with what a fault does to it; refusals stay as they are."""
    if effect not in _EDITS or answer.status >= 400:  # noqa: PLR2004 - refusals
        return answer
    if effect == "html":
        return _html("Log in to NetSuite", 200)
    body = json.loads(answer.encoded() or b"null")
    if isinstance(body, dict) and "totalResults" in body:
        links = [link for link in body["links"] if link["rel"] not in ("next", "last")]
        changed = {"totalResults": body["count"]} if effect == "page_as_total" else {}
        if effect == "fewer_rows":
            items = [item for place, item in enumerate(body["items"]) if place % 3 != 1]
            changed = {"items": items, "count": len(items), "totalResults": len(items)}
        answer.body = {**body, "hasMore": False, "links": links, **changed}
    return answer


def _html(title: str, status: int) -> Answer:
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, text, content_type="text/html")


def spoiled(fault: Fault) -> Answer:
    """The answer a fault gives in place of the work."""
    headers = dict(fault.headers)
    if fault.effect in ("too_many_requests", "unavailable") and fault.seconds is not None:
        headers["Retry-After"] = f"{fault.seconds:g}"
    match fault.effect:
        case "bad_gateway":
            answer = _html("502 Bad Gateway", 502)
        case "timeout":
            answer = _html("504 Gateway Time-out", 504)
        case "unsupported":
            answer = error_answer(unsupported_search())
        case "no_rows":
            nothing = {"links": [], "count": 0, "hasMore": False, "items": [], "offset": 0, "totalResults": 0}
            answer = collection(nothing)
        case "too_many_requests":
            answer = error_answer(concurrency_exceeded({}))
        case "wrong_token":
            answer = Answer(200, {"token": "none", "expires": 0})
        case "unavailable":
            answer = error_answer(NetSuiteError(503, "UNEXPECTED_ERROR", "Service unavailable."))
        case _ if fault.body is not None:
            answer = Answer(fault.status, fault.body)
        case _:
            detail = fault.detail or unexpected_detail()
            answer = error_answer(NetSuiteError(fault.status, fault.code, detail))
    answer.headers |= headers
    return answer
