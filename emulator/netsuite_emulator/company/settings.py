"""What can be chosen of the company; the refusal of a setting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["DELETION_TABLES", "CompanySettings", "SettingsError"]


class SettingsError(ValueError):
    """A setting that cannot work; the message is one sentence for a person."""


# The names under which NetSuite has shown its log of deletions [reference 5.11]; `none` where it shows no such table.
DELETION_TABLES = ("deletedrecord", "deletedrecordinconnect", "none")


@dataclass(frozen=True, kw_only=True)
class CompanySettings:
    """The company.

    Args:
        one_world: without OneWorld there is no subsidiary anywhere.
        scale: how many times the sample's transactions.
        seed: the same seed makes the same company.
        data_file: keeps the company; in memory without it.
        big_tables: rows by name of further custom record types with twenty columns, such as `customrecord_big`.
        dense_ids: whether the ids of big tables have no gaps.
        custom_record_types: how many small custom record types there are besides, `customrecord_type_1` and so on.
        hidden_record_types: types (or tables) the role may not see, in any case.
        hidden_columns: `table.column` the role may not see, in any case.
        switched_off: tables of features the account does not have: no query and no catalog knows them.
        deletion_table: the name of the log of deletions in SuiteQL, one of `DELETION_TABLES`.
        locked_records: `type/id` of records that a workflow has locked, in any case.
    """

    one_world: bool = True
    scale: float = 1.0
    seed: int = 1
    data_file: Path | None = None
    big_tables: Mapping[str, int] = field(default_factory=dict)
    dense_ids: bool = False
    custom_record_types: int = 0
    hidden_record_types: frozenset[str] = field(default_factory=frozenset)
    hidden_columns: frozenset[str] = field(default_factory=frozenset)
    switched_off: frozenset[str] = field(default_factory=frozenset)
    deletion_table: str = "deletedrecord"
    locked_records: frozenset[str] = field(default_factory=frozenset)

    def check_company(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: a value is out of its range or unknown.
        """
        if not 0 < self.scale <= 10_000:  # noqa: PLR2004 - ten thousand times the sample is about 10^8 lines
            raise SettingsError("scale must be above 0 and at most 10000.")
        for name, rows in self.big_tables.items():
            if not re.fullmatch(r"customrecord_[a-z0-9_]+", name) or rows < 0:
                raise SettingsError(
                    f"The big table '{name}' with {rows} rows cannot be made: its name must be customrecord_ "
                    "followed by small letters, digits and underscores, and it has 0 rows or more."
                )
        if self.custom_record_types < 0:
            raise SettingsError("custom_record_types must be 0 or more.")
        if self.deletion_table.lower() not in DELETION_TABLES:
            raise SettingsError(f"deletion_table must be one of {', '.join(DELETION_TABLES)}.")
        for name in self.locked_records:
            if not re.fullmatch(r"[^/]+/-?\d+", name):
                raise SettingsError(f"'{name}' is no record: write its type and its id, such as salesorder/123.")
