"""Private keys: reading them in every form users have them, and signing assertions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from suitetalk.errors import ConfigurationError

_ALGORITHM_BY_CURVE = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_RSA_ALGORITHMS = ("PS256", "PS384", "PS512")
_SMALLEST_RSA_KEY = 3072


@dataclass(frozen=True)
class SigningKey:
    """A private key with the signature algorithm NetSuite wants for it.

    Attributes:
        algorithm: PS256 for RSA keys unless another of theirs is asked for; ES256, ES384 or ES512 by curve for EC
            keys. RSA with PKCS#1 v1.5 (RS256) is refused by NetSuite [section_162755359851].
    """

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    algorithm: str

    @classmethod
    def read(
        cls, text: str | None, path: str | None, passphrase: str | None, algorithm: str | None = None
    ) -> SigningKey:
        r"""Read a key from PEM text (line ends real or written as `\n`) or from a file.

        Raises:
            ConfigurationError: there is no usable private key, or it cannot sign with the algorithm asked for; the
                text says why.
        """
        setting = "private_key" if text else "private_key_path"
        key = cls._from_pem(setting, pem_bytes(text, path), passphrase)
        return key if algorithm in (None, key.algorithm) else key.signing_with(algorithm)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, in hexadecimal."""
        return hashlib.sha256(public_bytes(self.key.public_key())).hexdigest()

    @classmethod
    def _from_pem(cls, setting: str, pem: bytes, passphrase: str | None) -> SigningKey:
        if b"PRIVATE KEY" not in pem:
            raise ConfigurationError(setting, _what_it_is_instead(pem))
        key = _load(setting, pem.strip() + b"\n", passphrase)
        if isinstance(key, rsa.RSAPrivateKey):
            if key.key_size < _SMALLEST_RSA_KEY:
                raise ConfigurationError(
                    setting,
                    f"is an RSA key of {key.key_size} bit; NetSuite accepts 3072 or 4096 bit, or an EC key.",
                )
            return cls(key, "PS256")
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _ALGORITHM_BY_CURVE:
            return cls(key, _ALGORITHM_BY_CURVE[key.curve.name])
        raise ConfigurationError(
            setting,
            "is of a kind NetSuite does not accept; use RSA (3072 or 4096 bit) or EC (P-256, P-384, P-521).",
        )

    def signing_with(self, algorithm: str | None) -> SigningKey:
        """Return the same key, to sign with another of its algorithms.

        Raises:
            ConfigurationError: it cannot sign with this one.
        """
        if isinstance(self.key, rsa.RSAPrivateKey) and algorithm in _RSA_ALGORITHMS:
            return SigningKey(self.key, algorithm)
        possible = ", ".join(_RSA_ALGORITHMS) if isinstance(self.key, rsa.RSAPrivateKey) else self.algorithm
        raise ConfigurationError(
            "signing_algorithm",
            f"is {algorithm!r}, and the private key can sign with {possible}; correct or remove it.",
        )

    def sign(self, claims: dict[str, Any], key_id: str) -> str:
        """Return a compact JWT over the claims, with `typ`, `alg` and `kid` in its header."""
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": key_id, "typ": "JWT"})


def pem_bytes(text: str | None, path: str | None) -> bytes:
    """Return the PEM of the settings `private_key` or `private_key_path`, its line ends real.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    pem = text.encode(errors="replace") if text else _read_file(path or "")
    return pem.replace(b"\\r", b"").replace(b"\\n", b"\n")


def public_bytes(key: Any) -> bytes:
    """Return a public key in one form, so that two can be compared."""
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _read_file(path: str) -> bytes:
    if "PRIVATE KEY" in path:
        raise ConfigurationError("private_key_path", "holds the key itself; give that in `private_key`.")
    try:
        return Path(path).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:  # besides: no such home directory, a null character
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            "private_key_path", f"names {path!r}, which cannot be read ({why}); correct the path or its rights."
        ) from None


def _what_it_is_instead(pem: bytes) -> str:
    if b"CERTIFICATE" in pem:
        return "holds a certificate; the private key is needed, the certificate is what NetSuite gets."
    if b"PUBLIC KEY" in pem:
        return "holds a public key; the private key is needed."
    return (
        "holds no PEM private key; it must begin with -----BEGIN PRIVATE KEY----- or a variant of it "
        "(the name of a file goes into `private_key_path`)."
    )


def _load(setting: str, pem: bytes, passphrase: str | None) -> Any:
    secret = passphrase.encode(errors="surrogateescape") if passphrase else None
    encrypted = b"ENCRYPTED" in pem
    try:
        return load_pem_private_key(pem, secret if encrypted else None)
    except TypeError:
        raise ConfigurationError(
            "private_key_passphrase", "is missing, and the private key is encrypted; give its passphrase."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if encrypted:
            raise ConfigurationError("private_key_passphrase", "does not open the private key; check both.") from None
        raise ConfigurationError(
            setting, "holds a damaged PEM private key; copy it again, with all its lines."
        ) from None
