"""Whose result a task is.

No page promises that tasks are numbered as the input is (reference, 7.3), and a result names at most an internal id.
So the order is believed only when it has been seen, and results that cannot be told apart are not told apart.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from suitetalk import (
    Batch,
    ConnectionFailedError,
    IncompleteResultError,
    LoginRefusedError,
    NetSuite,
    NetSuiteError,
    OutcomeUnknownError,
    TaskResult,
)
from suitetalk.errors import is_refusal

logger = logging.getLogger(__name__)

_GATEWAY_FAULTS = frozenset({502, 503, 504})
_SAMPLES = 4
_NOT_TOLD_APART = IncompleteResultError("its results cannot be told apart")


@dataclass
class Paired:
    """What is certain about the records of a batch, by place.

    Attributes:
        results: of those whose result is certain.
        refused: those that were certainly refused, but not why.
        unknown: those that may have been done or not, with what hides it.
    """

    results: dict[int, TaskResult] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    unknown: dict[int, OutcomeUnknownError] = field(default_factory=dict)

    def check_that_read(self, *, each: bool = False) -> None:
        """Raise when results could not be read now, which does not concern single records.

        Args:
            each: whether a gateway that answers for one result is enough. It is where nothing else tells what became
                of the record: the next run can read the result, and decides when the gateway still answers for it.

        Raises:
            SuiteTalkError: what kept them from being read.
        """
        causes = [error.__cause__ for error in self.unknown.values()]
        is_nothing_read = len(causes) > 1 and not self.results and not self.refused
        for cause in causes:
            if isinstance(cause, (ConnectionFailedError, LoginRefusedError)):
                raise cause
            if (each or is_nothing_read) and isinstance(cause, NetSuiteError) and cause.status in _GATEWAY_FAULTS:
                raise cause


class TaskOrder:
    """Pairs results with records, and learns on the way whether tasks follow the input. Thread-safe."""

    def __init__(self, netsuite: NetSuite, requests: Executor) -> None:
        """Fetch through this account, in these threads."""
        self._netsuite = netsuite
        self._requests = requests
        self.follows: bool | None = None

    def paired(self, batch: Batch, job_id: str, confirmed: Mapping[int, str]) -> Paired:
        """Return what became of the records of a completed job that are not confirmed.

        Args:
            batch: what was to be done.
            job_id: its job.
            confirmed: internal ids of those that are known to be done, by place; empty where not known.

        Raises:
            NetSuiteError: NetSuite refused to list the tasks.
            ConnectionFailedError: no usable answer.
        """
        size = len(batch.records)
        wanted = [place for place in range(size) if place not in confirmed]
        task_ids = self._netsuite.jobs.task_ids(job_id)
        if len(task_ids) != size:
            error = IncompleteResultError(f"Job {job_id} has {len(task_ids)} tasks for {size} records")
            return Paired(unknown=dict.fromkeys(wanted, _unknown(job_id, error)))
        job = _Job(batch, job_id, task_ids, [confirmed.get(place) or batch.known_id(place) for place in range(size)])
        samples = [] if self.follows is not None else [place for place in confirmed if job.expected[place]][:_SAMPLES]
        found = self._fetched(job, [*wanted, *samples])
        if not self._is_in_place(job, found):
            found |= self._fetched(job, [place for place in range(size) if place not in found])
            return self._told_apart(job, found, wanted)
        if self.follows or size == 1 or _are_all_alike([found[place] for place in wanted]):
            return _certain({place: found[place] for place in wanted})
        return _without_order({place: found[place] for place in wanted})

    def _fetched(self, job: _Job, places: Collection[int]) -> dict[int, TaskResult]:
        """Fetch the results that belong to these places if tasks follow the input."""

        def fetch(place: int) -> TaskResult:
            return self._netsuite.batches.task_result(job.batch, job.id, job.task_ids[place])

        return dict(zip(places, self._requests.map(fetch, places), strict=True))

    def _is_in_place(self, job: _Job, found: Mapping[int, TaskResult]) -> bool:
        """Tell whether nothing speaks against the order of the input, and learn from what speaks for it."""
        if self.follows is False:
            return len(job.expected) == 1
        named = {place: one.record_id for place, one in found.items() if one.record_id}
        known = [place for place in named if job.expected[place]]
        if any(named[place] != job.expected[place] for place in known):
            return self._learned(follows=False)
        if len(known) >= min(_SAMPLES, len(job.expected) - 1):
            return self._learned(follows=True)
        if self.follows or len(job.expected) == 1 or not job.has_bodies:
            return True
        return self._is_seen_in_place(job, [(place, named[place]) for place in named if place not in known])

    def _is_seen_in_place(self, job: _Job, made: list[tuple[int, str]]) -> bool:
        """Read a few of the records back and tell whether each looks like the body in its place."""
        step = max(1, len(made) // _SAMPLES)
        read = [(place, self._likenesses(job, record_id)) for place, record_id in made[::step][: _SAMPLES + 1]]
        if any(alike[place] < max(alike) for place, alike in read if alike):
            return self._learned(follows=False)
        telling = [place for place, alike in read if alike and alike.count(max(alike)) <= max(1, len(alike) // 2)]
        if telling and len(telling) >= min(_SAMPLES, len(made) - 1):
            self._learned(follows=True)
        return True

    def _told_apart(self, job: _Job, found: Mapping[int, TaskResult], wanted: Collection[int]) -> Paired:
        """Pair by internal id, then by likeness; what is left was refused, or cannot be told apart."""
        by_id = {one.record_id: task for task, one in found.items() if one.record_id}
        owner = {by_id[record_id]: place for place, record_id in enumerate(job.expected) if record_id in by_id}
        open_places = {place for place in wanted if place not in owner.values()}
        unnamed = [task for task in by_id.values() if task not in owner]
        if open_places and unnamed and job.has_bodies:
            owner |= self._by_likeness(job, {task: found[task].record_id for task in unnamed}, open_places)
        results = {place: found[task] for task, place in owner.items() if place in wanted}
        left_places = [place for place in wanted if place not in results]
        left = [one for task, one in found.items() if task not in owner]
        if len(left) != len(left_places):  # confirmed records whose results name no id are among them
            left = [one for one in left if one.error is not None]
        rest = dict(zip(left_places, left, strict=False))
        if len(rest) < len(left_places):
            return Paired(results, unknown=dict.fromkeys(left_places, _unknown(job.id, _NOT_TOLD_APART)))
        paired = _certain(rest) if _are_all_alike(left) else _without_order(rest)
        return Paired({**results, **paired.results}, paired.refused, paired.unknown)

    def _by_likeness(self, job: _Job, made: Mapping[int, str], places: Collection[int]) -> dict[int, int]:
        """Return the place of each of these tasks, the surest first."""
        ranks = dict(zip(made, self._requests.map(lambda one: self._likenesses(job, one), made.values()), strict=True))
        pairs = [(alike[place], task, place) for task, alike in ranks.items() if alike for place in places]
        owner: dict[int, int] = {}
        for _, task, place in sorted(pairs, key=lambda pair: -pair[0]):
            if task not in owner and place not in owner.values():
                owner[task] = place
        return owner

    def _likenesses(self, job: _Job, record_id: str) -> list[int]:
        """Return how much a record looks like each body, empty when it cannot be read."""
        try:
            record = self._netsuite.records.get(job.batch.record_type, record_id)
        except NetSuiteError as error:
            if is_refusal(error):
                return []
            raise
        return [likeness(record, body) if isinstance(body, Mapping) else 0 for body in job.batch.records]

    def _learned(self, *, follows: bool) -> bool:
        if self.follows is None or (self.follows and not follows):
            self.follows = follows
            logger.debug("Tasks of a batch %s the order of its records", "follow" if follows else "do not follow")
        return follows


@dataclass(frozen=True)
class _Job:
    """A completed job; `expected` are the internal ids by place, empty where not known."""

    batch: Batch
    id: str
    task_ids: list[str]
    expected: list[str]

    @property
    def has_bodies(self) -> bool:
        return self.batch.operation != "delete"


def _certain(found: Mapping[int, TaskResult]) -> Paired:
    """Return results that are where they belong; an error that says nothing of the record leaves it unknown."""
    paired = Paired()
    for place, one in found.items():
        if isinstance(one.error, OutcomeUnknownError):
            paired.unknown[place] = one.error
        else:
            paired.results[place] = one
    return paired


def _without_order(found: Mapping[int, TaskResult]) -> Paired:
    """Return what is certain about results of which nobody knows whose they are."""
    if all(one.error is not None and is_refusal(one.error) for one in found.values()):
        return Paired(refused=set(found))
    errors = [one.error for one in found.values() if one.error]
    hidden = next((error for error in errors if isinstance(error, OutcomeUnknownError)), None)
    return Paired(unknown=dict.fromkeys(found, hidden or _unknown("", _NOT_TOLD_APART)))


def _are_all_alike(found: Collection[TaskResult]) -> bool:
    """Tell whether it does not matter whose results these are."""
    return len({_kind(one) for one in found}) <= 1


def _kind(one: TaskResult) -> tuple[object, ...]:
    if not isinstance(one.error, NetSuiteError):
        return (type(one.error),)
    return (one.error.status, one.error.code, one.error.detail)


def _unknown(job_id: str, error: IncompleteResultError) -> OutcomeUnknownError:
    return OutcomeUnknownError(f"{str(error).rstrip('. ')}, so what became of each is unknown", job_id=job_id)


def likeness(record: Mapping[str, Any], body: Mapping[str, Any]) -> int:
    """Return how many fields of the body the record has just so; names count in any case, sublists do not count."""
    present = {name.lower(): value for name, value in record.items()}
    return sum(_is_like(present.get(name.lower()), value) for name, value in body.items())


def _is_like(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and "id" in wanted and str(present.get("id")) == str(wanted["id"])
    if _is_number(present) and _is_number(wanted):
        return Decimal(str(present)) == Decimal(str(wanted))
    return present is not None and present == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
