"""The command line, made of the settings."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netsuite_emulator.company.settings import DELETION_TABLES
from netsuite_emulator.emulator import Emulator
from netsuite_emulator.settings import SAMPLE_DATASETS, Churn, Dataset, Role, Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["company_options", "further_options", "main"]


_DEFAULTS = Settings()
_OPTIONS = (
    click.option("--client-secret", default=_DEFAULTS.client_secret, help="Client secret, and TBA's consumer secret."),
    click.option("--public-client-id", default=_DEFAULTS.public_client_id, help="Client id of the public client."),
    click.option("--token-id", default=_DEFAULTS.token_id, help="Token id for token-based authentication."),
    click.option("--token-secret", default=_DEFAULTS.token_secret, help="Token secret for token-based authentication."),
    click.option(
        "--redirect-uri", "redirect_uris", multiple=True,
        help="A registered redirect URI; may be given several times. Default: one with https, one with a scheme.",
    ),
    click.option("--http-redirects", is_flag=True, help="Take redirect URIs with plain http, which NetSuite refuses."),
    click.option(
        "--consent", default=_DEFAULTS.consent, type=click.Choice(["ask", "allow", "deny"]),
        help="How the consent page answers.",
    ),
    click.option("--pkce-required", is_flag=True, help="Ask confidential clients for PKCE, too."),
    click.option("--code-lifetime", default=_DEFAULTS.code_lifetime, help="Seconds an authorization code lives."),
    click.option(
        "--refresh-token-lifetime", default=_DEFAULTS.refresh_token_lifetime,
        help="Seconds a refresh token of the confidential client lives.",
    ),
    click.option(
        "--public-refresh-token-lifetime", default=_DEFAULTS.public_refresh_token_lifetime,
        help="Seconds a refresh token of the public client lives.",
    ),
    click.option(
        "--public-rotation-lifetime", default=_DEFAULTS.public_rotation_lifetime,
        help="Seconds after which the public client's user must consent again.",
    ),
    click.option("--clock-offset", default=_DEFAULTS.clock_offset, help="Seconds the account's clock is ahead."),
    click.option(
        "--integration-concurrency-limit", type=int, default=None, help="Part of the limit kept for this integration."
    ),
    click.option("--job-seconds", default=_DEFAULTS.job_seconds, help="Seconds each task of a job takes."),
    click.option("--async-processors", default=_DEFAULTS.async_processors, help="Tasks at once."),
    click.option(
        "--batches-sequential/--batches-parallel", default=_DEFAULTS.batches_sequential,
        help="How batches run that do not say.",
    ),
    click.option(
        "--tasks-in-input-order/--tasks-shuffled", default=_DEFAULTS.tasks_in_input_order,
        help="How the tasks of a batch are numbered.",
    ),
    click.option("--batch-requests/--no-batch-requests", default=True, help="Whether the account takes batches."),
    click.option("--dataset", multiple=True, metavar="ID=SUITEQL", help="A saved dataset; may be given several times."),
    click.option("--analytics/--no-analytics", default=True, help="The permission SuiteAnalytics Workbook."),
    click.option("--not-listed", multiple=True, metavar="RECORD_TYPE", help="A type the role may read and not list."),
    click.option("--view-only", multiple=True, metavar="RECORD_TYPE", help="A type the role may read and not write."),
    click.option("--reads-in-edit-mode", is_flag=True, help="GET of --view-only types fails, as in edit mode."),
)  # fmt: skip


def further_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_COMPANY_OPTIONS = (
    click.option("--one-world/--no-one-world", default=True, help="Whether there are subsidiaries."),
    click.option("--scale", default=1.0, help="How many times the sample's transactions."),
    click.option("--seed", default=1, help="The same seed makes the same company."),
    click.option(
        "--data-file", type=click.Path(path_type=Path, dir_okay=False), help="Keep the company in this file."
    ),
    click.option(
        "--big-table", "big_tables", multiple=True, metavar="NAME=ROWS",
        help="A further custom record type with twenty columns; its name begins with customrecord_.",
    ),
    click.option("--dense-ids", is_flag=True, help="Big tables have no gaps in their ids."),
    click.option("--custom-record-types", default=0, help="How many small custom record types to add."),
    click.option("--hide", "hidden", multiple=True, metavar="RECORD_TYPE", help="A record type the role may not see."),
    click.option(
        "--hide-column", "hidden_columns", multiple=True, metavar="TABLE.COLUMN", help="A column it may not see."
    ),
    click.option(
        "--switched-off", multiple=True, metavar="TABLE", help="A table of a feature the account does not have."
    ),
    click.option(
        "--deletion-table", default="deletedrecord", type=click.Choice(DELETION_TABLES, case_sensitive=False),
        help="Name of the log of deletions in SuiteQL.",
    ),
    click.option(
        "--churn", metavar="TABLE[=EVERY]", help="Change rows of this table before each 10th page, or as often as said."
    ),
    click.option(
        "--lock-record", "locked_records", multiple=True, metavar="TYPE/ID", help="A record a workflow has locked."
    ),
)  # fmt: skip


def company_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_COMPANY_OPTIONS):
        command = option(command)
    return command


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
