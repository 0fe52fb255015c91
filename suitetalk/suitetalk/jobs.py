"""Asynchronous requests: submitted once, waited for, and their results."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from suitetalk.answer import Answer
from suitetalk.errors import ConnectionFailedError, JobUnfinishedError, SuiteTalkError
from suitetalk.polling import PollPolicy
from suitetalk.retry import RetryPolicy
from suitetalk.submission import IDEMPOTENCY_HEADER, new_idempotency_key, submitted_once
from suitetalk.transport import Transport

_PATH = "/async/v1/job"
_TASK = re.compile(r"/task/([^/?#]+)")


@dataclass(frozen=True)
class Job:
    """What NetSuite says of a job [subsect_161278579295].

    Attributes:
        id: by which it is found again, by another process too.
        completed: whether all of its tasks are done, well or not.
        progress: NetSuite's word for it, such as `pending` or `succeeded`; others may come.
    """

    id: str
    completed: bool
    progress: str = ""


@dataclass(frozen=True)
class Task:
    """What NetSuite says of one request of a job [subsect_161252896355].

    Attributes:
        id: within the job, counted from 1.
        completed: whether it is done, well or not.
        progress: NetSuite's word for it.
        start_time: in UTC such as `2020-12-09T12:04:28Z`, empty when it has not begun.
        end_time: likewise.
    """

    id: str
    completed: bool
    progress: str = ""
    start_time: str = ""
    end_time: str = ""


class Jobs:
    """Submits asynchronous requests and looks after their jobs. Thread-safe."""

    def __init__(
        self, transport: Transport, *, retry: RetryPolicy | None = None, polling: PollPolicy | None = None
    ) -> None:
        """Send through this transport; `retry` says how often to submit again what was lost on the way."""
        self._transport = transport
        self._retry = retry or RetryPolicy()
        self._polling = polling or PollPolicy()

    def submit(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Have a request of the record service carried out in the background [chapter_161251386312].

        It is carried out once however often its answer is lost: all tries carry one idempotency key.

        Args:
            method: HTTP method.
            path: below `/services/rest`, such as `/record/v1/customer`.
            parameters: query parameters, not yet encoded.
            headers: further header fields; a `Prefer` among them is kept.
            body: sent as JSON unless None.
            idempotency_key: a UUID. With that of an earlier submission, the job of that one is returned.

        Raises:
            NetSuiteError: NetSuite refused.
            OutcomeUnknownError: it may have been accepted or not; `idempotency_key` is what to submit it under again.
            ConnectionFailedError: NetSuite was not reached.
        """
        key = idempotency_key or new_idempotency_key()
        given = dict(headers or {})
        preferences = ", ".join(filter(None, ("respond-async", given.pop("Prefer", ""))))
        given |= {"Prefer": preferences, IDEMPOTENCY_HEADER: key}

        def send() -> Answer:
            return self._transport.request(
                method, path, parameters=parameters, headers=given, body=body, repeatable=False
            )

        return Job(submitted_once(send, key, self._retry), completed=False)

    def get(self, job_id: str) -> Job:
        """Return what has become of a job [subsect_161278579295].

        Raises:
            NotFoundError: there is no such job, or no longer; how long NetSuite keeps them is not documented.
            ConnectionFailedError: no usable answer.
        """
        body = self._read(_job_path(job_id))
        return Job(job_id, body.get("completed") is True, _text(body, "progress"))

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        stop: threading.Event | None = None,
        polling: PollPolicy | None = None,
    ) -> Job:
        """Ask after a job until it is completed, and return it.

        Args:
            job_id: of this process or an earlier one.
            timeout: seconds after which to give up waiting; None for never.
            stop: ends the waiting when it is set.
            polling: how far apart to ask, when more is known of this job than of others.

        Raises:
            JobUnfinishedError: it was not completed in time; it goes on in NetSuite.
            NotFoundError: there is no such job, or no longer.
        """
        stop = stop or threading.Event()
        end = None if timeout is None else time.monotonic() + timeout
        policy = polling or self._polling
        if policy.head_start and stop.wait(policy.head_start):
            raise _left(job_id)
        for pause in policy.pauses():
            job = self.get(job_id)
            if job.completed:
                return job
            left = pause if end is None else min(pause, end - time.monotonic())
            if left <= 0:
                raise JobUnfinishedError(job_id, f"was not completed within {timeout} seconds")
            if stop.wait(left):
                raise _left(job_id)
        raise AssertionError  # the pauses have no end

    def task_ids(self, job_id: str) -> list[str]:
        """Return the ids of a job's tasks, in the order of their numbers [article_0127092747].

        Raises:
            NotFoundError: there is no such job, or no longer.
            ConnectionFailedError: no usable answer.
        """
        body = self._read(f"{_job_path(job_id)}/task/")
        items = body.get("items")
        hrefs = [_text(link, "href") for item in _objects(items) for link in _objects(item.get("links"))]
        ids = dict.fromkeys(unquote(found[1]) for found in map(_TASK.search, hrefs) if found)
        if not isinstance(items, list) or body.get("hasMore") is True:
            raise ConnectionFailedError(f"The task list of job {job_id} is not whole; ask again later.")
        return sorted(ids, key=int) if all(map(str.isdecimal, ids)) else list(ids)

    def task(self, job_id: str, task_id: str) -> Task:
        """Return what has become of one task [subsect_161252896355].

        Raises:
            NotFoundError: there is no such task, or no longer.
        """
        body = self._read(_task_path(job_id, task_id))
        completed = body.get("completed") is True
        return Task(task_id, completed, _text(body, "progress"), _text(body, "startTime"), _text(body, "endTime"))

    def result(self, job_id: str, task_id: str) -> Answer:
        """Return what the request of a completed task would have been answered with at once [subsect_161252889998].

        Raises:
            NetSuiteError: NetSuite refused the task's request, or this one.
            ConnectionFailedError: no usable answer.
        """
        return self._transport.request("GET", f"{_task_path(job_id, task_id)}/result", repeatable=True)

    def _read(self, path: str) -> dict[str, Any]:
        body = self._transport.request("GET", path, repeatable=True).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(f"GET {path} was answered with something that is no job; check `base_url`.")
        return body


def _left(job_id: str) -> JobUnfinishedError:
    return JobUnfinishedError(job_id, "is not waited for any longer")


def _job_path(job_id: str) -> str:
    return f"{_PATH}/{_segment(job_id, 'job')}"


def _task_path(job_id: str, task_id: str) -> str:
    return f"{_job_path(job_id)}/task/{_segment(task_id, 'task')}"


def _segment(text: str, what: str) -> str:
    if not text.strip("."):  # dots alone would be taken for steps in the path
        raise SuiteTalkError(f"The id of a {what} is needed, not {text!r}.")
    return quote(text, safe="")


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
