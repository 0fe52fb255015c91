"""A fetcher whose requests reach the server in any order, as those of many threads do, but the same each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, cast

from tap_netsuite.reading.engine import Fetcher


class _Answer(Future[Any]):
    """Carried out when the fetcher sees fit, at the latest when somebody waits for it."""

    def __init__(self, fetcher: ShakenFetcher, call: Callable[[], Any]) -> None:
        super().__init__()
        self.fetcher = fetcher
        self.call = call

    def result(self, timeout: float | None = None) -> Any:
        while not super().done():
            self.fetcher.carry_out_one()
        return super().result(timeout)


class ShakenFetcher:
    """Carries out calls in the order that a seed gives."""

    def __init__(self, seed: int) -> None:
        self._draws = random.Random(seed)
        self._open: list[_Answer] = []

    @property
    def fetcher(self) -> Fetcher:
        """Itself, for whom it stands in."""
        return cast("Fetcher", self)

    def ask(self, call: Callable[[], Any]) -> Future[Any]:
        answer = _Answer(self, call)
        self._open.append(answer)
        while self._open and self._draws.random() < 0.4:
            self.carry_out_one()
        return answer

    page = ask

    def end(self) -> None:
        """Give nothing back: there is room for all."""

    def in_order(self, begun: Iterator[Future[Any]]) -> Iterator[Any]:
        waiting: list[Future[Any]] = []
        more = True
        while more or waiting:
            width = self._draws.randint(1, 5)
            while more and len(waiting) < width:
                future = next(begun, None)
                more = future is not None
                waiting += [future] if future else []
            if waiting:
                yield waiting.pop(0).result()

    def carry_out_one(self) -> None:
        answer = self._open.pop(self._draws.randrange(len(self._open)))
        try:
            answer.set_result(answer.call())
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            answer.set_exception(error)
