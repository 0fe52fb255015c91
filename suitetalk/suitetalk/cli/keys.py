"""Key pairs and certificates for client credentials."""

from __future__ import annotations

from pathlib import Path

import click

from suitetalk.auth import keygen as keys
from suitetalk.auth.certificates import Certificate, Certificates
from suitetalk.cli.connection import ConnectedCommand, configuration, connect, secret_input
from suitetalk.cli.inputs import read_text
from suitetalk.cli.output import note, output_options, write_rows
from suitetalk.settings import ConnectionSettings

_COLUMNS = ("id", "algorithm", "valid_until", "revoked", "entity", "role", "current")


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
    click.echo(keys.next_steps(pair, key, certificate))


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
    click.echo(made.id)
    note("Set certificate_id to this id and the private key to the new one; the old certificate stays valid.")


@click.command(cls=ConnectedCommand)
@click.argument("revoked_id", metavar="ID")
@click.pass_context
def revoke(context: click.Context, revoked_id: str) -> None:
    """Withdraw a certificate in NetSuite for good; it cannot be uploaded again."""
    settings = ConnectionSettings.from_mapping(configuration(context).values)
    Certificates(connect(context).transport, settings.client_id).revoke(revoked_id)


def _row(certificate: Certificate, current: str | None) -> dict[str, str]:
    until = certificate.valid_until
    row = {
        "id": certificate.id,
        "algorithm": certificate.algorithm,
        "valid_until": f"{until:%Y-%m-%dT%H:%M:%SZ}" if until else "",
        "revoked": "yes" if certificate.revoked else "",
        "entity": certificate.entity,
        "role": certificate.role,
        "current": "yes" if certificate.id == current else "",
    }
    return {name: value for name, value in row.items() if value}
