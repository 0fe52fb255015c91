"""The certificates of an integration record and their life in NetSuite [subsect_162755332391, section_162686838198]."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes

from netsuite_emulator.errors import NetSuiteError, nonexistent_id, user_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography import x509

    from netsuite_emulator.clock import Clock

__all__ = ["CertificateRegistry", "RegisteredCertificate"]

_MOST_ACTIVE = 5
_LONGEST_LIFE = timedelta(days=731)  # two years, a leap day among them


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
