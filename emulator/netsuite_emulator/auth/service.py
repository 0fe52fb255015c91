"""Who may pass, and the end points of OAuth 2.0: token, revoke, keys, certificates and the consent page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509

from netsuite_emulator.auth.assertions import AssertionVerifier
from netsuite_emulator.auth.certificates import CertificateRegistry, CertificateService
from netsuite_emulator.auth.consent_page import CONSENT_PATH, ConsentPage
from netsuite_emulator.auth.consents import Consents, Integrations
from netsuite_emulator.auth.errors import OAuthError
from netsuite_emulator.auth.token_based import TokenBasedVerifier
from netsuite_emulator.auth.tokens import TokenStore, key_set
from netsuite_emulator.clock import Clock
from netsuite_emulator.errors import NetSuiteError, invalid_method
from netsuite_emulator.exchange import Answer, Call, error_answer
from netsuite_emulator.settings import Settings, SignInSettings

__all__ = ["AuthService"]


_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenEndPoint:
    """Trades assertions, codes and refresh tokens for access tokens."""

    def __init__(
        self,
        settings: SignInSettings,
        verifier: AssertionVerifier,
        integrations: Integrations,
        consents: Consents,
        tokens: TokenStore,
    ) -> None:
        """`settings` says which grants the integration records allow."""
        self._settings = settings
        self._verifier = verifier
        self._integrations = integrations
        self._consents = consents
        self._tokens = tokens

    def grant(self, form: Mapping[str, str], authorization: str | None, host: str) -> dict[str, Any]:
        """The body of a successful answer.

        Args:
            form: what was posted.
            authorization: the header of that name.
            host: where the request was sent to.

        Raises:
            OAuthError: the request is refused.
        """
        match form.get("grant_type"):
            case None | "":
                raise OAuthError("invalid_request", "grant_type is missing")
            case "client_credentials":
                return self._client_credentials(form, host)
            case "authorization_code":
                return self._authorization_code(form, authorization)
            case "refresh_token":
                return self._refresh_token(form, authorization)
            case other:
                raise OAuthError("unsupported_grant_type", str(other))

    def revoke(self, form: Mapping[str, str], authorization: str | None) -> None:
        """End a refresh token and the access tokens it gave [section_161071224088].

        Raises:
            OAuthError: the request is refused. A token that is not known is not a reason for that.
        """
        integration = self._integrations.authenticate(authorization, form)
        if not form.get("token"):
            raise OAuthError("invalid_request", "token is missing")
        consent = self._consents.revoke(form["token"], integration)
        if consent is not None:
            self._tokens.revoke(consent)

    def _client_credentials(self, form: Mapping[str, str], host: str) -> dict[str, Any]:
        if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
            raise OAuthError("invalid_request", "client_assertion or its type is missing")
        scopes = self._verifier.verify(form["client_assertion"], host)
        if not self._settings.client_credentials_grant:
            raise OAuthError("unauthorized_client", "the integration record does not allow client credentials")
        return self._tokens.issue(self._integrations.confidential.client_id, tuple(scopes))

    def _authorization_code(self, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        integration = self._integrations.authenticate(authorization, form)
        self._allow_code_grant()
        if not form.get("code") or not form.get("redirect_uri"):
            raise OAuthError("invalid_request", "code or redirect_uri is missing")
        consent = self._consents.redeem(form["code"], integration, form["redirect_uri"], form.get("code_verifier"))
        answer = self._tokens.issue(integration.client_id, consent.scopes, consent.id)
        return {**answer, "refresh_token": self._consents.refresh_token(consent)}

    def _refresh_token(self, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        integration = self._integrations.authenticate(authorization, form)
        self._allow_code_grant()
        if not form.get("refresh_token"):
            raise OAuthError("invalid_request", "refresh_token is missing")
        consent, following = self._consents.refresh(form["refresh_token"], integration)
        answer = self._tokens.issue(integration.client_id, consent.scopes, consent.id)
        return answer if following is None else {**answer, "refresh_token": following}

    def _allow_code_grant(self) -> None:
        if not self._settings.authorization_code_grant:
            raise OAuthError("unauthorized_client", "the integration record does not allow the code grant")


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
