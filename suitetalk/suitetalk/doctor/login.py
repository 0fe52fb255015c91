"""Address, clock, login, certificate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import requests

from suitetalk.account import REST_ROOT, Account
from suitetalk.auth import authorization_code
from suitetalk.auth.certificates import Certificates
from suitetalk.auth.keys import certificate_of, end_of, signing_key
from suitetalk.client import NetSuite
from suitetalk.doctor.finding import Finding, failed, ok, unknown, warning
from suitetalk.errors import LoginRefusedError, NetSuiteError, PermissionDeniedError, SuiteTalkError
from suitetalk.http.governor import TryAgainError
from suitetalk.http.transport import LONGEST_CONNECT, connection_failure
from suitetalk.settings import ConnectionSettings

_KEYS = "/auth/oauth2/v1/keys"  # needs no login
_NOTICEABLE, _HARMFUL = 10.0, 240.0  # seconds by which a clock may be wrong
_SOON = timedelta(days=30)
_SOON_FOR_CONSENT = timedelta(days=2)
_RENEW = "make a new pair with `suitetalk keygen` and upload its certificate, or use `suitetalk rotate`."
_PAGE = "Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup"


def check_address(account: Account, session: requests.Session, timeout: float) -> tuple[list[Finding], bool]:
    """Ask for the public keys, which needs no login; the answer's date tells the time.

    Returns:
        The findings, and whether there was an answer.
    """
    started = time.time()
    environment = session.merge_environment_settings(account.base_url, {}, stream=False, verify=None, cert=None)
    request = session.prepare_request(requests.Request("GET", account.base_url + REST_ROOT + _KEYS))
    try:
        answer = session.send(
            request, timeout=(min(LONGEST_CONNECT, timeout), timeout), allow_redirects=False, **environment
        )
    except OSError as error:
        failure = connection_failure(f"GET {account.base_url}", error, repeatable=True)
        words = str(failure.final if isinstance(failure, TryAgainError) else failure).rstrip(".")
        return [failed("address", words, "check account_id, base_url and the way to the internet.")], False
    findings = [ok("address", f"{account.base_url} answers.")]
    try:
        there = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return findings, True
    return [*findings, clock((started + time.time()) / 2 - there)], True


def check_clock(netsuite: NetSuite) -> Finding:
    """Ask the system service for the time, where the answer before the login had no date."""
    started = time.time()
    try:
        there = netsuite.system.server_time().timestamp()
    except SuiteTalkError as error:
        return unknown("clock", str(error))
    return clock((started + time.time()) / 2 - there)


def clock(ahead: float) -> Finding:
    """Judge by how many seconds this machine's clock is ahead."""
    words = f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's."
    if abs(ahead) < _NOTICEABLE:
        return ok("clock", words if abs(ahead) > 1 else "This machine's clock agrees with the server's.")
    remedy = "set it by NTP; a login is refused when it is minutes off."
    return warning("clock", words, remedy) if abs(ahead) < _HARMFUL else failed("clock", words, remedy)


def check_login(netsuite: NetSuite, *, by_signature: bool) -> Iterator[Finding]:
    """Ask for a token, and whether REST web services take it; the last finding is a failure when they do not.

    Args:
        netsuite: the client to check.
        by_signature: whether requests are signed instead of carrying a token that was asked for before.
    """
    granted = ok("token", "Requests are signed." if by_signature else "An access token was granted.")
    try:
        netsuite.raw.request("GET", "metadata-catalog", parameters={"select": "customer"})
    except LoginRefusedError as error:
        if by_signature or "token end point" in error.request:
            yield failed(
                "token", f"NetSuite refused the login ({error.code or error.status}).", _sentence(error.advice)
            )
            return
        yield granted
        yield failed(
            "scope",
            f"REST web services refuse the token: {error.detail}.",
            "tick the scope REST Web Services on the integration record, enable the feature REST Web Services, and "
            "give the role REST Web Services (Full) and Log in using OAuth 2.0 Access Tokens; look up the reason in "
            "Setup > Users/Roles > User Management > View Login Audit Trail.",
        )
        return
    except PermissionDeniedError as error:
        yield granted
        yield failed(
            "features",
            f"REST web services refuse the role: {error.detail}.",
            "enable Setup > Company > Enable Features > SuiteCloud > REST Web Services, and give the role the "
            "permission Setup > REST Web Services (Full).",
        )
        return
    except NetSuiteError as error:
        yield granted
        yield warning("features", f"The metadata catalog was refused: {error.detail}.", _sentence(error.advice))
        return
    except SuiteTalkError as error:
        yield failed("token", str(error))
        return
    yield granted
    yield ok("scope", "REST web services take the token: scope, feature and permission are there.")


def check_ends(netsuite: NetSuite, settings: ConnectionSettings) -> Iterator[Finding]:
    """Check the certificate, or the consent, or the method itself, whichever the login rests on."""
    if settings.auth_method == "client_credentials":
        yield _certificate(netsuite, settings)
    elif settings.auth_method == "authorization_code":
        status = authorization_code.status(settings)
        if status:
            yield judged("login", "The login", status.ends_at, _SOON_FOR_CONSENT, "run `suitetalk login` before that.")
    else:
        yield warning(
            "token",
            "Token-based authentication takes no new integrations from release 2027.1 and ends in 2028.",
            "move to client_credentials: `suitetalk keygen` begins it.",
        )


def judged(check: str, what: str, end: datetime, soon: timedelta, remedy: str) -> Finding:
    """Judge by the time that is left."""
    left = end - datetime.now(timezone.utc)
    if left <= timedelta():
        return failed(check, f"{what} ended on {end:%Y-%m-%d}.", remedy)
    words = f"{what} ends on {end:%Y-%m-%d %H:%M} UTC, in {left.days} days."
    return warning(check, words, remedy) if left <= soon else ok(check, words)


def _sentence(advice: str) -> str:
    return f"{advice.rstrip('.')}." if advice else ""


def _certificate(netsuite: NetSuite, settings: ConnectionSettings) -> Finding:
    """Ask NetSuite, which counts; look beside the key where the role may not ask."""
    try:
        known = Certificates(netsuite.transport, settings.client_id).find(settings.certificate_id or "")
    except SuiteTalkError:
        known = None
    if known and known.revoked:
        return failed("certificate", "The certificate is revoked.", _RENEW)
    end = known.valid_until if known else None
    if end is None:
        try:
            key = signing_key(settings)
            found = certificate_of(key, settings.private_key, settings.private_key_path, settings.certificate_path)
        except SuiteTalkError as error:
            return unknown("certificate", str(error))
        end = end_of(found) if found else None
    if end is None:
        return unknown(
            "certificate",
            "The certificate's end is not known here.",
            f"see {_PAGE}, or set `certificate_path`, or give the role the permission Manage own OAuth 2.0 Client "
            "Credentials Certificates.",
        )
    return judged("certificate", "The certificate", end, _SOON, _RENEW)
