"""The account that all streams of one run read from."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from functools import cached_property
from zoneinfo import ZoneInfo

from suitetalk import ConnectionFailedError, NetSuite, NetSuiteError, RetryPolicy
from suitetalk.timezone import detect_zone, zone_named
from tap_netsuite.settings import TapSettings

logger = logging.getLogger(__name__)

_WORKERS = 8


class Account:
    """One client for all streams, and what is asked once per run.

    Used by the main thread only; the client within may be used by any.
    """

    def __init__(self, settings: TapSettings, user_agent: str, retry: RetryPolicy | None = None) -> None:
        """Connect; nothing is sent yet."""
        self.settings = settings
        self.netsuite = NetSuite(settings.connection, user_agent=user_agent, retry=retry)

    @property
    def workers(self) -> int:
        """Threads that may wait for requests; the governor decides how many are in flight."""
        return self.settings.connection.max_concurrency or _WORKERS

    def now(self) -> datetime:
        """Return the time by NetSuite's clock, or by this machine's where NetSuite does not tell its own."""
        return datetime.now(timezone.utc) + self._clock_offset

    @cached_property
    def _clock_offset(self) -> timedelta:
        try:
            return self.netsuite.system.server_time() - datetime.now(timezone.utc)
        except (NetSuiteError, ConnectionFailedError) as error:
            logger.debug("NetSuite's clock: %s", error)
            return timedelta()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of SuiteQL's times, as set or as NetSuite shows it.

        Raises:
            ConfigurationError: it is not set and cannot be found.
        """
        if self.settings.account_timezone:
            return zone_named(self.settings.account_timezone)
        return detect_zone(self.netsuite.suiteql, self.netsuite.records)
