"""Certificates of the client credentials flow, from the key pair on this machine to the end point that manages them.

In this order: the key pair that the emulator makes for callers, the registry of an integration's certificates, and the
service below `/auth/oauth2/v1/clients/{id}/certificates` [subsect_162755332391].
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from netsuite_emulator.auth.consents import Integrations
from netsuite_emulator.clock import Clock
from netsuite_emulator.errors import NetSuiteError, invalid_content, invalid_method, nonexistent_id, user_error
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.settings import Settings, SettingsError

__all__ = ["CertificateRegistry", "CertificateService", "KeyPair", "load_certificate", "load_or_create_key_pair"]


_RSA_SIZES = (3072, 4096)  # [subsect_162755332391]
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_MOST_ACTIVE = 5
_LONGEST_LIFE = timedelta(days=731)  # two years, a leap day among them


@dataclass(frozen=True)
class KeyPair:
    """A private key (PEM text), where it is kept, and its certificate."""

    private_key: str
    path: Path
    certificate: x509.Certificate


def load_certificate(path: Path) -> x509.Certificate:
    """Read a certificate and check that NetSuite would take it [subsect_162755332391].

    Raises:
        SettingsError: the file cannot be read, is not a certificate, or its key is of a kind or size NetSuite refuses.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The certificate {path} cannot be read: {error.strerror}.") from None
    return read_certificate(content, str(path))


def read_certificate(content: bytes, name: str) -> x509.Certificate:
    """A certificate from its PEM text; `name` is what messages call it.

    Raises:
        SettingsError: it is not a certificate, or its key is of a kind or size NetSuite refuses.
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


@dataclass(frozen=True)
class RegisteredCertificate:
    """A certificate and what NetSuite says of it; a validity longer than two years is shortened."""

    id: str
    certificate: x509.Certificate
    created: datetime
    revoked: bool = False

    @property
    def valid_from(self) -> datetime:
        """The beginning of its validity."""
        return self.certificate.not_valid_before_utc

    @property
    def valid_until(self) -> datetime:
        """The end of its validity, two years after its beginning at the latest."""
        return min(self.certificate.not_valid_after_utc, self.valid_from + _LONGEST_LIFE)

    def active(self, now: datetime) -> bool:
        """Whether assertions may be signed with its key."""
        return not self.revoked and self.valid_from <= now <= self.valid_until


class CertificateRegistry:
    """Certificates by id. Safe to use from several threads."""

    def __init__(self, certificates: Mapping[str, x509.Certificate], clock: Clock) -> None:
        """Begin with those the settings name."""
        self._clock = clock
        self._lock = threading.Lock()
        self._entries = {
            name: RegisteredCertificate(name, certificate, self.now()) for name, certificate in certificates.items()
        }

    def now(self) -> datetime:
        """The account's time."""
        return datetime.fromtimestamp(self._clock.now(), timezone.utc)

    def active(self, name: str) -> x509.Certificate | None:
        """The certificate with that id, None where it is unknown, revoked or not valid now."""
        with self._lock:
            entry = self._entries.get(name)
        return entry.certificate if entry is not None and entry.active(self.now()) else None

    def listing(self) -> list[RegisteredCertificate]:
        """All of them, oldest first."""
        with self._lock:
            return list(self._entries.values())

    def add(self, certificate: x509.Certificate) -> RegisteredCertificate:
        """Register one more.

        Raises:
            NetSuiteError: there are five already, or this one was there before.
        """
        now = self.now()
        fingerprint = certificate.fingerprint(hashes.SHA256())
        with self._lock:
            for known in self._entries.values():
                if known.certificate.fingerprint(hashes.SHA256()) == fingerprint:
                    raise user_error(
                        "The certificate was revoked and cannot be uploaded again."
                        if known.revoked
                        else "The certificate is in use already. Upload one made for this mapping."
                    )
            if sum(entry.active(now) for entry in self._entries.values()) >= _MOST_ACTIVE:
                raise user_error(f"An integration record can have at most {_MOST_ACTIVE} active certificates.")
            entry = RegisteredCertificate(secrets.token_urlsafe(32), certificate, now)
            self._entries[entry.id] = entry
            return entry

    def revoke(self, name: str) -> RegisteredCertificate:
        """End one.

        Raises:
            NetSuiteError: there is none of that id, or it was revoked before.
        """
        with self._lock:
            entry: RegisteredCertificate | None = self._entries.get(name)
            if entry is None:
                raise nonexistent_id()
            if entry.revoked:
                raise NetSuiteError(400, "USER_ERROR", "The certificate was revoked before.")
            self._entries[name] = replace(entry, revoked=True)
            return self._entries[name]


