"""The connection options every command takes, and the client they make."""

from __future__ import annotations

import logging
from typing import Any

import click

from suitetalk import ConnectionSettings, NetSuite
from suitetalk.cli.inputs import read_input
from suitetalk.cli.profiles import Configuration, is_secret, profile_names, resolve
from suitetalk.debugging import TellingSession, tell_retries
from suitetalk.setting_descriptions import CONNECTION_SETTINGS

_GIVEN = "suitetalk.given"
_PROFILE = "suitetalk.profile"
_DEBUG = "suitetalk.debug"
_METAVARS = {"integer": "NUMBER", "number": "NUMBER"}


class ConnectedCommand(click.Command):
    """A command that takes the connection options too; its help leaves them to that of `suitetalk`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the options."""
        super().__init__(*args, **kwargs)
        self.params.extend(connection_options(hidden=True))

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


def configuration(context: click.Context) -> Configuration:
    """Return the settings in effect for this command, unchecked."""
    return resolve(context.meta.get(_GIVEN, {}), context.meta.get(_PROFILE))


def connect(context: click.Context) -> NetSuite:
    """Return a client; it is closed with the command.

    Raises:
        ConfigurationError: a setting is missing or wrong.
    """
    values = configuration(context).values
    return context.with_resource(
        NetSuite(ConnectionSettings.from_mapping(values), session=telling_session(context, values))
    )


def telling_session(context: click.Context, values: dict[str, Any]) -> TellingSession | None:
    """Return a session that shows what passes through it, if that is wanted."""
    if not context.meta.get(_DEBUG):
        return None
    tell_retries(logging.getLogger("suitetalk"))
    secrets = [str(value) for name, value in values.items() if is_secret(name)]
    return TellingSession(secrets, lambda line: click.echo(click.style(line, dim=True), err=True))


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
