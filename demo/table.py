"""The table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

_CAPTION = "A run reads the newest row again, in case another row has the same time."


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
    for heading in ("Rows in\nNetSuite", "Rows in the\nwarehouse", "Moved by\n2nd run"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Written\nback", no_wrap=True)
    for line in lines:
        numbers = [f"{number:,}" for number in (line.in_netsuite, line.in_warehouse, line.moved)]
        table.add_row(line.stream, *numbers, "\n".join(line.written) or "-")
    return table
