"""Everything about signing in: its end points, and who may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from netsuite_emulator.auth.assertions import AssertionVerifier
from netsuite_emulator.auth.certificate_service import CertificateService
from netsuite_emulator.auth.consent_page import CONSENT_PATH, ConsentPage
from netsuite_emulator.auth.consents import Consents
from netsuite_emulator.auth.errors import OAuthError
from netsuite_emulator.auth.integrations import Integrations
from netsuite_emulator.auth.registry import CertificateRegistry
from netsuite_emulator.auth.signing import key_set
from netsuite_emulator.auth.token_based import TokenBasedVerifier
from netsuite_emulator.auth.token_end_point import TokenEndPoint
from netsuite_emulator.auth.tokens import TokenStore
from netsuite_emulator.errors import NetSuiteError, invalid_method
from netsuite_emulator.exchange import Answer, Call, error_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography import x509

    from netsuite_emulator.clock import Clock
    from netsuite_emulator.settings import Settings

__all__ = ["AuthService"]


class AuthService:
    """Called from several threads."""

    def __init__(self, settings: Settings, clock: Clock, certificates: Mapping[str, x509.Certificate]) -> None:
        """Build the end points of one account.

        Raises:
            SettingsError: a redirect URI cannot be registered.
        """
        label = settings.host_label
        hosts = frozenset(f"{label}.{domain}.netsuite.com" for domain in ("suitetalk.api", "restlets.api", "app"))
        self.integrations = Integrations(settings)
        self.tokens = TokenStore(settings, clock)
        self._settings = settings
        registry = CertificateRegistry(certificates, clock)
        consents = Consents(settings, clock)
        verifier = AssertionVerifier(settings.client_id, registry, hosts, clock)
        self._token_end_point = TokenEndPoint(settings, verifier, self.integrations, consents, self.tokens)
        self._token_based = TokenBasedVerifier(settings, clock)
        self._page = ConsentPage(settings, self.integrations, consents)
        self._certificates = CertificateService(settings, self.integrations, registry)

    def check(self, call: Call) -> None:
        """Refuse a request of nobody known.

        Raises:
            NetSuiteError: 401.
        """
        authorization = call.headers.get("authorization", "")
        if authorization[:6].lower() == "oauth ":
            self._token_based.check(call)
        else:
            self.tokens.check(authorization)

    @staticmethod
    def serves(call: Call) -> bool:
        """Whether a request is for one of the end points here."""
        return call.path == CONSENT_PATH or call.segments[:3] == ("auth", "oauth2", "v1")

    def answer(self, call: Call) -> Answer:
        """Answer a request to one of the end points; refusals are answers too."""
        if call.path == CONSENT_PATH:
            return self._page.answer(call)
        try:
            return self._dispatch(call)
        except NetSuiteError as error:
            return error_answer(error)

    def _dispatch(self, call: Call) -> Answer:
        match call.segments[3:]:
            case ("token",):
                return self._posted(call)
            case ("revoke",):
                return self._posted(call, revoke=True)
            case ("keys",):
                return Answer(200, key_set(self._settings.access_token_algorithm))
            case ("clients", client_id, "certificates", *path):
                self.tokens.check(call.headers.get("authorization"))
                return self._certificates.answer(call, client_id, tuple(path))
        raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/{'/'.join(call.segments)}' does not exist.")

    def _posted(self, call: Call, *, revoke: bool = False) -> Answer:
        if call.method != "POST":
            raise invalid_method(call.segments[-1], frozenset({"POST"}))
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        authorization = call.headers.get("authorization")
        try:
            if revoke:
                self._token_end_point.revoke(form, authorization)
                return Answer(200)
            body = self._token_end_point.grant(form, authorization, call.host)
            return Answer(200, body, {"Cache-Control": "no-store"})
        except OAuthError as error:
            headers = {"X-Emulator-Reason": str(error)}
            if error.error == "invalid_client":
                headers["WWW-Authenticate"] = f'Basic realm="{self._settings.realm}"'
            return Answer(error.status, {"error": error.error}, headers)
