"""Write the plugins' settings, as `--about` gives them, into meltano.yml, docs/settings.md and docs/writing.md.

The emulator's settings go into its README. Each file keeps them between two lines of marks. `make settings` runs this;
a test checks that it has nothing to change.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from netsuite_emulator.options import Described
from netsuite_emulator.options import described as described_settings
from netsuite_emulator.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("tap-netsuite", "target-netsuite")
_KINDS = {kind: kind for kind in ("string", "integer", "boolean", "array", "object")}
# Meltano 4.4 breaks off at a value of its kind `decimal` that comes from the environment.
_KINDS["number"] = "integer"
_UNKNOWN_TO_MELTANO = {"validate-records", "target-schema"}
"""Capabilities that its schema for meltano.yml refuses, though plugins have them."""


def about(plugin: str) -> dict[str, Any]:
    """Return what a plugin says about itself."""
    command = [str(Path(sys.executable).parent / plugin), "--about", "--format=json"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    described: dict[str, Any] = json.loads(answer.stdout)
    return described


def meltano_settings(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a plugin's settings as meltano.yml describes them."""
    return [_meltano_setting(name, schema) for name, schema in described["settings"]["properties"].items()]


def meltano_capabilities(described: Mapping[str, Any]) -> list[str]:
    """Return a plugin's capabilities as far as meltano.yml can name them."""
    return sorted(set(described["capabilities"]) - _UNKNOWN_TO_MELTANO)


def meltano_block(described: Mapping[str, Any]) -> str:
    """Return the lines of meltano.yml with capabilities and settings of a plugin."""
    block = {"capabilities": meltano_capabilities(described), "settings": meltano_settings(described)}
    text = yaml.safe_dump(block, sort_keys=False, width=110, allow_unicode=True)
    return "".join(f"    {line}\n" for line in text.splitlines())


def readme_block(described: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of the settings of several plugins, by the plugins' names."""
    schemas: dict[str, Mapping[str, Any]] = {}
    for plugin in described.values():
        schemas.update(plugin["settings"]["properties"])
    head = ["Setting", *(name.removesuffix("-netsuite") for name in described), "Type", "Default", "Description"]
    rows = [head, ["---"] * len(head)]
    for name, schema in schemas.items():
        places = ["yes" if name in plugin["settings"]["properties"] else "" for plugin in described.values()]
        default = f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
        rows.append([f"`{name}`", *places, _readme_type(schema), default, _one_line(schema).replace("|", "\\|")])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def members_block(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table of the settings inside another one, by name."""
    rows = [["Setting", "Type", "Description"], ["---"] * 3]
    for name, schema in settings.items():
        choices = f": {', '.join(schema['enum'])}" if "enum" in schema else ""
        rows.append([f"`{name}`", _type(schema) + choices, _one_line(schema).replace("|", "\\|")])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def written_anew(text: str, name: str, block: str, comment: Callable[[str], str]) -> str:
    """Return a text with the lines between the marks of this name replaced.

    Raises:
        ValueError: the text has no such marks.
    """
    begin, end = comment(f"{name}: as --about has them, written by `make settings`"), comment(f"end of {name}")
    head, begun, rest = text.partition(begin + "\n")
    _, ended, tail = rest.partition(end + "\n")
    if not begun or not ended:
        raise ValueError(f"the marks of {name} are missing")
    return f"{head}{begin}\n{block}{end}\n{tail}"


def files() -> Iterator[tuple[Path, str]]:
    """Return each file with the text it should have."""
    described = {plugin: about(plugin) for plugin in PLUGINS}
    path = ROOT / "meltano.yml"
    text = path.read_text(encoding="utf-8")
    for plugin in PLUGINS:
        text = written_anew(text, f"settings of {plugin}", meltano_block(described[plugin]), "    # {}".format)
    yield path, text
    path = ROOT / "docs" / "settings.md"
    text = path.read_text(encoding="utf-8")
    yield path, written_anew(text, "settings", readme_block(described), "<!-- {} -->".format)
    path = ROOT / "docs" / "writing.md"
    text = path.read_text(encoding="utf-8")
    for name, settings in stream_settings(described["target-netsuite"]).items():
        text = written_anew(text, f"settings of a {name}", members_block(settings), "<!-- {} -->".format)
    yield path, text
    yield emulator_readme()


def emulator_readme() -> tuple[Path, str]:
    """Return the emulator's README with the tables of its settings: one for each group, the open points last."""
    groups: dict[str, list[Described]] = {}
    for each in described_settings(Settings):
        groups.setdefault("Open points" if each.open_point else each.group, []).append(each)
    groups["Open points"] = groups.pop("Open points")
    block = "\n".join(f"### {group}\n\n{_options_table(settings)}" for group, settings in groups.items())
    path = ROOT / "emulator" / "README.md"
    head, begun, rest = path.read_text(encoding="utf-8").partition("<!-- settings, written by `make settings` -->\n")
    _, ended, tail = rest.partition("<!-- end of settings -->\n")
    if not begun or not ended:
        raise ValueError("emulator/README.md has no marks for the settings")
    return path, f"{head}{begun}\n{block}\n{ended}{tail}"


def _options_table(settings: list[Described]) -> str:
    rows = [["Setting", "Option", "Default", "Description"], ["---"] * 4]
    for each in settings:
        shown = str(each.default).lower() if each.kind is bool else str(each.default).removesuffix(".0")
        default = "" if each.default in (None, "") or each.repeated else f"`{shown}`"
        option = f"`{each.flag}{f' {each.metavar}' if each.metavar else ''}`{' …' if each.repeated else ''}"
        choices = f" One of {', '.join(f'`{choice}`' for choice in each.choices)}." if each.choices else ""
        rows.append([f"`{each.name}`", option, default, f"{each.text}{choices}".replace("|", "\\|")])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def stream_settings(described: Mapping[str, Any]) -> dict[str, Mapping[str, Mapping[str, Any]]]:
    """Return the settings of one stream, of one of its sublists, and of one of its references, by name."""
    stream = _members(described["settings"]["properties"]["streams"])
    return {"stream": stream, "sublist": _members(stream["sublists"]), "reference": _members(stream["references"])}


def _members(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    members: Mapping[str, Mapping[str, Any]] = schema["additionalProperties"]["properties"]
    return members


def _meltano_setting(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    setting: dict[str, Any] = {"name": name}
    if "title" in schema:
        setting["label"] = schema["title"]
    setting["kind"] = _kind(schema)
    if schema.get("secret"):
        setting["sensitive"] = True
    if "default" in schema:
        setting["value"] = schema["default"]
    if setting["kind"] == "options":
        setting["options"] = [{"label": _label(value), "value": value} for value in schema["enum"] if value]
    setting["description"] = _one_line(schema)
    return setting


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "options"
    if schema.get("format") in {"date", "date-time"}:
        return "date_iso8601"
    return _KINDS[_type(schema)]


def _type(schema: Mapping[str, Any]) -> str:
    given = schema.get("type", "object")
    return next(kind for kind in ([given] if isinstance(given, str) else given) if kind != "null")


def _readme_type(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("format") or _type(schema))
    return f"{kind}, secret" if schema.get("secret") else kind


def _label(value: str) -> str:
    return str(value).replace("_", " ").replace("-", " ").capitalize()


def _one_line(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())


def main() -> None:
    """Write the files that need it."""
    for path, text in files():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.name} has been rewritten")


if __name__ == "__main__":
    main()
