"""The system service: the server's clock and the account's limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from suitetalk.errors import ConnectionFailedError
from suitetalk.transport import Transport


class System:
    """Asks NetSuite about itself. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def server_time(self) -> datetime:
        """Return what NetSuite's clock shows, with its zone [article_0528010158].

        Raises:
            ConnectionFailedError: the answer holds no time.
            NetSuiteError: NetSuite refused.
        """
        text = self._read("serverTime").get("serverTime")
        try:
            return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        except ValueError:
            raise ConnectionFailedError(
                "GET /system/v1/serverTime was answered with no time; check `base_url`."
            ) from None

    def governance_limits(self) -> dict[str, Any]:
        """Return how many requests the account and the integration may have in flight [article_0625010817].

        Raises:
            PermissionDeniedError: the role is not Administrator.
            NetSuiteError: NetSuite refused.
        """
        return self._read("governanceLimits")

    def _read(self, name: str) -> dict[str, Any]:
        path = f"/system/v1/{name}"
        body = self._transport.request("GET", path, repeatable=True).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(f"GET {path} was answered with no JSON object; check `base_url`.")
        return body
