"""A NetSuite that carries out asynchronous requests, as far as its documentation says how."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.scripted_netsuite import BLOCKED, CUT, Received, Reply, refused

BASE = "https://x.example/services/rest"
REST = "/services/rest"
Fate = tuple[bool, Callable[[Reply], Reply]]
# What may happen to a submission: whether it arrives, and what the client sees of the answer.
FATES: dict[str, Fate] = {
    "arrives": (True, lambda reply: reply),
    "arrives, answer lost": (True, lambda _: CUT),
    "arrives, hidden behind a 502": (True, lambda _: Reply(502, b"<html>", {"Content-Type": "text/html"})),
    "arrives, hidden behind a 500": (True, lambda _: refused(500, "UNEXPECTED_ERROR", "Error ID: x")),
    "arrives, hidden behind a 504": (True, lambda _: Reply(504)),
    "arrives, no Location": (True, lambda reply: Reply(reply.status)),
    "arrives, answer cut": (True, lambda _: Reply(202, {"a": 1}, sent=2)),
    "lost on the way": (False, lambda _: CUT),
    "unavailable": (False, lambda _: Reply(503, b"", {"Retry-After": "0"})),
    "blocked": (False, lambda _: BLOCKED),
    "login refused": (False, lambda _: refused(401, "INVALID_LOGIN", "Invalid login attempt.")),
    "refused": (False, lambda _: refused(403, "INSUFFICIENT_PERMISSION", "No.")),
}


@dataclass
class _Job:
    results: list[Reply]
    polls_left: int


@dataclass
class JobNetSuite:
    """Answers like an account with one record type; set `fates` for submissions, in their order.

    Attributes:
        polls: questions after a job before it is completed.
        fates: what happens to the next submissions; afterwards all arrive.
        writes: bodies and ids carried out, in order, those refused left out.
        reversed_tasks: tasks are numbered against the order of the input.
        one_link_per_item: the form of the task list.
    """

    polls: int = 0
    fates: list[str] = field(default_factory=list)
    reversed_tasks: bool = False
    one_link_per_item: bool = False
    writes: list[Any] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, _Job] = field(default_factory=dict)
    most_jobs_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def __call__(self, request: Received) -> Reply:
        with self._lock:
            path = request.path.removeprefix(REST)
            if path.startswith("/async/v1/job/"):
                return self._about_job(path.removeprefix("/async/v1/job/").strip("/").split("/"))
            return self._submitted(request)

    def _submitted(self, request: Received) -> Reply:
        arrives, seen = FATES[self.fates.pop(0) if self.fates else "arrives"]
        if not arrives:
            return seen(Reply())
        key = request.headers["X-NetSuite-Idempotency-Key"]
        if key in self.keys:
            body = {"title": "Conflict", "status": 400, "o:errorCode": "IDEMPOTENCY_ERROR"}
            return seen(Reply(400, body, {"Location": f"{BASE}/async/v1/job/{self.keys[key]}"}))
        assert "respond-async" in request.headers["Prefer"]
        job_id = self.keys[key] = str(len(self.jobs) + 1)
        self.jobs[job_id] = _Job(self._carried_out(request), self.polls)
        running = sum(job.polls_left >= 0 for job in self.jobs.values())
        self.most_jobs_at_once = max(self.most_jobs_at_once, running)
        return seen(Reply(202, b"", {"Location": f"{BASE}/async/v1/job/{job_id}", "Content-Type": "text/plain"}))

    def _carried_out(self, request: Received) -> list[Reply]:
        if "ids" in request.query:
            inputs: list[Any] = request.query["ids"].split(",")
        else:
            body = json.loads(request.body)
            inputs = body["items"] if "type=collection" in request.headers["Content-Type"] else [body]
        assert len(inputs) <= 100
        act = {"GET": self._get, "DELETE": self._delete}.get(request.method, self._write)
        return [act(one) for one in inputs]

    def _write(self, body: dict[str, Any]) -> Reply:
        if body.get("refuse"):
            return refused(400, "INVALID_CONTENT", "No.", errorPath="refuse")
        self.writes.append(body)
        record_id = str(body["id"]) if "id" in body else str(next(self._ids))
        self.records[record_id] = {**self.records.get(record_id, {}), **body, "id": record_id}
        return Reply(204, headers={"Location": f"{BASE}/record/v1/customer/{record_id}"})

    def _delete(self, record_id: str) -> Reply:
        self.writes.append(record_id)
        gone = self.records.pop(record_id, None)
        return Reply(204) if gone else refused(404, "NONEXISTENT_ID", "Record does not exist.")

    def _get(self, record_id: str) -> Reply:
        record = self.records.get(record_id)
        return Reply(body=record) if record else refused(404, "NONEXISTENT_ID", "Record does not exist.")

    def _about_job(self, path: list[str]) -> Reply:
        job = self.jobs.get(path[0])
        if job is None:
            return refused(404, "NONEXISTENT_ID", "No such job.")
        if len(path) == 1:
            return self._progress(path[0], job)
        assert job.polls_left < 0, "nobody asks for the results of a job that is not completed"
        if len(path) == 2:
            return self._task_list(path[0], len(job.results))
        place = len(job.results) - int(path[2]) if self.reversed_tasks else int(path[2]) - 1
        if len(path) == 3:
            body = {"completed": True, "id": path[2], "progress": "succeeded", "endTime": "2020-12-09T12:04:40Z"}
            return Reply(body=body)
        return job.results[place]

    def _progress(self, job_id: str, job: _Job) -> Reply:
        job.polls_left -= 1
        completed = job.polls_left < 0
        words = "succeeded" if completed else ("pending", "no word known to anyone")[job.polls_left % 2]
        return Reply(body={"completed": completed, "id": job_id, "progress": words})

    def _task_list(self, job_id: str, count: int) -> Reply:
        links = [{"rel": "self", "href": f"{BASE}/async/v1/job/{job_id}/task/{n}"} for n in range(1, count + 1)]
        links.reverse()
        items = [{"links": [link]} for link in links] if self.one_link_per_item else [{"links": links}]
        return Reply(body={"links": [], "count": len(items), "items": items})
