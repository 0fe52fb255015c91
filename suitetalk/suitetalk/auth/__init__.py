"""Logging in to NetSuite."""

from suitetalk.auth.authorization_code import AuthorizationCode
from suitetalk.auth.client_credentials import ClientCredentials
from suitetalk.auth.keys import SigningKey
from suitetalk.auth.token_store import TokenStore
from suitetalk.http.transport import Authentication

__all__ = ["Authentication", "AuthorizationCode", "ClientCredentials", "SigningKey", "TokenStore"]
