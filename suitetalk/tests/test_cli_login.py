"""Keys, certificates and logins from the command line."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from tests.cli_runs import COMMAND, QuickShell, Shell, environment_of

from netsuite_emulator import Emulator

MakeEmulator = Callable[..., Emulator]


def test_keygen(tmp_path: Path) -> None:
    shell = QuickShell(tmp_path, environment_of({}, tmp_path))
    (tmp_path / "secret").write_text("geheim\n")

    made = shell.done("keygen", "--kind", "ec-p384", "--days", "30", "--passphrase", "@secret")

    assert "private_key.pem" in made.out
    assert "Upload the certificate certificate.pem" in made.out
    assert (tmp_path / "private_key.pem").stat().st_mode & 0o777 == 0o600
    assert "ENCRYPTED" in (tmp_path / "private_key.pem").read_text()
    assert shell.run("keygen").code == 2  # nothing is written over
    assert shell.run("keygen", "--days", "9999", "--key", "a", "--certificate", "b").code == 2
    assert shell.run("keygen", "--passphrase", "geheim").code == 2


def test_a_new_certificate_takes_the_place_of_the_old_one(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    shell = QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))
    shell.done("keygen")

    made = shell.done("rotate", "@certificate.pem").out.strip()
    listed = {row["id"]: row for row in shell.done("certificates").lines()}

    assert {made, str(netsuite_emulator.connection["certificate_id"])} <= set(listed)
    assert [name for name, row in listed.items() if row.get("current")] == [
        netsuite_emulator.connection["certificate_id"]
    ]
    changed = {"NETSUITE_CERTIFICATE_ID": made, "NETSUITE_PRIVATE_KEY": (tmp_path / "private_key.pem").read_text()}
    assert shell.done("get", "customer", "1212", **changed).json()["id"] == "1212"
    shell.done("revoke", str(netsuite_emulator.connection["certificate_id"]), **changed)
    assert any(row.get("revoked") for row in shell.done("certificates", **changed).lines())
    assert shell.run("revoke", "nonsense", **changed).code == 4


@pytest.fixture
def person(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> Shell:
    """A shell with the settings of an authorization code login."""
    emulator = netsuite_emulator_factory(consent="allow")
    connection = {**emulator.authorization_code_connection, "auth_method": "authorization_code"}
    return QuickShell(tmp_path, {**environment_of(connection, tmp_path), "NETSUITE_TOKEN_STORE": "file"})


def test_a_login_from_consent_to_its_end(person: Shell) -> None:
    assert person.run("get", "customer", "1212").code == 3

    code, told = logged_in(person, "--paste", answer=lambda address: address + "\n")

    assert code == 0, told
    assert "Logged in to account" in told
    assert person.done("get", "customer", "1212").json()["id"] == "1212"
    assert "Logged out" in person.done("logout").err
    assert "no login" in person.done("logout").err
    assert person.run("get", "customer", "1212").code == 3


def test_a_redirect_that_is_taken_here(person: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def arrive(address: str) -> str:
        parts = urlsplit(address)
        assert requests.get(f"http://127.0.0.1:{port}{parts.path}?{parts.query}", timeout=20).ok
        return ""

    code, told = logged_in(person, "--listen-port", str(port), answer=arrive)

    assert code == 0, told
    assert person.done("get", "customer", "1212").json()["id"] == "1212"


def logged_in(person: Shell, *options: str, answer: Callable[[str], str]) -> tuple[int, str]:
    """Log in, consent, and give back what the address of the redirect is answered with."""
    with subprocess.Popen(
        [*COMMAND, "login", "--no-browser", *options],
        cwd=person.folder,
        env=dict(person.environment),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        assert process.stderr.readline().startswith("Open this address")
        consented = requests.get(process.stderr.readline().strip(), allow_redirects=False, timeout=20)
        _, told = process.communicate(answer(consented.headers["Location"]), timeout=120)
    return process.returncode, told


def test_a_login_that_is_given_up(person: Shell) -> None:
    run = person.run("login", "--no-browser", "--paste", stdin="https://elsewhere.example/?code=1\n")

    assert run.code == 3
    assert person.run("login", "--no-browser", "--paste", stdin="").code == 130


def test_other_logins_need_no_person(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    run = QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path)).run("login")

    assert run.code == 2
    assert "auth_method" in run.err


def test_token_based(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    connection = {**netsuite_emulator.token_based_connection, "auth_method": "token_based"}
    shell = QuickShell(tmp_path, environment_of(connection, tmp_path))

    shown = shell.done("get", "customer", "1212", "--debug")

    assert shown.json()["id"] == "1212"
    for secret in (connection["client_secret"], connection["token_secret"], "oauth_signature"):
        assert secret not in shown.err
