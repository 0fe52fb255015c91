"""The table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table


@dataclass
class Line:
    """What became of one stream.

    Attributes:
        stream: its name.
        in_netsuite: rows that NetSuite counts.
        in_warehouse: rows that arrived.
        moved: rows that the second run moved.
        written: what was written back, in words.
    """

    stream: str
    in_netsuite: int = 0
    in_warehouse: int = 0
    moved: int = 0
    written: str = ""


def final_table(lines: Sequence[Line]) -> Table:
    """Return the table for these lines."""
    table = Table(box=box.SIMPLE_HEAD, title="What moved", title_justify="left")
    table.add_column("Stream", no_wrap=True)
    for heading in ("Rows in NetSuite", "Rows in the warehouse", "Moved by the second run"):
        table.add_column(heading, justify="right")
    table.add_column("Written back")
    for line in lines:
        table.add_row(
            line.stream, f"{line.in_netsuite:,}", f"{line.in_warehouse:,}", f"{line.moved:,}", line.written or "-"
        )
    return table
