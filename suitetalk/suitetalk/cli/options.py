"""Connection options, profiles, shared arguments."""

from __future__ import annotations

import configparser
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args
from urllib.parse import urlsplit

import click
from dotenv import dotenv_values

from suitetalk import ConnectionSettings, NetSuite
from suitetalk.account import is_loopback
from suitetalk.cli.inputs import read_input
from suitetalk.cli.output import note
from suitetalk.errors import ConfigurationError
from suitetalk.http.response import PAGE_SIZE
from suitetalk.http.session import TellingSession, tell_retries
from suitetalk.records import Validation
from suitetalk.settings import CONNECTION_SETTINGS

PREFIX = "NETSUITE_"
DEFAULT_PROFILE = "default"
_EITHER = ({"private_key", "private_key_path"},)  # a source that gives one leaves no room for the other of a later one
_ADDRESSES = ("base_url", "token_url")
_NAMES_ONLY = frozenset({"client_id", "consumer_key", "token_id"})  # name an integration or a token, prove nothing
_DOTENV = "the file .env"
_GIVEN = "suitetalk.given"
_NEGATIVE_ID = re.compile(r"-\d+", re.ASCII)
_PROFILE = "suitetalk.profile"
_DEBUG = "suitetalk.debug"
_METAVARS = {"integer": "NUMBER", "number": "NUMBER"}
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_CHOICES = click.Choice(get_args(Validation))
RECORD_TYPE = click.argument("record_type", metavar="TYPE")
RECORD_ID = click.argument("record_id", metavar="ID")
PAYLOAD = click.argument("payload", metavar="PAYLOAD")
OPTIONAL_PAYLOAD = click.argument("payload", metavar="[PAYLOAD]", default="")
PAYLOAD_HELP = "PAYLOAD is a JSON object: as text, @FILE, or - for standard input."


def connect(context: click.Context) -> NetSuite:
    """Return a client; it is closed with the command.

    Raises:
        ConfigurationError: a setting is missing or wrong.
    """
    values = configuration(context).values
    return context.with_resource(
        NetSuite(ConnectionSettings.from_mapping(values), session=telling_session(context, values))
    )


def configuration(context: click.Context) -> Configuration:
    """Return the settings in effect for this command, unchecked."""
    return resolve(context.meta.get(_GIVEN, {}), context.meta.get(_PROFILE))


def given_settings(context: click.Context) -> dict[str, str]:
    """Return the settings given as options."""
    return dict(context.meta.get(_GIVEN, {}))


def give_settings(context: click.Context, settings: Mapping[str, str]) -> None:
    """Let settings be in effect as if they were given as options."""
    context.meta[_GIVEN] = dict(settings)


def given_profile(context: click.Context) -> str | None:
    """Return the name of the profile given as an option."""
    profile: str | None = context.meta.get(_PROFILE)
    return profile


def environment_settings() -> dict[str, str]:
    """Return the settings that environment variables give."""
    return _variables(os.environ)


def telling_session(context: click.Context, values: dict[str, Any]) -> TellingSession | None:
    """Return a session that shows what passes through it, if that is wanted."""
    if not context.meta.get(_DEBUG):
        return None
    tell_retries(logging.getLogger("suitetalk"))
    secrets = [str(value) for name, value in values.items() if is_secret(name)]
    return TellingSession(secrets, lambda line: click.echo(click.style(line, dim=True), err=True))


class ConnectedCommand(click.Command):
    """A command that takes the connection options too; its help leaves them to that of `suitetalk`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the options."""
        super().__init__(*args, **kwargs)
        self.params.extend(connection_options(hidden=True))

    def make_parser(self, ctx: click.Context) -> Any:
        """Return a parser that takes -5 for an id: employees, items and roles of NetSuite's own have negative ones."""
        parser: Any = super().make_parser(ctx)
        read_option = parser._process_opts  # noqa: SLF001 - click has no public place for it

        def read(argument: str, state: Any) -> None:
            if _NEGATIVE_ID.fullmatch(argument):
                state.largs.append(argument)
            else:
                read_option(argument, state)

        parser._process_opts = read  # noqa: SLF001 - click offers no other way in
        return parser

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Point to the options that are not listed."""
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("Takes the connection options and --debug too: see suitetalk --help.")


def connection_options(*, hidden: bool = False) -> list[click.Parameter]:
    """Return one option per connection setting, --profile and --debug."""
    options: list[click.Parameter] = [
        click.Option(
            ["--profile"],
            metavar="NAME",
            help="Section of the profiles file to take settings from.  [default: default, where it exists]",
            callback=_keep(_PROFILE),
            shell_complete=lambda _ctx, _param, begun: [name for name in profile_names() if name.startswith(begun)],
            expose_value=False,
            hidden=hidden,
        )
    ]
    options += [_setting_option(name, schema, hidden=hidden) for name, schema in CONNECTION_SETTINGS.items()]
    options.append(
        click.Option(
            ["--debug"],
            is_flag=True,
            default=None,
            help="Show each request and answer on standard error, without secrets.",
            callback=_keep(_DEBUG),
            expose_value=False,
            hidden=hidden,
        )
    )
    return options


def secret_input(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return a secret from @FILE or -, without a line end; it must not stand on the command line itself.

    Raises:
        BadParameter: it does.
    """
    if value is None:
        return None
    if value != "-" and not value.startswith("@"):
        variable = (
            f", or NETSUITE_{option.name.upper()} in the environment" if option.name in CONNECTION_SETTINGS else ""
        )
        raise click.BadParameter(
            f"a secret on the command line can be read by everyone on this machine; give @FILE or - for standard "
            f"input{variable}",
            context,
            option,
        )
    return read_input(value).decode(errors="surrogateescape").rstrip("\r\n")


