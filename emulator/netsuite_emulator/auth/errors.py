"""Refusals of those who sign in."""

from __future__ import annotations

from netsuite_emulator.errors import NetSuiteError

__all__ = ["OAuthError", "invalid_login"]

_TRAIL = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > "
    "Users/Roles > User Management > View Login Audit Trail."
)


class OAuthError(Exception):
    """A refusal of an OAuth 2.0 end point [subsect_158521832417]; `reason` goes into a header of our own."""

    def __init__(self, error: str, reason: str) -> None:
        """Keep the documented name of the error, and why."""
        super().__init__(reason)
        self.error = error
        self.status = 401 if error == "invalid_client" else 400


def invalid_login(
    realm: str, reason: str, *, scheme: str = "Bearer", code: str = "INVALID_LOGIN", error: str = "invalid_token"
) -> NetSuiteError:
    """A request by nobody known [subsect_158521885412, section_156570709583].

    Args:
        realm: the account.
        reason: what the Login Audit Trail would say [subsect_158324637123]; NetSuite's answer never tells.
        scheme: `Bearer` or `OAuth`.
        code: `o:errorCode`.
        error: the error in the challenge.
    """
    challenge = f'{scheme} realm="{realm}", error="{error}", error_description="Invalid login attempt."'
    return NetSuiteError(401, code, _TRAIL, headers={"WWW-Authenticate": challenge, "X-Emulator-Reason": reason})
