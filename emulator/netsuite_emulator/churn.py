"""How the company changes by itself while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netsuite_emulator.company.views import VIEWS
from netsuite_emulator.settings_error import SettingsError

if TYPE_CHECKING:
    from netsuite_emulator.company.description import Company

__all__ = ["Change", "Churn"]


@dataclass(frozen=True, kw_only=True)
class Churn:
    """Changes to one table, made before each n-th page that is asked for.

    Args:
        table: the table, which must have a key of one column.
        every: how many requests for pages of SuiteQL, datasets or lists there are to one round of changes.
        inserts: rows added in a round, as copies of others; only to tables of record types.
        updates: rows that get the present moment as their stamp in a round.
        deletes: rows deleted in a round, with what belongs to them; records that others refer to are left.
        column: a text column whose value an update changes, too.
        times: how many rounds there are; None for no end.
        seed: the same seed picks the same rows of the same data.
    """

    table: str
    every: int = 10
    inserts: int = 1
    updates: int = 1
    deletes: int = 1
    column: str | None = None
    times: int | None = None
    seed: int = 0

    def check(self, company: Company) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: the table or the column does not fit, or a number is out of its range.
        """
        table = company.tables.get(self.table)
        if table is None or table.name in VIEWS or len(table.key) > 1:
            raise SettingsError(f"The table {self.table} cannot be changed: name a stored one with a single key.")
        if self.inserts and not company.types_of_table(table.name):
            raise SettingsError(f"No rows can be added to {table.name}, which has no record type: set inserts to 0.")
        if self.column is not None and table.column(self.column) is None:
            raise SettingsError(f"The table {table.name} has no column {self.column}.")
        if self.every < 1:
            raise SettingsError("every must be 1 or more.")


@dataclass(frozen=True)
class Change:
    """What was done to a row: `action` is insert, update or delete, `time` the account's, seconds since the epoch."""

    table: str
    key: int
    action: str
    time: float
