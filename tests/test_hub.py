"""What a user's own Meltano project makes of the definitions in hub/."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from netsuite_emulator import Emulator, Settings
from tests.pipelines import PROGRAMS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub"), pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = {
    "tap-netsuite": ROOT / "hub" / "extractors" / "tap-netsuite.yml",
    "target-netsuite": ROOT / "hub" / "loaders" / "target-netsuite.yml",
}
ALREADY_THERE = """\
# the finance team's
default_environment: prod
environments:
- name: prod
plugins:
  extractors:
  - name: tap-files
    namespace: tap_files
    pip_url: tap-jsonl
    settings:
    - name: path
  - name: tap-netsuite
    namespace: tap_netsuite
    variant: netsuite-singer
    pip_url: git+https://example.com/its-address-of-last-year
    config:
      tables: [currency]
"""
LOADER = """\
#!/usr/bin/env python3
import json, os, sys
with open(os.environ["LOADED"], "w") as loaded:
    for line in sys.stdin:
        loaded.write(line)
        if '"STATE"' in line:
            print(json.dumps(json.loads(line)["value"]), flush=True)
"""


def parsed(path: Path) -> dict[str, Any]:
    """Return a YAML file as Meltano reads it: in YAML 1.2, where `off` is a word."""
    document: dict[str, Any] = YAML(typ="safe").load(path)
    return document


class Project:
    """A Meltano project in a folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_", "TARGET_"))
        }
        self.environment = {
            **kept,
            "NETSUITE_SINGER_SOURCE": ROOT.as_uri(),  # without blanks, at which Meltano divides it
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "1",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_COLOR": "1",
            **environment,
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(PROGRAMS / "meltano"), *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> str:
        process = self.start(*arguments, **environment)
        said = process.communicate(timeout=600)[0]
        assert process.returncode == 0, said
        return said

    def add(self, *plugins: str) -> None:
        for plugin in plugins:
            self.run("add", plugin, f"--from-ref={DEFINITIONS[plugin]}")

    @property
    def file(self) -> Path:
        return self.folder / "meltano.yml"

    @property
    def plugins(self) -> dict[str, dict[str, Any]]:
        kinds = parsed(self.file)["plugins"].values()
        return {plugin["name"]: plugin for kind in kinds for plugin in kind}


def connected(plugin: str, emulator: Emulator) -> dict[str, str]:
    """Return the environment variables that connect a plugin."""
    prefix = plugin.upper().replace("-", "_")
    return {f"{prefix}_{name.upper()}": str(value) for name, value in emulator.connection.items()}


def test_in_an_empty_project_both_are_added_and_connect(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.run("init", "books")
    project.folder = tmp_path / "books"
    project.add("tap-netsuite", "target-netsuite")

    schema = json.loads(files("meltano.schemas").joinpath("meltano.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(parsed(project.file), schema)
    with Emulator(Settings(scale=0.05)) as emulator:
        for plugin in DEFINITIONS:
            project.environment |= connected(plugin, emulator)
        project.run("select", "tap-netsuite", "currency", "*")
        project.run("config", "test", "tap-netsuite")
        assert '"currency"' in project.run("invoke", "tap-netsuite")
    assert '"target-netsuite"' in project.run("invoke", "target-netsuite", "--about", "--format=json")


def test_in_a_project_that_is_there_nothing_else_changes(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.file.write_text(ALREADY_THERE, encoding="utf-8")
    before = project.plugins
    project.add("tap-netsuite", "target-netsuite")

    after = project.plugins
    text = project.file.read_text(encoding="utf-8")
    assert after["tap-files"] == before["tap-files"]
    assert "# the finance team's" in text
    assert after["tap-netsuite"]["config"] == {"tables": ["currency"]}
    assert after["tap-netsuite"]["pip_url"] == after["target-netsuite"]["pip_url"] == "$NETSUITE_SINGER_SOURCE"
    assert "tap-netsuite v" in project.run("invoke", "tap-netsuite", "--version")


def test_two_accounts_and_two_groups_run_at_once_under_names_of_their_own(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.run("init", "books")
    project.folder = tmp_path / "books"
    project.add("tap-netsuite")
    loader = project.folder / "loader.py"
    loader.write_text(LOADER, encoding="utf-8")
    loader.chmod(0o755)
    names = {"acme-lists": "currency", "acme-books": "account", "globex-lists": "currency"}
    document = parsed(project.file)
    document["plugins"]["extractors"] += [
        {"name": f"tap-netsuite--{name}", "inherit_from": "tap-netsuite", "select": [f"{table}.*"]}
        for name, table in names.items()
    ]
    document["plugins"]["loaders"] = [
        {"name": "target-file", "namespace": "target_file", "executable": "./loader.py"},
        *({"name": f"target-file--{name}", "inherit_from": "target-file"} for name in names),
    ]
    YAML().dump(document, project.file)

    with Emulator(Settings(scale=0.05)) as acme, Emulator(Settings(scale=0.05, account_id="7654321")) as globex:
        for name in names:
            project.environment |= connected(f"tap-netsuite--{name}", acme if name.startswith("acme") else globex)
        running = {
            name: project.start("run", f"tap-netsuite--{name}", f"target-file--{name}", LOADED=str(tmp_path / name))
            for name in names
        }
        for process in running.values():
            said = process.communicate(timeout=600)[0]
            assert process.returncode == 0, said

    for name, table in names.items():
        messages = [json.loads(line) for line in (tmp_path / name).read_text(encoding="utf-8").splitlines()]
        assert {one["stream"] for one in messages if one["type"] == "RECORD"} == {table}
    states = project.run("state", "list")
    assert all(f"dev:tap-netsuite--{name}-to-target-file--{name}" in states for name in names)
