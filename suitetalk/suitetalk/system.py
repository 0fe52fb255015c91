"""The system service: the server's clock and the account's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from suitetalk.errors import REFUSALS, ConnectionFailedError
from suitetalk.http.transport import Transport
from suitetalk.values import instant

_PATIENCE = 60.0  # seconds; whoever asks can do without the answer


@dataclass(frozen=True)
class ConcurrencyLimits:
    """How many requests may be in flight; None for what NetSuite does not say.

    Attributes:
        account: by everybody together.
        unallocated: of these, by integrations without their own share.
        integration: by this integration.
        kind: `integrationSpecific`, `accountLimit`, `internal`, or empty.
    """

    account: int | None = None
    unallocated: int | None = None
    integration: int | None = None
    kind: str = ""

    @property
    def usable(self) -> int | None:
        """How many to have in flight oneself: of a limit that others share, one place is left to them.

        None when NetSuite does not say.
        """
        shared = self.unallocated or self.account
        return self.integration or (max(1, shared - 1) if shared else None)


class System:
    """Asks NetSuite about itself. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def server_time(self) -> datetime:
        """Return what NetSuite's clock shows, with its zone [article_0528010158].

        Raises:
            ConnectionFailedError: the answer holds no time.
        """
        try:
            return instant(self._read("serverTime").get("serverTime"))
        except ValueError:
            raise ConnectionFailedError(
                "GET /system/v1/serverTime was answered without a time; check `base_url`."
            ) from None

    def governance_limits(self) -> dict[str, Any]:
        """Return how many requests the account and the integration may have in flight [article_0625010817].

        Raises:
            PermissionDeniedError: the role is not Administrator.
        """
        return self._read("governanceLimits")

    def concurrency_limits(self) -> ConcurrencyLimits | None:
        """Return what `governance_limits` says, None where the role or the release keeps it from being asked.

        Raises:
            LoginRefusedError: the login was refused.
            ConnectionFailedError: no usable answer.
        """
        try:
            body = self.governance_limits()
        except REFUSALS:
            return None
        return ConcurrencyLimits(
            _count(body, "accountConcurrencyLimit"),
            _count(body, "accountUnallocatedConcurrencyLimit"),
            _count(body, "integrationConcurrencyLimit"),
            str(body.get("integrationLimitType") or ""),
        )

    def _read(self, name: str) -> dict[str, Any]:
        path = f"/system/v1/{name}"
        body = self._transport.request("GET", path, repeatable=True, within=_PATIENCE).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(
                f"GET {path} was answered with something other than a JSON object; check `base_url`."
            )
        return body


def _count(body: Mapping[str, Any], name: str) -> int | None:
    digits = str(body.get(name))
    return int(digits) if digits.isdecimal() else None
