"""A web server on this machine that answers as a test tells it to, with faults no real server has on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"


@dataclass(frozen=True)
class Received:
    """One request as it arrived; `path` is without the query."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    """What to send back.

    Attributes:
        status: HTTP status, or 0 to close the connection without an answer.
        body: sent as JSON unless it is bytes already.
        headers: replace those the server would send.
        sent: bytes of the body that go out before the connection is cut; all when None.
        chunked: send in chunks instead of with Content-Length.
        stall: stop before the first byte of the body (True) until the test is over.
        drip: seconds between one byte of the body and the next.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    chunked: bool = False
    stall: bool = False
    drip: float = 0.0

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


CUT = Reply(status=0)
"""The connection ends without a byte of an answer."""


def refused(status: int, code: str, detail: str, **places: str) -> Reply:
    """Return a refusal in NetSuite's form."""
    details = [{"detail": detail, "o:errorCode": code, **{f"o:{name}": value for name, value in places.items()}}]
    return Reply(status, {"type": "about:blank", "title": "Refused", "status": status, "o:errorDetails": details})


BLOCKED = refused(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


class ScriptedNetSuite:
    """Serves until it is left; `script` answers what is no token request, `token_script` what is one."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.token_requests: list[Received] = []
        self.script: Callable[[Received], Reply] = lambda _: Reply(404)
        self.token_script: Callable[[Received], Reply] = self.hand_out_token
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> ScriptedNetSuite:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def hand_out_token(self, _: Received) -> Reply:
        """Answer with token-1, token-2 and so on."""
        return Reply(body=token_answer(f"token-{len(self.token_requests)}"))

    def answers(self, *replies: Reply) -> None:
        """Send these one after the other, the last one for ever."""
        waiting = list(replies)
        self.script = lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def reply_to(self, request: Received) -> Reply:
        is_token = request.path.endswith("/token")
        with self._lock:
            (self.token_requests if is_token else self.requests).append(request)
        return (self.token_script if is_token else self.script)(request)


def token_answer(token: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a granted token request."""
    return {"access_token": token, "expires_in": 3600, "token_type": "Bearer", **changes}


def _handler_for(netsuite: ScriptedNetSuite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _send(self, netsuite.reply_to(Received(self.command, parts.path, query, self.headers, body)), netsuite.over)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    return Handler


def _send(handler: BaseHTTPRequestHandler, reply: Reply, over: threading.Event) -> None:
    if not reply.status:
        handler.close_connection = True
        return
    content = reply.content()
    handler.send_response(reply.status)
    length = {"Transfer-Encoding": "chunked"} if reply.chunked else {"Content-Length": str(len(content))}
    has_body = reply.status != 204
    plain = {"Content-Type": "application/json", **length} if has_body else {}
    for name, value in {**plain, **reply.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.flush()
    if reply.stall:
        over.wait(30)
    part = content if reply.sent is None else content[: reply.sent]
    for place in range(len(part) if reply.drip else 0):
        handler.wfile.write(part[place : place + 1])
        handler.wfile.flush()
        if over.wait(reply.drip):
            break
    if has_body and not reply.drip:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if reply.chunked and part else part)
    if reply.sent is not None or reply.stall:
        handler.close_connection = True
    elif reply.chunked:
        handler.wfile.write(b"0\r\n\r\n")
