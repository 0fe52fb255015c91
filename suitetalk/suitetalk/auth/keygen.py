"""Key pairs that NetSuite accepts for client credentials [subsect_162755332391]."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from suitetalk.errors import ConfigurationError

KINDS = ("ec-p256", "ec-p384", "ec-p521", "rsa-4096", "rsa-3072")
"""The kinds of key that can be made, the recommended one first."""

LONGEST_DAYS = 730
"""NetSuite shortens what is valid for more than two years."""

_CURVES: dict[str, tuple[ec.EllipticCurve, SHA256 | SHA384 | SHA512]] = {
    "ec-p256": (ec.SECP256R1(), SHA256()),
    "ec-p384": (ec.SECP384R1(), SHA384()),
    "ec-p521": (ec.SECP521R1(), SHA512()),
}
_SALT_LENGTH = 64  # bytes; of the documented command
_CLOCK_SLACK = timedelta(minutes=5)  # NetSuite's clock may be behind this machine's
_NEXT_STEPS = """\
1. In NetSuite open Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup and
   choose Create New.
2. Choose the entity (employee), the role, and the application (the integration record, which needs Client
   Credentials (Machine to Machine) Grant and the scope REST Web Services ticked).
3. Upload the certificate {certificate} and save.
4. Set `certificate_id` to the Certificate ID that the page now shows, `client_id` to the integration record's, and
   `private_key_path` to {key}.
The private key stays on this machine: only the certificate goes to NetSuite. The certificate ends on {end:%Y-%m-%d}.
A sandbox needs one of its own, and a new one after each refresh."""


@dataclass(frozen=True)
class KeyPair:
    """A private key with its self-signed certificate.

    Attributes:
        private_pem: PKCS#8, encrypted if a passphrase was given.
        certificate_pem: what NetSuite gets.
        not_after: when the certificate ends.
    """

    private_pem: str = field(repr=False)
    certificate_pem: str
    not_after: datetime


def generate(
    kind: str = KINDS[0],
    *,
    common_name: str = "suitetalk",
    days: int = LONGEST_DAYS,
    passphrase: str | None = None,
) -> KeyPair:
    """Make a key and a certificate.

    Args:
        kind: one of KINDS.
        common_name: what NetSuite's pages show as the certificate's subject, 1 to 64 characters.
        days: how long the certificate is valid, at most LONGEST_DAYS.
        passphrase: encrypts the private key.

    Raises:
        ConfigurationError: the kind, the name or the days cannot be used.
    """
    if kind not in KINDS:
        raise ConfigurationError("kind", f"is {kind!r}; it must be one of {', '.join(KINDS)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise ConfigurationError("days", f"is {days}; NetSuite takes certificates of 1 to {LONGEST_DAYS} days.")
    key = _private_key(kind)
    certificate = _certificate(key, kind, common_name, days)
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return KeyPair(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode(),
        certificate.public_bytes(Encoding.PEM).decode(),
        certificate.not_valid_after_utc,
    )


def write(pair: KeyPair, key_path: str | Path, certificate_path: str | Path) -> None:
    """Write both files, the key's for its owner alone; files that are there already are never written over.

    Raises:
        ConfigurationError: there is such a file already, or it cannot be written; nothing is left behind then.
    """
    key, certificate = Path(key_path).expanduser(), Path(certificate_path).expanduser()
    _create(key, pair.private_pem, 0o600)
    try:
        _create(certificate, pair.certificate_pem, 0o644)
    except ConfigurationError:
        key.unlink()
        raise


def next_steps(pair: KeyPair, key_path: str | Path, certificate_path: str | Path) -> str:
    """Say what to click in NetSuite now [section_162686838198]."""
    return _NEXT_STEPS.format(certificate=certificate_path, key=key_path, end=pair.not_after)


def _private_key(kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind][0])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))


def _certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kind: str, common_name: str, days: int
) -> x509.Certificate:
    """Sign as the documented commands of openssl do, with the extensions openssl adds."""
    try:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    except ValueError:
        raise ConfigurationError("common_name", "must have 1 to 64 characters.") from None
    begin = datetime.now(timezone.utc).replace(microsecond=0) - _CLOCK_SLACK
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(SHA256()), _SALT_LENGTH)
        return builder.sign(key, SHA256(), rsa_padding=pss)
    return builder.sign(key, _CURVES[kind][1])


def _create(path: Path, text: str, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise ConfigurationError("path", f"names {str(path)!r}, which is there already; choose another.") from None
    except OSError as error:
        raise ConfigurationError("path", f"names {str(path)!r}, which cannot be made ({error.strerror}).") from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigurationError("path", f"names {str(path)!r}, which cannot be written ({error.strerror}).") from None
