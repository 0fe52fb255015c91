"""Reading whole records through the record service: the list of ids, then each record."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from suitetalk import IncompleteResultError, InvalidRequestError, NotFoundError, PermissionDeniedError, Records

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_NAMED = 5


def whole_records(records: Records, record_type: str, workers: int) -> Iterator[dict[str, Any]]:
    """Yield every record of a type with its sublists and subrecords embedded.

    A record that is deleted between the list and its reading is left out. One that NetSuite refuses, such as
    a record locked by a workflow, does not keep the others from coming.

    Raises:
        IncompleteResultError: at the end, when records were refused or came with fewer lines than counted.
        NetSuiteError: the type cannot be listed.
    """

    def read(record_id: str) -> dict[str, Any] | InvalidRequestError | PermissionDeniedError | None:
        try:
            return records.get(record_type, record_id, expand_sub_resources=True)
        except NotFoundError:
            return None
        except (InvalidRequestError, PermissionDeniedError) as refusal:
            return refusal

    refused: list[str] = []
    for result in in_order(read, records.ids(record_type), workers):
        if isinstance(result, Exception):
            refused.append(str(result))
        elif result is not None:
            _check_lines(record_type, result)
            yield result
    if refused:
        raise IncompleteResultError(
            f"{len(refused)} records of {record_type} could not be read, such as: {'; '.join(refused[:_MOST_NAMED])}."
        )


def in_order(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Apply a function to items in several threads and yield the results in the order of the items.

    At most twice as many items as workers are taken ahead. The first exception is raised in its place.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _check_lines(record_type: str, record: dict[str, Any]) -> None:
    """Compare each embedded sublist with its own count; whether NetSuite cuts long ones is not documented."""
    for name, value in record.items():
        lines = value.get("items") if isinstance(value, dict) else None
        if isinstance(lines, list) and len(lines) < int(value.get("totalResults", 0)):
            raise IncompleteResultError(
                f"{record_type} {record.get('id')} came with {len(lines)} of {value['totalResults']} lines of {name}; "
                "read the lines through their SuiteQL table instead."
            )
