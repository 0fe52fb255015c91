"""Where the command takes its settings from, and what it keeps to itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli_runs import QuickShell, Shell, environment_of

from netsuite_emulator import Emulator

ONE = ("query", "SELECT id FROM currency WHERE id = 1")


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    """A shell without any setting; the key is in the file key.pem."""
    (tmp_path / "key.pem").write_text(str(netsuite_emulator.connection["private_key"]))
    return QuickShell(tmp_path, environment_of({}, tmp_path))


def settings(emulator: Emulator, **changes: str) -> dict[str, str]:
    plain = {name: str(value) for name, value in emulator.connection.items() if name != "private_key"}
    return {**plain, "private_key_path": "key.pem", **changes}


def write_profile(shell: Shell, name: str, values: dict[str, str]) -> Path:
    path = shell.folder / "config" / "suitetalk" / "profiles.ini"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()) + "\n")
    path.chmod(0o600)
    return path


def test_without_settings(shell: Shell) -> None:
    run = shell.run(*ONE)

    assert run.code == 2
    assert run.err.startswith("Error: Setting `account_id` is missing")
    assert len(run.err.splitlines()) == 1


def test_a_home_that_is_no_folder_has_no_profiles(shell: Shell) -> None:
    (shell.folder / "config").write_text("")

    assert shell.run(*ONE).err.startswith("Error: Setting `account_id` is missing")


def test_flags_before_and_after_the_command(netsuite_emulator: Emulator, shell: Shell) -> None:
    flags = [
        part for name, value in settings(netsuite_emulator).items() for part in (f"--{name.replace('_', '-')}", value)
    ]

    assert shell.done(*flags, *ONE).lines() == shell.done(*ONE, *flags).lines() == [{"id": "1"}]


def test_each_source_yields_to_the_one_before(netsuite_emulator: Emulator, shell: Shell) -> None:
    write_profile(shell, "default", settings(netsuite_emulator, client_id="of-the-profile"))
    assert "invalid_client" in shell.run(*ONE).err

    (shell.folder / ".env").write_text(f"NETSUITE_CLIENT_ID='{netsuite_emulator.connection['client_id']}'\n")
    assert shell.done(*ONE).lines()
    assert shell.run(*ONE, NETSUITE_CLIENT_ID="of-the-environment").code == 3
    own = ("--client-id", str(netsuite_emulator.connection["client_id"]))
    assert shell.done(*ONE, *own, NETSUITE_CLIENT_ID="of-the-environment").lines()


def test_profiles_by_name(netsuite_emulator: Emulator, shell: Shell) -> None:
    path = write_profile(shell, "sandbox", settings(netsuite_emulator))

    assert shell.done("--profile", "sandbox", *ONE).lines()
    assert shell.done(*ONE, NETSUITE_PROFILE="sandbox").lines()
    other = shell.run(*ONE, "--profile", "other")
    assert other.code == 2
    assert "there: sandbox" in other.err
    path.chmod(0o644)
    assert "chmod 600" in shell.done("--profile", "sandbox", *ONE).err
    write_profile(shell, "typo", {"acount_id": "1"})
    assert "`acount_id`" in shell.run(*ONE, "--profile", "typo").err
    path.write_text("no section")
    assert shell.run(*ONE).code == 2


def test_a_key_in_any_place_replaces_that_of_a_later_one(netsuite_emulator: Emulator, shell: Shell) -> None:
    write_profile(shell, "default", settings(netsuite_emulator, private_key_path="missing.pem"))
    key = str(netsuite_emulator.connection["private_key"])

    assert shell.done(*ONE, NETSUITE_PRIVATE_KEY=key.replace("\n", "\\n")).lines()
    assert shell.done(*ONE, "--private-key", "@key.pem").lines()
    assert shell.done(*ONE, "--private-key", "-", stdin=key).lines()


def test_a_secret_on_the_command_line_is_refused_without_being_shown(shell: Shell) -> None:
    run = shell.run(*ONE, "--private-key", "-----BEGIN PRIVATE KEY-----secret")

    assert run.code == 2
    assert "NETSUITE_PRIVATE_KEY" in run.err
    assert "BEGIN" not in run.err


def test_a_folders_file_does_not_lead_credentials_astray(netsuite_emulator: Emulator, shell: Shell) -> None:
    write_profile(shell, "default", settings(netsuite_emulator))
    (shell.folder / ".env").write_text("NETSUITE_BASE_URL=https://elsewhere.example\n")
    key = str(netsuite_emulator.connection["private_key"])

    run = shell.run(*ONE, NETSUITE_PRIVATE_KEY=key)

    assert run.code == 2
    assert "credentials are not sent" in run.err
    assert not netsuite_emulator.requests


@pytest.mark.parametrize("profile", ["[default]\nprivate_key_passphrase = x\n"])
def test_nor_those_of_a_profile(shell: Shell, profile: str) -> None:
    path = write_profile(shell, "other", {})
    path.write_text(profile)
    (shell.folder / ".env").write_text("NETSUITE_TOKEN_URL=https://elsewhere.example\n")

    assert "`token_url` comes from the file .env" in shell.run(*ONE).err


def test_debug_shows_everything_but_secrets(netsuite_emulator: Emulator, shell: Shell) -> None:
    flags = {f"NETSUITE_{name.upper()}": value for name, value in settings(netsuite_emulator).items()}
    run = shell.done(*ONE, "--debug", **flags)

    assert run.lines() == [{"id": "1"}]
    assert "> POST" in run.err
    assert "< 200" in run.err
    assert '"SELECT id FROM currency' in run.err
    assert "Authorization: Bearer [hidden]" in run.err
    assert "client_assertion=[hidden]" in run.err
    assert '"access_token":"[hidden]"' in run.err.replace(": ", ":")
    assert "eyJ" not in run.err
    assert "PRIVATE KEY" not in run.err
