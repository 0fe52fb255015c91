"""Runs the web application, in a thread or until a signal."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from netsuite_emulator.http.application import Application
from netsuite_emulator.settings import SettingsError

__all__ = ["BackgroundServer"]


class _Protocol(H11Protocol):
    """Hands the connection to the application, which cuts it where a fault asks for that."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        application = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})["emulator.transport"] = transport
            await application(scope, receive, send)

        self.app = with_transport


class _Server(uvicorn.Server):
    """A server that ends the moment it is told to, and cuts off what still runs."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def end(self) -> None:
        """End; may be called from any thread, more than once."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for listener in sockets or []:
            listener.close()


class BackgroundServer:
    """A server in its own thread."""

    def __init__(self, application: Application, host: str, port: int) -> None:
        """Take the port.

        Args:
            application: what to serve.
            host: the address to listen on.
            port: 0 for any free one.

        Raises:
            SettingsError: the address cannot be used.
        """
        self._socket = _listen(host, port)
        self._application = application
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            backlog=512,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="netsuite-emulator", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns once requests are accepted."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.002)

    def stop(self) -> None:
        """End at once; requests that still run are cut off."""
        self._server.end()
        if self._thread.is_alive():
            self._thread.join(5)
        self._application.stop()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio recognises TCP and sends small answers at once.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "ports go up to 65535"
        raise SettingsError(f"Cannot listen on {host}:{port}: {reason}.") from None
    return listener
