"""Logging in to NetSuite."""

from suitetalk.auth.client_credentials import ClientCredentials
from suitetalk.auth.flow import Authentication
from suitetalk.auth.keys import SigningKey
from suitetalk.auth.refreshed_login import AuthorizationCode
from suitetalk.auth.token_store import TokenStore

__all__ = ["Authentication", "AuthorizationCode", "ClientCredentials", "SigningKey", "TokenStore"]
