"""Each login works in each plugin: the settings are taken, and a process reads or writes a record with them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from netsuite_emulator import Emulator, Settings
from suitetalk import ConnectionSettings
from suitetalk.auth.authorization_code import begin, finish
from suitetalk.settings import AUTH_METHODS, CONNECTION_SETTINGS
from tap_netsuite.tap import TapNetSuite
from target_netsuite.target import TargetNetSuite
from tests.pipelines import PROGRAMS, Plugin, Tap

ROOT = Path(__file__).resolve().parent.parent
STREAMS = {"people": {"record_type": "customer", "external_id": "LOGIN-{id}"}}
SCHEMA = {
    "properties": {"id": {"type": "integer"}, "companyName": {"type": "string"}, "subsidiary": {"type": "integer"}}
}

Login = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05, consent="allow")) as running:
        yield running


@pytest.fixture(scope="module")
def login(emulator: Emulator) -> Login:
    """Return a function that returns the settings of a login method, after a person's consent where it takes one."""

    def made(method: str) -> dict[str, Any]:
        connections: Mapping[str, Mapping[str, str]] = {
            "client_credentials": emulator.connection,
            "authorization_code": emulator.authorization_code_connection,
            "token_based": emulator.token_based_connection,
        }
        connection = {**connections[method], "auth_method": method}
        if method == "authorization_code":
            consent = begin(ConnectionSettings.from_mapping(connection))
            redirect = requests.get(consent.url, allow_redirects=False, timeout=20)
            finish(consent, redirect.headers["Location"])
        return connection

    return made


def _input(number: int) -> str:
    messages = [
        {"type": "SCHEMA", "stream": "people", "schema": SCHEMA, "key_properties": ["id"]},
        {
            "type": "RECORD",
            "stream": "people",
            "record": {"id": number, "companyName": f"Login {number}", "subsidiary": 1},
        },
    ]
    return "".join(f"{json.dumps(message)}\n" for message in messages)


@pytest.mark.slow
@pytest.mark.parametrize("method", AUTH_METHODS)
def test_the_settings_of_each_login_are_taken_by_each_plugin(login: Login, method: str) -> None:
    connection = login(method)

    assert TapNetSuite(config=connection).settings.connection.auth_method == method
    assert TargetNetSuite(config={**connection, "streams": STREAMS}).settings.connection.auth_method == method
    assert ConnectionSettings.from_mapping(connection).auth_method == method


@pytest.mark.few(2)
@pytest.mark.parametrize("method", AUTH_METHODS)
@pytest.mark.parametrize("kind", ["extractors", "loaders"])
def test_meltano_knows_the_settings_of_each_login(login: Login, method: str, kind: str) -> None:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    plugin = next(each for each in project["plugins"][kind] if each["name"].endswith("-netsuite"))
    given = {**login(method), **({"streams": STREAMS} if kind == "loaders" else {})}
    groups = [set(group) for group in plugin["settings_group_validation"]]

    assert any(group <= given.keys() for group in groups)
    for group in groups:  # what a group names is enough, and no other login takes it
        if group <= given.keys():
            enough = {name: given[name] for name in given if name in group} | {"auth_method": method}
            assert ConnectionSettings.from_mapping(enough).auth_method == method


@pytest.mark.parametrize("method", AUTH_METHODS)
def test_about_says_what_each_login_needs(login: Login, method: str) -> None:
    description = CONNECTION_SETTINGS["auth_method"]["description"]
    needed = description.split(f"{method} needs ")[1].split(";")[0]
    for name in login(method).keys() - {"account_id", "base_url", "auth_method"}:
        assert name in needed
    for plugin in (TapNetSuite, TargetNetSuite):
        assert plugin.config_jsonschema["properties"]["auth_method"]["description"] == description
        assert not {"certificate_id", "private_key"} & set(plugin.config_jsonschema["required"])


@pytest.mark.slow
@pytest.mark.parametrize("method", AUTH_METHODS)
def test_the_tap_reads_with_each_login(login: Login, method: str, tmp_path: Path) -> None:
    tap = Tap(tmp_path, {**login(method), "tables": ["currency"]})

    read = subprocess.run(
        tap.command(catalog=tap.catalog(["currency"])), stdout=subprocess.PIPE, check=True, timeout=120
    )

    assert [line for line in read.stdout.splitlines() if b'"type":"RECORD"' in line.replace(b" ", b"")]


@pytest.mark.slow
@pytest.mark.parametrize("method", AUTH_METHODS)
def test_the_target_writes_with_each_login(emulator: Emulator, login: Login, method: str, tmp_path: Path) -> None:
    number = 1 + AUTH_METHODS.index(method)
    target = Plugin(PROGRAMS / "target-netsuite", tmp_path, {**login(method), "streams": STREAMS})

    subprocess.run(target.command(), input=_input(number).encode(), check=True, timeout=120)

    found = emulator.execute("SELECT companyname FROM customer WHERE externalid = ?", [f"LOGIN-{number}"])
    assert found == [(f"Login {number}",)]


@pytest.mark.slow
@pytest.mark.parametrize("method", AUTH_METHODS)
def test_the_command_reads_and_writes_with_each_login(
    emulator: Emulator, login: Login, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in login(method).items():
        monkeypatch.setenv(f"NETSUITE_{name.upper()}", value)
    body = json.dumps({"companyName": f"Command {method}", "subsidiary": {"id": "1"}})
    command = str(PROGRAMS / "suitetalk")

    subprocess.run([command, "upsert", "customer", f"eid:COMMAND-{method}", body], check=True, timeout=120)
    read = subprocess.run(
        [command, "get", "customer", f"eid:COMMAND-{method}"], stdout=subprocess.PIPE, check=True, timeout=120
    )

    assert json.loads(read.stdout)["companyName"] == f"Command {method}"
