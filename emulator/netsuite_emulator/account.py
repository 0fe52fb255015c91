"""What the services of one account share: settings, company, rows and time."""

from __future__ import annotations

from dataclasses import dataclass

from netsuite_emulator.clock import AccountCalendar, Clock
from netsuite_emulator.company.description import Company
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.storage import Storage

__all__ = ["Account"]


@dataclass(frozen=True)
class Account:
    """The account: its settings, what it holds, and its time."""

    settings: Settings
    company: Company
    storage: Storage
    calendar: AccountCalendar
    clock: Clock
