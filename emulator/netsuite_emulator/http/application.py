"""The web application: governance, faults and latency around the services, and the control end points."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

from netsuite_emulator.clock import Clock
from netsuite_emulator.errors import NetSuiteError, unexpected_detail
from netsuite_emulator.exchange import Answer, Call, error_answer
from netsuite_emulator.faults import SENDING, Asked, Fault, FaultBoard, edited, spoiled
from netsuite_emulator.http.control import Control, LoggedRequest, RequestLog
from netsuite_emulator.http.governance import Governor
from netsuite_emulator.http.page import Gate
from netsuite_emulator.services import Services

__all__ = ["Application"]


_BASE = "/services/rest"
_PAUSE = 0.02
_THREADS = 40


class ConnectionCutError(Exception):
    """Ends a connection without finishing its answer."""


class Application:
    """An ASGI application; one for each emulator."""

    def __init__(
        self,
        services: Services,
        governor: Governor,
        faults: FaultBoard,
        log: RequestLog,
        control: Control,
        gate: Gate,
    ) -> None:
        """Put `services` behind `governor` and `faults`, note requests in `log`; `gate` guards page and `control`."""
        self._services = services
        self._governor = governor
        self._faults = faults
        self._log = log
        self._control = control
        self._gate = gate
        self._threads = ThreadPoolExecutor(_THREADS, "netsuite-emulator")

    def stop(self) -> None:
        """Begin nothing more; what runs ends alone."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        call, path = await _read(scope, receive)
        if path.startswith("/emulator/") or (call.method, path) == ("GET", "/"):
            await _send(send, await self._for_the_page(call, path))
            return
        entry = self._log.begin(call.method, path, scope["query_string"].decode("latin-1"), call.body)
        started = time.monotonic()
        try:
            await self._serve(call, path, entry, _Line(scope, send, self._services.clock))
        finally:
            entry.seconds = time.monotonic() - started
            self._governor.count(refused=entry.status == 429, spoiled=bool(entry.faults))  # noqa: PLR2004 - the status

    async def _for_the_page(self, call: Call, path: str) -> Answer:
        """The page, or what it and other programs may ask and change; no limit, no fault and no log."""
        refusal = self._gate.refusal(call)
        if refusal is not None:
            return refusal
        return self._gate.page() if path == "/" else await self._guarded(self._control.answer, call, path)

    async def _serve(self, call: Call, path: str, entry: LoggedRequest, line: _Line) -> None:
        governed = path.startswith(_BASE) and self._services.is_governed(call.segments)
        try:
            if governed:
                self._governor.enter()
        except NetSuiteError as error:
            await line.answer(entry, error_answer(error))
            return
        entry.in_flight = self._governor.in_flight
        due = time.monotonic() + self._governor.latency
        try:
            answer, late_fault = await self._work(call, path, entry, line, due)
            await _until(due)
        finally:
            if governed:
                self._governor.leave()
        if answer is not None:
            await line.answer(entry, answer, late_fault)

    async def _work(
        self, call: Call, path: str, entry: LoggedRequest, line: _Line, due: float
    ) -> tuple[Answer | None, Fault | None]:
        """The answer, and the fault that spoils its sending; no answer where the connection is gone."""
        struck = self._faults.strike(Asked(call.method, path, call.body))
        entry.faults = tuple(fault.effect for fault in struck)
        for fault in struck:
            if fault.effect in ("delay", "timeout"):
                await self._delay(fault)
            elif fault.effect == "expire_tokens":
                self._services.auth.tokens.expire_all()
            elif fault.effect == "drop_before":
                await _until(due)
                await line.drop(entry)
                return None, None
            if fault.replaces_work:
                return spoiled(fault), None
        answer = await self._answer(call, path)
        for fault in struck:
            answer = edited(answer, fault.effect)
        return answer, next((fault for fault in struck if fault.effect in SENDING), None)

    async def _answer(self, call: Call, path: str) -> Answer:
        if not path.startswith(_BASE + "/") and not self._services.auth.serves(call):
            return Answer(404, "<html><body>Not found</body></html>", content_type="text/html")
        return await self._guarded(self._services.answer, call)

    async def _guarded(self, work: Callable[..., Answer], *arguments: Any) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except Exception:  # noqa: BLE001 - a mistake of the emulator must look like a mistake of the server
            import traceback  # noqa: PLC0415 - only needed here

            self._control.note_failure(traceback.format_exc())
            return error_answer(NetSuiteError(500, "UNEXPECTED_ERROR", unexpected_detail()))

    async def _delay(self, fault: Fault) -> None:
        """Wait, but not longer than the fault is switched on."""
        end = time.monotonic() + (fault.seconds or 0)
        while (remaining := end - time.monotonic()) > 0 and self._faults.is_on(fault):  # noqa: ASYNC110 - any thread may switch it off
            await asyncio.sleep(min(remaining, _PAUSE))


async def _until(moment: float) -> None:
    remaining = moment - time.monotonic()
    if remaining > 0:
        await asyncio.sleep(remaining)


class _Line:
    """The way back to the caller."""

    def __init__(self, scope: Any, send: Any, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._transport = scope.get("extensions", {}).get("emulator.transport")

    async def answer(self, entry: LoggedRequest, answer: Answer, fault: Fault | None = None) -> None:
        if fault is not None and fault.effect == "drop_after":
            await self.drop(entry)
            return
        entry.status = answer.status
        body = answer.encoded()
        if fault is not None and fault.effect == "malformed_json":
            body = body[: max(1, len(body) * 2 // 3)]
        if fault is not None and fault.effect == "cut_body":
            await self._start(answer, len(body) + 1)
            await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionCutError
        await self._start(answer, len(body))
        with contextlib.suppress(OSError):
            await self._send({"type": "http.response.body", "body": body})

    async def drop(self, entry: LoggedRequest) -> None:
        entry.status = -1
        if self._transport is not None:
            self._transport.abort()
        await asyncio.sleep(0.01)  # the server learns of it before this request ends

    async def _start(self, answer: Answer, length: int) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        headers.append((b"date", formatdate(self._clock.now(), usegmt=True).encode()))
        if answer.status != 204:  # noqa: PLR2004 - No Content
            headers.append((b"content-length", str(length).encode()))
            headers.append((b"content-type", answer.content_type.encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _send(send: Any, answer: Answer) -> None:
    body = answer.encoded()
    named = {**answer.headers, "Content-Length": str(len(body)), "Content-Type": answer.content_type}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read(scope: Any, receive: Any) -> tuple[Call, str]:
    """The request, and its path as text."""
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    raw = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw = raw.partition("?")[0]
    segments = tuple(unquote(part) for part in raw.removeprefix(_BASE).strip("/").split("/"))
    host = headers.get("host", "127.0.0.1")
    asked = scope["query_string"].decode("latin-1")
    query = dict(parse_qsl(asked, keep_blank_values=True))
    origin, path = f"{scope['scheme']}://{host}", unquote(raw)
    url = f"{origin}{raw}?{asked}" if asked else f"{origin}{raw}"
    call = Call(
        scope["method"], segments, query, headers, b"".join(chunks), f"{origin}{_BASE}", host, path, url,
        (scope.get("client") or ("",))[0],
    )  # fmt: skip
    return call, path
