"""When the certificate of a private key ends, as far as this machine can know, and the warning before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509

from suitetalk.auth.keys import SigningKey, pem_bytes, public_bytes
from suitetalk.errors import ConfigurationError

logger = logging.getLogger(__name__)

WARN_BEFORE = timedelta(days=30)
_LONGEST_LIFE = timedelta(days=731)  # NetSuite shortens what is valid for more than two years [subsect_162755332391]
_SUFFIXES = (".pem", ".crt", ".cer")
_LARGEST_FILE = 64 * 1024  # bytes
_MOST_FILES = 50


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
