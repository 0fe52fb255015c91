"""A table for a person."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence

_GAP = "  "


def text_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], to_the_right: Collection[str], colours: Mapping[str, str]
) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        head: names of the columns.
        rows: cells in the order of the columns.
        to_the_right: names of the columns whose cells end in one line.
        colours: codes of ANSI colours by the text of a cell; not used where NO_COLOR is set (no-color.org).
    """
    everything = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    for row in everything:
        yield _GAP.join(
            _in_colour(f"{cell:{'>' if name in to_the_right else '<'}{width}}", colours)
            for name, cell, width in zip(head, row, widths, strict=True)
        )


def _in_colour(cell: str, colours: Mapping[str, str]) -> str:
    colour = colours.get(cell.strip())
    return cell if colour is None or os.environ.get("NO_COLOR") else f"\x1b[{colour}m{cell}\x1b[0m"
