"""The first set-up: questions on a terminal, and what they leave behind."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from dotenv import dotenv_values
from tests.cli_runs import COMMAND, QuickShell, environment_of

from netsuite_emulator import Emulator
from suitetalk.auth import keys
from suitetalk.cli import init as first_set_up
from suitetalk.cli.app import app

MakeEmulator = Callable[..., Emulator]
Answer = Callable[..., Result]
CHANGED_PROFILE = "[production]\naccount_id = 1\n\n"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Answer:
    """Run the command in an empty folder, with answers typed on what stands for a terminal."""
    for name in [name for name in os.environ if name.startswith("NETSUITE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(first_set_up, "is_at_a_terminal", lambda: True)
    monkeypatch.setattr(first_set_up, "WANTED_TYPES", ("currency",))

    def run(answers: Sequence[str], *arguments: str) -> Result:
        return CliRunner().invoke(app, ["init", *arguments], input="".join(f"{each}\n" for each in answers))

    return run


def given(emulator: Emulator, *names: str) -> dict[str, str]:
    connection: dict[str, Any] = emulator.connection
    return {name: str(connection[name]) for name in names}


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    run = QuickShell(tmp_path, environment_of({}, tmp_path)).run("init", stdin="client_credentials\n")

    assert run.code == 2
    assert "no terminal" in run.err
    assert ".env" in run.err
    assert len(run.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_from_nothing_to_a_checked_login(netsuite_emulator: Emulator, answer: Answer, tmp_path: Path) -> None:
    """Key and certificate are made; a wrong answer is refused at once and asked for again."""
    connection = given(netsuite_emulator, "account_id", "client_id", "base_url")
    wrong_then_right = ["no account!", connection["account_id"], "ümlaut", "two words", connection["client_id"]]
    run = answer(["client_credentials", *wrong_then_right, "", "y", "cert-1"], "--base-url", connection["base_url"])

    assert "which is not an account id" in run.stderr
    assert "contains letters that NetSuite never uses" in run.stderr
    assert "contains a blank" in run.stderr
    assert "Upload the certificate netsuite-certificate.pem" in run.stderr
    assert "Manage Integrations > New" in run.stderr
    assert run.exit_code == 3  # nobody uploaded the certificate, which the doctor finds
    assert "token" in run.stdout
    assert Path(".env").stat().st_mode & 0o777 == Path("netsuite-key.pem").stat().st_mode & 0o777 == 0o600
    assert dotenv_values(".env") == {
        "NETSUITE_ACCOUNT_ID": connection["account_id"],
        "NETSUITE_CLIENT_ID": connection["client_id"],
        "NETSUITE_BASE_URL": connection["base_url"],
        "NETSUITE_AUTH_METHOD": "client_credentials",
        "NETSUITE_PRIVATE_KEY_PATH": "netsuite-key.pem",
        "NETSUITE_CERTIFICATE_ID": "cert-1",
    }
    assert "PRIVATE KEY" not in run.output

    # Later, with what NetSuite showed: everything else is kept with Enter, and the key that is there is used.
    (tmp_path / "netsuite-key.pem").write_text(str(netsuite_emulator.connection["private_key"]))
    with Path(".env").open("a") as file:
        file.write("# of another tool\nOTHER='a b'\n")
    run = answer(["y", "", "", "", "", str(netsuite_emulator.connection["certificate_id"])])

    assert run.exit_code == 0, run.output
    assert "An access token was granted." in run.stdout
    kept = Path(".env").read_text()
    assert "# of another tool\nOTHER='a b'\n" in kept
    assert kept.count("NETSUITE_CERTIFICATE_ID") == 1
    assert Path(".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("key", "certificate"),
    [("netsuite-key.pem", "netsuite-certificate.pem"), ("mine", "mine-certificate"), ("key.pem", "certificate.pem")],
)
def test_the_certificate_stands_beside_its_key(key: str, certificate: str, answer: Answer) -> None:
    run = answer(["client_credentials", "1234567", "client", key, "y", "cert-1"], "--base-url", "http://127.0.0.1:9")
    assert Path(certificate).is_file(), run.output
    assert all(len(line) <= 100 for line in run.stderr.split("shows the account ID")[1].split("\n\n")[0].splitlines())


def test_what_is_there_is_not_changed_without_a_yes(answer: Answer) -> None:
    Path(".env").write_text("NETSUITE_ACCOUNT_ID=1234567\n")

    run = answer(["n"])

    assert run.exit_code == 0
    assert "Nothing was changed" in run.stderr
    assert Path(".env").read_text() == "NETSUITE_ACCOUNT_ID=1234567\n"


def test_secrets_are_neither_shown_nor_lost(netsuite_emulator: Emulator, answer: Answer) -> None:
    connection = netsuite_emulator.token_based_connection
    names = ("account_id", "client_id", "client_secret", "token_id", "token_secret")
    options = ("--base-url", str(connection["base_url"]), "--profile", "sandbox")
    run = answer(["token_based", *(str(connection[name]) for name in names)], *options)

    assert run.exit_code == 0, run.output
    for secret in ("client_secret", "token_secret"):
        assert str(connection[secret]) not in run.output
    path = Path("config/suitetalk/profiles.ini")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(CHANGED_PROFILE + path.read_text().replace("token_secret = ", "token_secret = x"))

    run = answer(["y", "", "", "", "", "", str(connection["token_secret"])], *options)  # the rest is kept

    assert run.exit_code == 0, run.output
    assert "Enter keeps the present one" in run.stderr
    assert str(connection["client_secret"]) not in run.output
    assert path.read_text().startswith(CHANGED_PROFILE)
    assert path.read_text().count("[sandbox]") == 1
    assert CliRunner().invoke(app, ["--profile", "sandbox", "get", "customer", "1212"]).exit_code == 0


def test_an_encrypted_key_needs_its_passphrase(netsuite_emulator: Emulator, answer: Answer) -> None:
    pair = keys.generate(passphrase="it's a \\ secret ")
    keys.write(pair, "mine.pem", "mine-certificate.pem")
    connection = given(netsuite_emulator, "account_id", "client_id", "base_url")

    run = answer(
        ["", connection["client_id"], "missing.pem", "n", "mine.pem", "wrong", "it's a \\ secret ", "cert-1"],
        *("--account-id", connection["account_id"], "--base-url", connection["base_url"]),
    )

    assert "needs a file" in run.stderr
    assert "does not open the private key" in run.stderr
    assert "it's a" not in run.output
    assert dotenv_values(".env", interpolate=False)["NETSUITE_PRIVATE_KEY_PASSPHRASE"] == "it's a \\ secret "


def test_the_environment_is_neither_asked_for_nor_written(
    netsuite_emulator: Emulator, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in netsuite_emulator.connection.items():
        if name != "certificate_id":
            monkeypatch.setenv(f"NETSUITE_{name.upper()}", str(value))

    run = answer(["", str(netsuite_emulator.connection["certificate_id"])])

    assert run.exit_code == 0, run.output
    assert dotenv_values(".env").keys() == {"NETSUITE_AUTH_METHOD", "NETSUITE_CERTIFICATE_ID"}


def test_a_person_logs_in_after_that(
    netsuite_emulator_factory: MakeEmulator, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public client has no secret; the redirect URI is checked when it is given."""
    connection = netsuite_emulator_factory(consent="allow").authorization_code_connection
    monkeypatch.setenv("NETSUITE_CLIENT_SECRET", str(connection["client_secret"]))

    run = answer(
        ["authorization_code", connection["client_id"], "http://example.com/", connection["redirect_uri"], "n"],
        *("--account-id", connection["account_id"], "--base-url", connection["base_url"]),
    )

    assert "uses plain http for another machine" in run.stderr
    assert run.exit_code == 3  # the login is still missing
    assert "suitetalk login" in run.output
    assert dotenv_values(".env")["NETSUITE_REDIRECT_URI"] == connection["redirect_uri"]


