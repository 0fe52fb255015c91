"""What can be chosen of the company: how large it is, and what of it the role does not see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netsuite_emulator.options import SettingsError, setting

__all__ = ["DELETION_TABLES", "SAMPLE_SETTINGS", "UNIQUE_TEXTS", "CompanySettings", "named_file", "named_number"]

# The names under which NetSuite has shown its log of deletions [reference 5.11]; `none` where it shows no such table.
DELETION_TABLES = ("deletedrecord", "deletedrecordinconnect", "none")
# Columns whose values a copy of a row cannot have too.
UNIQUE_TEXTS = ("entityid", "itemid", "scriptid", "tranid")
# What the rows of the sample company depend on.
SAMPLE_SETTINGS = ("seed", "scale", "one_world", "second_book")


def named_number(text: str) -> tuple[str, int]:
    """Read `NAME=NUMBER`.

    Raises:
        SettingsError: it is something else.
    """
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise SettingsError(f"'{text}' cannot be read: write NAME=NUMBER, such as customrecord_big=1000000.")
    return name, int(number)


def named_file(text: str) -> tuple[str, Path]:
    """Read `FILE`, or `NAME=FILE`."""
    name, equals, path = text.partition("=")
    return (name, Path(path)) if equals else ("", Path(text))


@dataclass(frozen=True, kw_only=True)
class CompanySettings:
    """The company.

    Names of tables, columns and record types may be written in any case.
    """

    one_world: bool = setting(True, "Whether the account is a OneWorld account; without it there is no subsidiary.")
    second_book: bool = setting(True, "Whether the account has a second accounting book (Multi-Book Accounting).")
    multiple_calendars: bool = setting(
        True, "Whether the account has fiscal calendars (Multiple Calendars): without it their tables are missing."
    )
    scale: float = setting(
        1.0, "How many times the transactions of the sample company; everything else grows with the root of it."
    )
    seed: int = setting(1, "The same seed makes the same company.")
    data_file: Path | None = setting(
        None,
        "Keep the company in this file, which is made where it is missing; in memory without it. Stop the emulator, "
        "do not kill it: the last writes may be in memory.",
    )
    big_tables: Mapping[str, int] = setting(
        {},
        "A further custom record type with twenty columns, and its rows; its name begins with customrecord_.",
        option="--big-table", metavar="NAME=ROWS", read=named_number,
    )  # fmt: skip
    dense_ids: bool = setting(False, "Big tables have no gaps in their ids.")
    custom_record_types: int = setting(
        0, "How many small custom record types there are: customrecord_type_1 and so on.", at_least=0
    )
    hidden_record_types: frozenset[str] = setting(
        frozenset(), "A record type or table that the role may not see.", option="--hide", metavar="NAME"
    )
    hidden_columns: frozenset[str] = setting(
        frozenset(), "A column that the role may not see.", option="--hide-column", metavar="TABLE.COLUMN"
    )
    hidden_column_text: str = setting(
        "unknown",
        "How SuiteQL refuses a column that the role may not see or that is not stored: as an unknown identifier, or "
        "as removed, not exposed or internal [reference 14.2].",
        choices=("unknown", "removed", "not_exposed", "internal"), open_point=True,
    )  # fmt: skip
    refused_joins: frozenset[str] = setting(
        frozenset(), 'Two tables that SuiteQL does not join: "Record Join … was not found" [reference 14.2].',
        option="--refused-join", metavar="TABLE/TABLE",
    )  # fmt: skip
    switched_off: frozenset[str] = setting(
        frozenset(), "A table of a feature that the account does not have: no query and no catalog knows it.",
        metavar="TABLE",
    )  # fmt: skip
    deletion_table: str = setting(
        "deletedrecord",
        "Name of the log of deletions in SuiteQL; deletedrecordinconnect has Pacific times.",
        choices=DELETION_TABLES,
    )
    shape: Path | None = setting(
        None,
        "Be an account of the shape in this file: custom fields, records and lists, lengths, mandatory fields and "
        "missing permissions, in YAML by hand or in JSON as `suitetalk snapshot` writes it.",
        metavar="FILE",
    )  # fmt: skip
    table_rows: Mapping[str, int] = setting(
        {},
        "How many rows this table gets: that of a custom record type of that shape, or that of customers, items, "
        "transactions and the like, whose further rows are copies.",
        option="--rows",
        metavar="TABLE=ROWS", read=named_number,
    )  # fmt: skip
    records: tuple[tuple[str, Path], ...] = setting(
        (),
        "Load the records in this file, as `suitetalk get` or record streams write them; TYPE if they do not say it.",
        metavar="[TYPE=]FILE", read=named_file,
    )  # fmt: skip
    locked_records: frozenset[str] = setting(
        frozenset(), "A record that a workflow has locked.", option="--lock-record", metavar="TYPE/ID"
    )

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
        for name in self.refused_joins:
            if not re.fullmatch(r"[^/]+/[^/]+", name):
                raise SettingsError(f"'{name}' is not a join: write two tables, such as transaction/customer.")
        for name in self.locked_records:
            if not re.fullmatch(r"[^/]+/-?\d+", name):
                raise SettingsError(f"'{name}' is not a record: write its type and its id, such as salesorder/123.")
