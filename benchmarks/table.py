"""Tables for a terminal and for a log, a line as soon as it is known."""

from __future__ import annotations

from collections.abc import Sequence

_WORDS_WIDTH = 28
_FIGURE_WIDTH = 9


class Table:
    """A table of columns of fixed width: those with words first, then those with figures."""

    def __init__(self, title: str, words: Sequence[str], figures: Sequence[str]) -> None:
        """Print title and heads."""
        self._words = len(words)
        print(f"\n{title}")
        self._widths = [_WORDS_WIDTH] * len(words) + [max(_FIGURE_WIDTH, len(head)) for head in figures]
        self.row(*words, *figures)
        self.row(*("-" * width for width in self._widths))

    def row(self, *cells: str | float | None) -> None:
        """Print a line; None stands for what does not apply."""
        texts = [
            text.ljust(width) if place < self._words else text.rjust(width)
            for place, (text, width) in enumerate(zip(map(_text, cells), self._widths, strict=False))
        ]
        print("  ".join(texts).rstrip(), flush=True)

    def note(self, *words: str) -> None:
        """Print a line without figures."""
        print("  ".join(word.ljust(_WORDS_WIDTH) for word in words).rstrip(), flush=True)


def _text(cell: str | float | None) -> str:
    if cell is None or isinstance(cell, str):
        return cell or ""
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.2f}"
