"""Setting up: doctor, keygen, login and logout, certificates."""

from __future__ import annotations

import json
import shutil
import ssl
import sys
import tempfile
import textwrap
import threading
import webbrowser
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import click

from suitetalk.account import is_loopback
from suitetalk.auth import authorization_code, keys
from suitetalk.auth.authorization_code import Consent
from suitetalk.auth.certificates import Certificate, Certificates
from suitetalk.cli.exit_codes import FAILED, LOGIN, NOT_PERMITTED, USAGE
from suitetalk.cli.inputs import read_text
from suitetalk.cli.options import ConnectedCommand, configuration, connect, secret_input, telling_session
from suitetalk.cli.output import note, output_options, write_json, write_rows
from suitetalk.client import NetSuite
from suitetalk.doctor import WANTED_TYPES, Finding, Outcome, examine, shape
from suitetalk.doctor.facts import MOST_REQUESTS, Budget, Fact, document, find_facts
from suitetalk.errors import ConfigurationError, LoginNeededError
from suitetalk.http.governor import RetryPolicy
from suitetalk.redaction import printable
from suitetalk.settings import ConnectionSettings
from suitetalk.values import iso

_COLUMNS = ("id", "algorithm", "valid_until", "revoked", "entity", "role", "current")
_PORTS = {"https": 443, "http": 80}
_SLOWEST = 10  # seconds a browser may take for its request
_PAGE = b"<!doctype html><title>suitetalk</title><p>%s"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the code stands in the address
    "Connection": "close",
}
_COLOURS = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "red", Outcome.UNKNOWN: "cyan"}
_CODES = {"settings": USAGE, "address": FAILED, "clock": FAILED, "token": LOGIN, "scope": LOGIN, "features": LOGIN}
EXITS_OF_DOCTOR = "Exit codes: 0 nothing failed; 2 settings; 1 address or clock; 3 login; 5 a permission is missing."
_WIDTH = 12
_FACT_WIDTH = 42


@click.command(
    cls=ConnectedCommand,
    epilog=EXITS_OF_DOCTOR,
)
@click.argument("types", metavar="[TYPE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON array of all findings.")
@click.option(
    "--facts",
    "only_facts",
    is_flag=True,
    help="Instead try what NetSuite's documentation leaves open, in under 60 requests, and keep what holds in a file "
    "without names, ids or data of the account, to attach to a report.",
)
@click.option(
    "--facts-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default="netsuite-facts.json",
    show_default=True,
    help="That file.",
)
@click.pass_context
def doctor(
    context: click.Context,
    types: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - given by name
    only_facts: bool,  # noqa: FBT001 - given by name
    facts_file: Path,
) -> None:
    """Check settings, address, clock, login, permissions and limits, one line each.

    Each TYPE, a record type or SuiteQL table, is readable, empty or not permitted. Nothing is written to the account.
    """
    settings = configuration(context)
    if only_facts:
        _facts(context, facts_file, as_json=as_json)
        return
    session = telling_session(context, settings.values)
    show_findings(context, examine(settings.values, types or WANTED_TYPES, session=session), as_json=as_json)


def show_findings(context: click.Context, findings: Iterable[Finding], *, as_json: bool = False) -> None:
    """Show what the doctor finds, and end with the exit code of the first failure."""
    found = []
    for finding in findings:
        found.append(finding)
        if not as_json:
            click.echo(_line(finding))
    if as_json:
        write_json([{**asdict(finding), "outcome": finding.outcome.value} for finding in found])
    failures = [finding.check for finding in found if finding.outcome is Outcome.FAILED]
    if failures:
        context.exit(_CODES.get(failures[0], NOT_PERMITTED))


@click.command(cls=ConnectedCommand)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="shape.json",
    show_default=True,
    help="The file to write.",
)
@click.option("--counts", is_flag=True, help="Count the rows of each table too.")
@click.pass_context
def snapshot(context: click.Context, output: Path, counts: bool) -> None:  # noqa: FBT001 - given by name
    """Write the shape of the account as the role sees it, for an emulator to be like it.

    It holds record types and their fields, tables and their columns, custom fields, records and lists, and what `doctor
    --facts` finds; no data and no names of people. An interrupted one goes on where it was when it is run again.
    """
    unfinished = output.with_name(output.name + ".part")
    if unfinished.exists():
        note(f"An earlier snapshot goes on; remove {unfinished} to begin again.")
    budget = Budget()
    found = shape.snapshot(
        connect(context),
        lambda: document(list(_tried(context, budget)))["facts"],
        unfinished,
        counts=counts,
        tell=note,
    )
    output.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    note(f"{output} holds the account's shape; `netsuite-emulator --shape {output} --like {output}` is like it.")