@dataclass(frozen=True)
class Configuration:
    """Settings by name, and which source each came from."""

    values: dict[str, str]
    sources: dict[str, str]


def resolve(given: Mapping[str, str], profile: str | None = None) -> Configuration:
    """Gather the settings.

    Args:
        given: settings given as options.
        profile: name of a profile, or None for NETSUITE_PROFILE or the default one.

    Raises:
        ConfigurationError: the profile does not exist or holds unknown settings, or a .env file would send the
            credentials of another source to a different address.
    """
    dotenv = {name: value for name, value in dotenv_values(".env", interpolate=False).items() if value}
    chosen = profile or os.environ.get(PREFIX + "PROFILE") or dotenv.get(PREFIX + "PROFILE")
    layers = {
        "an option": dict(given),
        "the environment": environment_settings(),
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


def is_secret(setting: str) -> bool:
    """Tell whether a setting's value must not be shown, nor stand on a command line."""
    return bool(CONNECTION_SETTINGS[setting].get("secret")) and setting not in _NAMES_ONLY


def profiles_path() -> Path:
    """Return where the profiles are kept."""
    return Path(click.get_app_dir("suitetalk")) / "profiles.ini"


def profile_names() -> list[str]:
    """Return the names of all profiles."""
    return _read_profiles().sections()


def view_options(command: Decorated) -> Decorated:
    """Add the options that say how much of a record to show."""
    for option in (
        click.option("--fields", metavar="NAME,…", multiple=True, help="These body fields only."),
        click.option("--expand", metavar="NAME,…", multiple=True, help="With these sublists and subrecords."),
        click.option("-e", "--expand-sub-resources", is_flag=True, help="With all sublists and subrecords."),
    ):
        command = option(command)
    return command


def validation_options(command: Decorated) -> Decorated:
    """Add the options that say what to do about faults in a body."""
    by_value = click.option(
        "--value-validation",
        type=_CHOICES,
        help="About values of the wrong form.  [default: what NetSuite does: error]",
    )
    by_name = click.option(
        "--name-validation",
        type=_CHOICES,
        default="error",
        show_default=True,
        help="What NetSuite does about names of fields that do not exist.",
    )
    return by_name(by_value(command))


def page_options(command: Decorated) -> Decorated:
    """Add --limit, --offset and --all."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Every page."),
        click.option("--offset", type=click.IntRange(0), help="Rows before it; a multiple of the limit.  [default: 0]"),
        click.option("--limit", type=click.IntRange(1, PAGE_SIZE), help=f"Rows of the page.  [default: {PAGE_SIZE}]"),
    ):
        command = option(command)
    return command


def refuse_page_of_all(limit: int | None, offset: int | None, *, everything: bool) -> None:
    """Say that a page and everything exclude each other."""
    if everything and (limit is not None or offset is not None):
        raise click.UsageError("--all reads every page, so leave out --limit and --offset")


def say_how_many(shown: int, total: int, offset: int) -> None:
    """Say when there is more than was shown."""
    if offset + shown < total:
        first = offset + 1 if shown else offset
        note(f"These are {first} to {offset + shown} of {total}; --all reads every page.")


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
    if not os.path.exists(path):  # noqa: PTH110 - False too for a home that is none or that this user may not enter
        return parser
    try:
        with path.open(encoding="utf-8") as file:
            if sys.platform != "win32" and os.fstat(file.fileno()).st_mode & 0o077:
                click.echo(f"Warning: others on this machine may read {path}; run chmod 600 on it.", err=True)
            parser.read_file(file)
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        why = " ".join(str(error).split())
        raise ConfigurationError("profile", f"cannot be taken from {path} ({why}); correct the file.") from None
    return parser


def _guard(configuration: Configuration) -> None:
    """Keep a .env file that came with a folder from sending another source's credentials to a different address."""
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


def _setting_option(name: str, schema: dict[str, Any], *, hidden: bool) -> click.Option:
    secret = is_secret(name)
    choices = schema.get("enum")
    return click.Option(
        ["--" + name.replace("_", "-")],
        metavar="@FILE|-" if secret else None if choices else _METAVARS.get(schema["type"], "TEXT"),
        type=click.Choice(choices) if choices else click.STRING,
        help=schema["description"],
        callback=_keep_secret if secret else _keep_setting,
        expose_value=False,
        hidden=hidden,
    )


def _keep(place: str) -> Any:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            context.meta[place] = value

    return keep


def _keep_setting(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None and option.name:
        context.meta.setdefault(_GIVEN, {})[option.name] = value


def _keep_secret(context: click.Context, option: click.Parameter, value: str | None) -> None:
    _keep_setting(context, option, secret_input(context, option, value))
