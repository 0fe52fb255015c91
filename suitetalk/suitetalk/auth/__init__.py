"""Logging in to NetSuite."""

from suitetalk.auth.authorization_code import AuthorizationCode
from suitetalk.auth.client_credentials import ClientCredentials
from suitetalk.auth.keys import SigningKey
from suitetalk.auth.login import Authentication
from suitetalk.auth.token_store import TokenStore

__all__ = ["Authentication", "AuthorizationCode", "ClientCredentials", "SigningKey", "TokenStore"]
