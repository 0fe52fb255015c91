"""A listener for the redirect of a login, where the redirect URI leads to this machine.

NetSuite refuses plain-http redirects [section_157771733782]. So it speaks https with a certificate made on the spot,
which the browser asks about once, unless something before it speaks https and forwards to a port here.
"""

from __future__ import annotations

import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from suitetalk.account import is_loopback
from suitetalk.auth import keygen
from suitetalk.errors import ConfigurationError, LoginNeededError

_HTTPS_PORT = 443
_SLOWEST = 10  # seconds a browser may take for its request
_PAGE = b"<!doctype html><title>suitetalk</title><p>%s"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the code stands in the address
    "Connection": "close",
}


def can_listen(redirect_uri: str) -> bool:
    """Tell whether a redirect to this address can be taken here without anything forwarding it."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "https" and is_loopback(parts.hostname or "")


class RedirectListener:
    """Waits for one redirect, on this machine's own address only; use it as a context manager."""

    def __init__(self, redirect_uri: str, forwarded_port: int | None = None) -> None:
        """Listen.

        Args:
            redirect_uri: what the browser is sent to.
            forwarded_port: the port that something which speaks https forwards to, in plain http; None to speak https
                at the port of the redirect URI.

        Raises:
            ConfigurationError: the address does not lead here, or the port cannot be had.
        """
        self._origin = redirect_uri
        self._path = urlsplit(redirect_uri).path or "/"
        self._address = ""
        self._arrived = threading.Event()
        if forwarded_port is None and not can_listen(redirect_uri):
            raise ConfigurationError(
                "redirect_uri", "does not lead to this machine; paste the address the browser ends at instead."
            )
        port = forwarded_port if forwarded_port is not None else urlsplit(redirect_uri).port or _HTTPS_PORT
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigurationError("redirect_uri", f"leads to port {port}, which cannot be had ({why}).") from None
        self.port = self._server.server_address[1]
        if forwarded_port is None:
            self._server.socket = _context().wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> RedirectListener:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, seconds: float) -> str:
        """Return the address the browser was redirected to, for `authorization_code.finish`.

        Raises:
            LoginNeededError: nothing came in time.
        """
        if not self._arrived.wait(seconds):
            raise LoginNeededError(f"No redirect came within {seconds:g} seconds; run `suitetalk login` again.")
        return self._address

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _SLOWEST

            def do_GET(self) -> None:
                known = listener._take(self.path)
                words = (
                    b"You can close this window and go back to the terminal." if known else b"There is nothing here."
                )
                self.send_response(200 if known else 404)
                for name, value in _HEADERS.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(_PAGE % words)

            def log_message(self, *_: object) -> None:
                """Say nothing: the address holds the code."""

        return Handler

    def _take(self, target: str) -> bool:
        """Keep the address of the first redirect; browsers ask for other things as well."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        query = parse_qs(parts.query)
        if parts.path != self._path or not query.keys() & {"code", "error"}:
            return False
        if not self._arrived.is_set():
            self._address = f"{self._origin}?{parts.query}"
            self._arrived.set()
        return True


def _context() -> ssl.SSLContext:
    """Return a server's TLS with a certificate for a day; ssl takes keys from files only."""
    pair = keygen.generate(common_name="localhost", days=1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # which nobody else can enter
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        keygen.write(pair, key, certificate)
        context.load_cert_chain(certificate, key)
    return context
