"""Calls in several threads, results in the order of the input, and no more of either in memory than is being done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    call: Callable[[Item], Result], items: Iterable[Item], executor: Executor, *, at_once: int
) -> Iterator[Result]:
    """Call for each item, and yield the results in the order of the items.

    Items are read as there is room for them. When reading them fails, what was begun is delivered before the
    error is raised: it may have written something.
    """
    begun: deque[Future[Result]] = deque()
    source = iter(items)
    failure: Exception | None = None
    more = True
    while more or begun:
        while more and len(begun) < at_once:
            try:
                begun.append(executor.submit(call, next(source)))
            except StopIteration:
                more = False
            except Exception as error:  # noqa: BLE001 - raised again below
                failure, more = error, False
        if begun:
            yield begun.popleft().result()
    if failure:
        raise failure
