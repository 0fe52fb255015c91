"""What the documents say of the command is true of it."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from suitetalk.cli.app import app
from suitetalk.cli.exit_codes import MEANINGS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = ("command-line.md", "visual-connector-inputs.md")


def options_of(command: click.Command) -> set[str]:
    own = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*map(options_of, command.commands.values())) if isinstance(command, click.Group) else own


@pytest.mark.parametrize("page", PAGES)
def test_every_option_is_there(page: str) -> None:
    known = set().union(*(options_of(command) for command in (app, *app.commands.values()))) | {"--help", "--version"}

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (DOCS / page).read_text(encoding="utf-8"))) - {"--x-y"} <= known


def test_every_option_of_the_examples_belongs_to_its_command() -> None:
    examples = re.findall(r"\$ (?:.*\| )?suitetalk (\w+) (.*)", (DOCS / PAGES[0]).read_text(encoding="utf-8"))

    assert examples
    for name, rest in examples:
        assert set(re.findall(r"(?<=\s)--[a-z-]+", f" {rest}")) <= options_of(app.commands[name])


def test_every_command_and_every_exit_code_is_described() -> None:
    text = (DOCS / PAGES[0]).read_text(encoding="utf-8")

    assert not [name for name in app.commands if not re.search(rf"`{name}\b", text)]
    for code, meaning in MEANINGS:
        assert f"| {code} | {meaning} |" in text


def test_every_command_that_a_message_names_is_there() -> None:
    packages = ("suitetalk/suitetalk", "tap-netsuite/tap_netsuite", "target-netsuite/target_netsuite")
    texts = [path.read_text(encoding="utf-8") for package in packages for path in (ROOT / package).rglob("*.py")]
    texts += [path.read_text(encoding="utf-8") for path in (*DOCS.glob("*.md"), ROOT / "README.md")]
    named = {name for text in texts for name in re.findall(r"`suitetalk ([a-z][a-z-]*)", text)}

    assert {"login", "keygen", "schema", "types"} <= named
    assert named <= app.commands.keys()
