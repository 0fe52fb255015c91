"""Reading whole records through the record service: the list of ids, then each record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from suitetalk import (
    IncompleteResultError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    Records,
    SuiteTalkError,
)
from suitetalk.in_order import in_order

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_NAMED = 5
_LISTINGS = 3


def whole_records(records: Records, record_type: str, workers: int) -> Iterator[dict[str, Any]]:
    """Yield every record of a type with its sublists and subrecords embedded.

    A record that is deleted between the list and its reading is left out. One that NetSuite refuses, such as
    a record locked by a workflow, does not keep the others from coming, and nor does one with too few lines.

    Raises:
        IncompleteResultError: at the end, when records were refused or came with fewer lines than NetSuite counts.
        NetSuiteError: the type cannot be listed.
    """

    def read(record_id: str) -> dict[str, Any] | SuiteTalkError | None:
        try:
            return records.get(record_type, record_id, expand_sub_resources=True)
        except NotFoundError:
            return None
        except (InvalidRequestError, PermissionDeniedError, IncompleteResultError) as refusal:
            return refusal

    refused: list[str] = []
    for result in in_threads(read, _listed(records, record_type), workers):
        if isinstance(result, Exception):
            refused.append(str(result).rstrip("."))
        elif result is not None:
            yield result
    if refused:
        raise IncompleteResultError(
            f"{len(refused)} records of {record_type} could not be read, such as: {'; '.join(refused[:_MOST_NAMED])}."
        )


def _listed(records: Records, record_type: str) -> Iterator[str]:
    """Yield each id once; the list has no order, so when it changes between two pages it is read again.

    Raises:
        IncompleteResultError: it changed during each reading.
    """
    seen: set[str] = set()
    for reading in range(1, _LISTINGS + 1):
        try:
            for record_id in records.ids(record_type):
                if record_id not in seen:
                    seen.add(record_id)
                    yield record_id
        except IncompleteResultError:
            if reading == _LISTINGS:
                raise
        else:
            return


def in_threads(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Apply a function to items in several threads and yield the results in the order of the items.

    At most twice as many items as workers are taken ahead. The first exception is raised in its place.
    """
    pool = ThreadPoolExecutor(workers)
    try:
        yield from in_order(function, items, pool, at_once=2 * workers)
    finally:
        pool.shutdown(cancel_futures=True)
