"""Logging in as a person, and out again."""

from __future__ import annotations

import webbrowser

import click

from suitetalk.auth import authorization_code
from suitetalk.auth.authorization_code import Consent
from suitetalk.auth.listener import RedirectListener, can_listen
from suitetalk.cli.connection import ConnectedCommand, configuration
from suitetalk.cli.output import note
from suitetalk.settings import ConnectionSettings


@click.command(cls=ConnectedCommand)
@click.option("--no-browser", is_flag=True, help="Only print the address of the consent page.")
@click.option(
    "--listen-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Take the redirect at this port, in plain http from something before it that speaks https.",
)
@click.option(
    "--paste", is_flag=True, help="Ask for the address the browser ends at, also where the redirect leads here."
)
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

    Opens NetSuite's consent page. Where redirect_uri leads to this machine, such as https://localhost:8443/callback,
    the answer is taken there, with a certificate the browser asks about once; else paste the address the browser ends
    at.
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


def _settings(context: click.Context) -> ConnectionSettings:
    return ConnectionSettings.from_mapping(configuration(context).values)


def _show(consent: Consent, *, open_it: bool) -> None:
    opened = open_it and webbrowser.open(consent.url)
    note(f"{'If no page opens, open' if opened else 'Open'} this address in a browser:\n{consent.url}")
