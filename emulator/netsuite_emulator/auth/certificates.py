"""The certificates an integration is known by, and the key pair the emulator makes for its callers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from netsuite_emulator.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KeyPair", "load_certificate", "load_or_create_key_pair", "read_certificate"]

_RSA_SIZES = (3072, 4096)  # [subsect_162755332391]
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class KeyPair:
    """A private key (PEM text), where it is kept, and its certificate."""

    private_key: str
    path: Path
    certificate: x509.Certificate


def load_certificate(path: Path) -> x509.Certificate:
    """Read a certificate and check that NetSuite would take it [subsect_162755332391].

    Raises:
        SettingsError: the file cannot be read, is no certificate, or its key is of a kind or size NetSuite refuses.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The certificate {path} cannot be read: {error.strerror}.") from None
    return read_certificate(content, str(path))


def read_certificate(content: bytes, name: str) -> x509.Certificate:
    """A certificate from its PEM text; `name` is what messages call it.

    Raises:
        SettingsError: it is no certificate, or its key is of a kind or size NetSuite refuses.
    """
    try:
        certificate = x509.load_pem_x509_certificate(content)
        key = certificate.public_key()
    except Exception:  # noqa: BLE001 - cryptography raises many kinds for a broken file
        raise SettingsError(f"{name} is not an X.509 certificate in PEM form.") from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_SIZES:
        return certificate
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return certificate
    raise SettingsError(f"{name} needs an RSA key of 3072 or 4096 bits, or an EC key of 256, 384 or 521 bits.")


def load_or_create_key_pair(directory: Path) -> KeyPair:
    """The key pair in a directory, made there where it is missing.

    The private key's file is readable by its owner alone.

    Raises:
        SettingsError: the directory cannot be used or holds something else under these names.
    """
    key_path, certificate_path = directory / "private_key.pem", directory / "certificate.pem"
    try:
        if not key_path.exists():
            directory.mkdir(parents=True, exist_ok=True)
            _create(key_path, certificate_path)
        private_key = key_path.read_text("ascii")
        load_pem_private_key(private_key.encode(), None)
    except OSError as error:
        raise SettingsError(f"The credentials directory {directory} cannot be used: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise SettingsError(f"{key_path} is not a private key in PEM form without a password.") from None
    return KeyPair(private_key, key_path, load_certificate(certificate_path))


def _create(key_path: Path, certificate_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "netsuite-emulator")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=729))
        .sign(key, hashes.SHA256())
    )
    certificate_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    descriptor = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