def _tried(context: click.Context, budget: Budget) -> Iterator[Fact]:
    """Try what is open, one request after the other."""
    values = configuration(context).values
    settings = ConnectionSettings.from_mapping(values)
    session = telling_session(context, values)
    with NetSuite(settings, limiter=budget, retry=RetryPolicy(attempts=2), session=session) as netsuite:
        yield from find_facts(netsuite)


def _facts(context: click.Context, file: Path, *, as_json: bool) -> None:
    """Try what is open, say what holds, and keep it."""
    budget = Budget()
    facts = []
    for fact in _tried(context, budget):
        facts.append(fact)
        if not as_json:
            said = "not known" if fact.value is None else str(fact.value)
            click.echo(printable(f"{fact.title:{_FACT_WIDTH}} {said}"))
    found = document(facts)
    if as_json:
        write_json(found)
    file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    note(f"{file} holds what was found in {MOST_REQUESTS - budget.left} requests, without data of the account.")


@click.command()
@click.option("--kind", type=click.Choice(keys.KINDS), default=keys.KINDS[0], show_default=True, help="Kind of key.")
@click.option("--days", type=int, default=keys.LONGEST_DAYS, show_default=True, help="How long it is valid.")
@click.option("--common-name", default="suitetalk", show_default=True, help="Name that NetSuite's pages show.")
@click.option("--passphrase", metavar="@FILE|-", callback=secret_input, help="Encrypts the private key.")
@click.option("--key", default="private_key.pem", show_default=True, help="File for the private key.")
@click.option("--certificate", default="certificate.pem", show_default=True, help="File for the certificate.")
def keygen(kind: str, days: int, common_name: str, passphrase: str | None, key: str, certificate: str) -> None:
    """Make a private key and the certificate to upload to NetSuite, and say what to click there.

    Files that are there already are never written over.
    """
    pair = keys.generate(kind, common_name=common_name, days=days, passphrase=passphrase)
    keys.write(pair, key, certificate)
    click.echo(keys.next_steps(pair.not_after, key, certificate))


@click.command(cls=ConnectedCommand)
@click.option("--no-browser", is_flag=True, help="Only print the address of the consent page.")
@click.option(
    "--listen-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Take the redirect at this port, in plain http from something before it that speaks https.",
)
@click.option("--paste", is_flag=True, help="Ask for the address the browser ends at, even if the redirect leads here.")
@click.option("--wait", type=click.FloatRange(1), default=300, show_default=True, help="Seconds to wait for consent.")
@click.pass_context
def login(
    context: click.Context,
    no_browser: bool,  # noqa: FBT001 - given by name
    listen_port: int | None,
    paste: bool,  # noqa: FBT001 - given by name
    wait: float,
) -> None:
    """Log in with a person's consent, for auth_method authorization_code.

    Opens NetSuite's consent page. Where redirect_uri leads to this machine, such as http://localhost:8080/callback,
    the answer is taken there; with https the browser asks once about the certificate. Else paste the address the
    browser ends at.
    """
    settings = _settings(context)
    consent = authorization_code.begin(settings)
    redirect = settings.redirect_uri or ""
    if not paste and (listen_port is not None or can_listen(redirect)):
        with RedirectListener(redirect, listen_port) as listener:
            _show(consent, open_it=not no_browser)
            address = listener.wait(wait)
    else:
        _show(consent, open_it=not no_browser)
        address = click.prompt("The address the browser ends at", err=True)
    status = authorization_code.finish(consent, address)
    until = f"{status.ends_at:%Y-%m-%d %H:%M} UTC"
    note(f"Logged in to account {settings.account.realm} until {until}; the tokens are kept in {status.place}.")


@click.command(cls=ConnectedCommand)
@click.pass_context
def logout(context: click.Context) -> None:
    """Forget a login here and revoke it in NetSuite."""
    settings = _settings(context)
    there = authorization_code.log_out(settings)
    note(f"Logged out of account {settings.account.realm}." if there else "There was no login.")


@click.command(cls=ConnectedCommand)
@output_options
@click.pass_context
def certificates(context: click.Context, form: str | None, output: Path | None) -> None:
    """List the integration's certificates in NetSuite, and until when each is valid."""
    settings = ConnectionSettings.from_mapping(configuration(context).values)
    found = Certificates(connect(context).transport, settings.client_id).all()
    write_rows([_row(one, settings.certificate_id) for one in found], form, output, _COLUMNS)


@click.command(cls=ConnectedCommand)
@click.argument("certificate", metavar="@CERTIFICATE")
@click.pass_context
def rotate(context: click.Context, certificate: str) -> None:
    """Give NetSuite a further certificate for the role and employee of the present one, and print its id.

    Make it with `suitetalk keygen`; afterwards set certificate_id and the private key to the new ones.
    """
    settings = ConnectionSettings.from_mapping(configuration(context).values)
    pem = read_text(certificate if certificate == "-" else "@" + certificate.removeprefix("@"))
    made = Certificates(connect(context).transport, settings.client_id).rotate(settings.certificate_id or "", pem)
    click.echo(printable(made.id))
    note("Set certificate_id to this id and the private key to the new one; the old certificate stays valid.")


