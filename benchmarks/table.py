"""Tables for a terminal and for a log, a line as soon as it is known."""

from __future__ import annotations

from collections.abc import Sequence


class Table:
    """A table of columns of fixed width; the first is for words, the others for figures."""

    def __init__(self, title: str, columns: Sequence[str], *, first: int = 34) -> None:
        """Print title and heads."""
        self._widths = [first, *(max(9, len(column)) for column in columns[1:])]
        print(f"\n{title}\n")
        self.row(*columns)
        self.row(*("-" * width for width in self._widths))

    def row(self, *cells: str | float | None) -> None:
        """Print a line; None stands for what does not apply."""
        texts = ["" if cell is None else _text(cell) for cell in cells]
        head = texts[0].ljust(self._widths[0])
        figures = (text.rjust(width) for text, width in zip(texts[1:], self._widths[1:], strict=False))
        print("  ".join((head, *figures)).rstrip(), flush=True)

    def note(self, text: str) -> None:
        """Print a line below the figures."""
        print(text, flush=True)


def _text(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.2f}"
