"""The token end point: one method for each grant [section_162790605110, section_158081952044, section_158082518856]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.auth.errors import OAuthError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netsuite_emulator.auth.assertions import AssertionVerifier
    from netsuite_emulator.auth.consents import Consents
    from netsuite_emulator.auth.integrations import Integrations
    from netsuite_emulator.auth.settings import SignInSettings
    from netsuite_emulator.auth.tokens import TokenStore

__all__ = ["TokenEndPoint"]

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
            OAuthError: the request is refused. A token that is not known is no reason for that.
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
