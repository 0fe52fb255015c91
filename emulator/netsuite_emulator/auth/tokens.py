"""Access tokens: JSON web tokens that are signed, kept until they expire, and checked with each request."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from netsuite_emulator.auth.errors import invalid_login
from netsuite_emulator.clock import Clock
from netsuite_emulator.settings import Settings

__all__ = ["TokenStore", "key_set", "sign"]


_KEY_ID = "c.emulator"
_making = threading.Lock()


@lru_cache(maxsize=1)
def _make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key() -> rsa.RSAPrivateKey:
    with _making:  # with the first token, once in a process: it takes a moment
        return _make_key()


def sign(claims: dict[str, Any], algorithm: str) -> str:
    """A signed token."""
    return jwt.encode(claims, _key(), algorithm, headers={"kid": _KEY_ID})


def key_set(algorithm: str) -> dict[str, Any]:
    """The public key, as a JSON web key set."""
    key = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
    return {"keys": [{**key, "kid": _KEY_ID, "use": "sig", "alg": algorithm, "key_ops": ["verify"]}]}


@dataclass(frozen=True)
class _Token:
    client_id: str
    scopes: tuple[str, ...]
    end: float
    grant: str | None


class TokenStore:
    """The tokens that are valid. Safe to use from several threads."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Nothing is valid yet."""
        self._settings = settings
        self._clock = clock
        self._tokens: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def issue(self, client_id: str, scopes: tuple[str, ...], grant: str | None = None) -> dict[str, Any]:
        """A new token, as the token end point answers it.

        Args:
            client_id: whom it is for.
            scopes: what it is good for.
            grant: the user's consent it rests on, which can be revoked.
        """
        lifetime = self._settings.token_lifetime
        text = sign(self._claims(client_id, scopes, grant), self._settings.access_token_algorithm)
        with self._lock:
            self._tokens[text] = _Token(client_id, scopes, self._clock.age() + lifetime, grant)
        expires = max(1, int(lifetime))
        as_text = self._settings.expires_in_as_text
        kind = "Bearer" if grant is None else "bearer"  # [section_162790605110, section_158081952044]
        return {"access_token": text, "expires_in": str(expires) if as_text else expires, "token_type": kind}

    def expire_all(self) -> None:
        """End every token now."""
        with self._lock:
            self._tokens.clear()

    def revoke(self, grant: str) -> None:
        """End the tokens that rest on a consent."""
        with self._lock:
            self._tokens = {text: token for text, token in self._tokens.items() if token.grant != grant}

    def check(self, authorization: str | None) -> None:
        """Refuse a request without a valid bearer token for REST web services.

        Raises:
            NetSuiteError: 401 with the header and the body NetSuite sends.
        """
        scheme, _, text = (authorization or "").partition(" ")
        with self._lock:
            token = self._tokens.get(text.strip())
        realm = self._settings.realm
        if scheme.lower() != "bearer" or token is None:
            raise invalid_login(realm, "TokenRejected")
        if token.end <= self._clock.age():
            raise invalid_login(realm, "AccessTokenExpired")
        if "rest_webservices" not in token.scopes:
            raise invalid_login(realm, "ScopeMismatched")

    def _claims(self, client_id: str, scopes: tuple[str, ...], grant: str | None) -> dict[str, Any]:
        role = self._settings.role
        issued = int(self._clock.now())
        holder = f"{role.id};{role.entity}"
        return {
            "sub": holder if grant else f"{holder};{self._settings.realm};{client_id};m2m",
            "aud": [f"{client_id};{self._settings.realm}", client_id],
            "scope": list(scopes),
            "iss": "https://system.netsuite.com",
            "oit": issued,
            "iat": issued,
            "exp": issued + max(1, int(self._settings.token_lifetime)),
            "jti": f"{self._settings.realm}.{secrets.token_urlsafe(24)}",
        }
