"""Pages that are read on the way and never written, such as lists of ids."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from tap_netsuite.extraction.lookahead import Fetcher

Result = TypeVar("Result")

_AT_ONCE = 4


class SmallPages(Fetcher):
    """Fetches pages that take no room, a few at once."""

    def __init__(self, fetcher: Fetcher) -> None:  # it holds nothing of its own
        """Fetch through another fetcher."""
        self._fetcher = fetcher

    def ask(self, call: Callable[[], Result]) -> Future[Result]:
        """Have something small asked."""
        return self._fetcher.ask(call)

    def page(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a page fetched."""
        return self._fetcher.ask(call)

    def as_ready(self, begun: Iterator[Future[Result]]) -> Iterator[list[Result]]:
        """Yield the results of fetches in the order in which they are begun."""
        waiting: deque[Future[Result]] = deque()
        for future in begun:
            waiting.append(future)
            if len(waiting) == _AT_ONCE:
                yield [waiting.popleft().result()]
        while waiting:
            yield [waiting.popleft().result()]
