"""The listener for redirects: on this machine alone, over https, for the one address."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import closing

import pytest

from suitetalk import ConfigurationError, LoginNeededError
from suitetalk.cli.setup import RedirectListener, can_listen


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, target: str, *, tls: bool) -> tuple[int, str]:
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=120, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with closing(connection):
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_redirect_is_taken_over_https() -> None:
    port = free_port()
    uri = f"https://localhost:{port}/callback"
    with RedirectListener(uri) as listener:
        assert ask(port, "/favicon.ico", tls=True)[0] == 404
        assert ask(port, "/callback", tls=True)[0] == 404
        status, page = ask(port, "/callback?code=geheim&state=s%20t", tls=True)
        assert status == 200
        assert "geheim" not in page
        ask(port, "/callback?code=second&state=x", tls=True)
        assert listener.wait(120) == f"{uri}?code=geheim&state=s%20t"


def test_a_redirect_to_this_machine_may_be_plain() -> None:
    port = free_port()
    with RedirectListener(f"http://localhost:{port}/callback") as listener:
        assert ask(port, "/callback?code=x&state=y", tls=False)[0] == 200
        assert listener.wait(20) == f"http://localhost:{port}/callback?code=x&state=y"


def test_behind_something_that_forwards_it_is_plain() -> None:
    with RedirectListener("https://tunnel.example.com/callback", forwarded_port=0) as listener:
        assert ask(listener.port, "/callback?error=access_denied&state=x", tls=False)[0] == 200
        assert listener.wait(120) == "https://tunnel.example.com/callback?error=access_denied&state=x"


def test_somebody_who_says_nothing_holds_nobody_up() -> None:
    port = free_port()
    with RedirectListener(f"https://127.0.0.1:{port}/") as listener:
        with closing(socket.create_connection(("127.0.0.1", port))):
            assert ask(port, "/?code=x&state=y", tls=True)[0] == 200
        assert "code=x" in listener.wait(120)


def test_a_redirect_that_does_not_come() -> None:
    with (
        RedirectListener("https://tunnel.example.com/", forwarded_port=0) as listener,
        pytest.raises(LoginNeededError, match="No redirect came"),
    ):
        listener.wait(0.01)


def test_where_one_cannot_listen() -> None:
    assert can_listen("https://localhost:8443/callback")
    assert can_listen("https://127.0.0.1/callback")
    assert can_listen("http://localhost:8080/callback")
    assert not can_listen("http://example.com/callback")
    assert not can_listen("https://example.com/callback")
    assert not can_listen("com.example.app://callback")
    with pytest.raises(ConfigurationError, match="paste the address"):
        RedirectListener("com.example.app://callback")


def test_a_port_that_is_taken() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port}"):
            RedirectListener(f"https://localhost:{port}/callback")
