"""Asynchronous requests, each accepted once."""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from suitetalk.errors import (
    ConnectionFailedError,
    InvalidArgumentError,
    JobUnfinishedError,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    SuiteTalkError,
)
from suitetalk.http.governor import RetryPolicy, TryAgainError
from suitetalk.http.response import Answer
from suitetalk.http.transport import Transport

logger = logging.getLogger(__name__)

IDEMPOTENCY_HEADER = "X-NetSuite-Idempotency-Key"
_KEY_USED_AGAIN = "IDEMPOTENCY_ERROR"
_ACCEPTED = 202
_JOB = re.compile(r"/async/v1/job/([^/?#]+)")
_LONGEST_REST = 0.2  # seconds until it is looked whether a pause has become shorter
_MINUTE = 60.0
_BELIEVED = 5  # times in a row that a job is not known: right after it was accepted it may not be, for a moment
_PATH = "/async/v1/job"
_TASK = re.compile(r"/task/([^/?#]+)")


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
        pause: Callable[[float], float] | None = None,
        heard: Callable[[Job], None] | None = None,
    ) -> Job:
        """Ask after a job until it is completed, and return it; each minute of waiting is logged.

        Args:
            job_id: of this process or an earlier one.
            timeout: seconds after which to give up waiting; None for never.
            stop: ends the waiting when it is set.
            pause: returns the seconds to the next question, given how long the job had been waited for at the last
                one, 0 before the first. It is called several times a second, since what others learn meanwhile may
                shorten a pause. None to ask at once, and then as `PollPolicy` says.
            heard: is told what each question found.

        Raises:
            JobUnfinishedError: it was not completed in time; it goes on in NetSuite.
            NotFoundError: there is no such job, or no longer, as NetSuite says time and again.
        """
        stop = stop or threading.Event()
        begun, asked, minutes = time.monotonic(), 0.0, 0
        is_due, pause = pause is None, pause or self._polling.pause
        while True:
            if is_due:
                job = self._found(job_id, stop)
                if heard:
                    heard(job)
                if job.completed:
                    return job
                asked = time.monotonic() - begun
                if asked // _MINUTE > minutes:
                    minutes = int(asked // _MINUTE)
                    logger.info("Job %s is not completed after %d min (%s)", job_id, minutes, job.progress or "no word")
                if timeout is not None and asked >= timeout:
                    raise JobUnfinishedError(job_id, f"was not completed within {timeout:g} seconds")
            due = asked + pause(asked)
            left = (due if timeout is None else min(due, timeout)) - (time.monotonic() - begun)
            is_due = left <= _LONGEST_REST
            if stop.wait(max(0.0, min(left, _LONGEST_REST))):
                raise _left(job_id)

    def _found(self, job_id: str, stop: threading.Event) -> Job:
        for _ in range(_BELIEVED - 1):
            try:
                return self.get(job_id)
            except NotFoundError:
                stop.wait(self._polling.first_wait)
        return self.get(job_id)

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
            raise ConnectionFailedError(f"GET {path} was answered with something that is not a job; check `base_url`.")
        return body


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


@dataclass(frozen=True)
class PollPolicy:
    """How far apart a job is asked after: growing pauses, because each question takes a place in the account's limit.

    Attributes:
        first_wait: seconds at least between two questions.
        growth: each question comes after this many times the time of the one before.
        longest_wait: seconds at most between two questions.
    """

    first_wait: float = 0.5
    growth: float = 1.1
    longest_wait: float = 15.0

    def pause(self, waited: float) -> float:
        """Return the seconds to the next question when a job has been waited for this long."""
        return min(max(self.first_wait, waited * (self.growth - 1)), self.longest_wait)


def new_idempotency_key() -> str:
    """Return a fresh UUID; make it before the first try, and keep it where a crash cannot reach it."""
    return str(uuid.uuid4())


def submitted_once(send: Callable[[], Answer], key: str, retry: RetryPolicy) -> str:
    """Send until NetSuite names the job, and return its id.

    The key makes NetSuite refuse a second acceptance and name the first job instead [subsect_164494900632], so an
    answer that was lost costs nothing but another try.

    Args:
        send: sends the request with this key, raising what the transport raises for one that is not repeatable.
        key: the idempotency key.
        retry: how often and how far apart to try.

    Raises:
        NetSuiteError: NetSuite refused, and no job came about.
        ConnectionFailedError: NetSuite was not reached, and no job came about.
        OutcomeUnknownError: a job may have come about; with the key, to submit it under once more.
    """
    submission = _Submission(send)
    try:
        return retry.run(submission.attempt)
    except SuiteTalkError as error:
        if not submission.may_have_begun:
            raise
        raise OutcomeUnknownError(
            f"{str(error).rstrip('. ')}; a job may have begun before. Submit it again under its idempotency key {key} "
            "to find out without doing it twice.",
            idempotency_key=key,
            record_id=error.record_id if isinstance(error, OutcomeUnknownError) else "",
        ) from error


def job_id_in(location: str) -> str:
    """Return the job's id out of an address, empty when it is none of a job; the address itself is not followed."""
    found = _JOB.search(location)
    return unquote(found[1]) if found else ""


class _Submission:
    """The tries of one submission; `may_have_begun` once a try may have been accepted."""

    def __init__(self, send: Callable[[], Answer]) -> None:
        self._send = send
        self.may_have_begun = False

    def attempt(self) -> str:
        try:
            answer = self._send()
        except OutcomeUnknownError as error:
            self.may_have_begun = True
            raise TryAgainError(error) from None
        except NetSuiteError as error:
            return self._first_job(error)
        return job_id_in(answer.headers.get("Location", "")) or self._without_job(answer)

    def _first_job(self, error: NetSuiteError) -> str:
        """Return the job that the key stands for already, if that is why NetSuite refused."""
        if not any(detail.code == _KEY_USED_AGAIN for detail in error.details):
            raise error
        self.may_have_begun = True
        if not job_id_in(error.location):
            raise error
        return job_id_in(error.location)

    def _without_job(self, answer: Answer) -> str:
        self.may_have_begun = True
        error = OutcomeUnknownError(
            f"{answer.request} was accepted (status {answer.status}) without the address of a job",
            record_id="" if answer.status == _ACCEPTED else answer.located_id,
        )
        if answer.status == _ACCEPTED:
            raise TryAgainError(error)
        raise error  # carried out at once, where the key is ignored, so another try would do it twice


def _left(job_id: str) -> JobUnfinishedError:
    return JobUnfinishedError(job_id, "is not waited for any longer")


def _job_path(job_id: str) -> str:
    return f"{_PATH}/{_segment(job_id, 'job')}"


def _task_path(job_id: str, task_id: str) -> str:
    return f"{_job_path(job_id)}/task/{_segment(task_id, 'task')}"


def _segment(text: str, what: str) -> str:
    if not text.strip("."):  # dots alone would be taken for steps in the path
        raise InvalidArgumentError(f"The id of a {what} is needed, not {text!r}.")
    return quote(text, safe="")


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
