"""The login of the command begins while the SDK is imported, and changes nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.tap_runs import COMMAND, PATIENCE, Json, command, names

from netsuite_emulator import Emulator, Fault
from tap_netsuite.account import EarlyAccount
from tap_netsuite.settings import TapSettings


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens stay in memory, so that each login shows."""
    monkeypatch.setenv("NETSUITE_TOKEN_STORE", "off")


def logins(account: Emulator) -> int:
    return sum("/auth/" in request.path for request in account.requests)


@pytest.mark.usefixtures("alone")
def test_it_logs_in_once(account: Emulator, config: Json, tmp_path: Path) -> None:
    arguments = command(tmp_path, {**config, "tables": ["currency"]}, "--discover")
    finished = subprocess.run([*COMMAND, *arguments], capture_output=True, timeout=PATIENCE, check=True)
    assert "currency" in names(json.loads(finished.stdout))
    assert logins(account) == 1


@pytest.mark.usefixtures("alone")
def test_a_login_that_is_refused_early_is_not_tried_again(account: Emulator, config: Json, tmp_path: Path) -> None:
    account.faults.add(Fault(effect="status", status=400, code="invalid_grant", path="/auth/"))
    early = EarlyAccount(command(tmp_path, config, "--discover"))
    taken = early.taken(TapSettings.from_mapping(config))
    assert taken
    with pytest.raises(Exception, match="refused POST to the token end point"):
        taken.netsuite.system.server_time()
    audiences = logins(account)
    with pytest.raises(Exception, match="refused POST to the token end point"):
        taken.netsuite.system.server_time()
    assert logins(account) == 2 * audiences, "each is told once, and the next one asks again"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "missing.json"],
        ["--config", "a.json", "--config", "a.json"],
        ["--config", "ENV"],
        ["--config=a.json", "--about"],
        ["--config"],
        [],
    ],
)
@pytest.mark.usefixtures("alone")
def test_other_command_lines_log_in_when_the_tap_is_made(
    account: Emulator, config: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text(json.dumps(config))
    assert EarlyAccount(arguments).taken(TapSettings.from_mapping(config)) is None
    assert logins(account) == 0


@pytest.mark.usefixtures("alone")
def test_an_account_of_other_settings_is_not_taken(config: Json, tmp_path: Path) -> None:
    early = EarlyAccount(command(tmp_path, config))
    assert early.taken(TapSettings.from_mapping({**config, "page_size": 77})) is None


def test_what_is_said_early_is_logged_by_the_taps_own_logging(config: Json, tmp_path: Path) -> None:
    arguments = command(tmp_path, {**config, "tables": ["currency"]}, "--discover")
    environment = {**os.environ, "XDG_STATE_HOME": "/dev/null/nowhere"}
    finished = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=True, env=environment
    )
    assert finished.stderr.count("Tokens cannot be saved in") == 1
