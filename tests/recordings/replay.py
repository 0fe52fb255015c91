"""A NetSuite that answers from the files of this folder.

Each file is a list of exchanges. `request` says which requests an answer is for: `path` below `/services/rest`, or of a
page below `/app`, in any case, `method` (GET without it), and where they are there a part of the `query`, words in the
`body` or in the header Prefer, and `has_filter`, a `q` of any kind. The first that fits answers, the first `times`
times where it says so.
`{host}` stands for the address that is served, `{state}` in a header for the one in the query.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

FOLDER = Path(__file__).parent
_ROOT = "/services/rest"
_FILES = ("catalog", "schemas", "lists", "records", "jobs", "errors", "tokens")
_UNKNOWN: dict[str, Any] = {"status": 404, "body": {"title": "Not Found", "status": 404, "o:errorDetails": []}}


@dataclass(frozen=True)
class Received:
    """One request as it arrived; `path` is without the query."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: str


class Recordings:
    """Serves the recordings of this folder until it is left.

    Attributes:
        requests: those that are not for a token.
        token: which of the recorded token answers is given.
    """

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.token = "granted"
        self._given: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        texts = [(FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in _FILES]
        self._exchanges = [each for text in texts for each in json.loads(text.replace("{host}", self.address))]

    def __enter__(self) -> Recordings:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: Received) -> dict[str, Any]:
        """Return the answer that is recorded for a request."""
        is_token = request.path.endswith("/token")
        body = self.token if is_token else request.body
        with self._lock:
            self.requests += [] if is_token else [request]
            for number, exchange in enumerate(self._exchanges):
                if self._given[number] < exchange.get("times", 1000) and _fits(exchange["request"], request, body):
                    self._given[number] += 1
                    answer: dict[str, Any] = exchange["answer"]
                    return answer
        return _UNKNOWN


def _fits(wanted: dict[str, Any], request: Received, body: str) -> bool:
    root = "" if wanted["path"].startswith("/app/") else _ROOT
    return (
        request.method == wanted.get("method", "GET")
        and unquote(request.path).lower().rstrip("/") == root + unquote(wanted["path"]).lower()
        and wanted.get("query", {}).items() <= request.query.items()
        and ("q" in request.query or not wanted.get("has_filter"))
        and wanted.get("body", "") in body
        and wanted.get("header", "") in request.headers.get("Prefer", "")
    )


def _handler_for(recordings: Recordings) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            received = Received(self.command, parts.path, dict(parse_qsl(parts.query)), self.headers, body)
            answer = recordings.answer(received)
            content = json.dumps(answer["body"]).encode() if "body" in answer else b""
            self.send_response(answer.get("status", 200))
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in {**headers, **answer.get("headers", {})}.items():
                self.send_header(name, value.replace("{state}", received.query.get("state", "")))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