class CertificateService:
    """Answers `/auth/oauth2/v1/clients/{clientId}/certificates…`."""

    def __init__(self, settings: Settings, integrations: Integrations, registry: CertificateRegistry) -> None:
        """Change what `registry` holds."""
        self._settings = settings
        self._integrations = integrations
        self._registry = registry

    def answer(self, call: Call, client_id: str, path: tuple[str, ...]) -> Answer:
        """Answer a request; its access token was checked.

        Args:
            call: the request.
            client_id: whose certificates.
            path: what follows `certificates`.

        Raises:
            NetSuiteError: the request is refused.
        """
        if not self._settings.role.manages_certificates:
            detail = (
                "Permission Violation: You need the 'Manage own OAuth 2.0 Client Credentials Certificates' permission "
                "to access this page."
            )
            raise NetSuiteError(403, "INSUFFICIENT_PERMISSION", detail)
        if client_id != self._integrations.confidential.client_id:
            raise nonexistent_id()
        match (call.method, *path):
            case ("GET",):
                return Answer(200, [self._listed(entry, call) for entry in self._registry.listing()])
            case ("POST",):
                return Answer(200, self._described(self._add(call.json())))
            case ("POST", name, "revoke"):
                return Answer(200, self._described(self._registry.revoke(name)))
        if len(path) == 2 and path[1] == "revoke":  # noqa: PLR2004 - id and verb
            raise invalid_method("revoke", frozenset({"POST"}))
        if path:
            raise nonexistent_id()
        raise invalid_method("certificates", frozenset({"GET", "POST"}))

    def _add(self, body: Any) -> RegisteredCertificate:
        if not isinstance(body, dict):
            raise invalid_content("Invalid content in the request body. Provide a JSON object.")
        role = self._settings.role
        for name, own in (("role", role.id), ("entity", role.entity)):
            if str(body.get(name)) != str(own):
                raise invalid_content(f"Invalid value for '{name}': this user has {own}.", name)
        if not isinstance(body.get("fileContent"), str):
            raise invalid_content("Provide the certificate in PEM form.", "fileContent")
        try:
            certificate = read_certificate(body["fileContent"].encode(), "The certificate")
        except SettingsError as error:
            raise invalid_content(str(error), "fileContent") from None
        return self._registry.add(certificate)

    def _described(self, entry: RegisteredCertificate) -> dict[str, Any]:
        role = self._settings.role
        return {
            "entity_role_id": {"com": self._settings.realm, "ent": role.entity, "rol": role.id},
            "application_id": self._integrations.confidential.client_id,
            "certificate_id": entry.id,
            "certificate": entry.certificate.public_bytes(Encoding.PEM).decode(),
            "algorithm": _algorithm(entry),
            "created_at": _written(entry.created),
            "valid_from": _written(entry.valid_from),
            "valid_until": _written(entry.valid_until),
            "invalidated": entry.revoked,
        }

    def _listed(self, entry: RegisteredCertificate, call: Call) -> dict[str, Any]:
        role, integration = self._settings.role, self._integrations.confidential
        page = call.base.removesuffix("/services/rest") + "/app"
        return {
            "application": {
                "id": 1,
                "name": integration.name,
                "url": f"{page}/common/integration/integrapp.nl?id=1",
                "application_id": integration.client_id,
            },
            "entity": {
                "id": role.entity,
                "name": "Emulator User",
                "url": f"{page}/common/entity/employee.nl?id={role.entity}",
            },
            "role": {"id": role.id, "name": role.name, "url": f"{page}/setup/role.nl?id={role.id}"},
            "created": _written(entry.created),
            "valid_from": _written(entry.valid_from),
            "valid_until": _written(entry.valid_until),
            "revoked": entry.revoked,
            "certificate_id": entry.id,
            "algorithm": _algorithm(entry),
        }


def _algorithm(entry: RegisteredCertificate) -> str:
    return "EC" if isinstance(entry.certificate.public_key(), ec.EllipticCurvePublicKey) else "RSA"


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
