"""Private keys and certificates on this machine."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from suitetalk.errors import ConfigurationError
from suitetalk.settings import ConnectionSettings

_ALGORITHM_BY_CURVE = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_RSA_ALGORITHMS = ("PS256", "PS384", "PS512")
_SMALLEST_RSA_KEY = 3072
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
_CLOCK_SLACK = timedelta(minutes=5)  # NetSuite's clock may be slower than this machine's
_NEXT_STEPS = """\
1. In NetSuite open Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup and
   choose Create New.
2. Choose the entity (employee), the role, and the application (the integration record, which needs Client
   Credentials (Machine to Machine) Grant and the scope REST Web Services ticked).
3. Upload the certificate {certificate} and save.
4. Note the Certificate ID that the page now shows: it is the setting `certificate_id`. `client_id` is that of the
   integration record, and `private_key_path` is {key}.
The private key stays on this machine: only the certificate goes to NetSuite. The certificate ends on {end:%Y-%m-%d}.
A sandbox needs its own certificate, and a new one after each refresh."""
logger = logging.getLogger(__name__)
WARN_BEFORE = timedelta(days=30)
_LONGEST_LIFE = timedelta(days=731)  # NetSuite shortens what is valid for more than two years [subsect_162755332391]
_SUFFIXES = (".pem", ".crt", ".cer")
_LARGEST_FILE = 64 * 1024  # bytes
_MOST_FILES = 50


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


def signing_key(settings: ConnectionSettings) -> SigningKey:
    """Return the private key of the settings.

    Raises:
        ConfigurationError: it cannot be used.
    """
    return SigningKey.read(
        settings.private_key,
        settings.private_key_path,
        settings.private_key_passphrase,
        settings.signing_algorithm,
    )


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
        "does not hold a PEM private key; it must begin with -----BEGIN PRIVATE KEY----- or a variant of it "
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
        ConfigurationError: there is such a file already, or it cannot be written; nothing is left over then.
    """
    key, certificate = Path(key_path).expanduser(), Path(certificate_path).expanduser()
    _create(key, pair.private_pem, 0o600)
    try:
        _create(certificate, pair.certificate_pem, 0o644)
    except ConfigurationError:
        key.unlink()
        raise


def next_steps(end: datetime, key_path: str | Path, certificate_path: str | Path) -> str:
    """Say what to click in NetSuite now, with a certificate that ends then [section_162686838198]."""
    return _NEXT_STEPS.format(certificate=certificate_path, key=key_path, end=end)


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
        raise ConfigurationError("path", f"names {str(path)!r}, which already exists; choose another path.") from None
    except OSError as error:
        raise ConfigurationError("path", f"names {str(path)!r}, which cannot be made ({error.strerror}).") from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigurationError("path", f"names {str(path)!r}, which cannot be written ({error.strerror}).") from None


def end_of(certificate: x509.Certificate) -> datetime:
    """Return when NetSuite stops to accept a certificate."""
    return min(certificate.not_valid_after_utc, certificate.not_valid_before_utc + _LONGEST_LIFE)


def certificate_of(
    key: SigningKey, private_key: str | None, private_key_path: str | None, certificate_path: str | None
) -> x509.Certificate | None:
    """Return the certificate of a key: the one of the setting, or else one in the key's file or beside it.

    Raises:
        ConfigurationError: `certificate_path` names no certificate of this key.
    """
    if certificate_path:
        return _named(key, certificate_path)
    certificates = _certificates_in(pem_bytes(private_key, private_key_path))
    if private_key_path:
        certificates += [found for path in _beside(private_key_path) for found in _certificates_in(_read(path))]
    belonging = [certificate for certificate in certificates if _belongs(certificate, key)]
    return max(belonging, key=end_of, default=None)


def warn_of_end(end: datetime, now: datetime | None = None) -> bool:
    """Warn when a certificate ends within WARN_BEFORE or has ended, and tell whether that is so."""
    left = end - (now or datetime.now(timezone.utc))
    if left > WARN_BEFORE:
        return False
    when = (
        f"ends on {end:%Y-%m-%d %H:%M} UTC, in {left.days} days" if left > timedelta() else f"ended on {end:%Y-%m-%d}"
    )
    logger.warning(
        "The certificate of `private_key` %s; make a new pair with `suitetalk keygen` and upload its certificate to "
        "NetSuite, or rotate it.",
        when,
    )
    return True


def _named(key: SigningKey, path: str) -> x509.Certificate:
    try:
        certificates = _certificates_in(Path(path).expanduser().read_bytes())
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            "certificate_path", f"names {path!r}, which cannot be read ({why}); correct the path or its rights."
        ) from None
    belonging = [certificate for certificate in certificates if _belongs(certificate, key)]
    if not belonging:
        what = "certificate of another key" if certificates else "no PEM certificate"
        raise ConfigurationError(
            "certificate_path", f"names a file with {what}; name the certificate of `private_key`, or remove it."
        )
    return max(belonging, key=end_of)


def _belongs(certificate: x509.Certificate, key: SigningKey) -> bool:
    try:
        return public_bytes(certificate.public_key()) == public_bytes(key.key.public_key())
    except Exception:  # noqa: BLE001 - of a kind of key that cryptography does not know, so it is another one
        return False


def _certificates_in(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem) if b"BEGIN CERTIFICATE-" in pem else []
    except ValueError:
        return []


def _beside(path: str) -> Iterator[Path]:
    """Yield the files in the key's folder that may be certificates."""
    try:
        beside = [entry for entry in Path(path).expanduser().parent.iterdir() if entry.suffix.lower() in _SUFFIXES]
    except OSError:
        return
    yield from sorted(beside)[:_MOST_FILES]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= _LARGEST_FILE else b""
    except OSError:
        return b""
