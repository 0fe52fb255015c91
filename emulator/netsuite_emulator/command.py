"""The command `netsuite-emulator`: an option for each setting, a greeting, and a server until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from netsuite_emulator.emulator import Emulator
from netsuite_emulator.likeness import like
from netsuite_emulator.options import Described, described
from netsuite_emulator.settings import Role, Settings, SettingsError

__all__ = ["main"]


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each setting."""
    for each in reversed([*described(Settings)]):
        command = _option(each)(command)
    return command


def _option(described: Described) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    parameter, more = described.name.replace(".", "__"), " May be given several times." if described.repeated else ""
    choices = click.Choice(described.choices, case_sensitive=False) if described.choices else None
    plain = described.kind if described.kind in (bool, int, float) and described.read is None else None
    path = click.Path(path_type=Path) if described.kind is Path and described.read is None else None
    default = described.default if described.command_default is None else described.command_default
    return click.option(
        described.flag, parameter, multiple=described.repeated, metavar=described.metavar,
        type=choices or path or plain, default=() if described.repeated else default, help=described.text + more,
        show_default=not described.repeated,
    )  # fmt: skip


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@_options
@click.option(
    "--like", "_", type=click.Path(path_type=Path, dir_okay=False), expose_value=False, is_eager=True,
    callback=lambda context, _, path: _be_like(context, path),
    help="Do as the account does that `suitetalk doctor --facts` has written this file of; other options still count.",
)  # fmt: skip
@click.option(
    "--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Write the connection here, as JSON."
)
@click.version_option(package_name="netsuite-singer", prog_name="netsuite-emulator")
def main(*, ready_file: Path | None, **options: Any) -> None:
    """Run a local NetSuite until Ctrl-C."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        emulator = Emulator(_settings(options)).start()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    try:
        if ready_file is not None:
            _write_ready_file(emulator, ready_file)
        click.echo(_greeting(emulator), err=True)
        if hidden := emulator.company.lines_without_table():
            click.echo(f"In records, but in no SuiteQL table: the lines of {', '.join(hidden)}", err=True)
        if emulator.notes:
            click.echo("Left out of the records: " + "; ".join(emulator.notes), err=True)
        ended.wait()
    except OSError as error:
        click.echo(f"The file {ready_file} cannot be written: {error.strerror}.", err=True)
        sys.exit(1)
    finally:
        emulator.stop()


def _be_like(context: click.Context, path: Path | None) -> None:
    """Let settings that nobody chooses be those of an account, and name what the emulator cannot do like it."""
    if path is None:
        return
    try:
        settings, others = like(path)
    except SettingsError as error:
        click.echo(str(error), err=True)
        context.exit(1)
    context.default_map = {**(context.default_map or {}), **settings}
    if others:
        click.echo(f"The emulator does otherwise than the account in: {', '.join(others)}", err=True)


def _settings(options: dict[str, Any]) -> Settings:
    """What was chosen; values of an option that may be given several times are added to the default."""
    chosen: dict[str, Any] = {}
    role: dict[str, Any] = {}
    for each in described(Settings):
        value = options[each.name.replace(".", "__")]
        if each.repeated:
            value = type(each.default)(
                [*_items(each.default), *(each.read(text) if each.read else text for text in value)]
            )
        elif each.read is not None and value is not None:
            value = each.read(value)
        inner = each.name.rpartition(".")
        (role if inner[0] else chosen)[inner[2]] = value
    return Settings(**chosen, role=Role(**role))


def _items(default: Any) -> Iterable[Any]:
    return default.items() if isinstance(default, dict) else default


def _write_ready_file(emulator: Emulator, path: Path) -> None:
    connection = {**emulator.connection, "private_key_path": str(emulator.private_key_path.absolute())}
    del connection["private_key"]
    temporary = path.with_name(path.name + ".part")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(connection, file, indent=2)
        file.write("\n")
    temporary.replace(path)  # whoever waits for the file sees it whole


def _greeting(emulator: Emulator) -> str:
    connection = emulator.connection
    values = {
        "account_id": connection["account_id"],
        "base_url": connection["base_url"],
        "client_id": connection["client_id"],
        "certificate_id": connection["certificate_id"],
        "private_key_path": str(emulator.private_key_path.absolute()),
    }
    exports = "\n".join(f"  export NETSUITE_{name.upper()}='{value}'" for name, value in values.items())
    plugins = "\n".join(
        f'  export {plugin}_NETSUITE_{name.upper()}="$NETSUITE_{name.upper()}"'
        for plugin in ("TAP", "TARGET")
        for name in values
    )
    return (
        f"A local NetSuite is running at {emulator.url} (Ctrl-C stops it)\n"
        f"  account id      {values['account_id']}\n"
        f"  client id       {values['client_id']}\n"
        f"  certificate id  {values['certificate_id']}\n"
        f"  private key     {values['private_key_path']}\n"
        f"  client secret   {emulator.settings.client_secret}\n"
        f"  token           {emulator.settings.token_id}, secret {emulator.settings.token_secret}\n"
        f"  public client   {emulator.settings.public_client_id}\n"
        f"  redirect URIs   {', '.join(emulator.settings.redirect_uris)}\n\n"
        f"{exports}\n{plugins}"
    )
