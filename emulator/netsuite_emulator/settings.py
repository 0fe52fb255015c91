"""What can be chosen about the account that is emulated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from netsuite_emulator.auth.settings import SignInSettings
from netsuite_emulator.calendar_formats import DATE_FORMATS
from netsuite_emulator.churn import Churn
from netsuite_emulator.company.settings import CompanySettings
from netsuite_emulator.jobs.settings import AsyncSettings
from netsuite_emulator.role import Role
from netsuite_emulator.settings_error import SettingsError
from netsuite_emulator.suiteql.datasets import SAMPLE_DATASETS, Dataset

__all__ = ["Settings", "SettingsError"]


_WORDS = {"consent": ("ask", "allow", "deny"), "access_token_algorithm": ("RS256", "PS256")}


@dataclass(frozen=True, kw_only=True)
class Settings(SignInSettings, AsyncSettings, CompanySettings):
    """The account, its company, its limits, and the answers the documentation leaves open.

    Durations are seconds. Everything below the line "open points" is a choice where no source says what NetSuite does.
    """

    # where it listens
    host: str = "127.0.0.1"
    port: int = 0
    # the account
    account_id: str = "1234567_SB1"
    certificates: tuple[tuple[str, Path], ...] = ()
    credentials_directory: Path | None = None
    date_format: str = "M/D/YYYY"
    time_zone: str = "America/Los_Angeles"
    language: str = "en-US"
    role: Role = field(default_factory=Role)
    datasets: tuple[Dataset, ...] = SAMPLE_DATASETS
    churn: Churn | None = None
    # limits and speed
    concurrency_limit: int = 5
    integration_concurrency_limit: int | None = None
    latency: float = 0.0
    query_row_limit: int = 100_000
    record_row_limit: int = 100_000
    # open points
    retry_after: float | None = None
    query_parameters: bool = True
    datetime_with_time: bool = False
    metadata_describes_record: bool = True
    warning_header: str = "X-NetSuite-Warning"
    leading_zero: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: a value is out of its range or unknown.
        """
        if not re.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*", self.account_id):
            raise SettingsError(f"'{self.account_id}' is not an account id: letters and digits, such as 1234567_SB1.")
        if self.date_format.upper() not in DATE_FORMATS:
            known = ", ".join(DATE_FORMATS)
            raise SettingsError(f"Unknown date format '{self.date_format}'. Known formats: {known}.")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(
                f"Unknown time zone '{self.time_zone}': use an IANA name such as Europe/Berlin."
            ) from None
        self._check_ranges()
        self.check_company()
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise SettingsError(f"{name} must be one of {', '.join(words)}.")

    def _check_ranges(self) -> None:
        for name in ("concurrency_limit", "query_row_limit", "record_row_limit", "async_processors"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be 1 or more.")
        for name in ("latency", "job_seconds"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must not be negative.")
        own = self.integration_concurrency_limit
        if own is not None and not 1 <= own < self.concurrency_limit:  # one at least stays unallocated
            raise SettingsError("integration_concurrency_limit must be 1 or more, and below concurrency_limit.")

    @property
    def host_label(self) -> str:
        """The account as it stands in host names [section_4609939018]."""
        return self.account_id.lower().replace("_", "-")

    @property
    def realm(self) -> str:
        """The account as it stands in realms: upper case, underscore [reference 1.2]."""
        return self.account_id.upper().replace("-", "_")
