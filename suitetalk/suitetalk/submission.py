"""Getting an asynchronous request accepted exactly once, whatever becomes of its answers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from urllib.parse import unquote

from suitetalk.answer import Answer
from suitetalk.errors import NetSuiteError, OutcomeUnknownError, SuiteTalkError
from suitetalk.retry import RetryPolicy, TryAgainError

IDEMPOTENCY_HEADER = "X-NetSuite-Idempotency-Key"
_KEY_USED_AGAIN = "IDEMPOTENCY_ERROR"
_ACCEPTED = 202
_JOB = re.compile(r"/async/v1/job/([^/?#]+)")


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
