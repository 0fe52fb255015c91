"""From saved datasets to the entries of streams."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Any

from suitetalk import (
    PAGE_SIZE,
    READABLE_ROWS,
    ConfigurationError,
    Datasets,
    InvalidRequestError,
    NetSuiteError,
    NotFoundError,
    PermissionDeniedError,
    SuiteTalkError,
)
from tap_netsuite.discovery.found import ALL_DATASETS, Finding, Found, Status, StreamEntry, schema_of
from tap_netsuite.refusals import FAILURES, Questions, is_too_slow
from tap_netsuite.settings import ALL, Dataset, dataset_stream
from tap_netsuite.source import Column, Kind

logger = logging.getLogger(__name__)

Together = Callable[[Callable[[Dataset], Found], Iterable[Dataset]], Iterable[Found]]
"""Applies a function to each dataset, several at once if it likes, and keeps their order; `map` is one."""

_SAMPLED_PAGES = 5


def dataset_streams(service: Datasets, wanted: Sequence[Dataset], together: Together = map) -> list[Found]:
    """Return the entries of the datasets that are wanted, and what is said of each, readable or not.

    Args:
        service: where to ask.
        wanted: what the settings name; the list of all is only asked for when there is anything.
        together: calls for several datasets at once.

    Raises:
        ConfigurationError: a dataset's keys are not columns of it.
        IncompleteResultError: the list of datasets did not come in full.
    """
    if not wanted:
        return []
    questions = Questions(
        lambda: [partial(service.page, dataset.id, limit=1) for dataset in wanted if dataset.id != ALL]
    )
    try:
        listed = _Listed(questions.settle(lambda: list(service.list())))
    except FAILURES as refusal:
        logger.debug("The list of datasets: %s", refusal)
        named = [dataset for dataset in wanted if dataset.id != ALL]
        # Those that are named may be there all the same.
        of_all = [(None, _refused(ALL_DATASETS, "list of datasets", refusal))] if len(named) < len(wanted) else []
        return [*together(lambda dataset: _found(service, questions, dataset), named), *of_all]
    return list(together(lambda dataset: _found(service, questions, dataset), listed.chosen(wanted)))


@dataclass(frozen=True)
class _Listed:
    """The datasets the role can see, as NetSuite describes them."""

    items: list[dict[str, Any]]

    def chosen(self, wanted: Sequence[Dataset]) -> list[Dataset]:
        """Return what is wanted, each with its id as NetSuite spells it."""
        named = [replace(dataset, id=self._id_of(dataset.id)) for dataset in wanted if dataset.id != ALL]
        if len(named) == len(wanted):
            return named
        taken = {dataset.id for dataset in named}
        ids = dict.fromkeys(str(item["id"]) for item in self.items if item.get("id"))
        return [*named, *(Dataset(each) for each in ids if each not in taken)]

    def _id_of(self, wanted: str) -> str:
        """Return the id that an id or a name stands for; what is not listed may be an id all the same."""
        for part in ("id", "name"):
            ids = {str(item["id"]) for item in self.items if item.get("id") and _is_same(item.get(part), wanted)}
            if len(ids) > 1:
                raise ConfigurationError(
                    "datasets", f"names {wanted}, and so are called {' and '.join(sorted(ids))}; write the id of one."
                )
            if ids:
                return ids.pop()
        return wanted


def _is_same(value: Any, wanted: str) -> bool:
    return str(value).casefold() == wanted.casefold()


def _found(service: Datasets, questions: Questions, dataset: Dataset) -> Found:
    name = dataset.name or dataset_stream(dataset.id)
    try:
        sample, total = questions.settle(lambda: _sample(service, dataset.id))
    except FAILURES as refusal:
        return None, _refused(name, f"dataset {dataset.id}", refusal)
    seen = dict.fromkeys(column.lower() for row in sample for column in row)
    missing = sorted(set(dataset.primary_keys) - seen.keys())
    if sample and missing:
        raise ConfigurationError(
            "datasets", f"says {', '.join(missing)} is a key of {dataset.id}, which has no such column."
        )
    kinds = {**dict.fromkeys(seen, Kind.TEXT), **dataset.kinds}
    schema = schema_of(tuple(Column(column, kind) for column, kind in kinds.items()))
    entry = StreamEntry(name, schema, dataset.primary_keys, dataset=dataset.id)
    note = f"{total} rows, and only {READABLE_ROWS} can be read: filter it" if total > READABLE_ROWS else ""
    return entry, Finding(name, Status.READABLE if total else Status.EMPTY, note)


def _sample(service: Datasets, dataset_id: str) -> tuple[list[dict[str, Any]], int]:
    """Return rows from all over a dataset, and how many it has; columns are only seen where they are not null."""
    first = service.page(dataset_id)
    rows = list(first.items)
    for offset in _spread(min(first.total, READABLE_ROWS)):
        with suppress(InvalidRequestError):  # it may have become shorter
            rows += service.page(dataset_id, offset=offset).items
    return rows, first.total


def _spread(total: int) -> Iterator[int]:
    """Yield the offsets of some pages after the first one, the last among them."""
    last = ceil(total / PAGE_SIZE) - 1
    places = {round(last * part / (_SAMPLED_PAGES - 1)) for part in range(_SAMPLED_PAGES)}
    return (place * PAGE_SIZE for place in sorted(places) if place > 0)


def _refused(name: str, asked: str, refusal: SuiteTalkError) -> Finding:
    if not isinstance(refusal, NetSuiteError) or is_too_slow(refusal):
        return Finding(name, Status.FAILED, f"no answer while it was looked at: {refusal}", is_sure=False)
    if isinstance(refusal, NotFoundError):
        return Finding(name, Status.FAILED, f"NetSuite knows no {asked}, or the role may not see it")
    if isinstance(refusal, PermissionDeniedError) or refusal.code == "USER_ERROR":
        note = f"the role needs SuiteAnalytics Workbook, and View on all that is in the {asked}"
        return Finding(name, Status.NOT_PERMITTED, note)
    return Finding(name, Status.FAILED, refusal.detail)
