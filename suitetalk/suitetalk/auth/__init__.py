"""Logging in to NetSuite."""

from suitetalk.auth.client_credentials import ClientCredentials
from suitetalk.auth.flow import Authentication
from suitetalk.auth.keys import SigningKey

__all__ = ["Authentication", "ClientCredentials", "SigningKey"]
