"""The page where a user allows an application to act for them [section_158081944642, subsect_158521823069]."""

from __future__ import annotations

import re
import secrets
import threading
from html import escape
from urllib.parse import parse_qsl, urlencode

from netsuite_emulator.auth.consents import SCOPES, Consent, Consents, Integration, Integrations
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.settings import Settings

__all__ = ["CONSENT_PATH", "ConsentPage"]

CONSENT_PATH = "/app/login/oauth2/authorize.nl"
_PROMPTS = ({"none"}, {"login"}, {"consent"}, {"login", "consent"})
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>NetSuite emulator</title></head><body>
<h1>{name}</h1><p>wants to act for you in account {account} with the scopes: {scopes}</p>
<form method="post" action="{path}"><input type="hidden" name="request" value="{request}">
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>
</body></html>"""


class _RefusedError(Exception):
    """An error that the redirect carries."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error = error


class ConsentPage:
    """Answers GET, the question, and POST, the user's decision. Safe to use from several threads."""

    def __init__(self, settings: Settings, integrations: Integrations, consents: Consents) -> None:
        """`settings.consent` answers at once, unless it is `ask`."""
        self._settings = settings
        self._integrations = integrations
        self._consents = consents
        self._asked: dict[str, tuple[Consent, str]] = {}
        self._allowed: set[tuple[str, tuple[str, ...]]] = set()
        self._states: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Answer:
        """The page, or the way back to the application."""
        if call.method == "POST":
            return self._decided(dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)))
        if call.method != "GET":
            return _page(405, "This page takes GET and POST.")
        integration = self._integrations.get(call.query.get("client_id"))
        if integration is None:
            return _page(400, "Invalid client_id: no integration record has it.")
        uri = call.query.get("redirect_uri", "")
        if uri not in integration.redirect_uris:  # nobody may be sent to an address that is not registered
            return _page(400, "Invalid redirect_uri: it must be exactly as the integration record has it.")
        state = call.query.get("state", "")
        try:
            consent = self._read(call.query, integration, uri, state)
            return self._ask(consent, state, silent=call.query.get("prompt") == "none")
        except _RefusedError as refusal:
            return _back(uri, {"state": state, "error": refusal.error}, str(refusal))

    def _read(self, query: dict[str, str], integration: Integration, uri: str, state: str) -> Consent:
        if not self._settings.authorization_code_grant:
            raise _RefusedError("unauthorized_client", "the integration record does not allow the code grant")
        if not query.get("response_type"):
            raise _RefusedError("invalid_request", "response_type is missing")
        if query["response_type"] != "code":
            raise _RefusedError("unsupported_response_type", "response_type must be code")
        if not re.fullmatch(r"[\x20-\x7e]{22,1024}", state):
            raise _RefusedError("invalid_request", "state must be 22 to 1024 printable ASCII characters")
        with self._lock:
            if state in self._states:
                raise _RefusedError("invalid_request", "state was used before")
        scopes = tuple(query.get("scope", "").split())
        if not scopes or not set(scopes) <= SCOPES or ("mcp" in scopes and len(scopes) > 1):
            raise _RefusedError("invalid_scope", "scope")
        prompts = set(query.get("prompt", "").split())
        if prompts and prompts not in _PROMPTS:
            raise _RefusedError("invalid_request", "prompt")
        needed = integration.public or "mcp" in scopes or self._settings.pkce_required
        challenge = _challenge(query, needed=needed)
        return Consent(secrets.token_hex(16), integration.client_id, integration.public, scopes, uri, challenge)

    def _ask(self, consent: Consent, state: str, *, silent: bool) -> Answer:
        if self._settings.consent == "deny":
            raise _RefusedError("access_denied", "the setting consent says so")
        with self._lock:
            known = (consent.client_id, consent.scopes) in self._allowed
        if self._settings.consent == "allow" or (silent and known):
            return self._allow(consent, state)
        if silent:
            raise _RefusedError("access_denied", "nothing was allowed before, and prompt=none forbids to ask")
        request = secrets.token_urlsafe(24)
        with self._lock:
            self._asked[request] = (consent, state)
        integration = self._integrations.get(consent.client_id)
        text = _PAGE.format(
            name=escape(integration.name if integration else ""),
            account=escape(self._settings.account_id),
            scopes=escape(", ".join(consent.scopes)),
            path=CONSENT_PATH,
            request=request,
        )
        return Answer(200, text, content_type="text/html;charset=utf-8")

    def _decided(self, form: dict[str, str]) -> Answer:
        with self._lock:
            consent, state = self._asked.pop(form.get("request", ""), (None, ""))
        if consent is None:
            return _page(400, "This question was answered already, or never asked.")
        if form.get("decision") == "allow":
            return self._allow(consent, state)
        return _back(consent.redirect_uri, {"state": state, "error": "access_denied"}, "the user denied it")

    def _allow(self, consent: Consent, state: str) -> Answer:
        with self._lock:
            self._allowed.add((consent.client_id, consent.scopes))
            self._states.add(state)
        role = self._settings.role
        parameters = {
            "state": state,
            "role": str(role.id),
            "entity": str(role.entity),
            "company": self._settings.realm,
            "code": self._consents.code(consent),
        }
        return _back(consent.redirect_uri, parameters)


def _challenge(query: dict[str, str], *, needed: bool) -> str | None:
    challenge = query.get("code_challenge")
    if challenge is None:
        if needed:
            raise _RefusedError("invalid_request", "code_challenge is missing")
        return None
    if query.get("code_challenge_method") != "S256":
        raise _RefusedError("invalid_request", "code_challenge_method must be S256")
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge):
        raise _RefusedError("invalid_request", "code_challenge is not a base64url SHA-256")
    return challenge


def _back(uri: str, parameters: dict[str, str], reason: str = "") -> Answer:
    joint = "&" if "?" in uri else "?"
    headers = {"Location": f"{uri}{joint}{urlencode(parameters)}", "Cache-Control": "no-store"}
    return Answer(302, None, {**headers, **({"X-Emulator-Reason": reason} if reason else {})})


def _page(status: int, sentence: str) -> Answer:
    text = f"<!DOCTYPE html><html><head><title>Error</title></head><body><p>{escape(sentence)}</p></body></html>"
    return Answer(status, text, content_type="text/html;charset=utf-8")
