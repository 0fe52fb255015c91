"""When what the login rests on comes to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from suitetalk.auth import authorization_code
from suitetalk.auth.certificate_end import certificate_of, end_of
from suitetalk.auth.certificates import Certificates
from suitetalk.auth.choice import signing_key
from suitetalk.client import NetSuite
from suitetalk.doctor.finding import Finding, failed, ok, unknown, warning
from suitetalk.errors import SuiteTalkError
from suitetalk.settings import ConnectionSettings

_SOON = timedelta(days=30)
_SOON_FOR_CONSENT = timedelta(days=2)
_RENEW = "make a new pair with `suitetalk keygen` and upload its certificate, or use `suitetalk rotate`."
_PAGE = "Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup"


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