@click.command(cls=ConnectedCommand)
@click.argument("revoked_id", metavar="ID")
@click.pass_context
def revoke(context: click.Context, revoked_id: str) -> None:
    """Withdraw a certificate in NetSuite for good; it cannot be uploaded again."""
    settings = ConnectionSettings.from_mapping(configuration(context).values)
    Certificates(connect(context).transport, settings.client_id).revoke(revoked_id)


def can_listen(redirect_uri: str) -> bool:
    """Tell whether a redirect to this address can be taken here without anything forwarding it."""
    parts = urlsplit(redirect_uri)
    return parts.scheme in _PORTS and is_loopback(parts.hostname or "")


class RedirectListener:
    """Waits for one redirect, on this machine's own address only; use it as a context manager.

    For an https address [section_157771733782] it speaks https with a certificate made on the spot, which the browser
    asks about once, unless something in front of it speaks https and forwards to a port here.
    """

    def __init__(self, redirect_uri: str, forwarded_port: int | None = None) -> None:
        """Listen.

        Args:
            redirect_uri: what the browser is sent to.
            forwarded_port: the port that something which speaks https forwards to, in plain http; None to speak https
                at the port of the redirect URI.

        Raises:
            ConfigurationError: the address does not lead here, or the port is not available.
        """
        self._origin = redirect_uri
        self._path = urlsplit(redirect_uri).path or "/"
        self._address = ""
        self._arrived = threading.Event()
        if forwarded_port is None and not can_listen(redirect_uri):
            raise ConfigurationError(
                "redirect_uri", "does not lead to this machine; paste the address the browser ends at instead."
            )
        scheme = urlsplit(redirect_uri).scheme
        port = forwarded_port if forwarded_port is not None else urlsplit(redirect_uri).port or _PORTS[scheme]
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigurationError("redirect_uri", f"leads to port {port}, which is not available ({why}).") from None
        self.port = self._server.server_address[1]
        if forwarded_port is None and scheme == "https":
            self._server.socket = _context().wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> RedirectListener:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, seconds: float) -> str:
        """Return the address the browser was redirected to, for `authorization_code.finish`.

        Raises:
            LoginNeededError: nothing came in time.
        """
        if not self._arrived.wait(seconds):
            raise LoginNeededError(f"No redirect came within {seconds:g} seconds; run `suitetalk login` again.")
        return self._address

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _SLOWEST

            def do_GET(self) -> None:
                known = listener._take(self.path)
                words = (
                    b"You can close this window and go back to the terminal." if known else b"There is nothing here."
                )
                self.send_response(200 if known else 404)
                for name, value in _HEADERS.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(_PAGE % words)

            def log_message(self, *_: object) -> None:
                """Say nothing: the address holds the code."""

        return Handler

    def _take(self, target: str) -> bool:
        """Keep the address of the first redirect; browsers ask for other things as well."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        query = parse_qs(parts.query)
        if parts.path != self._path or not query.keys() & {"code", "error"}:
            return False
        if not self._arrived.is_set():
            self._address = f"{self._origin}?{parts.query}"
            self._arrived.set()
        return True


def _row(certificate: Certificate, current: str | None) -> dict[str, str]:
    until = certificate.valid_until
    row = {
        "id": certificate.id,
        "algorithm": certificate.algorithm,
        "valid_until": iso(until) if until else "",
        "revoked": "yes" if certificate.revoked else "",
        "entity": certificate.entity,
        "role": certificate.role,
        "current": "yes" if certificate.id == current else "",
    }
    return {name: value for name, value in row.items() if value}


def _context() -> ssl.SSLContext:
    """Return a server's TLS with a certificate for a day; ssl takes keys from files only."""
    pair = keys.generate(common_name="localhost", days=1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # which nobody else can enter
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        keys.write(pair, key, certificate)
        context.load_cert_chain(certificate, key)
    return context


def _settings(context: click.Context) -> ConnectionSettings:
    return ConnectionSettings.from_mapping(configuration(context).values)


def _show(consent: Consent, *, open_it: bool) -> None:
    opened = open_it and webbrowser.open(consent.url)
    note(f"{'If no page opens, open' if opened else 'Open'} this address in a browser:\n{consent.url}")


def _line(finding: Finding) -> str:
    outcome = click.style(f"{finding.outcome.value:8}", fg=_COLOURS[finding.outcome], bold=True)
    remedy = f" To do: {finding.remedy}" if finding.remedy else ""
    text = printable(f"{finding.check:{_WIDTH}} {finding.text}{remedy}")
    if not sys.stdout.isatty():
        return f"{outcome} {text}"
    width = max(shutil.get_terminal_size().columns - 9, 40)
    return f"{outcome} " + ("\n" + " " * (10 + _WIDTH)).join(textwrap.wrap(text, width - _WIDTH) or [""])
