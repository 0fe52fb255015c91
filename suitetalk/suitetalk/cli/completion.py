"""Completion of commands and options by the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_SUITETALK_COMPLETE"
_WHERE = {
    "bash": 'eval "$(suitetalk completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(suitetalk completion zsh)" in ~/.zshrc',
    "fish": "suitetalk completion fish > ~/.config/fish/completions/suitetalk.fish",
}


@click.command(epilog="Put to use by: " + "; ".join(_WHERE.values()) + ".")
@click.argument("shell", type=click.Choice(list(_WHERE)))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and profiles in a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}")
    click.echo(kind(click.Group(), {}, "suitetalk", VARIABLE).source())
