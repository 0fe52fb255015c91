"""Takes asynchronous requests and answers `/async/v1/…` [chapter_161251386312]."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import NetSuiteError, invalid_method, nonexistent_id
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.jobs.batches import is_batch, split
from netsuite_emulator.jobs.processors import Processors
from netsuite_emulator.jobs.store import Job, JobStore, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from netsuite_emulator.clock import Clock
    from netsuite_emulator.jobs.settings import AsyncSettings

__all__ = ["JobService"]

_KEY = "x-netsuite-idempotency-key"


class JobService:
    """The jobs of one account. Called from several threads."""

    def __init__(self, settings: AsyncSettings, clock: Clock, perform: Callable[[Call], Answer]) -> None:
        """`perform` answers one request as if it were synchronous; it must not raise."""
        self._settings = settings
        self._store = JobStore(settings, clock)
        self._processors = Processors(settings.async_processors, clock, perform)

    def stop(self) -> None:
        """End."""
        self._processors.stop()

    def has_unfinished(self) -> bool:
        """Whether a task of any job has not ended."""
        return self._store.has_unfinished()

    @staticmethod
    def takes(call: Call) -> bool:
        """Whether a request to the record service is to be a job.

        Raises:
            NetSuiteError: a batch that does not ask to be one.
        """
        if "respond-async" in _preferences(call):
            return True
        if is_batch(call):
            detail = "Requests for several records are asynchronous: send the header 'Prefer: respond-async'."
            raise NetSuiteError(400, "INVALID_HEADER", detail, header="Prefer")
        return False

    def submit(self, call: Call) -> Answer:
        """Make a job of a request.

        Raises:
            NetSuiteError: the batch is refused, or the idempotency key was used before.
        """
        address = f"{call.base}/async/v1/job"
        own = {"prefer", _KEY}
        bare = replace(call, headers={name: value for name, value in call.headers.items() if name not in own})
        if is_batch(call) and not self._settings.batch_requests:
            raise NetSuiteError(400, "INVALID_HEADER", "The content type is not supported.", header="Content-Type")
        calls: list[Call | NetSuiteError] = split(bare) if is_batch(call) else [bare]
        job = self._store.open(
            calls,
            sequential=_sequential(_preferences(call), default=self._settings.batches_sequential),
            key=call.headers.get(_KEY) or None,
            address=address,
        )
        self._processors.submit(job)
        return Answer(202, None, {"Location": f"{address}/{job.id}", "Preference-Applied": "respond-async"})

    def answer(self, call: Call, path: list[str]) -> Answer:
        """Answer `GET /async/v1/job/{id}` and what is below it.

        Raises:
            NetSuiteError: the request is refused.
        """
        if call.method != "GET":
            raise invalid_method("job", frozenset({"GET"}))
        match [part for part in path if part]:
            case ["job", name]:
                return Answer(200, self._job(self._store.get(name), call))
            case ["job", name, "task"]:
                return Answer(200, self._task_list(self._store.get(name), call))
            case ["job", name, "task", number]:
                job = self._store.get(name)
                return Answer(200, self._task(job, _task(job, number), call))
            case ["job", name, "task", number, "result"]:
                answer = _task(self._store.get(name), number).answer
                if answer is None:
                    raise NetSuiteError(404, "NONEXISTENT_ID", "The result is not there yet: the task still runs.")
                return answer
        raise nonexistent_id()

    def _job(self, job: Job, call: Call) -> dict[str, Any]:
        address = _address(call, job)
        failed = any(task.failed for task in job.tasks)
        return {
            "links": [_link("self", address)],
            "completed": job.completed,
            "id": str(job.id),
            "progress": self._progress(completed=job.completed, failed=failed),
            "task": {"links": [_link("self", f"{address}/task")]},
        }

    def _task_list(self, job: Job, call: Call) -> dict[str, Any]:
        address = f"{_address(call, job)}/task"
        links = [_link("self", f"{address}/{number}") for number in range(1, len(job.tasks) + 1)]
        items = [{"links": links}] if self._settings.tasks_in_one_item else [{"links": [link]} for link in links]
        return {"links": [_link("self", address)], "count": len(items), "items": items}

    def _task(self, job: Job, task: Task, call: Call) -> dict[str, Any]:
        address = f"{_address(call, job)}/task/{task.number}"
        completed = task.answer is not None
        body: dict[str, Any] = {
            "links": [*([_link("related", f"{address}/result")] if completed else []), _link("self", address)],
            "completed": completed,
            "id": str(task.number),
            "progress": self._progress(completed=completed, failed=task.failed),
        }
        for name, moment in (("startTime", task.started), ("endTime", task.ended if completed else None)):
            if moment is not None:
                body[name] = f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%dT%H:%M:%S}Z"
        return dict(sorted(body.items()))

    def _progress(self, *, completed: bool, failed: bool) -> str:
        if not completed:
            return self._settings.progress_while_running
        return "failed" if failed else "succeeded"


def _preferences(call: Call) -> list[str]:
    return [part.strip().lower() for part in call.headers.get("prefer", "").split(",")]


def _sequential(preferences: list[str], *, default: bool) -> bool:
    for preference in preferences:
        name, _, value = preference.partition("=")
        if name.strip() == "batch-processing":
            return value.strip(' "') != "parallel"
    return default


def _task(job: Job, number: str) -> Task:
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(job.tasks)):
        raise nonexistent_id()
    return job.numbered(int(number))


def _address(call: Call, job: Job) -> str:
    return f"{call.base}/async/v1/job/{job.id}"


def _link(relation: str, href: str) -> dict[str, str]:
    return {"rel": relation, "href": href}
