"""The command `netsuite-emulator`, as a process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import requests

from netsuite_emulator import Churn, Emulator, Role, Settings
from netsuite_emulator.command import main
from netsuite_emulator.options import described
from netsuite_emulator.settings import SettingsError

COMMAND = [sys.executable, "-m", "netsuite_emulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_says_where_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    ready, keys = tmp_path / "ready.json", tmp_path / "keys"
    arguments = ["--port", "0", "--scale", "0.02", "--ready-file", str(ready), "--credentials-dir", str(keys)]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        connection = json.loads(ready.read_text())
        assert set(connection) == {"account_id", "base_url", "client_id", "certificate_id", "private_key_path"}
        assert Path(connection["private_key_path"]).stat().st_mode & 0o777 == 0o600
        assert ready.stat().st_mode & 0o777 == 0o600
        assert requests.get(f"{connection['base_url']}/emulator/requests", timeout=120).status_code == 200
    finally:
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert connection["base_url"] in said
    assert "export NETSUITE_CLIENT_ID='emulator-client'" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--time-zone", "Mars/Olympus"], "Unknown time zone 'Mars/Olympus'"),
        (["--certificate", "x=/nowhere.pem"], "The certificate /nowhere.pem cannot be read"),
        (["--dataset", "mine"], "The dataset 'mine' cannot be read: write ID=SUITEQL."),
        (["--fault", '{"effect": "none"}'], "cannot be used: Unknown effect 'none'."),
        (["--port", "70000"], "Cannot listen on 127.0.0.1:70000: ports go up to 65535."),
    ],
)
def test_bad_settings_are_one_sentence(arguments: list[str], sentence: str) -> None:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"date_format": "YY"}, "Unknown date format 'YY'"),
        ({"account_id": "a.evil/"}, "is not an account id"),
        ({"scale": 0}, "scale must be"),
        ({"latency": -1}, "latency must not be negative"),
        ({"concurrency_limit": 0}, "concurrency_limit must be 1 or more"),
    ],
)
def test_settings_that_cannot_work(setting: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings(**setting)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"hidden_record_types": frozenset({"nosuch"})}, "There is no record type or table 'nosuch'."),
        ({"hidden_record_types": frozenset({"Custmer"})}, "'Custmer'; did you mean customer?"),
        ({"hidden_columns": frozenset({"customer.trems"})}, "The hidden column 'customer.trems' does not exist"),
        ({"switched_off": frozenset({"subscriptions"})}, "There is no table 'subscriptions'; did you mean"),
        ({"locked_records": frozenset({"salesOrders/1"})}, "There is no record type 'salesOrders'; did you mean"),
        ({"refused_joins": frozenset({"transaction"})}, "'transaction' is not a join: write two tables"),
        ({"role": Role(not_listed=frozenset({"x"}))}, "There is no record type 'x'."),
        (
            {"role": Role(view_only=frozenset({"invoices"}))},
            "'invoices'; did you mean invoice?",
        ),
        ({"churn": Churn(table="custommer")}, "There is no table 'custommer'; did you mean customer?"),
    ],
)
def test_names_of_what_does_not_exist_are_refused(setting: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        Emulator(Settings(**setting))


def test_the_version() -> None:
    shown = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, timeout=120, check=True).stdout
    assert shown == f"netsuite-emulator, version {version('netsuite-singer')}\n"


def test_help_describes_every_setting() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, timeout=120, check=True).stdout
    for each in described(Settings):
        assert each.flag.partition("/")[0] in shown
        assert each.text.endswith(".")


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        arguments = [*COMMAND, "--port", port, "--scale", "0.02"]
        ended = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_options_reach_the_account(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    chosen = (
        "--client-secret s --token-id t --redirect-uri http://127.0.0.1:9/x --http-redirects --consent allow "
        "--view-only currency --reads-in-edit-mode --not-listed term --no-analytics --job-seconds 5 "
        "--dataset mine=SELECT --batches-parallel --integration-concurrency-limit 2"
    )
    arguments = ["--port", "0", "--scale", "0.02", "--ready-file", str(ready), *chosen.split()]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        url = json.loads(ready.read_text())["base_url"]
        query = {"client_id": "emulator-client", "redirect_uri": "http://127.0.0.1:9/x", "response_type": "code"}
        query |= {"scope": "rest_webservices", "state": "s" * 30}
        page = requests.get(f"{url}/app/login/oauth2/authorize.nl", params=query, allow_redirects=False, timeout=120)
        assert page.status_code == 302
        code = page.headers["Location"].partition("code=")[2]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": query["redirect_uri"]}
        end_point = f"{url}/services/rest/auth/oauth2/v1/token"
        token = requests.post(end_point, data=form, auth=("emulator-client", "s"), timeout=60).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (
            requests.get(f"{url}/services/rest/record/v1/currency/1", headers=headers, timeout=120).status_code == 400
        )
        for seconds, status in ((4000, 200), (-1, 400), ("x", 400)):
            passed = requests.post(f"{url}/emulator/advance", json={"seconds": seconds}, timeout=120)
            assert passed.status_code == status
        assert requests.get(f"{url}/services/rest/record/v1/term", headers=headers, timeout=120).status_code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    assert "client secret   s\n" in said
    assert "http://127.0.0.1:9/x" in said


def test_an_account_that_is_written_down_chooses_what_nobody_chooses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "facts.json"
    facts = {"column_cap": 100, "offset": "works", "hash": "refused", "with": "works", "time_zone": "Europe/Paris"}
    file.write_text(json.dumps({"format": "netsuite-account", "version": 1, "facts": facts}))
    chosen = main.make_context("netsuite-emulator", ["--time-zone", "Asia/Tokyo", "--like", str(file)]).params
    assert chosen["column_cap"] == 100
    assert chosen["ignores_offset"] is False
    assert re.search(chosen["refused_statements"][0], "SELECT ORA_HASH(id) FROM currency")
    assert chosen["time_zone"] == "Asia/Tokyo"
    assert "does otherwise than the account in: with" in capsys.readouterr().err
