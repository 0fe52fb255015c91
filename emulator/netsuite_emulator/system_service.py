"""Answers `/system/v1/…` [article_0528010158, article_0625010817]."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import NetSuiteError, insufficient_permission, invalid_method
from netsuite_emulator.exchange import Answer, Call

if TYPE_CHECKING:
    from netsuite_emulator.clock import Clock
    from netsuite_emulator.settings import Settings

__all__ = ["SystemService"]


class SystemService:
    """The server's clock and the account's limits."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Tell what `settings` and `clock` say."""
        self._settings = settings
        self._clock = clock

    def answer(self, call: Call, name: str) -> Answer:
        """Answer a request.

        Raises:
            NetSuiteError: the request is refused.
        """
        known = {"serverTime": self._server_time, "governanceLimits": self._governance_limits}
        if name not in known:
            raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/system/v1/{name}' does not exist.")
        if call.method != "GET":
            raise invalid_method(name, frozenset({"GET"}))
        return Answer(200, known[name]())

    def _server_time(self) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._clock.now(), timezone.utc)
        return {"serverTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"}

    def _governance_limits(self) -> dict[str, Any]:
        if not self._settings.role.administrator:
            raise insufficient_permission("governanceLimits")
        limit, own = self._settings.concurrency_limit, self._settings.integration_concurrency_limit
        if own is None:
            return {
                "accountConcurrencyLimit": limit,
                "accountUnallocatedConcurrencyLimit": limit,
                "integrationLimitType": "accountLimit",
            }
        return {
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit - own,
            "integrationConcurrencyLimit": own,
            "integrationLimitType": "integrationSpecific",
        }