def test_on_a_terminal(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    """Secrets that are typed do not appear, and one who leaves leaves nothing behind."""
    connection = netsuite_emulator.token_based_connection
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "init"],
        cwd=tmp_path,
        env=environment_of({"base_url": connection["base_url"]}, tmp_path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = ""
        for prompt, text in (
            ("Login method", "token_based\n"),
            ("Account ID", f"{connection['account_id']}\n"),
            ("Client ID", f"{connection['client_id']}\n"),
            ("Client secret", f"{connection['client_secret']}\n"),
            ("Token ID", "\x04"),
        ):
            shown += read_until(ours, f"{prompt}")
            os.write(ours, text.encode())
        shown += read_until(ours, None)
        code = process.wait(timeout=60)
    os.close(ours)

    assert code == 130
    assert connection["client_id"] in shown
    assert connection["client_secret"] not in shown
    assert "Traceback" not in shown
    assert not (tmp_path / ".env").exists()


def read_until(terminal: int, prompt: str | None) -> str:
    """Read what is shown until a line begins with the prompt and waits; all there is for None."""
    shown = ""
    while prompt is None or not re.search(rf"^{prompt}[^\n]*: $", shown, re.MULTILINE):
        try:
            shown += os.read(terminal, 1024).decode()
        except OSError:  # the other end is closed
            return shown
    return shown
