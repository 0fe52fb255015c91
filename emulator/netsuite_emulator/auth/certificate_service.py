"""The end point for changing certificates [article_92130837826, article_0209112025, article_0209112818]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from netsuite_emulator.auth.certificates import read_certificate
from netsuite_emulator.errors import NetSuiteError, invalid_content, invalid_method, nonexistent_id
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.settings import SettingsError

if TYPE_CHECKING:
    from datetime import datetime

    from netsuite_emulator.auth.integrations import Integrations
    from netsuite_emulator.auth.registry import CertificateRegistry, RegisteredCertificate
    from netsuite_emulator.settings import Settings

__all__ = ["CertificateService"]


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
