"""Checks the signed assertions of the client credentials flow [section_162755359851]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography import x509

from netsuite_emulator.auth.certificates import CertificateRegistry
from netsuite_emulator.auth.errors import OAuthError
from netsuite_emulator.clock import Clock

__all__ = ["TOKEN_PATH", "AssertionVerifier"]

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SCOPES = {"rest_webservices", "restlets", "suite_analytics"}
_LONGEST_LIFE = 3600
_CLOCK_SKEW = 5


@dataclass(frozen=True)
class AssertionVerifier:
    """Knows the integration's client id, its certificates by id, and the hosts an assertion may be meant for."""

    client_id: str
    certificates: CertificateRegistry
    hosts: frozenset[str]
    clock: Clock

    def verify(self, assertion: str, request_host: str) -> list[str]:
        """The scopes that a valid assertion asks for.

        Args:
            assertion: the JWT.
            request_host: host and port the request was sent to, as its audience may name it.

        Raises:
            OAuthError: the assertion is not valid.
        """
        certificate = self._certificate(assertion)
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                certificate.public_key(),  # type: ignore[arg-type]  # its kind was checked when it was registered
                algorithms=_ALGORITHMS,
                options={
                    "verify_aud": False,
                    "verify_iat": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "require": ["iss", "aud"],
                },
            )
        except (jwt.InvalidSignatureError, jwt.InvalidKeyError, jwt.InvalidAlgorithmError, TypeError):
            raise OAuthError("invalid_client", "SignatureValidation") from None
        except jwt.MissingRequiredClaimError:
            raise OAuthError("invalid_request", "a claim is missing") from None
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "the assertion cannot be used") from None
        self._check_claims(claims, request_host)
        return _scopes(claims)

    def _certificate(self, assertion: str) -> x509.Certificate:
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.PyJWTError:
            raise OAuthError("invalid_request", "the assertion cannot be read") from None
        if header.get("alg") not in _ALGORITHMS:
            raise OAuthError("invalid_request", "UnsupportedAlgo")
        certificate = self.certificates.active(str(header.get("kid")))
        if certificate is None:
            raise OAuthError("invalid_client", "MissingKey")
        return certificate

    def _check_claims(self, claims: dict[str, Any], request_host: str) -> None:
        if claims["iss"] != self.client_id:
            raise OAuthError("invalid_client", "InvalidIssuer")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not any(self._is_meant_for_us(str(audience), request_host) for audience in audiences):
            raise OAuthError("invalid_grant", "the audience is not this account's token address")
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            raise OAuthError("invalid_request", "iat and exp must be numbers")
        now = self.clock.now()
        if expires <= now:
            raise OAuthError("invalid_grant", "TokenExpired")
        if issued > now + _CLOCK_SKEW:
            raise OAuthError("invalid_grant", "issued in the future")
        if expires - issued > _LONGEST_LIFE:
            raise OAuthError("invalid_grant", "TokenValidityTooBroad")

    def _is_meant_for_us(self, audience: str, request_host: str) -> bool:
        address = urlsplit(audience)
        known = {*self.hosts, request_host.lower()}
        return address.path == TOKEN_PATH and address.netloc.lower() in known


def _scopes(claims: dict[str, Any]) -> list[str]:
    """The scopes, given as an array or as a text separated by commas [section_162755359851]."""
    scope = claims.get("scope")
    scopes = [part.strip() for part in scope.split(",")] if isinstance(scope, str) else scope
    if not isinstance(scopes, list) or not scopes or not set(map(str, scopes)) <= _SCOPES:
        raise OAuthError("invalid_scope", "InvalidScope")
    if "rest_webservices" not in scopes:
        raise OAuthError("invalid_scope", "ScopeMismatched")
    return [str(scope) for scope in scopes]
