"""The key the account signs access tokens with [section_158255317571]."""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

__all__ = ["key_set", "sign"]

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
