"""Where settings come from: options, the environment, a .env file, a profile; the first that has one counts."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
from dotenv import dotenv_values

from suitetalk.account import is_loopback
from suitetalk.errors import ConfigurationError
from suitetalk.setting_descriptions import CONNECTION_SETTINGS

PREFIX = "NETSUITE_"
DEFAULT_PROFILE = "default"
_EITHER = ({"private_key", "private_key_path"},)  # a source that gives one leaves no room for the other of a later one
_ADDRESSES = ("base_url", "token_url")
_NAMES_ONLY = frozenset({"client_id", "consumer_key", "token_id"})  # name an integration or a token, prove nothing
_DOTENV = "the file .env"


@dataclass(frozen=True)
class Configuration:
    """Settings by name, and which source each came from."""

    values: dict[str, str]
    sources: dict[str, str]


def is_secret(setting: str) -> bool:
    """Tell whether a setting's value must not be shown, nor stand on a command line."""
    return bool(CONNECTION_SETTINGS[setting].get("secret")) and setting not in _NAMES_ONLY


def profiles_path() -> Path:
    """Return where the profiles are kept."""
    return Path(click.get_app_dir("suitetalk")) / "profiles.ini"


def profile_names() -> list[str]:
    """Return the names of all profiles."""
    return _read_profiles().sections()


def resolve(given: Mapping[str, str], profile: str | None = None) -> Configuration:
    """Gather the settings.

    Args:
        given: settings given as options.
        profile: name of a profile, or None for NETSUITE_PROFILE or the default one.

    Raises:
        ConfigurationError: the profile does not exist or holds unknown settings, or a .env file would send the
            credentials of another source to an address of its own.
    """
    dotenv = {name: value for name, value in dotenv_values(".env", interpolate=False).items() if value}
    chosen = profile or os.environ.get(PREFIX + "PROFILE") or dotenv.get(PREFIX + "PROFILE")
    layers = {
        "an option": dict(given),
        "the environment": _variables(os.environ),
        _DOTENV: _variables(dotenv),
        f"profile {chosen or DEFAULT_PROFILE}": _profile(chosen),
    }
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for source, layer in layers.items():
        settled = set(values).union(*(group for group in _EITHER if group & values.keys()))
        new = {name: value for name, value in layer.items() if name not in settled}
        values |= new
        sources |= dict.fromkeys(new, source)
    configuration = Configuration(values, sources)
    _guard(configuration)
    return configuration


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    named = {name: environment.get(PREFIX + name.upper()) for name in CONNECTION_SETTINGS}
    return {name: value for name, value in named.items() if value}


def _profile(name: str | None) -> dict[str, str]:
    profiles = _read_profiles()
    if name is None and not profiles.has_section(DEFAULT_PROFILE):
        return {}
    if not profiles.has_section(name or DEFAULT_PROFILE):
        known = ", ".join(profiles.sections()) or "none yet"
        raise ConfigurationError("profile", f"is {name!r}, which {profiles_path()} does not have (there: {known}).")
    settings = {key.replace("-", "_"): value for key, value in profiles.items(name or DEFAULT_PROFILE) if value}
    for key in settings:
        if key not in CONNECTION_SETTINGS:
            known = ", ".join(CONNECTION_SETTINGS)
            raise ConfigurationError(key, f"in {profiles_path()} is unknown; there are {known}.")
    return settings


def _read_profiles() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, default_section="", strict=True)
    path = profiles_path()
    try:
        with path.open(encoding="utf-8") as file:
            if sys.platform != "win32" and os.fstat(file.fileno()).st_mode & 0o077:
                click.echo(f"Warning: others on this machine may read {path}; run chmod 600 on it.", err=True)
            parser.read_file(file)
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        why = " ".join(str(error).split())
        raise ConfigurationError("profile", f"cannot be taken from {path} ({why}); correct the file.") from None
    return parser


def _guard(configuration: Configuration) -> None:
    """Keep a .env file that came with a folder from sending another source's credentials to an address of its own."""
    sources = configuration.sources
    for address in _ADDRESSES:
        if sources.get(address) != _DOTENV or is_loopback(urlsplit(configuration.values[address]).hostname or ""):
            continue
        foreign = next((name for name in sources if is_secret(name) and sources[name] != _DOTENV), None)
        if foreign:
            raise ConfigurationError(
                address,
                f"comes from {_DOTENV}, but `{foreign}` from {sources[foreign]}; credentials are not sent to an "
                f"address out of a folder's file, so give both in one place or use --{address.replace('_', '-')}.",
            )
