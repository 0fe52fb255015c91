"""The tables at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich import box
from rich.table import Table

_CAPTION = "A run reads the newest row again, in case another row has the same time, and tables without a time in full."


@dataclass
class Line:
    """What became of one stream.

    Attributes:
        stream: its name.
        in_netsuite: rows that NetSuite counts.
        in_warehouse: rows that arrived.
        moved: rows that the second run moved.
        written: what was written back, a phrase for each operation.
    """

    stream: str
    in_netsuite: int = 0
    in_warehouse: int = 0
    moved: int = 0
    written: Sequence[str] = ()


def final_table(lines: Sequence[Line]) -> Table:
    """Return the table for these lines."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="What moved",
        title_justify="left",
        caption=_CAPTION,
        caption_justify="left",
        pad_edge=False,
    )
    table.add_column("Stream", no_wrap=True)
    for heading in ("Rows in\nNetSuite", "Rows in\nwarehouse", "Moved by\n2nd run"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Written\nback", no_wrap=True)
    for line in lines:
        numbers = [f"{number:,}" for number in (line.in_netsuite, line.in_warehouse, line.moved)]
        table.add_row(line.stream, *numbers, "\n".join(line.written) or "-")
    return table


@dataclass
class Balance:
    """A balance sheet in three sums; the result of each year is part of the equity."""

    assets: Decimal = Decimal(0)
    liabilities: Decimal = Decimal(0)
    equity: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What keeps it from balancing."""
        return self.assets - self.liabilities - self.equity


def balance_sheet_table(in_warehouse: Mapping[str, Balance], in_netsuite: Mapping[str, Balance]) -> Table:
    """Return the balance sheets of all subsidiaries, beside NetSuite's own sums."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="Balance sheet of the primary book, each subsidiary in its currency",
        title_justify="left",
        pad_edge=False,
    )
    table.add_column("Subsidiary", no_wrap=True)
    table.add_column("Section", no_wrap=True)
    for heading in ("Warehouse", "NetSuite"):
        table.add_column(heading, justify="right", no_wrap=True)
    for subsidiary in sorted(in_netsuite):
        sheets = (in_warehouse.get(subsidiary, Balance()), in_netsuite[subsidiary])
        for section in ("assets", "liabilities", "equity", "difference"):
            sums = (f"{getattr(sheet, section):,.2f}" for sheet in sheets)
            table.add_row(subsidiary if section == "assets" else "", section.capitalize(), *sums)
    return table
