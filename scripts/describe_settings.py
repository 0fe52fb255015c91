"""Write the plugins' settings, as `--about` gives them, into meltano.yml, docs/settings.md and the files in hub/.

The emulator's settings go into its README. meltano.yml and the pages keep them between two lines of marks; the files
in hub/, in the form of Meltano's hub, are written as a whole. `make settings` runs this; a test checks that it has
nothing to change.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from netsuite_emulator.options import Described
from netsuite_emulator.options import described as described_settings
from netsuite_emulator.settings import Settings
from suitetalk import CONNECTION_SETTINGS, ConnectionSettings
from suitetalk.descriptions import schema_of
from suitetalk.settings import LOGIN_GROUPS
from tap_netsuite.settings import TapSettings
from target_netsuite.settings import Settings as TargetSettings

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("tap-netsuite", "target-netsuite")
SOURCE = "NETSUITE_SINGER_SOURCE"
"""The environment variable that says where Meltano installs from, as long as the repository has no public address."""

# Whole records are one request each: whoever wants them selects them.
_SELECTED = {"tap-netsuite": {"select": ["*.*", "!record_*.*"]}}
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


def meltano_groups(described: Mapping[str, Any]) -> list[list[str]]:
    """Return the settings that have to be given together, once for each way to log in."""
    others = [name for name in described["settings"]["required"] if name not in CONNECTION_SETTINGS]
    return [[*group, *others] for group in LOGIN_GROUPS]


def meltano_block(described: Mapping[str, Any]) -> str:
    """Return the lines of meltano.yml with logins, capabilities and settings of a plugin."""
    block = {
        "settings_group_validation": meltano_groups(described),
        "capabilities": meltano_capabilities(described),
        "settings": meltano_settings(described),
    }
    text = yaml.safe_dump(block, sort_keys=False, width=110, allow_unicode=True)
    return "".join(f"    {line}\n" for line in text.splitlines())


def repository() -> str | None:
    """Return the repository's public address, from the one place that has it."""
    urls = ProjectMetadata(str(ROOT), PluginManager()).core.urls
    return urls.get("Repository")


def hub_file(plugin: str, described: Mapping[str, Any], address: str | None) -> str:
    """Return a plugin's definition as Meltano's hub and `meltano add --from-ref` want it, in the hub's order.

    Args:
        plugin: its name.
        described: what it says about itself.
        address: the repository's, None as long as it has none.
    """
    definition = {
        **_SELECTED.get(plugin, {}),
        "name": plugin,
        "namespace": plugin.replace("-", "_"),
        "variant": "netsuite-singer",
        "label": "NetSuite",
        "description": described["description"],
        "domain_url": "https://www.netsuite.com/",
        "executable": plugin,
        "keywords": ["api", "meltano_sdk"],
        "log_parser": "singer-sdk",
        "logo_url": "/assets/logos/extractors/netsuite.png",  # the hub has one, from other taps
        "maintenance_status": "beta",
        "pip_url": f"git+{address}" if address else f"${SOURCE}",
        "quality": "unknown",  # for the hub's people to say
        "settings_group_validation": [sorted(group) for group in meltano_groups(described)],
        "capabilities": meltano_capabilities(described),
        "settings": sorted(meltano_settings(described), key=lambda setting: str(setting["name"])),
    }
    if address:
        definition["repo"] = address
    return f"# Written by `make settings`.\n{yaml.safe_dump(definition, width=110, allow_unicode=True)}"


def settings_page(described: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the sections of the settings page: the connection, each plugin, what is inside its settings, the SDK."""
    own = {
        "tap-netsuite": schema_of(TapSettings)["properties"],
        "target-netsuite": schema_of(TargetSettings)["properties"],
    }
    sections = [
        "## Connection\n\nOf both plugins, and of `suitetalk`.\n\n"
        + _table(CONNECTION_SETTINGS, schema_of(ConnectionSettings)["required"])
    ]
    of_the_sdk: dict[str, Mapping[str, Any]] = {}
    for plugin, about in described.items():
        properties = about["settings"]["properties"]
        of_plugin = {name: properties[name] for name in own[plugin] if name not in CONNECTION_SETTINGS}
        of_the_sdk |= {name: schema for name, schema in properties.items() if name not in own[plugin]}
        sections += [f"## {plugin}\n\n{_table(of_plugin, about['settings']['required'])}", *_inner_sections(of_plugin)]
    sections.append(
        "## Both plugins, from the Singer SDK\n\n`batch_config` is the tap's only.\n\n" + _table(of_the_sdk)
    )
    return "\n" + "\n".join(sections) + "\n"


def _inner_sections(settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a section for each setting that has settings inside, once for those that are described alike."""
    found: dict[str, str] = {}
    waiting = list(settings.items())
    while waiting:
        place, schema = waiting.pop(0)
        where, entry = _entry(place, schema)
        inside = entry.get("properties", {})
        if inside and json.dumps(inside) not in found:
            table = _table(inside, entry.get("required", ()))
            found[json.dumps(inside)] = f"### `{where}`\n\n{_one_line(schema)}\n\n{table}"
            waiting += [(f"{where}.{name}", one) for name, one in inside.items()]
    return list(found.values())


def _entry(place: str, schema: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return where a setting's own settings are, and their schema: in itself, or in each of its entries."""
    entries = schema.get("additionalProperties")
    if isinstance(entries, Mapping):
        return f"{place}.<name>", entries
    return (f"{place}[]", schema["items"]) if "items" in schema else (place, schema)


def _table(settings: Mapping[str, Mapping[str, Any]], needed: Collection[str] = ()) -> str:
    rows = [["Setting", "Type", "Default", "Description"], ["---"] * 4]
    for name, schema in settings.items():
        default = f"`{json.dumps(schema['default'])}`" if "default" in schema else "required" * (name in needed)
        text = _one_line(schema) + "".join(f" Example: `{json.dumps(one)}`." for one in schema.get("examples", ()))
        rows.append([f"`{name}`", _shown_type(schema), default, text.replace("|", "\\|")])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _shown_type(schema: Mapping[str, Any]) -> str:
    kind = " or ".join(f"`{word}`" for word in schema["enum"]) if "enum" in schema else schema.get("format")
    if not kind and _type(schema) == "array":
        kind = f"array of {_type(schema['items'])}s" if "items" in schema else "array"
    return f"{kind or _type(schema)}{', secret' if schema.get('secret') else ''}"


def rewritten(text: str, name: str, block: str, comment: Callable[[str], str]) -> str:
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
        text = rewritten(text, f"settings of {plugin}", meltano_block(described[plugin]), "    # {}".format)
    yield path, text
    path = ROOT / "docs" / "settings.md"
    text = path.read_text(encoding="utf-8")
    yield path, rewritten(text, "settings", settings_page(described), "<!-- {} -->".format)
    yield emulator_readme()
    for plugin, folder in zip(PLUGINS, ("extractors", "loaders"), strict=True):
        yield ROOT / "hub" / folder / f"{plugin}.yml", hub_file(plugin, described[plugin], repository())


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


def _label(value: str) -> str:
    return str(value).replace("_", " ").replace("-", " ").capitalize()


def _one_line(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())


def main() -> None:
    """Write the files that need it."""
    for path, text in files():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{path.name} is rewritten")


if __name__ == "__main__":
    main()
