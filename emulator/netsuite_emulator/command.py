"""The command line of the emulator: start it, say where it is, stop at a signal."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from netsuite_emulator.churn import Churn
from netsuite_emulator.command_company import company_options
from netsuite_emulator.command_options import further_options
from netsuite_emulator.emulator import Emulator
from netsuite_emulator.role import Role
from netsuite_emulator.settings import Settings, SettingsError
from netsuite_emulator.suiteql.datasets import SAMPLE_DATASETS, Dataset

__all__ = ["main"]

_DEFAULTS = Settings()


def _certificates(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:
    pairs = []
    for value in values:
        name, equals, path = value.partition("=")
        pairs.append((name, Path(path)) if equals else (_DEFAULTS.certificate_id, Path(value)))
    return tuple(pairs)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--host", default=_DEFAULTS.host, help="Address to listen on.")
@click.option("--port", default=8100, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--account-id", default=_DEFAULTS.account_id, help="Account id, as NetSuite shows it.")
@click.option("--client-id", default=_DEFAULTS.client_id, help="Client id of the integration record.")
@click.option("--certificate-id", default=_DEFAULTS.certificate_id, help="Id of the certificate made by the emulator.")
@click.option(
    "--certificate", "certificates", multiple=True, callback=_certificates, metavar="[CERTIFICATE_ID=]FILE",
    help="Register a certificate of your own (PEM); may be given several times.",
)  # fmt: skip
@click.option(
    "--credentials-dir", "credentials_directory", type=click.Path(path_type=Path, file_okay=False),
    help="Keep the key pair made for callers here, and use the one that is there. Default: a new one each time.",
)  # fmt: skip
@click.option("--date-format", default=_DEFAULTS.date_format, help="Date format preference, such as DD.MM.YYYY.")
@click.option("--time-zone", default=_DEFAULTS.time_zone, help="Time zone preference, an IANA name.")
@click.option("--language", default=_DEFAULTS.language, help="The company's language.")
@click.option("--concurrency-limit", default=_DEFAULTS.concurrency_limit, help="Requests at once before 429.")
@click.option("--latency", default=0.0, help="Seconds that each request takes at least.")
@click.option("--token-lifetime", default=_DEFAULTS.token_lifetime, help="Seconds an access token lives.")
@click.option("--retry-after", type=float, default=None, help="Send Retry-After with a 429, in seconds.")
@click.option("--query-parameters/--no-query-parameters", default=True, help="Whether SuiteQL takes `params`.")
@click.option("--datetime-with-time/--datetime-without-time", default=False, help="How SuiteQL shows date-times.")
@click.option("--leading-zero/--no-leading-zero", default=True, help="Whether SuiteQL shows 0.5 or .5.")
@click.option("--expires-in-as-text/--expires-in-as-number", default=False, help="Form of expires_in.")
@click.option(
    "--metadata-describes-record/--metadata-describes-metadata", default=True, help="Form of the catalog's links."
)
@company_options
@further_options
@click.option(
    "--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Write the connection here, as JSON."
)
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
        ended.wait()
    except OSError as error:
        click.echo(f"The file {ready_file} cannot be written: {error.strerror}.", err=True)
        sys.exit(1)
    finally:
        emulator.stop()


def _settings(options: dict[str, Any]) -> Settings:
    if options["churn"] is not None:
        table, every = _named_number(options["churn"] if "=" in options["churn"] else options["churn"] + "=10")
        options["churn"] = Churn(table=table, every=every)
    options["big_tables"] = dict(_named_number(text) for text in options["big_tables"])
    for name in ("hidden_columns", "switched_off", "locked_records"):
        options[name] = frozenset(options[name])
    role = Role(
        analytics=options.pop("analytics"),
        not_listed=frozenset(options.pop("not_listed")),
        view_only=frozenset(options.pop("view_only")),
        reads_in_edit_mode=options.pop("reads_in_edit_mode"),
    )
    saved = []
    for text in options.pop("dataset"):
        name, _, query = text.partition("=")
        saved.append(Dataset(id=name, name=name, query=query))
    options["redirect_uris"] = options["redirect_uris"] or _DEFAULTS.redirect_uris
    hidden = frozenset(options.pop("hidden"))
    return Settings(role=role, datasets=(*SAMPLE_DATASETS, *saved), hidden_record_types=hidden, **options)


def _named_number(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise SettingsError(f"'{text}' cannot be read: write TABLE=NUMBER, such as customrecord_big=1000000.")
    return name, int(number)


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
