"""Several processes that log in at once: one token request, and no refresh token used twice."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.scripted_netsuite import Received, Reply, ScriptedNetSuite, refused, token_answer

from suitetalk import ConnectionSettings, TokenStore
from suitetalk.auth.authorization_code import login_name
from suitetalk.auth.token_store import Tokens

PROGRAM = Path(__file__).with_name("login_process.py")
Run = Callable[[dict[str, Any], int], list[str]]


@pytest.fixture
def run() -> Run:
    """Return a function that runs processes side by side and returns what they printed."""

    def together(config: dict[str, Any], number: int) -> list[str]:
        command = [sys.executable, str(PROGRAM)]
        pipe = subprocess.PIPE
        running = [
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
            for _ in range(number)
        ]
        for process in running:  # all have started before the first one learns what to do
            assert process.stdin
            process.stdin.write(json.dumps(config))
            process.stdin.close()
            process.stdin = None
        return [process.communicate(timeout=120)[0] for process in running]

    return together


def test_plugins_that_start_together_make_one_token_request(
    netsuite: ScriptedNetSuite, config: dict[str, Any], run: Run
) -> None:
    netsuite.answers(Reply(body={"id": "7"}))

    assert run(config, 3) == ["", "", ""]
    assert len(netsuite.requests) == 3
    assert len(netsuite.token_requests) == 1


class RotatingTokens:
    """Hands out refresh tokens that are good for one use, and access tokens that are over at once."""

    def __init__(self, netsuite: ScriptedNetSuite) -> None:
        self.valid = "refresh-0"
        self.refusals = 0
        self.used = 0
        self.slow = 0.0
        self._lock = threading.Lock()
        netsuite.token_script = self.refresh
        netsuite.answers(Reply(body={"id": "7"}))

    def refresh(self, request: Received) -> Reply:
        time.sleep(self.slow)
        with self._lock:
            if request.form().get("refresh_token") != self.valid:
                self.refusals += 1
                return Reply(400, {"error": "invalid_grant"})
            self.used += 1
            self.valid = f"refresh-{self.used}"
            return Reply(body=token_answer(f"access-{self.used}", refresh_token=self.valid, expires_in=0.001))


def test_single_use_refresh_tokens_survive_processes_that_refresh_at_once(netsuite: ScriptedNetSuite, run: Run) -> None:
    config = {
        "account_id": "1234567",
        "base_url": netsuite.address,
        "auth_method": "authorization_code",
        "client_id": "public",
        "redirect_uri": "app://callback",
    }
    settings = ConnectionSettings.from_mapping(config)
    name = login_name(settings.account, settings.client_id)
    TokenStore.open().write(name, Tokens("old", 0.0, 3600.0, "refresh-0", time.time()))
    server = RotatingTokens(netsuite)
    server.slow = 0.1  # so that the others arrive meanwhile

    assert run(config, 4) == ["", "", "", ""]
    assert (server.used, server.refusals) == (4, 0)
    kept = TokenStore.open().read(name)
    assert kept
    assert kept.refresh_token == server.valid


def test_a_process_killed_while_it_held_the_lock_blocks_nobody(
    netsuite: ScriptedNetSuite, config: dict[str, Any], run: Run
) -> None:
    asked = threading.Event()

    def stall(_: Received) -> Reply:
        asked.set()
        netsuite.over.wait(60)
        return refused(503, "X", "too late")

    netsuite.answers(Reply(body={"id": "7"}))
    netsuite.token_script = stall
    process = subprocess.Popen([sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, text=True)
    assert process.stdin
    process.stdin.write(json.dumps(config))
    process.stdin.close()
    assert asked.wait(60)
    process.kill()
    process.wait()
    netsuite.token_script = netsuite.hand_out_token

    assert run(config, 1) == [""]
