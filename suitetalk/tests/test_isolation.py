"""A login goes to the account's host and nowhere else, and appears in no text."""

from __future__ import annotations

import logging
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.scripted_netsuite import CUT, Received, Reply, ScriptedNetSuite, refused, token_answer

from suitetalk import ConfigurationError, ConnectionFailedError, NetSuite, OutcomeUnknownError, SuiteTalkError
from suitetalk.http.response import Answer

Connect = Callable[..., NetSuite]
RECORD = Reply(body={"id": "7"})


@pytest.fixture
def elsewhere() -> Iterator[ScriptedNetSuite]:
    """A host no request may ever reach."""
    with ScriptedNetSuite() as running:
        yield running
    assert running.requests == running.token_requests == []


def test_a_redirect_leads_nowhere(netsuite: ScriptedNetSuite, client: NetSuite, elsewhere: ScriptedNetSuite) -> None:
    netsuite.answers(Reply(307, b"", {"Location": elsewhere.address + "/services/rest/record/v1/customer/7"}))

    with pytest.raises(SuiteTalkError, match="redirects are not followed"):
        client.records.get("customer", "7")


def test_a_redirected_login_leads_nowhere(
    netsuite: ScriptedNetSuite, client: NetSuite, elsewhere: ScriptedNetSuite
) -> None:
    netsuite.token_script = lambda _: Reply(308, b"", {"Location": elsewhere.address + "/token"})

    with pytest.raises(SuiteTalkError, match="redirects are not followed"):
        client.records.get("customer", "7")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_plain_http_to_this_machine_passes_no_proxy(
    netsuite: ScriptedNetSuite,
    client: NetSuite,
    elsewhere: ScriptedNetSuite,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, elsewhere.address)
    netsuite.answers(RECORD)

    assert client.records.get("customer", "7") == {"id": "7"}


def test_https_goes_through_the_proxy_as_a_tunnel(
    netsuite: ScriptedNetSuite, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy here knows no CONNECT, which shows that nothing else than CONNECT was tried."""
    monkeypatch.setenv("HTTPS_PROXY", netsuite.address.replace("://", "://user:geheim@"))

    with pytest.raises(ConnectionFailedError, match="the proxy gave no connection") as caught:
        connect(base_url=None).records.create("customer", {})

    assert not isinstance(caught.value, OutcomeUnknownError)
    assert "geheim" not in str(caught.value)
    assert netsuite.requests == netsuite.token_requests == []


@pytest.mark.parametrize("proxy", ["http://[", "socks5://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(connect: Connect, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    with pytest.raises(ConnectionFailedError, match="proxy"):
        connect(base_url=None).records.get("customer", "7")


def test_a_netrc_file_adds_no_login(
    netsuite: ScriptedNetSuite, client: NetSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password geheim\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    netsuite.answers(RECORD)
    client.records.get("customer", "7")

    assert "Authorization" not in netsuite.token_requests[0].headers
    assert netsuite.requests[0].headers["Authorization"] == "Bearer token-1"


def test_a_file_of_trusted_certificates_that_is_not_there_is_told(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing.pem"))

    with pytest.raises(ConnectionFailedError, match="REQUESTS_CA_BUNDLE"):
        connect(base_url="https://127.0.0.1:1").records.get("customer", "7")


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and certificate of a server that speaks TLS, answers the login, and breaks off at everything else."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout key.pem -out cert.pem -nodes "
        "-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/token"):
                reply = Reply(body=token_answer("t")).content()
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)
            else:
                # What is no TLS at all, below the encryption: the client sees an SSL error, not an end.
                plain = self.connection.detach()
                with __import__("socket").socket(fileno=plain) as below:
                    below.sendall(b"this is no TLS record\r\n" * 4)

        def finish(self) -> None:
            """Leave the connection alone, which may be gone."""

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing; a client that trusts nobody breaks off."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"https://localhost:{server.server_address[1]}", tmp_path / "cert.pem"
        server.shutdown()
        thread.join()


def test_a_server_nobody_vouches_for_gets_nothing(encrypted: tuple[str, Path], connect: Connect) -> None:
    with pytest.raises(ConnectionFailedError, match="certificate is not trusted"):
        connect(base_url=encrypted[0]).records.get("customer", "7")


def test_a_write_on_an_encrypted_connection_that_breaks_has_an_unknown_outcome(
    encrypted: tuple[str, Path], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(encrypted[1]))

    with pytest.raises(OutcomeUnknownError, match="the encrypted connection broke"):
        connect(base_url=encrypted[0]).records.create("customer", {})


def test_no_text_shows_a_secret(
    netsuite: ScriptedNetSuite, connect: Connect, ec_pem: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Even when a broken proxy throws the request back at us, at any log level, in errors and in text forms."""
    secrets = ["the-client", *ec_pem.split("\n")[1:3]]
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []

    def echo(request: Received) -> Reply:
        login = request.headers["Authorization"] or request.form()["client_assertion"]
        secrets.append(login.split()[-1])
        return refused(500, "UNEXPECTED_ERROR", f"cannot pass on: {login}\n{ec_pem}", errorPath=login)

    def echo_login(request: Received) -> Reply:
        secrets.append(request.form()["client_assertion"])
        return Reply(400, {"error": f"bad {secrets[-1]} and {ec_pem}"})

    scripts: list[tuple[Callable[[Received], Reply], Callable[[Received], Reply]]] = [
        (netsuite.hand_out_token, echo),
        (echo_login, echo),
        (lambda _: CUT, echo),
        (lambda _: Reply(body={"access_token": "eyJgeheim.x.y\n"}), echo),
        (netsuite.hand_out_token, lambda _: CUT),
    ]
    for token_script, script in scripts:
        netsuite.token_script, netsuite.script = token_script, script
        client = connect()
        for call in (lambda: client.records.get("customer", "7"), lambda: client.records.create("customer", {})):  # noqa: B023 - called at once
            with pytest.raises(SuiteTalkError) as caught:
                call()
            texts += [str(caught.value), repr(caught.value), repr(client.__dict__)]

    log = "\n".join(record.getMessage() for record in caplog.records)
    assert "trying again" in log
    for secret in secrets:
        assert secret not in log
        assert not [text for text in texts if secret in text]


def test_an_answer_shows_neither_body_nor_headers() -> None:
    answer = Answer("POST /token", 200, {"Set-Cookie": "geheim"}, b'{"access_token": "geheim"}')

    assert repr(answer) == "Answer(request='POST /token', status=200)"


def test_an_address_that_hides_a_host_is_refused_before_anything_is_sent(connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        connect(base_url="http://127.0.0.1\\@evil.example")
