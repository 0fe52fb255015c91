"""What each connection setting is, as JSON Schema, in the words the plugins show."""

from __future__ import annotations

from typing import Any

AUTH_METHODS = ("client_credentials", "authorization_code", "token_based")
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LONGEST_TIMEOUT = 86_400  # seconds; NetSuite itself ends a request after 15 minutes [subsect_1559222360]
LONGEST_LOGIN = 8_784  # hours

CONNECTION_SETTINGS: dict[str, dict[str, Any]] = {
    "account_id": {
        "type": "string",
        "title": "Account ID",
        "description": "As under Setup > Company > Company Information: 1234567, or 1234567_SB1 for a sandbox.",
    },
    "base_url": {
        "type": "string",
        "title": "Base URL",
        "description": "Replaces the account's address, for an emulator or a proxy; the services are below "
        "/services/rest of it. Plain http only for loopback.",
    },
    "token_url": {
        "type": "string",
        "title": "Token URL",
        "description": "Replaces the address that hands out access tokens; a host of the account or of base_url only.",
    },
    "auth_method": {
        "type": "string",
        "title": "Login method",
        "enum": list(AUTH_METHODS),
        "default": "client_credentials",
        "description": "How to log in: client_credentials (OAuth 2.0 with a certificate, for unattended runs), "
        "authorization_code (OAuth 2.0 with a person's consent, given with `suitetalk login`), or token_based "
        "(OAuth 1.0, which NetSuite ends in 2028).",
    },
    "client_id": {
        "type": "string",
        "title": "Client ID",
        "secret": True,
        "description": "Client ID (consumer key) of the integration record.",
    },
    "client_secret": {
        "type": "string",
        "title": "Client secret",
        "secret": True,
        "description": "Client secret (consumer secret) of the integration record, for token_based, and for "
        "authorization_code unless the client is public.",
    },
    "certificate_id": {
        "type": "string",
        "title": "Certificate ID",
        "description": "ID that the OAuth 2.0 Client Credentials (M2M) Setup page shows for the uploaded certificate.",
    },
    "certificate_path": {
        "type": "string",
        "title": "Certificate file",
        "description": "File with the certificate in PEM form, to warn before it ends; not needed when it lies beside "
        "private_key_path.",
    },
    "private_key": {
        "type": "string",
        "title": "Private key",
        "secret": True,
        "description": "Private key of the certificate as PEM text; line ends may be written as \\n.",
    },
    "private_key_path": {
        "type": "string",
        "title": "Private key file",
        "description": "File with the private key in PEM form, instead of private_key.",
    },
    "private_key_passphrase": {
        "type": "string",
        "title": "Private key passphrase",
        "secret": True,
        "description": "Passphrase of the private key, when it has one.",
    },
    "signing_algorithm": {
        "type": "string",
        "title": "Signature algorithm",
        "enum": list(ALGORITHMS),
        "description": "Algorithm of the signed login, for RSA keys that must not use PS256; an EC key's curve decides "
        "by itself.",
    },
    "redirect_uri": {
        "type": "string",
        "title": "Redirect URI",
        "description": "Redirect URI of the integration record, exactly as there, for authorization_code; https or a "
        "scheme of its own.",
    },
    "login_hours": {
        "type": "number",
        "title": "Hours a login lasts",
        "exclusiveMinimum": 0,
        "maximum": LONGEST_LOGIN,
        "default": 168,
        "description": "Hours that an authorization_code login lasts, to warn two days before its end; only the "
        "integration record of a public client can say other than 168.",
    },
    "token_id": {
        "type": "string",
        "title": "Token ID",
        "secret": True,
        "description": "ID of the access token, for token_based.",
    },
    "token_secret": {
        "type": "string",
        "title": "Token secret",
        "secret": True,
        "description": "Secret of the access token, for token_based.",
    },
    "max_concurrency": {
        "type": "integer",
        "title": "Most requests at once",
        "minimum": 1,
        "description": "Most requests in flight at once. Without it the account's limit is found by trying.",
    },
    "request_timeout": {
        "type": "number",
        "title": "Request time-out",
        "exclusiveMinimum": 0,
        "maximum": LONGEST_TIMEOUT,
        "default": 300,
        "description": "Seconds to wait for NetSuite to go on with an answer.",
    },
}
"""JSON Schema of each connection setting; `secret` marks what must not be shown."""
