"""meltano.yml and the README say of the plugins what the plugins say of themselves."""

import importlib.util
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import yaml

from suitetalk.descriptions import stray_names
from tap_netsuite.settings import CONFIG_SCHEMA
from target_netsuite.settings import CONFIG_JSONSCHEMA

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("extractors", "loaders", "utilities")


@pytest.fixture(scope="module")
def describe_settings() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "describe_settings", ROOT / "scripts" / "describe_settings.py"
    )
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def plugins(project: Mapping[str, Any]) -> dict[str, Any]:
    return {plugin["name"]: plugin for kind in KINDS for plugin in project["plugins"][kind]}


def test_generated_parts_are_up_to_date(describe_settings: ModuleType) -> None:
    for path, text in describe_settings.files():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is behind; run `make settings`"


HUB = {"extractors": ROOT / "hub/extractors/tap-netsuite.yml", "loaders": ROOT / "hub/loaders/target-netsuite.yml"}
_OF_THE_HUB = {"domain_url", "keywords", "log_parser", "maintenance_status", "quality"}


@pytest.mark.parametrize(("kind", "path"), HUB.items(), ids=HUB)
def test_the_hub_s_definitions_are_plugins_that_meltano_accepts(kind: str, path: Path) -> None:
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema = json.loads(files("meltano.schemas").joinpath("meltano.schema.json").read_text(encoding="utf-8"))
    plugin = {key: value for key, value in definition.items() if key not in _OF_THE_HUB}

    jsonschema.validate({"plugins": {kind: [plugin]}}, schema)
    assert set(definition) >= _OF_THE_HUB | {"name", "namespace", "variant", "label", "pip_url", "logo_url"}
    # The order that the hub's own linter asks for.
    assert list(definition) == sorted(definition)
    assert [one["name"] for one in definition["settings"]] == sorted(one["name"] for one in definition["settings"])
    assert all(list(one) == sorted(one) for one in definition["settings"])


def test_the_address_of_the_repository_comes_from_one_place(describe_settings: ModuleType) -> None:
    about = describe_settings.about("target-netsuite")
    address = "https://example.com/netsuite-singer"
    known = yaml.safe_load(describe_settings.hub_file("target-netsuite", about, address))
    unknown = yaml.safe_load(describe_settings.hub_file("target-netsuite", about, None))

    assert (known["pip_url"], known["repo"]) == (f"git+{address}", address)
    assert unknown["pip_url"] == "$NETSUITE_SINGER_SOURCE"
    assert "repo" not in unknown


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tap-netsuite", "target-netsuite"])
def test_settings_equal_about(name: str, plugins: Mapping[str, Any], describe_settings: ModuleType) -> None:
    about = describe_settings.about(name)
    properties = about["settings"]["properties"]
    described = {setting["name"]: setting for setting in plugins[name]["settings"]}

    assert list(described) == list(properties)
    assert plugins[name]["capabilities"] == describe_settings.meltano_capabilities(about)
    for setting, schema in properties.items():
        assert described[setting].get("sensitive", False) == schema.get("secret", False), setting
        assert described[setting].get("value") == schema.get("default"), setting
        assert described[setting]["description"], setting


def test_secrets_are_sensitive(plugins: Mapping[str, Any]) -> None:
    sensitive = {
        (name, setting["name"])
        for name, plugin in plugins.items()
        for setting in plugin.get("settings", ())
        if setting.get("sensitive")
    }
    keys = {"client_id", "client_secret", "private_key", "private_key_passphrase", "token_id", "token_secret"}
    netsuite = {*keys, "concurrency_redis"}
    secrets = {
        "tap-netsuite": netsuite,
        "target-netsuite": netsuite,
        "dbt-postgres": {"password"},
        "tap-postgres": {"password", "sqlalchemy_url"},
        "target-postgres": {"password", "sqlalchemy_url"},
    }

    assert sensitive == {(name, setting) for name, settings in secrets.items() for setting in settings}


def test_meltano_accepts_the_project(project: Mapping[str, Any]) -> None:
    schema = json.loads(files("meltano.schemas").joinpath("meltano.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(project, schema)


def test_nul_characters_do_not_end_a_load_into_postgresql(plugins: Mapping[str, Any]) -> None:
    (setting,) = (
        each for each in plugins["target-postgres"]["settings"] if each["name"] == "sanitize_null_text_characters"
    )

    assert setting["value"] is True
    assert "sanitize_null_text_characters" not in plugins["target-postgres"]["config"]


def test_meltano_accepts_the_example_for_airflow() -> None:
    example = yaml.safe_load((ROOT / "examples/airflow/meltano.yml").read_text(encoding="utf-8"))
    schema = json.loads(files("meltano.schemas").joinpath("meltano.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(example, schema)


def test_nothing_is_looked_up_on_the_hub(plugins: Mapping[str, Any]) -> None:
    own = [plugin for plugin in plugins.values() if plugin.get("inherit_from") not in plugins]
    assert all("namespace" in plugin and "pip_url" in plugin for plugin in own)


def test_jobs_and_environments(project: Mapping[str, Any]) -> None:
    assert [environment["name"] for environment in project["environments"]] == ["emulator", "production"]
    assert [job["tasks"] for job in project["jobs"]] == [
        ["tap-netsuite target-postgres"],
        ["tap-postgres target-netsuite"],
        ["tap-netsuite-finance target-postgres dbt-postgres:build"],
    ]


def test_every_configured_value_is_a_known_setting(project: Mapping[str, Any], plugins: Mapping[str, Any]) -> None:
    configured = [(name, plugin.get("config", {})) for name, plugin in plugins.items()]
    configured += [
        (plugin["name"], plugin["config"])
        for environment in project["environments"]
        for kind in environment["config"]["plugins"].values()
        for plugin in kind
    ]

    for name, config in configured:
        described = plugins[plugins[name].get("inherit_from", name)]
        assert set(config) <= {setting["name"] for setting in described["settings"]}, name


def ours(properties: dict[str, Any]) -> dict[str, Any]:
    """Return settings without those that the SDK adds to a plugin's schema in place, whenever one is made."""
    of_the_sdk = ("stream_map", "faker", "flattening", "batch", "add_record", "load_method", "target_schema")
    return {name: schema for name, schema in properties.items() if not name.startswith(of_the_sdk)}


def test_no_setting_of_the_tap_is_taken_for_a_misspelt_one_of_the_target() -> None:
    tap, target = ours(CONFIG_SCHEMA["properties"]), ours(CONFIG_JSONSCHEMA["properties"])

    assert not [each for each in stray_names(target, tap) if each.meant]
    assert not [each for each in stray_names(tap, target) if each.meant]
