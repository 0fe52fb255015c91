"""Asynchronous requests and batches: a request becomes a job, a batch a job with a task for each record.

First how a batch is taken apart, then the service that makes jobs and answers `/async/v1/job/…`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from netsuite_emulator.clock import Clock
from netsuite_emulator.errors import NetSuiteError, invalid_content, invalid_method, invalid_parameter, nonexistent_id
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.jobs.store import Job, JobStore, Processors, Task
from netsuite_emulator.settings import JobSettings

__all__ = ["JobService", "split"]


_MOST_RECORDS = 100
_TYPE = 3  # segments of an address that ends with the type: record, v1, type
_ID = re.compile(r"(?:eid:)?'[^']*'|[^,']+")
_KEY = "x-netsuite-idempotency-key"


def is_batch(call: Call) -> bool:
    """Whether a request is about several records."""
    prefer = call.headers.get("prefer", "").lower()
    if call.method in ("POST", "PATCH", "PUT"):
        return "type=collection" in call.headers.get("content-type", "").replace(" ", "").lower()
    return "ids" in call.query or (
        call.method == "DELETE" and "respond-async" in prefer and len(call.segments) == _TYPE
    )


def split(call: Call) -> list[Call | NetSuiteError]:
    """The requests a batch stands for, one for each record; a refusal stands for a record that cannot be told.

    Raises:
        NetSuiteError: the batch as a whole is refused.
    """
    if len(call.segments) != _TYPE:
        raise _invalid("A batch is about records of one type. It cannot address a record or a sub-resource.")
    calls: list[Call | NetSuiteError]
    if call.method in ("GET", "DELETE"):
        if call.method == "GET" and not call.flag("expandRecords"):
            raise invalid_parameter("The parameter 'ids' needs 'expandRecords=true'.", "expandRecords")
        names = _ids(call.query.get("ids", ""))
        calls = [_part(call, name) for name in names]
    else:
        calls = [_item(call, item, number) for number, item in enumerate(_items(call))]
    if len(calls) > _MOST_RECORDS:
        raise _invalid(f"A batch can have at most {_MOST_RECORDS} records, not {len(calls)}.")
    return calls


def _ids(text: str) -> list[str]:
    """`1,eid:x,eid:'test 5'`, taken apart."""
    names, place = [], 0
    while place < len(text):
        match = _ID.match(text, place)
        if match is None or text[match.end() : match.end() + 1] not in ("", ","):
            raise invalid_parameter("The ids cannot be read. Separate them by commas.", "ids")
        names.append(match[0].strip())
        place = match.end() + 1
    if not names or text.endswith(","):
        raise invalid_parameter("Provide the ids of the records.", "ids")
    return names


def _items(call: Call) -> list[Any]:
    body = call.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise invalid_content("The body of a batch must be an object with an array 'items'.", "items")
    return items


def _item(call: Call, item: Any, number: int) -> Call | NetSuiteError:
    place = f"items[{number}]"
    if not isinstance(item, dict):
        return invalid_content("The items of a batch must be objects.", place)
    if call.method == "POST":
        return _part(call, None, item)
    identifier, external = item.get("id"), item.get("externalId")
    if call.method == "PATCH" and identifier is not None:
        return _part(call, str(identifier), {name: value for name, value in item.items() if name != "id"})
    if external is None:
        return invalid_content("The item names no record: provide its id or externalId.", place)
    kept = {name: value for name, value in item.items() if name not in ("id", "externalId")}
    return _part(call, f"eid:{external}", kept)


def _part(call: Call, name: str | None, body: Any = None) -> Call:
    segments = call.segments if name is None else (*call.segments, name)
    return replace(
        call,
        segments=segments,
        path="/services/rest/" + "/".join(segments),
        query={key: value for key, value in call.query.items() if key not in ("ids", "expandRecords")},
        headers={**call.headers, "content-type": "application/json"},
        body=b"" if body is None else json.dumps(body).encode(),
    )


def _invalid(detail: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_REQUEST", detail)


class JobService:
    """The jobs of one account. Called from several threads."""

    def __init__(self, settings: JobSettings, clock: Clock, perform: Callable[[Call], Answer]) -> None:
        """`perform` answers one request as if it were synchronous; it must not raise."""
        self._settings = settings
        self._store = JobStore(settings, clock)
        self._processors = Processors(settings, clock, perform)

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
