"""The commands there are."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from suitetalk.cli.batches import batch, job
from suitetalk.cli.exit_codes import MEANINGS
from suitetalk.cli.files import file
from suitetalk.cli.init import init
from suitetalk.cli.options import connection_options
from suitetalk.cli.queries import dataset, datasets, limits, open_, query, request, schema, types
from suitetalk.cli.records import (
    action,
    actions,
    attach,
    create,
    delete,
    detach,
    form,
    get,
    list_,
    options,
    transform,
    update,
    upsert,
)
from suitetalk.cli.setup import certificates, doctor, keygen, login, logout, revoke, rotate, snapshot

VARIABLE = "_SUITETALK_COMPLETE"
_WHERE = {
    "bash": 'eval "$(suitetalk completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(suitetalk completion zsh)" in ~/.zshrc',
    "fish": "suitetalk completion fish > ~/.config/fish/completions/suitetalk.fish",
}
NAME = "suitetalk"
_EXITS = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in MEANINGS) + "."


@click.command(epilog="Put to use by: " + "; ".join(_WHERE.values()) + ".")
@click.argument("shell", type=click.Choice(list(_WHERE)))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and profiles in a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}")
    click.echo(kind(click.Group(), {}, "suitetalk", VARIABLE).source())


_SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Records": (get, list_, create, update, upsert, delete),
    "More about records": (transform, action, actions, attach, detach, form, options),
    "Many records": (batch, job),
    "Queries and requests": (query, dataset, datasets, request),
    "Files": (file,),
    "What the account has": (types, schema, open_, limits),
    "Set-up": (init, doctor, snapshot, keygen, login, logout, certificates, rotate, revoke, completion),
}


class App(click.Group):
    """The group of all commands; its help shows them by section."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order they were added."""
        del ctx
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands before the options, of which there are many."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of each section."""
        width = max(map(len, self.commands))
        for title, commands in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [((command.name or "").ljust(width), command.get_short_help_str(200)) for command in commands]
                )
        del ctx


@click.group(
    cls=App,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110, "auto_envvar_prefix": None},
    epilog=_EXITS,
    params=connection_options(),
)
@click.version_option(package_name="netsuite-singer", prog_name=NAME)
def app() -> None:
    """Work with Oracle NetSuite over its REST web services.

    The connection options below may also follow the command. Each may come from the environment as NETSUITE_ and
    its name (NETSUITE_ACCOUNT_ID), from a file .env in this folder, or from a profile; the first source that defines
    a value wins. An option for a secret takes @FILE, or - for standard input, never the secret itself.
    """


for _commands in _SECTIONS.values():
    for _command in _commands:
        app.add_command(_command)
