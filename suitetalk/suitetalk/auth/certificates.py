"""The certificates of an integration in NetSuite: listing them, putting a new one in place, revoking one.

[article_92130837826, article_11111634165, article_0209112025, article_0209112818]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import requests

from suitetalk.account import REST_ROOT
from suitetalk.errors import ConfigurationError, ConnectionFailedError
from suitetalk.http.response import Answer, encode
from suitetalk.http.transport import Transport
from suitetalk.values import instant

_LATEST_IN_SECONDS = 1e11  # what is more is milliseconds


@dataclass(frozen=True)
class Certificate:
    """A certificate as NetSuite knows it.

    Attributes:
        id: what the setting `certificate_id` takes.
        algorithm: such as `EC`.
        valid_until: None where NetSuite's answer has none that can be read.
        revoked: whether it has been withdrawn.
        entity: internal id of the employee it logs in.
        role: internal id of the role.
    """

    id: str
    algorithm: str
    valid_until: datetime | None
    revoked: bool
    entity: str
    role: str


class Certificates:
    """The certificates of one integration.

    The role needs the permission Setup > Manage own OAuth 2.0 Client Credentials Certificates.
    """

    def __init__(self, transport: Transport, client_id: str) -> None:
        """Send through this transport, logged in as the integration."""
        self._transport = transport
        root = transport.account.restlets_url + REST_ROOT
        self._url = f"{root}/auth/oauth2/v1/clients/{quote(client_id, safe='')}/certificates"

    def all(self) -> list[Certificate]:
        """Return the certificates NetSuite has, revoked ones too.

        Raises:
            ConnectionFailedError: the answer is not a list of certificates.
        """
        body = self._send("GET", self._url, "the list of certificates").json()
        if not isinstance(body, list) or not all(isinstance(entry, dict) for entry in body):
            raise ConnectionFailedError("The answer holds no list of certificates; check `base_url`.")
        return [_certificate(entry) for entry in body]

    def find(self, certificate_id: str) -> Certificate | None:
        """Return one of them, None when NetSuite has none of this id."""
        return next((certificate for certificate in self.all() if certificate.id == certificate_id), None)

    def upload(self, certificate_pem: str, *, entity: str, role: str) -> Certificate:
        """Give NetSuite a further certificate for an employee and a role.

        Raises:
            OutcomeUnknownError: the answer was lost; look at `all()` before repeating it.
            NetSuiteError: NetSuite refused; five certificates can be active at most [section_162686838198].
        """
        body = {"fileContent": certificate_pem, "role": _number(role), "entity": _number(entity)}
        answer = self._send("POST", self._url, "the upload of a certificate", body).json()
        if not isinstance(answer, dict) or not answer.get("certificate_id"):
            raise ConnectionFailedError(
                "NetSuite accepted the certificate without telling its id; look it up on the page OAuth 2.0 Client "
                "Credentials (M2M) Setup."
            )
        return _certificate(answer)

    def rotate(self, certificate_id: str, certificate_pem: str) -> Certificate:
        """Give NetSuite a certificate for the employee and the role of the present one, which stays valid.

        Afterwards set `certificate_id` and the private key to the new ones, and `revoke` the old one when nothing
        uses it any more.

        Raises:
            ConfigurationError: NetSuite does not list the present one.
        """
        present = self.find(certificate_id)
        if present is None or not present.entity or not present.role:
            raise ConfigurationError(
                "certificate_id", "names no certificate in NetSuite's list; correct it, or upload the new one by hand."
            )
        return self.upload(certificate_pem, entity=present.entity, role=present.role)

    def revoke(self, certificate_id: str) -> None:
        """Withdraw a certificate for good; NetSuite does not take it a second time [section_162686838198].

        Raises:
            NotFoundError: NetSuite has none of this id.
        """
        url = f"{self._url}/{quote(certificate_id, safe='')}/revoke"
        self._send("POST", url, "the revocation of a certificate")

    def _send(self, method: str, url: str, name: str, body: object = None) -> Answer:
        """Send without the address in messages, which holds the client's id."""
        request = requests.Request(method, url, headers={"Accept": "application/json"})
        if body is not None:
            request.data = encode(body)
            request.headers["Content-Type"] = "application/json"
        return self._transport.send(request, name, repeatable=method == "GET")


def _certificate(entry: Mapping[str, Any]) -> Certificate:
    """Read an entry of the list, or the answer to an upload, which has other keys."""
    ids = entry.get("entity_role_id")
    combined = ids if isinstance(ids, dict) else {}
    return Certificate(
        id=_text(entry.get("certificate_id")),
        algorithm=_text(entry.get("algorithm")),
        valid_until=_time(entry.get("valid_until")),
        revoked=bool(entry.get("revoked") or entry.get("invalidated")),
        entity=_id(entry.get("entity")) or _text(combined.get("ent")),
        role=_id(entry.get("role")) or _text(combined.get("rol")),
    )


def _id(reference: object) -> str:
    return _text(reference.get("id")) if isinstance(reference, dict) else ""


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _number(internal_id: str) -> int | str:
    """Return an internal id as the number that this end point's examples have."""
    try:
        return int(internal_id)
    except ValueError:
        return internal_id


def _time(value: object) -> datetime | None:
    """Read an ISO time, or seconds or milliseconds since the epoch: the help pages do not say which it is."""
    try:
        if isinstance(value, str) and not value.isdecimal():
            return instant(value)
        seconds = float(str(value))
        return datetime.fromtimestamp(seconds / 1000 if seconds > _LATEST_IN_SECONDS else seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
